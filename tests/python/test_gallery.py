"""The gallery: there, found, right, and each with something to teach."""

from __future__ import annotations

from pathlib import Path

import landfall as lf
import pytest
from jsonschema import Draft202012Validator
from landfall import gallery

NAMES = gallery.names()


def test_the_gallery_has_what_was_promised() -> None:
    assert len(NAMES) >= 6
    sizes = {name: lf.load(f"gallery:{name}").machine_count for name in NAMES}
    assert sizes["first-migration"] == 3
    assert 500 in sizes.values()


@pytest.mark.parametrize("name", NAMES)
def test_a_gallery_scenario_is_right(name: str) -> None:
    scenario = lf.load(f"gallery:{name}")
    assert scenario.name == name
    assert scenario.source == f"gallery:{name}"
    assert scenario.expect, "a gallery scenario is a regression test: it expects something"


@pytest.mark.parametrize("name", NAMES)
def test_a_gallery_scenario_fits_together(name: str) -> None:
    pytest.importorskip("landfall._model")
    scenario = lf.load(f"gallery:{name}")
    assert scenario.check() == []
    assert scenario.estimate().too_large() is None


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_accepts_a_gallery_scenario(name: str) -> None:
    import json

    document = json.loads(gallery.path(name).read_text(encoding="utf-8"))
    assert list(Draft202012Validator(lf.scenario_schema()).iter_errors(document)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_gallery_scenario_says_what_it_teaches(name: str) -> None:
    entry = next(entry for entry in gallery.entries() if entry.name == name)
    assert 10 <= len(entry.title) <= 100
    assert len(entry.description) >= 150, "a paragraph, please"


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(gallery.GalleryError, match='Did you mean "first-migration"'):
        lf.load("gallery:first-migratoin")
    with pytest.raises(gallery.GalleryError):
        gallery.path("../schema/landfall-scenario.schema")


def test_an_installed_package_has_its_own_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(gallery, "__file__", str(tmp_path / "a" / "b" / "gallery.py"))
    (tmp_path / "_gallery").mkdir()
    (tmp_path / "_gallery" / "mine.json").write_text('{"description": "Mine.\\nMore."}')
    monkeypatch.setattr(gallery, "files", lambda package: tmp_path)
    assert [entry.title for entry in gallery.entries()] == ["Mine."]


def test_a_missing_gallery_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gallery, "files", lambda package: tmp_path)
    monkeypatch.setattr(gallery, "__file__", str(tmp_path / "a" / "b" / "gallery.py"))
    with pytest.raises(gallery.GalleryError, match="the gallery is missing"):
        gallery.names()

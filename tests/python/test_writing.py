"""Files that commands write are there wholly or not at all, and never in place of a device."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from landfall import ScenarioError
from landfall.writing import check_file, check_folder, whole_file, whole_folder


def _begin(file: Path) -> None:
    file.write_text("ne")
    raise KeyboardInterrupt


def test_a_pipe_or_device_is_written_to_and_stays_what_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as file:
        file.write_text("through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_standard_output_in_a_pipe_is_written_to_by_its_name() -> None:
    reader, writer = os.pipe()
    with whole_file(Path(f"/proc/self/fd/{writer}")) as file:
        file.write_text("through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    os.close(writer)


def test_behind_a_link_the_file_is_replaced_and_not_the_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with whole_file(tmp_path / "link") as file:
        file.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_file_that_is_interrupted_leaves_the_old_one(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("old")
    with pytest.raises(KeyboardInterrupt), whole_file(kept) as file:
        _begin(file)
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]
    assert kept.read_text() == "old"


def test_a_folder_that_is_interrupted_is_not_there_or_as_it_was(tmp_path: Path) -> None:
    for folder in (tmp_path / "new", tmp_path / "old"):
        if folder.name == "old":
            folder.mkdir()
            (folder / "a").write_text("old")
        with pytest.raises(KeyboardInterrupt), whole_folder(folder) as staging:
            _begin(staging / "a")
    assert [each.name for each in tmp_path.iterdir()] == ["old"]
    assert [each.name for each in (tmp_path / "old").iterdir()] == ["a"]
    assert (tmp_path / "old" / "a").read_text() == "old"
    with whole_folder(tmp_path / "old") as staging:
        (staging / "a").write_text("new")
    assert (tmp_path / "old" / "a").read_text() == "new"


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    for path, text in (
        (tmp_path, "is a folder"),
        (tmp_path / "letter" / "x.png", "is a file"),
        (tmp_path / "x.foo", "no known format"),
    ):
        with pytest.raises(ScenarioError, match=text):
            check_file("--out", path, (".png",))
    for path, text in (
        (tmp_path / "letter", "is a file, not a folder"),
        (tmp_path / "letter" / "deep" / "er", "is a file"),
        (tmp_path, "holds no plan of landfall"),
    ):
        with pytest.raises(ScenarioError, match=text):
            check_folder("--out", path, "plan.json", "plan")
    check_file("--out", tmp_path / "new" / "x.png", (".png",))
    check_folder("--out", tmp_path / "new" / "plan", "plan.json", "plan")
    assert [each.name for each in tmp_path.iterdir()] == ["letter"]

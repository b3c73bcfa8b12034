"""`landfall check`, `schema`, `gallery` and `doctor`, and landfall as a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import landfall as lf
import pytest
from landfall import doctor
from landfall.document import show
from python.fake_simulator import Simulator, landfall
from python.scenario_samples import small


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(small(), indent=1))
    return path


# --- check, schema, gallery, doctor --------------------------------------------------------------


def test_check_tells_all_files(simulator: Simulator, file: Path, tmp_path: Path) -> None:
    done = landfall("check", file, file)
    assert done.exit_code == 0
    assert done.stdout.count(f"{file}: ok, 3 machines, 4 disks") == 2
    (tmp_path / "broken.json").write_text("{")
    done = landfall("check", tmp_path / "broken.json", file)
    assert done.exit_code == 2
    assert "ok" in done.stdout
    assert "is not JSON" in done.stderr


def test_check_json(simulator: Simulator, file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(small() | {"nmae": 1}))
    done = landfall("check", "--json", file, bad)
    assert done.exit_code == 2
    right, wrong = json.loads(done.stdout)
    assert (right["problems"], right["estimate"]["machines"]) == ([], 3)
    assert wrong["problems"][0]["pointer"] == "/nmae"
    assert wrong["problems"][0]["nearest"] == "name"
    assert done.stderr == ""


def test_schema_prints_the_schema() -> None:
    assert json.loads(landfall("schema").stdout) == lf.scenario_schema()


def test_gallery_lists_and_prints() -> None:
    listed = landfall("gallery")
    assert listed.exit_code == 0
    for entry in lf.gallery.entries():
        assert entry.name in listed.stdout
        assert entry.title in listed.stdout
        printed = landfall("gallery", entry.name)
        assert printed.stdout == entry.path.read_text(encoding="utf-8")
    names = [entry["name"] for entry in json.loads(landfall("gallery", "--json").stdout)]
    assert names == lf.gallery.names()
    assert landfall("gallery", "nonsense").exit_code == 2


def test_gallery_stands_in_groups() -> None:
    lines = landfall("gallery").stdout.splitlines()
    headings = [heading for heading, _ in lf.gallery.GROUPS]
    assert [line for line in lines if line in headings] == headings
    guide = lines.index(headings[1])
    stories = lines.index(headings[2])
    places = {line.split()[0]: k for k, line in enumerate(lines) if line.startswith("  ")}
    assert places["first-migration"] < guide < places["migrate-on-premises"] < stories
    assert stories < places["story-vmm-to-azure"] < lines.index(headings[3])
    groups = {entry["group"] for entry in json.loads(landfall("gallery", "--json").stdout)}
    assert groups == set(headings)


def test_gallery_prints_scripts() -> None:
    printed = landfall("gallery", "gallery:migrate-on-premises", "--script")
    assert printed.exit_code == 0
    assert printed.stdout == lf.gallery.script("migrate-on-premises").read_text(encoding="utf-8")
    missing = landfall("gallery", "fleet-500", "--script")
    assert missing.exit_code == 2
    assert "migrate-from-aws" in missing.stderr
    nameless = landfall("gallery", "--script")
    assert nameless.exit_code == 2
    assert "goes with the name of a scenario" in nameless.stderr


def test_doctor_tells_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [doctor.Finding("worker", True, "there"), doctor.Finding("drill: hang", False, "hung")]
    monkeypatch.setattr(doctor, "findings", lambda: iter(found))
    done = landfall("doctor")
    assert done.exit_code == 3
    assert done.stdout == "ok    worker: there\nFAIL  drill: hang: hung\n"
    assert json.loads(landfall("doctor", "--json").stdout)[1] == {
        "name": "drill: hang",
        "ok": False,
        "detail": "hung",
    }
    monkeypatch.setattr(doctor, "findings", lambda: iter(found[:1]))
    assert landfall("doctor").exit_code == 0


def test_doctor_survives_whatever_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("disk on fire")

    monkeypatch.setattr(doctor, "_small_scenario", broken)
    findings = {finding.name: finding for finding in doctor.findings()}
    assert not findings["a run"].ok
    assert "disk on fire" in findings["a run"].detail
    assert findings["separation"].ok


def test_version_and_help() -> None:
    assert landfall("--version").stdout == f"landfall {lf.__version__}\n"
    text = landfall("--help").stdout
    assert "1 an expectation, an oracle or a rule of safety failed, 2 bad input" in " ".join(
        text.split()
    )


# --- As a program --------------------------------------------------------------------------------


def program(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(str(Path(folder).parent) for folder in lf.__path__)
    return subprocess.run(
        [sys.executable, "-m", "landfall", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": path} | environment,
    )


def test_the_program_gives_exit_codes_and_no_traceback(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(small() | {"nmae": "x" * 500}))
    done = program("run", file, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"{file}:1:" in done.stderr
    assert show("x" * 500) in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_the_program_copes_with_a_stream_that_knows_only_ascii(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(small() | {"é…": "✓"}, ensure_ascii=False), encoding="utf-8")
    done = program("check", file, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_missing_compiled_part_is_told(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.delattr(lf, "_model", raising=False)
    monkeypatch.setitem(sys.modules, "landfall._model", None)
    done = landfall("check", file)
    assert done.exit_code == 3
    assert "make build" in done.stderr

"""The scripts that stand beside the gallery: each ends on the result of its scenario."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import landfall as lf
import pytest
from landfall import gallery
from python.run_samples import REPOSITORY
from python.test_stepped import values

SCRIPTS = sorted((REPOSITORY / "scenarios" / "scripts").glob("*.py"))
#: The scripts of the guide's three flows, and of the one that took the place of the second.
NAMES = [
    "migrate-between-regions",
    "migrate-from-aws",
    "migrate-on-premises",
    "move-between-regions",
]


def module_of(name: str) -> ModuleType:
    """Import the script of a scenario."""
    path = gallery.script(name)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_script_belongs_to_a_scenario() -> None:
    assert [path.stem.replace("_", "-") for path in SCRIPTS] == NAMES
    with pytest.raises(gallery.GalleryError, match="migrate-on-premises"):
        gallery.script("first-migration")


@pytest.mark.parametrize("name", NAMES)
def test_script_and_timeline_give_the_same_result(name: str) -> None:
    module = module_of(name)
    carry_out = module.move if name.startswith("move") else module.migrate
    told = lf.load(f"gallery:{name}").run(progress=False)
    with lf.open(f"gallery:{name}", timeline=False) as sim:
        done = carry_out(sim)
    assert values(done) == values(told)
    assert done.ok


def printed(path: Path) -> str:
    run = subprocess.run(
        [sys.executable, str(path)], check=False, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_six_steps_are_printed_with_states_jobs_and_bill() -> None:
    text = printed(gallery.script("migrate-on-premises"))
    for step in range(1, 7):
        assert f"{step}" in text
    assert "Cleanup test failover pending" in text
    assert "PlannedFailover, UnplannedFailover, DisableProtection, TestFailover" in text
    # Half a minute after Complete Migration was selected its job is under way.
    assert "InProgress: Prerequisites check: Succeeded, Complete migration: Started" in text
    assert text.count("Complete migration Succeeded") == 4
    for machine in ("files", "intranet", "web", "ledger"):
        line = next(line for line in text.splitlines() if line.startswith(f"  {machine}: migrated"))
        migrated, billed = line.split(" at ")[1].split(", billed until ")
        assert migrated == billed


@pytest.mark.parametrize("name", ["migrate-between-regions", "migrate-from-aws"])
def test_the_way_back_is_refused_with_the_reason(name: str) -> None:
    text = printed(gallery.script(name))
    assert text.count("after the failover there is no way back") == 2
    assert "ReverseReplicate" not in text.replace("-", "")
    assert "Failback" not in [word for line in text.splitlines() for word in line.split(", ")]

"""The lab finds planted bugs: the quick rows of the board, and what keeps the board whole."""

from __future__ import annotations

import os
import subprocess

import pytest
from mutants import board
from mutants.bug import BOARD, WORKER, bugs
from mutants.hunts import Hunt, Row
from mutants.rows import ROWS

QUICK = [row for row in ROWS if row.quick]
#: Runs without a bug: enough to notice a scenario that is accused at once.
HEALTHY_SEEDS = 10

pytestmark = pytest.mark.usefixtures("built", "mutated")


@pytest.fixture(scope="session")
def mutated() -> None:
    """Skip where the mutated worker is not built; in CI that is a failure."""
    if WORKER.exists() and BOARD.exists():
        return
    if os.environ.get("CI"):
        pytest.fail(f"not built: {WORKER}")
    pytest.skip(f"not built: {WORKER}")


@pytest.mark.parametrize("hunt", {row.hunts[0].name: row.hunts[0] for row in QUICK}.values())
def test_the_code_as_it_is_is_not_accused(hunt: Hunt) -> None:
    assert board.unmutated(hunt, HEALTHY_SEEDS) == []


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row.mutant)
def test_a_planted_bug_is_found_by_the_invariant_that_names_it(row: Row) -> None:
    kill = board.hunted(row, shrink=False)
    assert kill is not None, f"{row.mutant} survived {row.seeds} seeds"
    assert kill.invariant in row.by


def test_every_planted_bug_is_on_a_board() -> None:
    listed = {row.mutant for row in ROWS}
    assert [bug.name for bug in bugs() if bug.name not in listed and not bug.labs] == []
    assert listed <= {bug.name for bug in bugs()}


def test_every_bug_is_hunted_in_one_row() -> None:
    names = [row.mutant for row in ROWS]
    assert sorted(names) == sorted(set(names))


def test_an_unknown_bug_is_an_error_that_lists_those_there_are() -> None:
    done = subprocess.run(
        [WORKER, "--version"],
        env={**os.environ, "LANDFALL_MUTANT": "no-such-bug"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no bug 'no-such-bug'" in done.stderr
    assert all(bug.name in done.stderr for bug in bugs())

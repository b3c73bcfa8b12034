"""The board of planted bugs, found through the lab: ``PYTHONPATH=tests python -m mutants.board``.

Each bug of ``model/base/mutants.def`` is switched on in ``landfall-worker-mutated``, and
``landfall.lab`` explores the scenarios of its row until an invariant that names the bug fails; the
case is then made small. Before, the same explorations are made without a bug: whoever accuses the
code as it is, is wrong, or right.

Exit codes: 0 none survived; 1 one survived, was not on the board, or the code as it is was accused;
2 bad input.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from landfall import formatting
from landfall.lab.cases import Case, document_of
from landfall.lab.faults import machine_names
from landfall.lab.lab import Lab
from landfall.lab.verdicts import Violation
from rich.console import Console
from rich.live import Live
from rich.table import Table

from .bug import BOARD, WORKER, Bug, bugs, switched_on
from .hunts import Hunt, Row
from .rows import ROWS

_SHRINK_S = 20.0
#: An exploration goes on when invariants fail that do not name the bug: with so many, no more.
_RULES_MOST = 6
_PLAIN_WIDTH = 130


@dataclass(frozen=True)
class Kill:
    """How a bug was found.

    Attributes
    ----------
    scenario, invariant, text
        Where, by which rule, and what it said.
    seeds, seconds
        Runs until then over all hunts of the row, and wall time without shrinking.
    machines, faults, simulated_s
        Size of the smallest case.
    shrink_s
        Wall time of shrinking.
    """

    scenario: str
    invariant: str
    text: str
    seeds: int
    seconds: float
    machines: int
    faults: int
    simulated_s: float
    shrink_s: float = 0.0


@dataclass(frozen=True)
class Accused:
    """What the code as it is was accused of."""

    hunt: str
    case: str
    violation: str


def unmutated(hunt: Hunt, seeds: int) -> list[Accused]:
    """Make a hunt without any bug; it also surveys the scenario for the hunts that follow."""
    with switched_on(None):
        report = hunt.lab.explore(
            seeds=seeds, explorer=hunt.explorer, twice=0.0, shrink=False, progress=False
        )
    found = [Accused(hunt.name, str(f.case), str(f.violation)) for f in report.failures]
    return found + [Accused(hunt.name, "", problem) for problem in report.invalid]


def _found(hunt: Hunt, row: Row) -> tuple[tuple[Case, Violation] | None, int]:
    """Explore; return the first failure of an invariant that names the bug, and the runs made."""
    for rules in range(1, _RULES_MOST + 1):
        report = hunt.lab.explore(
            seeds=row.seeds,
            explorer=hunt.explorer,
            twice=0.0,
            shrink=False,
            stop_at=rules,
            progress=False,
        )
        for failure in report.failures:
            if failure.violation.invariant in row.by:
                return (failure.case, failure.violation), failure.runs
        if len(report.failures) < rules:
            break
    return None, report.runs


def hunted(row: Row, *, shrink: bool = True) -> Kill | None:
    """Switch the bug of a row on and look for it; ``None`` when it survives.

    `unmutated` comes before: a survey with the bug would take its first failure for bad input.
    """
    begun, runs = time.perf_counter(), 0
    for hunt in row.hunts:
        _ = _ground(hunt)
        with switched_on(row.mutant):
            found, made = _found(hunt, row)
            runs += made
            if found is None:
                continue
            seconds = time.perf_counter() - begun
            return _sized(hunt, *found, runs=runs, seconds=seconds, shrink=shrink)
    return None


def _ground(hunt: Hunt) -> object:
    with switched_on(None):
        return hunt.lab.ground


def _sized(
    hunt: Hunt, case: Case, violation: Violation, *, runs: int, seconds: float, shrink: bool
) -> Kill:
    """Make a case small and measure it."""
    lab: Lab = hunt.lab
    shrink_s = 0.0
    simulated_s = violation.t_s
    if shrink:
        shrunk = lab.shrink(case, violation, seconds=_SHRINK_S)
        case, violation, shrink_s = shrunk.case, shrunk.violation, shrunk.seconds
        simulated_s = shrunk.verdict.end_s or simulated_s
    whole = document_of(lab.document, case)
    return Kill(
        scenario=hunt.name,
        invariant=violation.invariant,
        text=violation.text.splitlines()[0],
        seeds=runs,
        seconds=seconds,
        machines=len(machine_names(whole)),
        faults=len(case.faults),
        simulated_s=float(simulated_s or whole.get("duration") or 0.0),
        shrink_s=shrink_s,
    )


# --- The board ------------------------------------------------------------------------------------

_COLUMNS = (
    *("mutant", "area", "scenario", "invariant", "seeds", "seconds"),
    *("machines", "faults", "simulated"),
)


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for name in _COLUMNS:
        right = name in ("seeds", "seconds", "machines", "faults", "simulated")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    return table


def _cells(bug: Bug, kill: Kill | None) -> list[str]:
    if kill is None:
        return [bug.name, bug.area, "", "[bold red]SURVIVED", *[""] * 5]
    return [
        *(bug.name, bug.area, kill.scenario, kill.invariant, str(kill.seeds)),
        *(f"{kill.seconds:.1f}", str(kill.machines), str(kill.faults)),
        formatting.duration(kill.simulated_s),
    ]


def _chosen(rows: Sequence[Row], arguments: argparse.Namespace) -> list[Row]:
    areas = {bug.name: bug.area for bug in bugs()}
    return [
        row
        for row in rows
        if (not arguments.mutants or row.mutant in arguments.mutants)
        and (not arguments.sample or row.quick)
        and (not arguments.area or areas[row.mutant] == arguments.area)
    ]


def _hunts(rows: Iterable[Row]) -> dict[Hunt, int]:
    """Every hunt of the rows with the most seeds that one of them takes."""
    seeds: dict[Hunt, int] = {}
    for row in rows:
        for hunt in row.hunts:
            seeds[hunt] = max(seeds.get(hunt, 0), row.seeds)
    return seeds


def _bad_input(known: Sequence[Bug], arguments: argparse.Namespace) -> str | None:
    names = {bug.name for bug in known}
    if unknown := sorted({row.mutant for row in ROWS} - names):
        return f"rows of bugs that there are not: {', '.join(unknown)}"
    if unknown := sorted(set(arguments.mutants) - names):
        return f"no such bug: {', '.join(unknown)}; there are {', '.join(sorted(names))}"
    areas = sorted({bug.area for bug in known})
    if arguments.area and arguments.area not in areas:
        return f"no such area: {arguments.area}; there are {', '.join(areas)}"
    return None


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the board; return the exit code."""
    known = bugs()
    if problem := _bad_input(known, arguments):
        console.print(f"board: {problem}", style="red")
        return 2
    by_name = {bug.name: bug for bug in known}
    rows = _chosen(ROWS, arguments)
    accused: list[Accused] = []
    for hunt, seeds in _hunts(rows).items():
        begun = time.perf_counter()
        accused += unmutated(hunt, seeds)
        took = time.perf_counter() - begun
        console.print(f"no bug: {hunt.name}, {hunt.explorer}, {seeds} seeds, {took:.1f} s")
    for found in accused:
        console.print(f"[bold red]ACCUSED[/] {found.hunt}: {found.violation} ({found.case})")
    kills: dict[str, Kill | None] = {}
    table = _table("planted bugs")
    with Live(table, console=console, auto_refresh=False) as live:
        for row in rows:
            kills[row.mutant] = hunted(row, shrink=not arguments.no_shrink)
            table.add_row(*_cells(by_name[row.mutant], kills[row.mutant]))
            live.refresh()
    survivors = [name for name, kill in kills.items() if kill is None]
    listed = {row.mutant for row in ROWS}
    nowhere = [bug.name for bug in known if bug.name not in listed and not bug.labs]
    only_small = sum(1 for bug in known if bug.name not in listed and bug.labs)
    console.print(f"{len(kills) - len(survivors)} of {len(kills)} found through the lab")
    console.print(f"{only_small} more are looked for in component labs: mutant-board")
    for name in nowhere:
        console.print(f"[bold red]NOWHERE[/] {name} is on no board")
    if arguments.json is not None:
        record = {
            "bugs": [
                {**asdict(by_name[name]), "found": None if kill is None else asdict(kill)}
                for name, kill in kills.items()
            ],
            "accused": [asdict(found) for found in accused],
            "nowhere": nowhere,
        }
        arguments.json.write_text(json.dumps(record, indent=2) + "\n")
    return 1 if survivors or accused or nowhere else 0


def main() -> int:
    """Read the command line and run the board."""
    parser = argparse.ArgumentParser(prog="mutants.board", description=__doc__)
    parser.add_argument("mutants", nargs="*", metavar="MUTANT", help="only these")
    parser.add_argument("--area", help="only this area, such as 'data path'")
    parser.add_argument("--sample", action="store_true", help="only the quick ones")
    parser.add_argument("--no-shrink", action="store_true", help="do not make cases small")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the board there")
    arguments = parser.parse_args()
    console = Console() if sys.stdout.isatty() else Console(width=_PLAIN_WIDTH)
    for program in (WORKER, BOARD):
        if not program.exists():
            console.print(f"board: {program} is not built: make build", style="red")
            return 2
    return run(arguments, console)


if __name__ == "__main__":
    sys.exit(main())

"""The commands ``landfall lab`` and ``landfall replay``. Nothing is loaded before one is called."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import terminal
from ..errors import Problem, ScenarioError

if TYPE_CHECKING:
    from .lab import Lab
    from .report import Report
    from .verdicts import Verdict

__all__ = ["explore", "replay"]

_RATE = "runs/s"


def explore(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|FOLDER", help="A scenario file, gallery:NAME, or a folder of files."
        ),
    ],
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="Most runs; those of a folder are shared. [LANDFALL_NUM, or 200]"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**64 - 1, help="First seed. [LANDFALL_SEED, or 1]")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="TIME", help='Most wall time, such as "60 s"; a folder shares it.'),
    ] = None,
    explorer: Annotated[
        str,
        typer.Option(
            help="swarm, knobs, random, crash, pct, pairwise, exhaustive or coverage; several "
            "with commas between them take turns."
        ),
    ] = "swarm",
    faults: Annotated[
        str | None, typer.Option(metavar="KIND,...", help="Kinds of faults; all by default.")
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Failures to run first, and to add what is found to."),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(metavar="FILE.py:NAME", help="Who decides during a run.")
    ] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="FILE.py:NAME", help="A rule of your own; repeatable."),
    ] = None,
    expect: Annotated[
        bool, typer.Option("--expect", help="Its expectations must hold under faults, too.")
    ] = False,
    settle: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Quiet end of each run, after which no job is open."),
    ] = None,
    twice: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Share of runs made twice. [0.05]")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at the same time.")] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the outcome as JUnit XML.")
    ] = None,
    heat_map: Annotated[
        Path | None, typer.Option("--map", metavar="FILE.png", help="Draw the map of coverage.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No progress bar.")] = False,
    drill: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Explore faults in scenarios; print what breaks, made small, with a command to replay it."""
    from .campaign import Shares, together
    from .lab import Lab

    _check_targets(corpus, junit, heat_map)
    reports: list[Report] = []
    sources = _scenarios(scenario)
    budget_s = _time("--budget", budget)
    if budget_s == 0:
        raise _wrong_time("--budget", budget, "must be more than 0: nothing would be run")
    share = Shares(seeds, seed, budget_s, len(sources))
    for source in sources:
        lab = Lab(
            source,
            faults=None if faults is None else [name.strip() for name in faults.split(",")],
            policy=None if policy is None else _object(policy),
            invariants=[_object(rule) for rule in rules or ()],
            expectations=expect,
            settle=_time("--settle", settle),
            jobs=jobs,
        )
        mine = share.next()
        if mine.seeds == 0:
            continue
        report = lab.explore(
            seeds=mine.seeds,
            first_seed=mine.first_seed,
            budget=mine.budget_s,
            explorer=explorer,
            corpus=corpus,
            corpus_first=not reports,
            wanted=together(reports).meaning.missing if len(sources) > 1 else (),
            twice=twice,
            progress=not no_progress and sys.stderr.isatty(),
            drill=drill,
        )
        reports.append(report)
    _show(reports, as_json=as_json)
    if junit is not None:
        from .junit import write

        write(reports, junit)
    if heat_map is not None:
        from .heat_map import draw

        heat_map.parent.mkdir(parents=True, exist_ok=True)
        draw(together(reports), scenario, whole=len(reports) > 1).save(heat_map)
    raise typer.Exit(_worst(reports))


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A failure that the lab kept.")],
    policy: Annotated[
        str | None,
        typer.Option(metavar="FILE.py:NAME", help="Who decides, instead of what was recorded."),
    ] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="FILE.py:NAME", help="A rule of your own; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Run a failure of the corpus again, and say whether the same rule still fails."""
    from .corpus import read
    from .lab import Lab
    from .replay import replayed
    from .report import EXIT_CODES

    kept = read(file)
    if policy is None:
        verdict = replayed(kept, [_object(rule) for rule in rules or ()])
    else:
        from .cases import Case

        lab: Lab = Lab(
            kept.scenario,
            policy=_object(policy),
            invariants=[_object(rule) for rule in rules or ()],
        )
        verdict = lab.run(Case(kept.seed))
    found = verdict.failing(kept.invariant)
    if as_json:
        violations = [violation.to_dict() for violation in verdict.violations]
        typer.echo(json.dumps({"invariant": kept.invariant, "violations": violations}, indent=2))
    else:
        _tell(file, kept.invariant, verdict)
    if found is not None:
        raise typer.Exit(EXIT_CODES[found.kind])
    if verdict.violations:
        raise typer.Exit(EXIT_CODES[verdict.violations[0].kind])


# --- What they share ------------------------------------------------------------------------------


def _check_targets(corpus: Path | None, junit: Path | None, heat_map: Path | None) -> None:
    from ..writing import check_file, check_folder

    if corpus is not None:
        check_folder("--corpus", corpus)
    if junit is not None:
        check_file("--junit", junit)
    if heat_map is not None:
        check_file("--map", heat_map, (".png", ".svg", ".pdf"))


def _scenarios(name: str) -> list[str]:
    folder = Path(name)
    if not folder.is_dir():
        return [name]
    files = sorted(str(path) for path in folder.glob("*.json"))
    if not files:
        message = "holds no scenario: there is no file *.json in it"
        raise ScenarioError([Problem("SCN012", "", name, message)])
    return files


def _time(option: str, text: str | None) -> float | None:
    from pydantic_core import PydanticCustomError

    from ..quantities import DURATION, parse

    if text is None:
        return None
    try:
        value: object = float(text)
    except ValueError:
        value = text
    try:
        return float(parse(value, DURATION))
    except PydanticCustomError as error:
        raise _wrong_time(option, text, error.message()) from None


def _wrong_time(option: str, text: str | None, message: str) -> ScenarioError:
    problem = Problem("SCN003", option, f'"{text}"', message)
    return ScenarioError([problem], source="command line")


def _object(name: str) -> Any:
    """Return what stands under a name in a Python file."""
    place, colon, attribute = name.rpartition(":")
    path = Path(place)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not colon or not path.is_file() or spec is None or spec.loader is None:
        raise _no_object(
            name, "must be FILE.py:NAME, a Python file and the name of a function or class in it"
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _no_object(name, f"cannot be loaded: {type(error).__name__}: {error}") from error
    if not hasattr(module, attribute):
        from ..errors import UnknownName

        known = [word for word in vars(module) if not word.startswith("_")]
        raise UnknownName(f"function or class in {place}", attribute, known)
    found = getattr(module, attribute)
    if not callable(found):
        raise _no_object(name, f"must be a function or class, not {type(found).__name__}")
    return found


def _no_object(name: str, message: str) -> ScenarioError:
    return ScenarioError([Problem("SCN010", "", f'"{name}"', message)], source="command line")


def _worst(reports: list[Report]) -> int:
    from .report import EXIT_CODES

    found = {report.exit_code for report in reports}
    return next((code for code in EXIT_CODES.values() if code in found), 0)


def _show(reports: list[Report], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([report.to_dict() for report in reports], indent=2))
        return
    from .campaign import summary, together
    from .heat_map import in_terminal
    from .report import failure_text

    out = terminal.console()
    out.print(_table(reports), crop=False)
    covered = together(reports)
    if covered.cells:
        out.print(in_terminal(covered, out.width))
    if len(reports) > 1:
        terminal.say("\n".join([*summary(reports), *covered.meaning.lines()]))
    for report in reports:
        for case in report.invalid[:3]:
            terminal.say(f"left out: {case}", style="yellow")
        for path, violation in report.corpus_failures:
            terminal.say(f"\nFAIL {violation}", style="bold red")
            terminal.say(f"replay  : landfall replay {path}")
        for failure in report.failures:
            head, *rest = failure_text(failure)
            terminal.say(f"\n{head}", style="bold red")
            terminal.say("\n".join(rest))


def _table(reports: list[Report]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from .. import formatting

    table = Table(box=SIMPLE_HEAD, title=Text("lab"), title_justify="left", collapse_padding=True)
    table.add_column("scenario", overflow="fold", min_width=12)
    for head in ("runs", _RATE, "simulated", "twice", "cells met", "corpus", "violations"):
        table.add_column(head, justify="right", min_width=max(map(len, head.split())))
    for report in reports:
        met = len(report.coverage.by_class().cells)
        rules = ", ".join(f"{name} ({count:,})" for name, count in report.violations.items())
        table.add_row(
            Text(report.scenario),
            f"{report.runs:,}",
            f"{report.runs / report.seconds:,.0f}" if report.seconds else "",
            formatting.duration(report.simulated_s),
            f"{report.compared:,}",
            f"{met} of {max(met, report.cells_possible)}",
            f"{report.corpus_runs:,}" if report.corpus_runs else "",
            Text(rules or "none", "bold red" if rules else "green"),
        )
    return table


def _tell(file: Path, invariant: str, verdict: Verdict) -> None:
    from .story import Line, around, lines_of, told

    found = verdict.failing(invariant)
    if found is None:
        terminal.say(f"{invariant} holds now: {file} does not fail any more", style="green")
        for violation in verdict.violations:
            terminal.say(f"but {violation}", style="bold red")
        return
    terminal.say(f"FAIL {found}", style="bold red")
    if verdict.log is not None:
        lines = lines_of(verdict.log)
        end_s = found.t_s if found.t_s is not None else (lines[-1].t_s if lines else 0.0)
        arrow = Line(end_s, found.machine, f"{found.invariant} fails")
        terminal.say("\n".join(told(around(lines, found.t_s), [arrow])))
    terminal.say(f"replay  : landfall replay {file}")

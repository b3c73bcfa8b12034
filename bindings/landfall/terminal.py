"""What the command line prints: problems, results, progress."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import formatting
from .document import printable
from .happenings import Happening, happenings

if TYPE_CHECKING:
    from collections.abc import Callable

    from .errors import Problem
    from .progress import Progress
    from .result import Result
    from .validation import Outcome

_PROBLEMS_MAX = 50
_MACHINES_MAX = 20
_HAPPENINGS_MAX = 40
_MEMBERS_MAX = 4
_ALLOWED_MAX = 12
_NAMES_MAX = 5
_VIOLATIONS_MAX = 5
#: Width where no terminal says one, wide enough for the table of machines.
_WIDTH = 120

_MACHINE_COLUMNS = (
    ("initial\nreplication", "initial_replication_s", formatting.duration),
    ("RPO p95", "rpo_s_p95", formatting.duration),
    ("downtime", "downtime_s", formatting.duration),
    ("migration\nduration", "migration_duration_s", formatting.duration),
)
_TOTALS = (
    ("RPO p95", "rpo_s_p95", formatting.duration),
    ("RPO worst", "rpo_s_max", formatting.duration),
    ("initial replication", "initial_replication_s", formatting.duration),
    ("migration", "migration_duration_s", formatting.duration),
    ("downtime", "downtime_s", formatting.duration),
    ("data loss", "data_loss_bytes", formatting.size),
    ("sent over the WAN", "wan_bytes", formatting.size),
)


class _Console(Console):
    """A console whose reader may go away, as `head` does."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """Return a console for a standard stream as it is now; no colour where it is no terminal."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH
    return _Console(file=stream, width=width, highlight=False, markup=False, soft_wrap=False)


def say(message: str, *, stderr: bool = False, style: str | None = None) -> None:
    """Print one message, never wrapped or interpreted."""
    lines = "\n".join(map(printable, message.split("\n")))
    console(stderr=stderr).print(Text(lines, style=style or ""), soft_wrap=True)


# --- Problems -------------------------------------------------------------------------------------


def describe(problem: Problem, label: str | None, position: tuple[int, int] | None = None) -> Text:
    """Return a problem as two lines: where and what, then the rule."""
    place = printable(label or "")
    if position is not None:
        place += f":{position[0]}:{position[1]}"
    text = Text()
    text.append(" ".join(part for part in (place, printable(problem.pointer)) if part), "bold")
    if problem.found is not None:
        text.append(f" = {printable(problem.found)}", "red")
    text.append(f"\n  {printable(problem.message)}")
    if problem.nearest is not None:
        text.append(f'. Did you mean "{printable(problem.nearest)}"?')
    if problem.allowed:
        text.append(f"{'' if text.plain.endswith('?') else '.'} Allowed: ")
        text.append(printable(", ".join(problem.allowed[:_ALLOWED_MAX])))
        text.append(", …" if len(problem.allowed) > _ALLOWED_MAX else "")
    return text.append(f" ({problem.code})", "dim")


def print_problems(problems: Sequence[Problem], label: str | None) -> None:
    """Print problems to standard error, with lines and columns where the file is at hand."""
    from . import document
    from .errors import ScenarioError

    source = None
    if label is not None and Path(label).is_file():
        try:
            source = document.read(Path(label))
        except ScenarioError:
            source = None
    out = console(stderr=True)
    for problem in problems[:_PROBLEMS_MAX]:
        position = source.locate(problem.pointer) if source and problem.pointer else None
        out.print(describe(problem, label, position), soft_wrap=True)
    if len(problems) > _PROBLEMS_MAX:
        out.print(f"… {len(problems) - _PROBLEMS_MAX} more problems")


# --- Numbers and jobs -----------------------------------------------------------------------------


def print_validation(outcomes: Sequence[Outcome]) -> None:
    """Print documented numbers, what was measured, and the verdicts."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("", "number", "documented", "measured", "by", "", "source"):
        table.add_column(head, overflow="fold")
    for outcome in outcomes:
        number = outcome.number
        good = outcome.verdict == "reproduced"
        verdict = Text("yes" if good else "no", "green" if good else "bold red")
        source = Text(number.source, "dim")
        cells = (number.key, number.quantity, number.expected, outcome.found, number.how)
        table.add_row(*cells, verdict, source)
    out = console()
    out.print(table)
    held = sum(outcome.verdict == "reproduced" for outcome in outcomes)
    say(f"{held} of {len(outcomes)} numbers are reproduced")
    for outcome in outcomes:
        if outcome.number.exception and outcome.verdict != "reproduced":
            say(f"{outcome.number.key}, {outcome.number.quantity}: {outcome.number.exception}")


def print_jobs(jobs: Sequence[Mapping[str, Any]]) -> None:
    """Print jobs as the portal lists them."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("job", "machine", "operation", "state", "start", "end", "cause"):
        table.add_column(head, overflow="fold")
    for job in jobs:
        table.add_row(
            str(job["job"]),
            printable(str(job["machine"] or "")),
            printable(job["operation"]),
            job["state"],
            formatting.duration(job["start_s"]),
            formatting.duration(job["end_s"]),
            printable(job["cause"] or ""),
        )
    console().print(table)
    failed = sum(job["state"] == "Failed" for job in jobs)
    waiting = sum(job["state"] == "Suspended" for job in jobs)
    say(f"{formatting.plural(len(jobs), 'job')}, {failed} failed, {waiting} waiting for input")


# --- Results --------------------------------------------------------------------------------------


def print_result(result: Result) -> None:
    """Print what happened, machines, oracles, totals and expectations to standard output."""
    out = console()
    if told := happenings(result):
        out.print(_happenings_table(result, told))
    out.print(_machines_table(result))
    if result.proof is not None:
        style = "green" if result.proof.holds else "bold red"
        out.print(Text(f"oracles: {result.proof}", style), soft_wrap=True)
    elif result.violation_count > 0:
        found = formatting.plural(result.violation_count, "violation")
        out.print(Text(f"oracles: {found}", "bold red"), soft_wrap=True)
    if result.violation_count > 0:
        _print_violations(result, out)
    out.print(_totals_text(result), soft_wrap=True)
    if note := _no_sample_note(result):
        out.print(Text(note, "yellow"), soft_wrap=True)
    for run in result.summary.get("recovery_plans") or []:
        out.print(_plan_text(run), soft_wrap=True)
    for entry in result.summary.get("expect") or []:
        out.print(_expectation_text(entry, result, out), soft_wrap=True)


def _plan_text(run: Mapping[str, Any]) -> Text:
    """Say how one job of a recovery plan went, and what it waited for."""
    words = f"recovery plan {printable(str(run['plan']))}: {run['operation']} of "
    words += formatting.plural(int(run["machines"]), "machine")
    words += f", {run['description'] or run['state']} after {formatting.duration(run['took_s'])}"
    if run["slowest"]:
        words += f", most of it for {printable(str(run['slowest']))}"
    if run["cause"]:
        words += f" ({printable(str(run['cause']))})"
    return Text(words, "yellow" if run["state"] in ("Failed", "Cancelled") else "")


def _happenings_table(result: Result, told: list[Happening]) -> Table:
    """Return what happened in order: when, for how long, what, on which machines, how it ended."""
    more = len(told) - _HAPPENINGS_MAX
    table = Table(
        title=Text(f"{printable(result.scenario_name)}, seed {result.seed}: what happened"),
        title_justify="left",
        box=SIMPLE_HEAD,
        caption=f"… {more:,} more; result.jobs and result.events have all" if more > 0 else None,
        caption_justify="left",
    )
    for head in ("at", "took"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("job or event", overflow="fold")
    table.add_column("machines", overflow="fold", max_width=32)
    table.add_column("outcome", overflow="fold")
    for each in told[:_HAPPENINGS_MAX]:
        took = "" if each.end_s is None else formatting.duration(each.end_s - each.start_s)
        outcome = ": ".join(part for part in (_outcome(each.state), each.detail) if part)
        style = "red" if each.state in ("Failed", "Cancelled") else ""
        table.add_row(
            formatting.clock(each.start_s),
            took,
            Text(printable(each.what)),
            Text(printable(_members(each.machines))),
            Text(printable(outcome), style="yellow" if each.state == "Refused" else style),
        )
    return table


def _members(machines: Sequence[str]) -> str:
    if len(machines) <= _MEMBERS_MAX:
        return ", ".join(machines)
    return f"{machines[0]} and {len(machines) - 1:,} more"


def _outcome(state: str) -> str:
    """Return how a job ended in words: "in progress" for what had not at the end of the run."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", state).lower()


def _machines_table(result: Result) -> Table:
    machines = result.machines
    more = len(machines) - _MACHINES_MAX
    shown = machines
    if more > 0:
        worst = machines["rpo_s_p95"].astype(float).fillna(-1.0)
        shown = machines.loc[worst.sort_values(ascending=False, kind="stable").index]
        shown = shown.head(_MACHINES_MAX)
    table = Table(
        title=Text(f"{printable(result.scenario_name)}, seed {result.seed}"),
        title_justify="left",
        box=SIMPLE_HEAD,
        caption=f"… {more:,} more; these have the highest RPO p95" if more > 0 else None,
        caption_justify="left",
    )
    table.add_column("machine", overflow="fold", min_width=12)
    for head, _, _ in _MACHINE_COLUMNS:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("state")
    for row in shown.to_dict(orient="records"):
        values = [write(_number(row.get(column))) for _, column, write in _MACHINE_COLUMNS]
        name = printable(str(row["machine"]))
        table.add_row(Text(name), *values, Text(_state_words(str(row.get("state")))))
    return table


def _print_violations(result: Result, out: Console) -> None:
    """Print the first things that oracles found wrong."""
    shown = result.violations.head(_VIOLATIONS_MAX)
    more = result.violation_count - len(shown)
    table = Table(
        box=SIMPLE_HEAD,
        style="red",
        caption=f"… {more:,} more" if more > 0 else None,
        caption_justify="left",
    )
    for head in ("time", "oracle"):
        table.add_column(head, no_wrap=True)
    for head in ("machine", "what was found"):
        table.add_column(head, overflow="fold")
    for row in shown.to_dict(orient="records"):
        words = (formatting.duration(_number(row["t_s"])), row["oracle"], row["machine"])
        cells = [*words, row["text"]]
        table.add_row(*(Text(printable(str(cell)) if cell == cell else "") for cell in cells))
    out.print(table)


def _state_words(state: str) -> str:
    """Return a state of Site Recovery in short words, such as "failed over"."""
    from .timeline import STATES_BY_WORD

    for word, name in STATES_BY_WORD.items():
        if name == state:
            return word.replace("_", " ")
    if state.startswith("UnprotectedStates"):
        return "unprotected"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", state).lower()
    return printable(words.removesuffix(" in progress"))


def _totals_text(result: Result) -> Text:
    totals = dict(result.summary.get("totals") or {})
    totals |= {f"rpo_s_{key}": value for key, value in (totals.get("rpo_s") or {}).items()}
    parts = [
        f"{name} {write(_number(totals[key]))}"
        for name, key, write in _TOTALS
        if _number(totals.get(key)) is not None
    ]
    text = Text()
    text.append("all machines: ", "bold")
    text.append(", ".join(parts) or "nothing measured")
    simulated = formatting.duration(result.simulated_s)
    return text.append(f"\n{simulated} simulated in {formatting.duration(result.wall_s)}", "dim")


def _no_sample_note(result: Result) -> str | None:
    """Say when traces had nothing to say: what they leave out counts as no writing at all."""
    machines = result.machines
    if "no_sample_s" not in machines:
        return None
    gaps = machines["no_sample_s"].astype(float)
    count = int((gaps > 0).sum())
    if count == 0:
        return None
    worst = str(machines["machine"].iloc[int(gaps.argmax())])
    return (
        f"no sample: the traces of {formatting.plural(count, 'machine')} have gaps or end before "
        f"the run, {printable(worst)} for {formatting.duration(gaps.max())}; "
        "a gap counts as no changes"
    )


def _expectation_text(entry: dict[str, Any], result: Result, out: Console) -> Text:
    passed = bool(entry.get("passed"))
    if (out.encoding or "").lower().startswith("utf"):
        mark = "✓" if passed else "✗"
    else:
        mark = "ok" if passed else "FAILED"
    metric = str(entry.get("metric"))
    rule = entry.get("rule")
    if isinstance(rule, dict):
        words = " and ".join(
            f"{key.replace('_', ' ')} {_measured(metric, value)}" for key, value in rule.items()
        )
    else:
        words = str(rule)
    whose = "in total" if entry.get("of") == "total" else f"of {_list(entry.get('machines'))}"
    text = Text()
    text.append(f"{mark} ", "green" if passed else "bold red")
    text.append(printable(f"{metric} {whose} {words}: "))
    found = entry.get("found")
    if metric == "state" and found is None:
        text.append(printable(f"found {_states_text(result, entry.get('failing_machines'))}"))
    else:
        text.append(printable(f"found {_measured(metric, found)}"))
    if not passed and (failing := entry.get("failing_machines")):
        text.append(printable(f"; fails for {_list(failing)}"), "red")
    return text


def _states_text(result: Result, failing: Any) -> str:
    """Return the states of the machines that fail an expectation, the most frequent first."""
    machines = result.machines
    if failing and "machine" in machines:
        machines = machines[machines["machine"].isin(failing)]
    if "state" not in machines or machines.empty:
        return "nothing"
    counts = machines["state"].astype(str).value_counts()
    return ", ".join(f"{_state_words(str(state))} ({count:,})" for state, count in counts.items())


def _list(names: Any) -> str:
    if not isinstance(names, list):
        return str(names)
    more = len(names) - _NAMES_MAX
    return ", ".join(map(str, names[:_NAMES_MAX])) + (f" and {more:,} more" if more > 0 else "")


def _measured(metric: str, value: Any) -> str:
    """Write a value in the unit of its metric."""
    if isinstance(value, str):
        return _state_words(value) if metric == "state" else value
    number = _number(value)
    if number is None:
        return "nothing"
    if metric.endswith("_s") or metric.startswith("rpo_s"):
        return formatting.duration(number)
    return formatting.size(number) if metric.endswith("_bytes") else f"{number:g}"


def _number(value: Any) -> float | None:
    """Return a measured value, or None where there is none (NaN, null, -1 bytes)."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return None
    number = float(value)
    return number if number == number and number >= 0 else None


# --- Progress -------------------------------------------------------------------------------------


@contextmanager
def progress_bar(*, wanted: bool) -> Iterator[Callable[[Progress], None] | bool]:
    """Show a bar with simulated time and time left on standard error, if it is a terminal."""
    out = console(stderr=True)
    if not wanted or not out.is_terminal:
        yield False
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as RichProgress

    from .progress import describe as in_words

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[words]}", markup=False),
    )
    with RichProgress(*columns, console=out, transient=True) as bars:
        task = bars.add_task("starting", total=1.0, words="")

        def show(progress: Progress) -> None:
            bars.update(
                task,
                completed=progress.fraction,
                description=printable(progress.scenario),
                words=in_words(progress),
            )

        yield show

"""The command ``landfall plan``. Nothing is loaded before it is called."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from .. import formatting, terminal

if TYPE_CHECKING:
    from ..inventory.networks import Network
    from ..inventory.trace import Trace
    from .capacity_plan import CapacityPlan
    from .options import PlanOptions
    from .simulated import SimulatedPlan

__all__ = ["plan"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_THROTTLE = re.compile(
    r"(?:(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+)?"
    r"(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)\s+(?P<left>.+)",
    re.IGNORECASE,
)
_ALLOWED = "[mon-fri] 08:00-18:00 '200 Mbit/s' or '50 %'"


def plan(
    inventory: Annotated[
        Path,
        typer.Argument(
            metavar="INVENTORY", help="An RVTools workbook, an Azure Migrate CSV, or JSON."
        ),
    ],
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Churn: a wide CSV file, plain or gzip.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(metavar="UNIT", help='Of its numbers, such as "KiB/s".')
    ] = None,
    match: Annotated[
        str, typer.Option(metavar="name|order", help="How servers and columns belong together.")
    ] = "name",
    start: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Of the trace: from this date and time (UTC)."),
    ] = None,
    stop: Annotated[
        str | None, typer.Option("--end", metavar="TIME", help="Of the trace: up to this one.")
    ] = None,
    rpo: Annotated[str, typer.Option(metavar="TIME", help="Desired RPO.")] = "15 min",
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write report.html, tables, plan.json, scenario.json."),
    ] = None,
    options: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Options: see docs/planner.md.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="option=value", help="Change an option; repeatable."),
    ] = None,
    bandwidth: Annotated[
        str | None,
        typer.Option(metavar="RATE", help="A link that is there: which RPO it achieves."),
    ] = None,
    assume_disk: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Of disks whose size is unknown.")
    ] = None,
    assume_used: Annotated[
        float | None, typer.Option(metavar="PERCENT", help="In use of disks where unknown.")
    ] = None,
    assume_change: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", help="Of use, written a day; no trace."),
    ] = None,
    throttle: Annotated[
        list[str] | None, typer.Option(metavar="WHEN", help=f"{_ALLOWED}; repeatable.")
    ] = None,
    network: Annotated[
        Path | None, typer.Option(metavar="FILE.graphml", help="Network, for its failures.")
    ] = None,
    network_bandwidth: Annotated[
        str | None, typer.Option(metavar="RATE", help="Of its links that have no speed.")
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="PLACE", help="Where replication starts.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="PLACE", help="Where it ends.")] = None,
    include_powered_off: Annotated[
        bool, typer.Option("--include-powered-off", help="Take servers that do not run.")
    ] = False,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Simulate the planned bandwidths as well.")
    ] = False,
    static: Annotated[bool, typer.Option("--static", help="Pictures only in the report.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Plan capacity for replicating an inventory: bandwidth, servers, storage, cost, copies."""
    from ..inventory import load
    from ..writing import check_folder
    from .planning import plan as made_plan

    if match not in ("name", "order"):
        _refuse("--match", match, "says how servers are matched", ("name", "order"))
    if out is not None:
        check_folder("--out", out, "plan.json", "plan")
    given: dict[str, Any] = {
        "bandwidth": bandwidth,
        "assume_disk": assume_disk,
        "assume_used_percent": assume_used,
        "assume_change_percent": assume_change,
        "throttles": [_throttle(text) for text in throttle or ()] or None,
    }
    chosen = _options(options, changes or [], given)
    servers = load(inventory, include=["powered-off"] if include_powered_off else ())
    churn = _part(_trace(trace, unit), start, stop)
    way = None if begin is None and end is None else (begin or "", end or "")
    made = made_plan(
        servers,
        churn,
        rpo=rpo,
        options=chosen,
        match=match,  # type: ignore[arg-type] # checked above
        network=_network(network, network_bandwidth),
        between=way,
    )
    runs = _simulations(made) if simulate else []
    if out is not None:
        made.save(out, simulated=runs, interactive=not static)
    if as_json:
        typer.echo(made.to_json(), nl=False)
    else:
        _show(made, runs)
        terminal.say(f"written to {out}" if out else "not written; --out DIR keeps it")


def _refuse(where: str, found: str | None, message: str, allowed: tuple[str, ...] = ()) -> NoReturn:
    from ..inventory.reading import refuse

    refuse("landfall plan", message, where=where, found=found, allowed=allowed)


# --- Arguments ------------------------------------------------------------------------------------


def _options(file: Path | None, changes: list[str], given: dict[str, Any]) -> PlanOptions:
    """Return the options of a file, changed by --set and by options of their own."""
    import json

    from .. import document
    from ..errors import ScenarioError
    from .options import PlanOptions

    values: dict[str, Any] = {}
    if file is not None:
        read = document.read(file).data
        if not isinstance(read, dict):
            _refuse("--options", str(file), "must hold a JSON object")
        values |= read
    for text in changes:
        key, equals, value = text.partition("=")
        if not equals or not key:
            _refuse("--set", text, 'must be option=value, such as "growth_percent=20"')
        try:
            values[key.strip()] = json.loads(value)
        except (ValueError, RecursionError):
            values[key.strip()] = value
    values |= {key: value for key, value in given.items() if value is not None}
    try:
        return PlanOptions(**values)
    except ScenarioError as error:
        raise ScenarioError(error.problems, source="options of the plan") from None


def _throttle(text: str) -> dict[str, Any]:
    found = _THROTTLE.fullmatch(text.strip())
    if found is None:
        _refuse("--throttle", text, "must say when and how much", (_ALLOWED,))
    first, last = ((found[key] or "").lower() for key in ("first", "last"))
    for day in (first, last):
        if day and day not in _DAYS:
            _refuse("--throttle", text, f'"{day}" is no day', _DAYS)
    made: dict[str, Any] = {"from": found["start"], "to": found["end"]}
    if first:
        begin = _DAYS.index(first)
        count = (_DAYS.index(last) - begin) % 7 + 1 if last else 1
        made["days"] = [_DAYS[(begin + day) % 7] for day in range(count)]
    share = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", found["left"].strip())
    if share is None:
        return made | {"bandwidth": found["left"].strip()}
    return made | {"share": float(share[1]) / 100}


def _trace(file: Path | None, unit: str | None) -> Trace | None:
    from ..inventory.trace_files import trace_from_wide

    if file is None:
        if unit is not None:
            _refuse("--unit", unit, "goes with --trace")
        return None
    return trace_from_wide(file, unit=unit)


def _part(trace: Trace | None, start: str | None, stop: str | None) -> Trace | None:
    """Return the slots of the trace between two instants."""
    if start is None and stop is None:
        return trace
    if trace is None or trace.start_unix_s is None:
        _refuse("--start, --end", None, "go with a --trace whose times are dates")
    begin, end = 0, trace.slots
    if start is not None:
        begin = _slot(trace, start, "--start")
    if stop is not None:
        end = _slot(trace, stop, "--end")
    if begin >= end:
        _refuse("--start, --end", f"{start}, {stop}", "leave no slot of the trace")
    return trace if (begin, end) == (0, trace.slots) else trace.between(begin, end)


def _slot(trace: Trace, text: str, option: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        _refuse(option, text, 'must be a date and time such as "2024-02-01T08:00"')
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    since = instant.timestamp() - (trace.start_unix_s or 0.0)
    if not 0 <= since <= trace.duration_s:
        first, last = trace.start, (trace.start_unix_s or 0.0) + trace.duration_s
        span = f"{first:%Y-%m-%dT%H:%M} to {datetime.fromtimestamp(last, UTC):%Y-%m-%dT%H:%M}"
        _refuse(option, text, f"is outside the trace, {span}")
    return round(since / trace.slot_s)


def _network(file: Path | None, bandwidth: str | None) -> Network | None:
    from ..inventory.networks import network_from_graphml

    if file is None:
        if bandwidth is not None:
            _refuse("--network-bandwidth", bandwidth, "goes with --network")
        return None
    # Latency decides nothing of a capacity plan: places without coordinates do no harm.
    return network_from_graphml(file, bandwidth=bandwidth, latency_s=0.0)


# --- What is shown --------------------------------------------------------------------------------


def _simulations(made: CapacityPlan) -> list[SimulatedPlan]:
    runs = []
    for share in sorted(made.options.shares, reverse=True):
        terminal.say(
            f"plan: simulating the bandwidth for {100 * share:g} % of the time", stderr=True
        )
        with terminal.progress_bar(wanted=True) as progress:
            runs.append(made.simulate(share=share, progress=progress))
    return runs


def _show(made: CapacityPlan, runs: list[SimulatedPlan]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from ..document import printable

    terminal.say(printable(repr(made)), style="bold")
    out = terminal.console()
    for name in ("bandwidth", "servers"):
        block = made.tables[name].block()
        table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        table.title, table.title_justify = block.caption, "left"
        for head in block.columns:
            # A number and its unit stay together, also where 80 columns have to do.
            title = head.title if head.kind == "text" else "\n".join(head.title.rsplit(" ", 1))
            justify: Literal["left", "right"] = "left" if head.is_left else "right"
            table.add_column(title, justify=justify, no_wrap=head.kind != "text")
        for row in block.cells:
            table.add_row(*(printable(cell.text) for cell in row))
        out.print(table)
    incompatible = made.tables["incompatible"].rows
    if incompatible:
        terminal.say(f"{formatting.plural(len(incompatible), 'machine')} left out:")
        for each in incompatible[:10]:
            text = f"  {each['machine']}: {each['reasons']}"
            terminal.say(printable(text))
        if len(incompatible) > 10:
            terminal.say(f"  … and {len(incompatible) - 10:,} more; incompatible.csv has all")
    for run in runs:
        terminal.say(
            f"simulated: RPO {formatting.duration(run.rpo_s)} met for {100 * run.within:.2f} % of "
            f"the time, promised {100 * run.share:g} %"
        )
    for note in made.notes:
        terminal.say(f"note: {printable(note)}", style="dim")

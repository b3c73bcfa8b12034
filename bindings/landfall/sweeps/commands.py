"""The command ``landfall sweep``. Nothing is loaded before it is called."""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import codes, terminal
from ..errors import Problem, ScenarioError

if TYPE_CHECKING:
    from .precision import Precision
    from .table import Sweep

__all__ = ["sweep"]

_BAD_INPUT, _RUN_FAILED = 2, 3
_SHOWN = 40
_REPLICATIONS_MAX = 1_000_000
_RANGE = re.compile(
    r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*\.\.\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(\D\S*)?\s*"
)
_UNTIL = re.compile(r"([^:]+):\s*([\d.]+(?:[eE][-+]?\d+)?)\s*(%?)")


def sweep(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A scenario file, or gallery:NAME.")
    ],
    over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="/path=VALUE,...",
            help="What varies: a list, or LOW..HIGH UNIT for drawn designs; repeatable.",
        ),
    ] = None,
    design: Annotated[str, typer.Option(help="grid, lhs, sobol, saltelli or morris.")] = "grid",
    n: Annotated[int | None, typer.Option("--n", min=1, help="Size of a drawn design.")] = None,
    replications: Annotated[
        int | None,
        typer.Option(min=1, max=_REPLICATIONS_MAX, help="Runs of each variant. [1]"),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="METRIC:WIDTH",
            help='Or as many as make an interval this narrow: "downtime_s_max:10%", or ":60".',
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Seed of all draws.")] = 1,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metric", help="Keep and print this metric; repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder to keep the outcomes in.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the sweep in DIR, or add to it.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="With --resume: run again what failed.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at the same time.")] = None,
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help='Most wall time of a run, as "2 min".')
    ] = None,
    memory_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help='Most memory of a run, as "1 GiB".')
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Run however large it is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No progress bar.")] = False,
    drill: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run variants of a scenario with replications; print means and 95 % intervals.

    Runs that fail are told and stop nothing; the exit code is 3 then.
    """
    from . import experiment
    from .store import StoreError, read_manifest

    try:
        if out is not None and not resume and read_manifest(out) is not None:
            raise StoreError(f"{out}: holds a sweep; --resume goes on with it")
        if resume and out is None:
            raise _wrong("--resume", "true", "goes with --out DIR")
        if retry_failed and not resume:
            raise _wrong("--retry-failed", "true", "goes with --resume")
        if until is not None and replications is not None:
            raise _wrong("--until", until, "takes the place of --replications: give one")
        found = experiment.sweep(
            scenario,
            _all_over(over or []),
            design=design,
            n=n,
            replications=replications,
            until=None if until is None else _precision(until),
            seed=seed,
            metrics=metrics or None,
            store=out,
            retry="failed" if retry_failed else None,
            max_workers=jobs,
            timeout=None if timeout is None else _value(timeout),
            memory_limit=None if memory_limit is None else _value(memory_limit),
            allow_large=yes,
            progress=not no_progress and sys.stderr.isatty(),
            drill=dict(_drill(text) for text in drill or []) or None,
        )
    except StoreError as error:
        terminal.say(f"landfall: {error}", stderr=True, style="red")
        raise typer.Exit(_BAD_INPUT) from None
    if as_json:
        typer.echo(json.dumps(_as_json(found), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(found, metrics or [], out)
    if found.failed_count:
        raise typer.Exit(_RUN_FAILED)


# --- Options --------------------------------------------------------------------------------------


def _wrong(option: str, found: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(codes.WRONG_TYPE, option, found, message)], "command line")


def _all_over(texts: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, values = _over(text)
        if name in found:
            raise _wrong("--over", text, f"{name} varies twice; give all its values in one --over")
        found[name] = values
    return found


def _over(text: str) -> tuple[str, Any]:
    from .parameters import Range

    name, equals, values = text.partition("=")
    if not equals or not name or not values:
        example = 'such as "/links/wan/bandwidth=100 Mbit/s,200 Mbit/s"'
        raise _wrong("--over", text, f"must be a path, =, and values, {example}")
    if match := _RANGE.fullmatch(values):
        try:
            low, high = float(match[1]), float(match[2])
            return name, Range(low, high, unit=match[3])
        except ValueError as error:
            raise _wrong("--over", text, str(error)) from None
    return name, [_value(part.strip()) for part in _parts(values)]


def _parts(values: str) -> list[Any]:
    """Split at commas; a JSON list is taken as such, for texts that hold commas."""
    if values.lstrip().startswith("["):
        try:
            read = json.loads(values)
        except (ValueError, RecursionError) as error:
            raise _wrong("--over", values, f"is no JSON list: {error}") from None
        return [json.dumps(value) for value in read]
    return values.split(",")


def _value(text: str) -> Any:
    """Return a value of the command line; what is no JSON is a text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _precision(text: str) -> Precision:
    from .precision import Precision

    match = _UNTIL.fullmatch(text)
    if match is None:
        raise _wrong("--until", text, 'must be METRIC:WIDTH, such as "downtime_s_max:10%"')
    try:
        width = float(match[2])
        if match[3]:
            return Precision(match[1], relative=width / 100)
        return Precision(match[1], half_width=width)
    except ValueError as error:
        raise _wrong("--until", text, str(error)) from None


def _drill(text: str) -> tuple[int, Any]:
    number, _, kind = text.partition(":")
    return int(number), kind


# --- What is printed ------------------------------------------------------------------------------

_FIRST = ("rpo_s_p95", "downtime_s_max", "migration_duration_s", "cost_total")
#: Told only when they are not zero everywhere.
_TROUBLE = ("data_loss_bytes", "violations", "expectations_failed")


def _print(found: Sweep, wanted: list[str], out: Path | None) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from .intervals import shown

    trouble = [n for n in _TROUBLE if n in found.metrics and bool(found.table[n].gt(0).any())]
    metrics = [name for name in (wanted or (*_FIRST, *trouble)) if name in found.metrics]
    metrics = metrics or found.metrics[:5]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    heads = ("runs", "failed") if found.failed_count else ("runs",)
    for name in ("variant", *found.parameters, *heads):
        table.add_column(Text(name.strip("/").replace("/", "\n")), no_wrap=True)
    for name in metrics:
        table.add_column(Text(name.replace("_", " ")), justify="right", min_width=10)
    summaries = [found.summary(name) for name in metrics]
    for number in range(min(found.variant_count, _SHOWN)):
        runs = found.manifest["variants"][number]["replications"]
        failed = int((found.table["status"][found.table["variant"] == number] != "ok").sum())
        cells = [str(number), *map(str, found.values_of(number)), str(runs)]
        if found.failed_count:
            cells.append(str(failed or "–"))
        for name, summary in zip(metrics, summaries, strict=True):
            row = summary.iloc[number]
            half = float(row["high"] - row["low"]) / 2
            text = shown(name, float(row["estimate"]))
            cells.append(f"{text}\n± {shown(name, half)}" if math.isfinite(half) else text)
        table.add_row(*map(Text, cells))
    # Of a wide table lines go on in the next one: a column that is cut off would be lost.
    terminal.console().print(table, crop=False)
    if found.variant_count > _SHOWN:
        terminal.say(f"… {found.variant_count - _SHOWN} more variants")
    failures = found.failures
    for kind in sorted(set(failures["failure"])):
        first = failures[failures["failure"] == kind].iloc[0]
        count = int((failures["failure"] == kind).sum())
        terminal.say(
            f"{count} failed: {kind}; variant {first['variant']}, replication "
            f"{first['replication']}, seed {first['seed']}: {first['message']}",
            style="red",
        )
    there = found.run_count - found.made
    again = f", {there} were there before" if there else ""
    kept = f"; kept in {out}" if out is not None else "; not kept, --out DIR does"
    terminal.say(f"{found.made} runs made{again}{kept}")


def _as_json(found: Sweep) -> dict[str, Any]:
    variants = []
    summaries = {name: found.summary(name) for name in found.metrics}
    for number in range(found.variant_count):
        row = {
            "variant": number,
            "parameters": dict(zip(found.parameters, found.values_of(number), strict=True)),
        }
        row["replications"] = found.manifest["variants"][number]["replications"]
        row["metrics"] = {
            name: {
                "n": int(summary["n"].iloc[number]),
                **{k: _finite(summary[k].iloc[number]) for k in ("estimate", "low", "high")},
            }
            for name, summary in summaries.items()
        }
        variants.append(row)
    failures = found.failures[["variant", "replication", "seed", "failure", "message"]]
    return {
        "scenario": found.manifest["scenario"]["name"],
        "scenario_hash": found.manifest["scenario"]["hash"],
        "entropy": found.manifest["entropy"],
        "landfall": found.manifest["landfall"],
        "runs": found.run_count,
        "made": found.made,
        "failed": found.failed_count,
        "level": 0.95,
        "variants": variants,
        "failures": json.loads(failures.to_json(orient="records")),
    }


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None

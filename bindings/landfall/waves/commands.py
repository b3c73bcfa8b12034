"""The command ``landfall waves``. Nothing is loaded before it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import formatting, terminal

if TYPE_CHECKING:
    from .wave_plan import WavePlan

__all__ = ["waves"]

_BROKEN = 1


def waves(
    problem: Annotated[
        Path,
        typer.Argument(metavar="PROBLEM.json", help="Links, moves, windows; see docs/waves.md."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write waves.csv, machines.csv, scenario.json, waves.png."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of solver and simulation.")] = 1,
    compare: Annotated[
        bool, typer.Option("--compare", help="With first fit, side by side.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Plan which machines move together and when; every plan is simulated before it is shown."""
    from ..writing import check_folder
    from .planning import first_fit, plan
    from .problem import WaveProblem

    if out is not None:
        check_folder("--out", out, "waves.csv", "waves")
    task = WaveProblem.load(problem)
    made = plan(task, seed=seed, tell=lambda text: terminal.say(f"waves: {text}", stderr=True))
    rivals = [first_fit(task, seed=seed)] if compare else []
    table = made.compare(*rivals)
    if as_json:
        from ..export import finite

        typer.echo(json.dumps(finite(_plain(made, table.to_dict("records"))), indent=2))
    else:
        terminal.say(str(made))
        for row in table.to_dict("records") if compare else ():
            terminal.say(
                f"{row['method']}: {formatting.plural(row['waves'], 'wave')}, done after "
                f"{formatting.duration(row['total_s'])}, worst RPO "
                f"{formatting.duration(row['peak_rpo_s'])}, {row['left_behind']} left behind"
            )
    if out is not None:
        _write(made, out)
    if not made.ok:
        raise typer.Exit(_BROKEN)


def _plain(made: WavePlan, headlines: list[dict[Any, Any]]) -> dict[str, Any]:
    return {
        "problem": made.problem.name,
        "ok": made.ok,
        "is_best": made.is_best,
        "plans": headlines,
        "waves": made.waves.to_dict("records"),
        "machines": made.machines.to_dict("records"),
        "left_behind": made.left_behind,
        "broken": list(made.check.broken),
    }


def _write(made: WavePlan, out: Path) -> None:
    from ..writing import whole_folder

    with whole_folder(out) as folder:
        made.waves.to_csv(folder / "waves.csv", index=False)
        made.machines.to_csv(folder / "machines.csv", index=False)
        (folder / "scenario.json").write_text(made.scenario().to_json(indent=2), encoding="utf-8")
        made.plot().save(folder / "waves.png")
    terminal.say(f"wrote {out}", stderr=True)

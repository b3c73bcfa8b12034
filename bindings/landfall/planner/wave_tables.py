"""The waves of a capacity plan: its machines over its bandwidth, in the windows of its options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import formatting
from ..estate import Link
from ..report.blocks import Kind
from ..waves.calendar import Freeze, Window
from ..waves.problem import Move, WaveProblem
from .tables import PlanColumn, PlanTable, column

if TYPE_CHECKING:
    from .capacity_plan import CapacityPlan

__all__ = ["problem_of", "wave_tables"]


def problem_of(
    plan: CapacityPlan, windows: Sequence[Window], freezes: Sequence[Freeze]
) -> WaveProblem:
    """Return the problem; machines whose bytes in use are unknown are not in it."""
    moves = [
        Move(
            name=machine.name,
            site="on-premises",
            used=machine.total_used,
            churn=round(machine.mean_churn),
        )
        for machine in plan.planned
        if machine.total_used is not None
    ]
    link = Link(
        name="wan",
        from_="on-premises",
        to="azure",
        bandwidth=round(plan.bandwidth()),
        latency="10 ms",
    )
    return WaveProblem(
        name=f"waves of {plan.inventory.name}"[:80],
        region="azure",
        links=[link],
        moves=moves,
        windows=windows,
        freezes=freezes,
        compression_ratio=plan.options.compression_ratio,
    )


#: Columns of landfall.waves that need more than their name.
_MEANINGS = {
    "wave": "The window that it moves in.",
    "opens_s": "Opening of the window, since the start of the project.",
    "closes_s": "Its end.",
    "machines": "Machines that move in it.",
    "used_bytes": "What their first copies carry.",
    "effort_s": "Working time of its cutovers.",
    "starts_s": "When replication is enabled.",
    "copied_by_s": "When the first copy has to be through.",
    "cutover_s": "When the failover starts.",
}


def _column(key: str, is_number: bool) -> PlanColumn:
    kind: Kind = "number" if is_number else "text"
    if key.endswith("_s"):
        kind = "duration"
    elif key.endswith("_bytes"):
        kind = "size"
    title = key.removesuffix("_s").removesuffix("_bytes").replace("_", " ")
    return column(key, kind, _MEANINGS.get(key, f"As in docs/waves.md: {title}."), title)


def wave_tables(plan: CapacityPlan) -> list[PlanTable]:
    """Plan the waves, and return them and their machines."""
    problem = plan.wave_problem()
    if missing := len(plan.planned) - len(problem.moves):
        plan.notes.append(
            f"Waves leave out {formatting.plural(missing, 'machine')}: bytes in use are unknown."
        )
    if not problem.moves:
        return []
    made = plan.waves()
    plan.notes += [f"Waves: {text}" for text in made.check.broken]
    plan.notes += [f"Waves: {name} fits nowhere: {why}" for name, why in made.left_behind.items()]
    tables = []
    for name, title, frame in (
        ("waves", "Waves, as simulated", made.waves),
        ("wave_machines", "Which machine moves when", made.machines),
    ):
        columns = [_column(str(key), frame[key].dtype.kind in "if") for key in frame.columns]
        rows = [{str(key): value for key, value in row.items()} for row in
                frame.to_dict("records")]  # fmt: skip
        tables.append(PlanTable(name, title, columns, rows))
    return tables

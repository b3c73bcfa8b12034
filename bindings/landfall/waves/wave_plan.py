"""A plan of waves: what moves when, what simulating it showed, and how it compares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .. import formatting
from .calendar import Window
from .simulated import Check, check_of, scenario_of

if TYPE_CHECKING:
    import pandas as pd

    from ..plots import Picture
    from ..scenario import Scenario
    from .ledger import Ledger
    from .problem import WaveProblem

__all__ = ["PlannedMove", "WavePlan"]


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """When a machine moves.

    Attributes
    ----------
    name, link
        The machine, and the link that it is copied over.
    window
        Its wave.
    starts_s
        Replication is enabled.
    copied_by_s
        Initial replication is to be through.
    cutover_s
        Failover.
    """

    name: str
    window: Window
    link: str
    starts_s: float
    copied_by_s: float
    cutover_s: float


class WavePlan:
    """Waves, and the simulation that judges them.

    Attributes
    ----------
    problem
        What was planned.
    moves
        The machines that move, by wave and order.
    left_behind
        Machines that fit into no window, and what keeps each out.
    method
        Who planned.
    is_best
        Whether no plan leaves fewer machines behind or needs fewer windows: proved by the solver.
    """

    def __init__(
        self,
        ledger: Ledger,
        moves: tuple[PlannedMove, ...],
        left_behind: dict[str, str],
        *,
        method: str,
        seed: int,
    ) -> None:
        self._ledger = ledger
        self.problem: WaveProblem = ledger.problem
        self.moves = moves
        self.left_behind = left_behind
        self.method = method
        self.seed = seed
        self.is_best = False

    @cached_property
    def check(self) -> Check:
        """What simulating the plan shows."""
        return check_of(self)

    @property
    def ok(self) -> bool:
        """Whether all machines move, and the simulation keeps every promise of the plan."""
        return not self.left_behind and self.check.ok

    def scenario(self) -> Scenario:
        """Return the plan as a scenario."""
        return scenario_of(self)

    # --- Tables -----------------------------------------------------------------------------------

    @property
    def waves(self) -> pd.DataFrame:
        """One row per wave.

        Columns: ``wave``, ``opens_s``, ``closes_s``, ``machines``, ``used_bytes``, ``churn`` (bytes
        per second), ``effort_s``, ``starts_s`` (its first copy), ``copied_by_s``.
        """
        import pandas as pd

        moves = {move.name: move for move in self.problem.moves}
        rows = []
        for window in dict.fromkeys(move.window for move in self.moves):
            mine = [move for move in self.moves if move.window == window]
            rows.append(
                {
                    "wave": window.name,
                    "opens_s": window.opens,
                    "closes_s": window.closes,
                    "machines": len(mine),
                    "used_bytes": sum(moves[move.name].used for move in mine),
                    "churn": sum(moves[move.name].churn for move in mine),
                    "effort_s": sum(float(moves[move.name].effort) for move in mine),
                    "starts_s": min(move.starts_s for move in mine),
                    "copied_by_s": mine[0].copied_by_s,
                }
            )
        return pd.DataFrame(rows, columns=_WAVE_COLUMNS)

    @property
    def machines(self) -> pd.DataFrame:
        """One row per machine: ``machine``, ``wave``, ``link``, and its instants in seconds."""
        import pandas as pd

        rows = [
            (m.name, m.window.name, m.link, m.starts_s, m.copied_by_s, m.cutover_s)
            for m in self.moves
        ]
        columns = ["machine", "wave", "link", "starts_s", "copied_by_s", "cutover_s"]
        return pd.DataFrame(rows, columns=columns)

    def compare(self, *others: WavePlan) -> pd.DataFrame:
        """Return plans side by side, one row each.

        Columns: ``method``, ``waves``, ``machines``, ``left_behind``, ``total_s`` (until the last
        machine has migrated), ``peak_rpo_s``, ``downtime_s``, ``data_loss_bytes``, ``broken``.
        """
        import pandas as pd

        return pd.DataFrame([plan._headline() for plan in (self, *others)])

    def _headline(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "waves": len({move.window.name for move in self.moves}),
            "machines": len(self.moves),
            "left_behind": len(self.left_behind),
            "total_s": self.check.total_s,
            "peak_rpo_s": self.check.peak_rpo_s,
            "downtime_s": self.check.downtime_s,
            "data_loss_bytes": self.check.data_loss_bytes,
            "broken": len(self.check.broken),
        }

    # --- Display ----------------------------------------------------------------------------------

    def plot(self) -> Picture:
        """Draw the waves: copies, windows and freezes, and how full each link is planned to be."""
        from .picture import draw

        return draw(self)

    def __repr__(self) -> str:
        count = formatting.plural(len(self.moves), "machine")
        waves = formatting.plural(len({move.window.name for move in self.moves}), "wave")
        return f"<WavePlan {self.problem.name!r} by {self.method}: {count} in {waves}>"

    def __str__(self) -> str:
        lines = [f"{self.problem.name}, planned by {self.method}"]
        lines += [
            f"  {row['wave']}: {formatting.plural(row['machines'], 'machine')}, "
            f"{formatting.size(row['used_bytes'])}, copied from "
            f"{formatting.clock(row['starts_s'])}, cut over from "
            f"{formatting.clock(row['opens_s'])}"
            for row in self.waves.to_dict("records")
        ]
        left = list(self.left_behind.items())
        lines += [f"  {name} is left behind: {reason}" for name, reason in left[:_TOLD]]
        if len(self.left_behind) > _TOLD:
            lines.append(f"  and {len(self.left_behind) - _TOLD} more are left behind")
        check = self.check
        lines.append(
            f"  simulated: done after {formatting.duration(check.total_s)}, worst RPO "
            f"{formatting.duration(check.peak_rpo_s)}, longest downtime "
            f"{formatting.duration(check.downtime_s)}"
        )
        lines += [f"  broken: {text}" for text in check.broken[:_TOLD]]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        table: str = self.waves.to_html(index=False)
        return table


_TOLD = 8  # of each kind of trouble, when printed
_WAVE_COLUMNS = [
    *("wave", "opens_s", "closes_s", "machines", "used_bytes", "churn", "effort_s", "starts_s"),
    "copied_by_s",
]

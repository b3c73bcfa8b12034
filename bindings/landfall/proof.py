"""What the oracles of a run at block fidelity looked at, and what they found."""

from __future__ import annotations

from dataclasses import dataclass

from . import formatting

__all__ = ["Proof"]


@dataclass(frozen=True)
class Proof:
    """How much the oracles of a run at block fidelity looked at, and what they found.

    Attributes
    ----------
    points_checked
        Recovery points that were restored and compared with what the guest wrote.
    sectors_compared
        Sectors that were compared, over all recovery points and ends of copies.
    writes
        Writes of the guests, each with a stamp of its own.
    violations
        How often an oracle did not hold. Right replication has none.
    """

    points_checked: int
    sectors_compared: int
    writes: int
    violations: int

    @property
    def holds(self) -> bool:
        """Whether no oracle was violated."""
        return self.violations == 0

    def __str__(self) -> str:
        return (
            f"{formatting.plural(self.points_checked, 'recovery point')} checked, "
            f"{formatting.plural(self.sectors_compared, 'sector')} compared, "
            f"{formatting.plural(self.violations, 'violation')}"
        )

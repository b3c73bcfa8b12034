"""Churn that is shipped cycle by cycle: what coalescing saves, and the link that it takes.

Numerics in C++ (``analysis/cycle_deltas.hpp``); series as in `planning`.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _model
from .planning import _floats

__all__ = [
    "CycleDeltas",
    "GapCycles",
    "cycle_bandwidth",
    "cycle_deltas",
    "cycle_rpo",
    "gap_bandwidth",
    "gap_cycles",
]

_Array: TypeAlias = npt.NDArray[np.float64]
#: Documented: articles/migrate/concepts-vmware-agentless-migration.md.
_GAPS_S = (3600.0, 43_200.0)


class CycleDeltas(NamedTuple):
    """Bytes written in each cycle, and those of them that are shipped; shape ``(cycles,)``."""

    written: _Array
    unique: _Array

    @property
    def ratio(self) -> float:
        """What is shipped over what is written; 1 when nothing was."""
        written = float(self.written.sum())
        return float(self.unique.sum()) / written if written > 0 else 1.0


def _fold(
    curve: tuple[npt.ArrayLike, npt.ArrayLike] | None, working_set_bytes: float | None
) -> _model.Fold:
    if curve is not None and working_set_bytes is not None:
        raise ValueError("give a curve or a working set, not both")
    if curve is not None:
        return _model.Fold.curve(_floats(curve[0]), _floats(curve[1]))
    if working_set_bytes is not None:
        return _model.Fold.working_set(working_set_bytes)
    return _model.Fold()


def cycle_deltas(
    arrivals: npt.ArrayLike,
    *,
    slot_s: float,
    period_s: float,
    curve: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    working_set_bytes: float | None = None,
) -> CycleDeltas:
    """Return what a trace becomes when it is shipped once per cycle.

    Parameters
    ----------
    arrivals : array of float
        Bytes written in each slot, shape ``(slots,)``; even within a slot.
    slot_s, period_s : float
        Lengths of a slot and of a cycle in seconds; a last cycle that is not whole is left out.
        Hyper-V Replica copies every 30, 300 or 900 s.
    curve : pair of arrays, optional
        Window lengths in seconds, rising, and unique over written bytes in such windows, as a block
        trace gives them; between them linear in the logarithm of the length.
    working_set_bytes : float, optional
        Instead of a curve: writes are random on so many bytes. Without both nothing is saved.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> cycle_deltas([6.0, 2.0], slot_s=10, period_s=5, curve=([5], [0.5])).unique.tolist()
    [1.5, 1.5, 0.5, 0.5]
    """
    fold = _fold(curve, working_set_bytes)
    return CycleDeltas(*_model.cycle_deltas(_floats(arrivals), slot_s, period_s, fold))


def cycle_bandwidth(
    deltas: npt.ArrayLike, *, period_s: float, rpo_s: float, share: float = 1.0
) -> float:
    """Return the least rate, in bits per second, at which cycles keep an RPO; exact.

    Parameters
    ----------
    deltas : array of float
        Bytes shipped by each cycle, in their order.
    period_s, rpo_s : float
        Length of a cycle, and the target for the RPO at its worst: just before a cycle's point is
        there, a period after the one before.
    share : float
        Part of the cycles (0..1] that must keep it.

    Returns
    -------
    float
        Infinite where the target is not longer than the period.

    Examples
    --------
    >>> cycle_bandwidth([100.0, 100.0], period_s=10, rpo_s=15) / 8
    20.0
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be greater than 0 and at most 1, found {share}")
    rates = _model.rates_by_cycle(_floats(deltas), period_s, rpo_s)
    if rates.size == 0:
        raise ValueError("there must be at least one cycle")
    rank = max(int(np.ceil(share * rates.size)) - 1, 0)
    return 8 * float(np.partition(rates, rank)[rank])


def cycle_rpo(deltas: npt.ArrayLike, *, period_s: float, bits_per_second: float) -> _Array:
    """Return the RPO at its worst before each cycle's point, in seconds.

    Examples
    --------
    >>> cycle_rpo([100.0, 300.0, 0.0], period_s=10, bits_per_second=8 * 20).tolist()
    [15.0, 25.0, 15.0]
    """
    return _model.rpo_by_cycle(_floats(deltas), period_s, bits_per_second / 8)


class GapCycles(NamedTuple):
    """Cycles of agentless migration, one element each.

    Attributes
    ----------
    start_s, end_s
        From its snapshot to the end of its sending.
    written, unique
        Bytes since the snapshot before, and those that are shipped.
    rpo_s
        The RPO at its worst, at the end: since the snapshot before.
    """

    start_s: _Array
    end_s: _Array
    written: _Array
    unique: _Array
    rpo_s: _Array


def gap_cycles(
    arrivals: npt.ArrayLike,
    *,
    slot_s: float,
    bits_per_second: float,
    gaps_s: tuple[float, float] = _GAPS_S,
    curve: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    working_set_bytes: float | None = None,
) -> GapCycles:
    """Return the cycles of agentless migration over a trace and a link.

    The next cycle starts ``min(max(least, transfer / 2), most)`` after the end of the one before.

    Parameters
    ----------
    arrivals, slot_s, curve, working_set_bytes
        As in `cycle_deltas`.
    bits_per_second : float
        Rate of the link.
    gaps_s : pair of float
        Least and most seconds between cycles; documented are 1 h and 12 h.

    Examples
    --------
    >>> gap_cycles([100.0] * 4, slot_s=3600, bits_per_second=1).end_s.tolist()[:2]
    [4400.0, 8977.777777777777]
    """
    fold = _fold(curve, working_set_bytes)
    rate = bits_per_second / 8
    return GapCycles(*_model.gap_cycles(_floats(arrivals), slot_s, rate, *gaps_s, fold))


def gap_bandwidth(
    arrivals: npt.ArrayLike,
    *,
    slot_s: float,
    rpo_s: float,
    share: float = 1.0,
    gaps_s: tuple[float, float] = _GAPS_S,
    curve: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    working_set_bytes: float | None = None,
) -> float:
    """Return a rate, in bits per second, at which gap-scheduled cycles keep an RPO.

    By bisection to 1e-6. A faster link starts cycles at other times, so the share need not rise
    with the rate everywhere: the answer keeps the target, a millionth less does not.

    Parameters
    ----------
    share : float
        Part of the cycles that must keep the target. Others as in `gap_cycles`.

    Returns
    -------
    float
        Infinite where the target is not longer than the least gap.
    """
    slots = _floats(arrivals)
    if not 0 < share <= 1:
        raise ValueError(f"share must be greater than 0 and at most 1, found {share}")
    if slots.size * slot_s < gaps_s[0]:
        raise ValueError("the trace must be as long as the least gap")
    if rpo_s <= gaps_s[0]:
        return float("inf")

    def kept(rate: float) -> bool:
        cycles = gap_cycles(
            slots,
            slot_s=slot_s,
            bits_per_second=rate,
            gaps_s=gaps_s,
            curve=curve,
            working_set_bytes=working_set_bytes,
        )
        return bool(np.mean(cycles.rpo_s <= rpo_s) >= share)

    if not slots.sum() > 0:
        return 0.0
    enough = 8 * float(slots.mean()) / slot_s
    while not kept(enough):
        enough *= 2
    least = 0.0
    while enough - least > 1e-6 * enough:
        middle = (enough + least) / 2
        if kept(middle):
            enough = middle
        else:
            least = middle
    return enough

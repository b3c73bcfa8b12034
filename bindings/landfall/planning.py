"""Planning arithmetic that needs no simulation: a fleet's churn on one link, as a fluid.

Numerics in C++ (``analysis/fleet_demand.hpp``, ``fluid_queue.hpp``, ``breach_days.hpp``). Series
have one element per slot; contiguous arrays of float64 are used as they are, without a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from . import _model
from .bottlenecks import bottleneck, link_failures, single_points_of_failure

__all__ = [
    "Breaches",
    "FleetPercentile",
    "LinkWindow",
    "achieved_rpo",
    "bottleneck",
    "fleet_churn",
    "fleet_percentile",
    "fluid_lag",
    "link_calendar",
    "link_failures",
    "required_bandwidth",
    "required_by_slot",
    "rpo_breaches",
    "single_points_of_failure",
]

_Array = npt.NDArray[np.float64]
_Series = _Array | Sequence[float]
#: How a percentile is taken: NumPy's and Excel's usual one, or a sample (the ceil(n p)-th).
PercentileKind = Literal["linear", "nearest_rank"]
#: What a percentile cuts off: nothing, each machine's slots, or the sum's.
Clip = Literal["none", "machines", "fleet"]
_E = TypeVar("_E", bound=Enum)
_DAY_S = 86_400
_WEEK_S = 7 * _DAY_S


def _floats(values: npt.ArrayLike) -> _Array:
    return np.ascontiguousarray(values, dtype=np.float64)


def _maybe(values: npt.ArrayLike | None) -> _Array | None:
    return None if values is None else _floats(values)


def _choice(among: type[_E], name: str) -> _E:
    if name not in among.__members__:
        raise ValueError(f"found {name!r}, allowed: {', '.join(among.__members__)}")
    return among[name]


# --- The fleet ------------------------------------------------------------------------------------


class FleetPercentile(NamedTuple):
    """A percentile of the fleet's churn, and the sum of its machines' own, in bytes per slot."""

    fleet: float
    sum_of_machines: float

    @property
    def overstated(self) -> float:
        """By which factor the sum of the machines' percentiles overstates the fleet's."""
        return self.sum_of_machines / self.fleet if self.fleet > 0 else float("nan")


def fleet_percentile(
    churn: npt.ArrayLike, percent: float = 95, *, kind: PercentileKind = "linear"
) -> FleetPercentile:
    """Return the percentile of the sum of all machines, and the sum of their percentiles.

    Parameters
    ----------
    churn : array of float
        Bytes written, shape ``(slots, machines)``; not a number means no sample: nothing written
        in the sum, and no part in the machine's own percentile.
    percent : float
        From 0 to 100.
    kind : {"linear", "nearest_rank"}
        How a percentile is taken. Deployment Planner takes 95 and does not document how.

    Raises
    ------
    ValueError
        If a cell is negative or infinite, there is no slot, or `percent` is out of range.

    Examples
    --------
    >>> fleet_percentile([[4.0, 0.0], [0.0, 4.0]], 100)
    FleetPercentile(fleet=4.0, sum_of_machines=8.0)
    """
    cells = _floats(churn)
    how = _choice(_model.PercentileKind, kind)
    each = _model.machine_percentiles(cells, percent, how)
    fleet = _model.fleet_demand(cells, 1.0, _model.Clip.none, percent, how)
    return FleetPercentile(_model.percentile(fleet, percent, how), float(each.sum()))


def fleet_churn(
    churn: npt.ArrayLike,
    *,
    growth_percent: float = 0.0,
    compression_percent: float = 0.0,
    clip: Clip = "none",
    clip_percent: float = 95,
    kind: PercentileKind = "linear",
) -> _Array:
    """Return what all machines together put on a link in each slot.

    Parameters
    ----------
    churn : array of float
        Bytes written, shape ``(slots, machines)``; not a number counts as nothing written.
    growth_percent : float
        By how much all churn grows; Deployment Planner takes 30.
    compression_percent : float
        What compression saves, below 100.
    clip : {"none", "machines", "fleet"}
        What is cut off at a percentile before the queue sees it: "machines" each machine's slots
        at its own, "fleet" those of the sum. Deployment Planner does not document whether its
        95th percentile cuts the series that its bandwidth is found from, so it is a choice here.
    clip_percent, kind
        The percentile, and how it is taken.

    Returns
    -------
    array of float
        Bytes in each slot, shape ``(slots,)``.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> fleet_churn([[4.0, 2.0], [0.0, 4.0]], growth_percent=50).tolist()
    [9.0, 6.0]
    """
    if not growth_percent > -100:
        raise ValueError(f"growth_percent must be greater than -100, found {growth_percent}")
    if not 0 <= compression_percent < 100:
        raise ValueError(
            f"compression_percent must be from 0 to below 100, found {compression_percent}"
        )
    factor = (1 + growth_percent / 100) * (1 - compression_percent / 100)
    return _model.fleet_demand(
        _floats(churn),
        factor,
        _choice(_model.Clip, clip),
        clip_percent,
        _choice(_model.PercentileKind, kind),
    )


# --- The link over time ---------------------------------------------------------------------------


class LinkWindow(NamedTuple):
    """A part of every week: on some days (Monday is 0), seconds after their midnight.

    A window that ends at or before its start ends on the next day.
    """

    days: Sequence[int]
    from_s: float
    to_s: float
    value: float


def link_calendar(
    windows: Iterable[LinkWindow],
    *,
    slots: int,
    slot_s: float,
    starts_at_s: float = 0.0,
    otherwise: float,
) -> _Array:
    """Return a value per slot from windows of the week: an availability, or a ceiling.

    Parameters
    ----------
    windows : iterable of LinkWindow
        Where several meet, the last one holds.
    slots, slot_s
        Number and length in seconds of the slots.
    starts_at_s : float
        Seconds from Monday's midnight to the first slot.
    otherwise : float
        The value outside all windows: 1 for an availability, ``math.inf`` for a ceiling.

    Returns
    -------
    array of float
        Shape ``(slots,)``. A window holds in a slot when it holds in the slot's middle: choose
        slots that its ends fall between.

    Examples
    --------
    >>> office = LinkWindow(range(5), 9 * 3600, 18 * 3600, 0.25)
    >>> link_calendar([office], slots=4, slot_s=6 * 3600, otherwise=1.0).tolist()
    [1.0, 0.25, 0.25, 1.0]
    """
    middle = (starts_at_s + (np.arange(slots) + 0.5) * slot_s) % _WEEK_S
    values = np.full(slots, float(otherwise))
    for window in windows:
        length = (window.to_s - window.from_s) % _DAY_S or _DAY_S
        for day in window.days:
            if not 0 <= day < 7:
                raise ValueError(f"a day must be from 0 (Monday) to 6, found {day}")
            since = (middle - (day * _DAY_S + window.from_s)) % _WEEK_S
            values[since < length] = window.value
    return values


def _link(
    bits_per_second: float, slots: int, availability: _Array | None, ceiling: _Array | None
) -> _Array:
    return _model.link_rates(bits_per_second / 8, slots, availability, ceiling)


def _bytes(ceiling_bits_per_second: npt.ArrayLike | None) -> _Array | None:
    return None if ceiling_bits_per_second is None else _floats(ceiling_bits_per_second) / 8


# --- The queue ------------------------------------------------------------------------------------


def fluid_lag(
    arrivals: _Series,
    *,
    slot_s: float,
    bits_per_second: float,
    processing_s: float = 0.0,
    availability: npt.ArrayLike | None = None,
    ceiling: npt.ArrayLike | None = None,
) -> _Array:
    """Return the lag at the end of each slot over one link.

    Parameters
    ----------
    arrivals : array of float
        Bytes written in each slot, shape ``(slots,)``.
    slot_s : float
        Length of a slot in seconds.
    bits_per_second : float
        Rate of the link.
    processing_s : float
        Seconds that are added to every lag: what it takes to make a recovery point of what has
        arrived. Deployment Planner assumes about 300.
    availability, ceiling : array of float, optional
        What a calendar leaves of the link in each slot: a part of it, and at most so many bits per
        second (see `link_calendar`).

    Returns
    -------
    array of float
        Age in seconds of the oldest byte unsent at each slot's end, shape ``(slots,)``.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> fluid_lag([100.0, 0.0, 0.0], slot_s=10, bits_per_second=8 * 4).tolist()
    [6.0, 12.0, 0.0]
    """
    slots = _floats(arrivals)
    if not bits_per_second > 0:
        raise ValueError(f"bits_per_second must be greater than 0, found {bits_per_second}")
    if not 0 <= processing_s < float("inf"):
        raise ValueError(f"processing_s must be finite and not negative, found {processing_s}")
    rates = _link(bits_per_second, slots.size, _maybe(availability), _bytes(ceiling))
    lag = _model.fluid_lag(slots, slot_s, rates)
    if processing_s:
        lag += processing_s
    return lag


def _target(rpo_s: float, processing_s: float) -> float:
    if not 0 <= processing_s <= rpo_s:
        raise ValueError(
            f"rpo_s must be at least processing_s and that not negative, "
            f"found {rpo_s} and {processing_s}"
        )
    return rpo_s - processing_s


def required_bandwidth(
    arrivals: _Series,
    *,
    slot_s: float,
    rpo_s: float,
    share: float = 1.0,
    processing_s: float = 0.0,
    availability: npt.ArrayLike | None = None,
    ceiling: npt.ArrayLike | None = None,
) -> float:
    """Return the least rate, in bits per second, that keeps the lag within a target.

    Exact, without a search: a slot meets the target at every rate from one of its own on
    (`required_by_slot`), and the answer is the rate that is enough for a share of the slots. Only
    under a ceiling it is searched for, to nine digits.

    Parameters
    ----------
    arrivals : array of float
        Bytes written in each slot, shape ``(slots,)``.
    slot_s, rpo_s : float
        Length of a slot and the target, in seconds.
    share : float
        Part of the slots (0..1] that must end within the target.
    processing_s, availability, ceiling
        As in `fluid_lag`.

    Returns
    -------
    float
        Infinite where the calendar leaves too little of any link.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(required_bandwidth([100.0, 0.0], slot_s=10, rpo_s=0.0))
    80
    """
    if not rpo_s >= 0:
        raise ValueError(f"rpo_s must not be negative (seconds), found {rpo_s}")
    return 8 * _model.required_rate(
        _floats(arrivals),
        slot_s,
        _target(rpo_s, processing_s),
        share,
        _maybe(availability),
        _bytes(ceiling),
    )


def required_by_slot(
    arrivals: _Series,
    *,
    slot_s: float,
    rpo_s: float,
    processing_s: float = 0.0,
    availability: npt.ArrayLike | None = None,
) -> _Array:
    """Return the least rate in bits per second at which each slot meets the target.

    Sorted, it is the whole curve of bandwidth against share: at any rate, the slots within the
    target are those whose own is not larger. Arguments as in `required_bandwidth`.

    Examples
    --------
    >>> required_by_slot([100.0, 0.0], slot_s=10, rpo_s=10.0).tolist()
    [0.0, 40.0]
    """
    target = _target(rpo_s, processing_s)
    return 8 * _model.rates_by_slot(_floats(arrivals), slot_s, target, _maybe(availability))


def achieved_rpo(
    arrivals: _Series,
    *,
    slot_s: float,
    bits_per_second: float,
    share: float = 1.0,
    processing_s: float = 0.0,
    availability: npt.ArrayLike | None = None,
    ceiling: npt.ArrayLike | None = None,
) -> float:
    """Return the least RPO, in seconds, that a share of the slots end within.

    Parameters as in `fluid_lag`; `share` is in (0..1], 1 for the worst lag.

    Examples
    --------
    >>> achieved_rpo([100.0, 0.0, 0.0], slot_s=10, bits_per_second=8 * 4)
    12.0
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be greater than 0 and at most 1, found {share}")
    lag = fluid_lag(
        arrivals,
        slot_s=slot_s,
        bits_per_second=bits_per_second,
        processing_s=processing_s,
        availability=availability,
        ceiling=ceiling,
    )
    # Not 100 * share as a percentile: both ways must round the number of slots alike.
    rank = max(int(np.ceil(share * lag.size)) - 1, 0)
    return float(np.partition(lag, rank)[rank])


class Breaches(NamedTuple):
    """What a target is missed by, day by day; arrays of shape ``(days,)``.

    Attributes
    ----------
    violations
        Longest runs of slots above the target; one that goes on past midnight counts on both days.
    peak_s
        Largest lag of the day, in seconds.
    slots
        Slots above the target.
    """

    violations: npt.NDArray[np.int32]
    peak_s: _Array
    slots: npt.NDArray[np.int32]


def rpo_breaches(
    lag: _Series, *, slot_s: float, rpo_s: float, starts_at_s: float = 0.0
) -> Breaches:
    """Count the violations of an RPO, as Deployment Planner's what-if does for each day.

    Parameters
    ----------
    lag : array of float
        Seconds at the end of each slot (see `fluid_lag`), shape ``(slots,)``.
    slot_s, rpo_s : float
        Length of a slot, which divides a day, and the target, in seconds.
    starts_at_s : float
        Seconds from midnight to the first slot, a multiple of `slot_s`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> lag = [0.0, 950.0, 1000.0, 0.0]
    >>> rpo_breaches(lag, slot_s=43200, rpo_s=900)[0].tolist()
    [1, 1]
    """
    per_day = round(_DAY_S / slot_s) if slot_s > 0 else 0
    first = round(starts_at_s / slot_s) if slot_s > 0 else 0
    if per_day < 1 or per_day * slot_s != _DAY_S:
        raise ValueError(f"slot_s must divide a day, found {slot_s}")
    if first * slot_s != starts_at_s:
        raise ValueError(f"starts_at_s must be a multiple of slot_s, found {starts_at_s}")
    return Breaches(*_model.breach_days(_floats(lag), rpo_s, per_day, first))

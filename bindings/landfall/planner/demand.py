"""What a fleet puts on a link, and what the link has to be: the exact fluid queue over a plan.

``line rate = rate of the queue / payload_share``; ``lag target = RPO - processing``. Ceilings of
throttles are line rates too. Growth, compression and the choice of clipping are in the arrivals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .. import planning, uncertainty
from ..inventory.trace import Trace
from .options import DAYS, PlanOptions, Throttle

__all__ = ["Demand", "Required", "demand_of"]

_Array = npt.NDArray[np.float64]
_DAY_S = 86_400
_WEEK_S = 7 * _DAY_S
_THURSDAY = 3  # 1970-01-01, where Monday is 0


@dataclass(frozen=True, slots=True)
class Required:
    """A bandwidth that an RPO needs, in bits per second of the line, with its intervals.

    Attributes
    ----------
    rpo_s, share
        The RPO, and the part of the slots that are within it.
    bits_per_second
        Infinite where throttles leave too little of any link.
    same_days
        Interval had the trace had other days of its kind.
    days_to_come
        Interval for as many days to come. None where the trace is too short.
    """

    rpo_s: float
    share: float
    bits_per_second: float
    same_days: tuple[float, float] | None
    days_to_come: tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class Demand:
    """Arrivals of a fleet per slot, and the calendar of its link.

    Attributes
    ----------
    churn
        Bytes written per slot and machine, NaN where there is no sample; columns in the order of
        the inventory's machines.
    columns
        Those that are planned for.
    slot_s, start_unix_s
        Length of a slot, and the start of the first; None where the trace has no clock.
    options
        What is assumed.
    """

    churn: _Array
    columns: tuple[int, ...]
    slot_s: float
    start_unix_s: float | None
    options: PlanOptions

    @property
    def slots(self) -> int:
        """Number of slots."""
        return int(self.churn.shape[0])

    @cached_property
    def selected(self) -> _Array:
        """Churn of those that are planned for."""
        return np.ascontiguousarray(self.churn[:, list(self.columns)])

    @cached_property
    def arrivals(self) -> _Array:
        """Bytes on the wire in each slot."""
        options = self.options
        if not self.columns:
            return np.zeros(self.slots)
        return planning.fleet_churn(
            self.selected,
            growth_percent=options.growth_percent,
            compression_percent=options.compression_percent,
            clip=options.clip,
            clip_percent=options.percentile,
            kind=options.percentile_kind,
        )

    def plus(self, column: int) -> Demand:
        """Return the demand with one more machine."""
        return replace(self, columns=tuple(sorted({*self.columns, column})))

    # --- Calendar ---------------------------------------------------------------------------------

    @property
    def monday_s(self) -> float:
        """Seconds from Monday's midnight, local time, to the first slot; 0 without a clock."""
        if self.start_unix_s is None:
            return 0.0
        local = self.start_unix_s + 3600 * self.options.utc_offset_hours
        return (local + _THURSDAY * _DAY_S) % _WEEK_S

    @property
    def midnight_s(self) -> float:
        """Seconds from midnight, local time, to the first slot."""
        return self.monday_s % _DAY_S

    def _calendar(self, throttles: Sequence[tuple[Throttle, float]], otherwise: float) -> _Array:
        windows = [
            planning.LinkWindow([DAYS.index(day) for day in each.days], each.from_, each.to, value)
            for each, value in throttles
        ]
        return planning.link_calendar(
            windows,
            slots=self.slots,
            slot_s=self.slot_s,
            starts_at_s=self.monday_s,
            otherwise=otherwise,
        )

    @cached_property
    def availability(self) -> _Array | None:
        """What throttles leave of the link in each slot, or None."""
        found = [(each, each.share) for each in self.options.throttles if each.share is not None]
        return self._calendar(found, 1.0) if found else None

    @cached_property
    def ceiling(self) -> _Array | None:
        """The most payload bits per second in each slot, or None."""
        payload = self.options.payload_share
        found = [
            (each, float(each.bandwidth) * payload)
            for each in self.options.throttles
            if each.bandwidth is not None
        ]
        return self._calendar(found, math.inf) if found else None

    # --- The queue --------------------------------------------------------------------------------

    def required(self, rpo_s: float, share: float) -> float:
        """Return the line rate in bits per second that meets an RPO for a share of the slots."""
        payload = planning.required_bandwidth(
            self.arrivals,
            slot_s=self.slot_s,
            rpo_s=rpo_s,
            share=share,
            processing_s=self.options.processing,
            availability=self.availability,
            ceiling=self.ceiling,
        )
        return payload / self.options.payload_share

    def rpo(self, bits_per_second: float) -> _Array:
        """Return lag and processing at the end of each slot, over a line rate."""
        return planning.fluid_lag(
            self.arrivals,
            slot_s=self.slot_s,
            bits_per_second=bits_per_second * self.options.payload_share,
            processing_s=self.options.processing,
            availability=self.availability,
            ceiling=self.ceiling,
        )

    def achieved(self, bits_per_second: float, share: float) -> float:
        """Return the RPO in seconds that a line rate achieves for a share of the slots."""
        lags = np.sort(self.rpo(bits_per_second))
        return float(lags[max(math.ceil(share * lags.size) - 1, 0)])

    def within(self, bits_per_second: float, rpo_s: float) -> float:
        """Return the share of the slots within an RPO."""
        return float(np.mean(self.rpo(bits_per_second) <= rpo_s))

    def breaches(self, bits_per_second: float, rpo_s: float) -> planning.Breaches:
        """Return violations and peaks by day; days are local ones."""
        return planning.rpo_breaches(
            self.rpo(bits_per_second),
            slot_s=self.slot_s,
            rpo_s=rpo_s,
            starts_at_s=self.midnight_s - self.midnight_s % self.slot_s,
        )

    def required_with_intervals(self, rpo_s: float, share: float) -> Required:
        """Return a required line rate with its intervals.

        They are found of the unclipped series on an unthrottled link, and hold relative to it.
        """
        line = self.required(rpo_s, share)
        days = self.slots * self.slot_s / _DAY_S
        whole = round(_DAY_S / self.slot_s) * self.slot_s == _DAY_S
        if days < 2 or not whole or not math.isfinite(line) or not self.arrivals.any():
            return Required(rpo_s, share, line, None, None)
        options = self.options
        statistic = uncertainty.RequiredBandwidth(rpo_s - options.processing, share)
        found = uncertainty.confidence_interval(
            self.selected,
            statistic,
            slot_s=self.slot_s,
            level=options.level,
            replicates=options.replicates,
            seed=options.seed,
        )
        coming = None
        if days >= 6:
            coming = uncertainty.prediction_interval(
                self.selected,
                statistic,
                slot_s=self.slot_s,
                level=options.level,
                replicates=options.replicates,
                seed=options.seed,
            )

        def scaled(interval: uncertainty.Interval | None) -> tuple[float, float] | None:
            if interval is None or not interval.estimate > 0:
                return None
            scale = line / interval.estimate
            return interval.low * scale, interval.high * scale

        return Required(rpo_s, share, line, scaled(found), scaled(coming))

    # --- Totals -----------------------------------------------------------------------------------

    @property
    def days(self) -> float:
        """Days that the trace covers."""
        return self.slots * self.slot_s / _DAY_S

    def busiest_day(self) -> float:
        """Return the most bytes that the machines write in 24 h, grown and uncompressed."""
        written = self.arrivals * self.options.compression_ratio
        span = max(1, min(self.slots, round(_DAY_S / self.slot_s)))
        sums = np.concatenate([[0.0], np.cumsum(written)])
        day = sums[span:] - sums[:-span]
        return float(day.max()) * _DAY_S / (span * self.slot_s)

    def mean_rate(self) -> float:
        """Return the mean bytes per second that the machines write, grown and uncompressed."""
        return float(self.arrivals.mean()) * self.options.compression_ratio / self.slot_s


def demand_of(trace: Trace, options: PlanOptions) -> Demand:
    """Return the demand of all machines of a trace."""
    churn = np.ascontiguousarray(np.where(trace.missing, np.nan, trace.written))
    return Demand(churn, tuple(range(len(trace.names))), trace.slot_s, trace.start_unix_s, options)

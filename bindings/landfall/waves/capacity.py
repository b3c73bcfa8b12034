"""What links let through over time: rates as steps, their integrals, and filling backwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..estate import Link

__all__ = ["LinkCalendar"]

_DAY_S = 86_400.0
_Numbers: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinkCalendar:
    """A link's usable rate as a step function of time.

    Attributes
    ----------
    edges
        Begin of each step and the end of the last one, in seconds, shape ``(steps + 1,)``.
    rates
        Bytes per second in each step, shape ``(steps,)``.
    """

    edges: _Numbers
    rates: _Numbers

    @classmethod
    def of(cls, link: Link, until_s: float, usable: float) -> LinkCalendar:
        """Return the calendar of a link, with its throttles and outages, up to an instant."""
        days = np.arange(0.0, until_s + _DAY_S, _DAY_S)
        cuts = [days]
        cuts += [
            days + time for throttle in link.throttles for time in (throttle.from_, throttle.to)
        ]
        cuts += [np.array([outage.at, outage.at + outage.lasts]) for outage in link.outages]
        edges = np.unique(np.clip(np.concatenate([*cuts, [0.0, until_s]]), 0.0, until_s))
        middles = (edges[:-1] + edges[1:]) / 2
        clock = middles % _DAY_S
        bits = np.full(len(middles), float(link.bandwidth))
        for throttle in link.throttles:
            begin, end = float(throttle.from_), float(throttle.to)
            inside = (begin <= clock) & (clock < end)
            if begin >= end:  # round midnight
                inside = (clock >= begin) | (clock < end)
            bits[inside] = np.minimum(bits[inside], float(throttle.bandwidth))
        for outage in link.outages:
            bits[(outage.at <= middles) & (middles < outage.at + outage.lasts)] = 0.0
        return cls(edges, bits / 8 * usable)

    def bytes_between(self, begin_s: float, end_s: float) -> float:
        """Return how many bytes fit through in a time."""
        total = np.concatenate([[0.0], np.cumsum(self.rates * np.diff(self.edges))])
        first, last = np.interp([begin_s, max(begin_s, end_s)], self.edges, total)
        return float(last - first)

    def without(self, begin_s: float, end_s: float, rate: float) -> LinkCalendar:
        """Return what is left when `rate` bytes per second are taken in a time; not below 0."""
        edges = np.unique(
            np.concatenate([self.edges, np.clip([begin_s, end_s], 0, self.edges[-1])])
        )
        middles = (edges[:-1] + edges[1:]) / 2
        rates = self.rates[np.searchsorted(self.edges, middles, side="right") - 1].copy()
        rates[(begin_s <= middles) & (middles < end_s)] -= rate
        return LinkCalendar(edges, np.maximum(rates, 0.0))

    def latest_start(self, size: float, by_s: float) -> tuple[float, LinkCalendar]:
        """Return the latest instant at which so many bytes can start to be through by another.

        Returns
        -------
        tuple of float and LinkCalendar
            The instant, negative infinity if the time is too short; and what is left of the link,
            all of which is taken between the two.
        """
        before = self.edges < by_s
        edges = np.append(self.edges[before], min(by_s, float(self.edges[-1])))
        room = self.rates[: len(edges) - 1] * np.diff(edges)
        behind = np.cumsum(room[::-1])[::-1]  # bytes from the begin of each step to the deadline
        if size <= 0:
            return by_s, self
        enough = np.flatnonzero(behind >= size)
        if len(enough) == 0:
            return -np.inf, self
        step = int(enough[-1])
        rest = size - (behind[step + 1] if step + 1 < len(behind) else 0.0)
        start = float(edges[step + 1] - rest / self.rates[step])
        return start, self.without(start, by_s, np.inf)

"""RPO and copy times in closed form, without a simulation (analysis/rpo_laws.hpp).

Rates are constant, the link serves one replication, writes are even in time. Amounts are in bytes,
times in seconds, churn in bytes per second and links in bits per second. Every function raises
:class:`ValueError` for an argument out of range.

Examples
--------
What an outage of 10 minutes costs with an ordered journal, and with a bitmap of 2 GB:

>>> journal = journal_after_outage(600, churn_bytes_per_s=5e6, bits_per_second=100e6)
>>> journal.worst_rpo_s, journal.catch_up_s
(600.0, 400.0)
>>> bitmap = bitmap_after_outage(
...     600, churn_bytes_per_s=5e6, working_set_bytes=2e9, bits_per_second=100e6, stop_bytes=3e6
... )
>>> round(600 + bitmap.total_s, 1)
793.7
"""

from __future__ import annotations

import math
from typing import NamedTuple

from . import _model

__all__ = [
    "BurstQueue",
    "CopyPasses",
    "CycleRpo",
    "JournalCatchUp",
    "bitmap_after_outage",
    "burst_queue",
    "distinct_bytes",
    "gap_scheduled_cycle",
    "journal_after_outage",
    "periodic_cycle",
    "pre_copy",
    "self_consistent_cycle",
    "sojourn_md1",
    "sojourn_mm1",
]


class CycleRpo(NamedTuple):
    """A cycle of delta copies in its steady state.

    The data age grows from ``transfer_s`` to ``transfer_s + period_s``, then a new cycle is there.
    """

    #: From the start of one cycle to that of the next.
    period_s: float
    #: From the start of a cycle to the end of its sending.
    transfer_s: float
    #: Mean over time.
    mean_rpo_s: float
    #: Just before a cycle arrives.
    worst_rpo_s: float


class JournalCatchUp(NamedTuple):
    """An ordered journal after an outage."""

    #: Waiting when the outage ends.
    backlog_bytes: float
    #: From the end of the outage; infinite if the link does not suffice.
    catch_up_s: float
    #: At the end of the outage; infinite if the link does not suffice.
    worst_rpo_s: float
    #: By how much the RPO changes per second of catching up; negative when it shrinks.
    rpo_per_s: float


class CopyPasses(NamedTuple):
    """Passes over what was written since the pass before, until one is small.

    Where they do not converge, ``passes`` is 0 and all else infinite.
    """

    #: Whether a pass is ever as small as asked for.
    converges: bool
    #: The first and the last, small one among them.
    passes: int
    first_bytes: float
    #: Of all passes.
    bytes: float
    #: Of all passes.
    total_s: float
    #: Of the small one: the downtime if the source stops for it.
    last_s: float


class BurstQueue(NamedTuple):
    """The queue behind a source that writes in bursts."""

    #: Of the link; also the chance that anything waits.
    load: float
    #: Per byte.
    decay: float
    mean_bytes: float

    def exceeds(self, queued_bytes: float) -> float:
        """Return the chance that more than `queued_bytes` wait: load e^(-decay queued_bytes)."""
        return _model.burst_exceeds(self.load, self.decay, queued_bytes)


def _working_set(working_set_bytes: float | None) -> float:
    return math.inf if working_set_bytes is None else working_set_bytes


def distinct_bytes(written_bytes: float, *, working_set_bytes: float | None) -> float:
    """Return the distinct bytes that remain of uniform random writes.

    U(W) = N (1 - e^(-W/N)), the dirty-bitmap curve.

    Parameters
    ----------
    written_bytes : float
        W, rewrites counted each time.
    working_set_bytes : float or None
        N; None if nothing is written twice.

    Examples
    --------
    >>> round(distinct_bytes(2e9, working_set_bytes=1e9) / 1e9, 4)
    0.8647
    """
    return _model.distinct_bytes(written_bytes, _working_set(working_set_bytes))


def periodic_cycle(transfer_s: float, *, period_s: float) -> CycleRpo:
    """Return the RPO of cycles that start every `period_s` and take `transfer_s` to send.

    Mean S + P/2, worst S + P, for S <= P.

    Examples
    --------
    >>> periodic_cycle(120, period_s=300).worst_rpo_s
    420.0
    """
    return CycleRpo(*_model.periodic_cycle(transfer_s, period_s))


def gap_scheduled_cycle(
    transfer_s: float, *, least_gap_s: float = 3600.0, most_gap_s: float = 43200.0
) -> CycleRpo:
    """Return the RPO of cycles that start a while after the one before has ended.

    The gap is min(max(least, S/2), most), so the worst RPO is 2 S + gap. The defaults are those of
    agentless migration of VMware machines (azure-docs, migrate,
    concepts-vmware-agentless-migration.md): 1 h and 12 h.

    Examples
    --------
    >>> gap_scheduled_cycle(4 * 3600).worst_rpo_s / 3600
    10.0
    """
    return CycleRpo(*_model.gap_scheduled_cycle(transfer_s, least_gap_s, most_gap_s))


def self_consistent_cycle(
    *,
    churn_bytes_per_s: float,
    working_set_bytes: float,
    bits_per_second: float,
    interval_s: float,
) -> CycleRpo:
    """Return the cycle that a churn settles in.

    P = max(I, S) with S = U(churn P) / B: longer cycles have more to send, but rewrite more of it,
    so no cycle takes longer than the whole working set does (or the interval).

    Parameters
    ----------
    churn_bytes_per_s : float
        Uniform random writes, rewrites counted each time.
    working_set_bytes : float
        What they fall on.
    bits_per_second : float
        Rate of the link.
    interval_s : float
        I, from one start to the next unless sending takes longer.

    Examples
    --------
    >>> cycle = self_consistent_cycle(
    ...     churn_bytes_per_s=20e6, working_set_bytes=100e9, bits_per_second=100e6, interval_s=300
    ... )
    >>> round(cycle.period_s, 1)
    5135.9
    """
    return CycleRpo(
        *_model.self_consistent_cycle(
            churn_bytes_per_s, working_set_bytes, bits_per_second / 8, interval_s
        )
    )


def journal_after_outage(
    outage_s: float, *, churn_bytes_per_s: float, bits_per_second: float
) -> JournalCatchUp:
    """Return what an outage leaves behind when an ordered journal kept every write.

    The RPO, backlog / churn, peaks at the outage's length; catching up takes
    backlog / (bandwidth - churn), another number.

    Parameters
    ----------
    outage_s : float
        How long nothing could be sent.
    churn_bytes_per_s : float
        Writes, above 0, during and after the outage; what is written twice is sent twice.
    bits_per_second : float
        Rate of the link.
    """
    return JournalCatchUp(
        *_model.journal_after_outage(outage_s, churn_bytes_per_s, bits_per_second / 8)
    )


def bitmap_after_outage(
    outage_s: float,
    *,
    churn_bytes_per_s: float,
    working_set_bytes: float | None,
    bits_per_second: float,
    stop_bytes: float,
) -> CopyPasses:
    """Return the passes after an outage during which only a bitmap was kept.

    Less is sent than with a journal, but nothing is consistent before the last pass has arrived:
    the worst RPO is ``outage_s + total_s``.

    Parameters
    ----------
    outage_s : float
        How long nothing could be sent.
    churn_bytes_per_s : float
        Uniform random writes, during and after the outage.
    working_set_bytes : float or None
        What they fall on; None if nothing is written twice.
    bits_per_second : float
        Rate of the link.
    stop_bytes : float
        A pass of at most this size is the last.
    """
    return CopyPasses(
        *_model.bitmap_after_outage(
            outage_s,
            churn_bytes_per_s,
            _working_set(working_set_bytes),
            bits_per_second / 8,
            stop_bytes,
        )
    )


def pre_copy(
    size_bytes: float,
    *,
    churn_bytes_per_s: float,
    bits_per_second: float,
    stop_bytes: float,
    working_set_bytes: float | None = None,
) -> CopyPasses:
    """Return the passes of a full copy and of what was written meanwhile.

    V_0 = size, V_(i+1) = U(churn V_i / bandwidth), until V_i <= stop.

    Parameters
    ----------
    size_bytes : float
        Of the full copy.
    churn_bytes_per_s : float
        Uniform random writes.
    bits_per_second : float
        Rate of the link.
    stop_bytes : float
        A pass of at most this size is the last.
    working_set_bytes : float or None
        What the writes fall on; None if nothing is written twice.

    Examples
    --------
    >>> found = pre_copy(100e9, churn_bytes_per_s=1e6, bits_per_second=100e6, stop_bytes=12.5e6)
    >>> found.passes, round(found.last_s, 2)
    (5, 0.33)
    """
    return CopyPasses(
        *_model.pre_copy(
            size_bytes,
            churn_bytes_per_s,
            _working_set(working_set_bytes),
            bits_per_second / 8,
            stop_bytes,
        )
    )


def sojourn_mm1(load: float) -> float:
    """Return the mean time of writes in queue and link, in units of a write's own time on the link.

    Writes of random (exponential) size at random times: 1 / (1 - load), with 0 <= load < 1.
    """
    return _model.sojourn_mm1(load)


def sojourn_md1(load: float) -> float:
    """Return the same for writes of one size: 1 + load / (2 (1 - load)), with 0 <= load < 1."""
    return _model.sojourn_md1(load)


def burst_queue(
    *, burst_bytes_per_s: float, bits_per_second: float, burst_s: float, pause_s: float
) -> BurstQueue:
    """Return the queue that bursts leave before a link, in the long run.

    Parameters
    ----------
    burst_bytes_per_s : float
        Churn within a burst, above the link's rate; between bursts there is none.
    bits_per_second : float
        Rate of the link; above the mean churn.
    burst_s, pause_s : float
        Mean lengths of bursts and of the pauses between them, each exponentially distributed.

    Examples
    --------
    >>> queue = burst_queue(
    ...     burst_bytes_per_s=50e6, bits_per_second=100e6, burst_s=10, pause_s=90
    ... )
    >>> round(queue.mean_bytes / 1e6), round(queue.exceeds(40e6), 4)
    (225, 0.3725)
    """
    return BurstQueue(*_model.burst_queue(burst_bytes_per_s, bits_per_second / 8, burst_s, pause_s))

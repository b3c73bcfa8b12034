"""From evidence to findings: when an RPO was missed or a migration slow, and what held it up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic_core import PydanticCustomError

from .. import codes, formatting
from ..errors import Problem, ScenarioError
from ..quantities import DURATION, parse
from .evidence import Evidence, Spans
from .findings import Cause, Finding, Why

if TYPE_CHECKING:
    from ..result import Result

__all__ = ["explain"]

_Flags: TypeAlias = npt.NDArray[np.bool_]
_Numbers: TypeAlias = npt.NDArray[np.float64]
#: Breaches nearer than this are one: an RPO falls for a moment with every recovery point.
_APART_S = 900.0
#: Causes below this share are left out, unless they are all there is.
_SHARE_MIN = 0.02


def explain(
    result: Result, *, rpo: float | str | None = None, slow: float | str | None = None
) -> Why:
    """Explain each time in which an RPO was missed, and each migration that was slow.

    Parameters
    ----------
    result
        A run.
    rpo
        The RPO that should have been met, in seconds or as a text with a unit. Without it, each
        machine's own: the threshold of its policy. A machine without one is not judged.
    slow
        How long a migration may take. Without it, those are slow that took more than twice as long
        as the median, and the longest of all.

    Returns
    -------
    Why
        Findings in order of time. Machines behind one process server whose breaches overlap are one
        finding.

    Raises
    ------
    ScenarioError
        A duration cannot be understood.
    """
    from .migrations import slow_migrations

    evidence = Evidence(result)
    limits: Mapping[str, float]
    if rpo is None:
        limits = evidence.thresholds()
    else:
        limit = _seconds("rpo", rpo)
        limits = dict.fromkeys(result.to_arrow("machines")["machine"].to_pylist(), limit)
    findings = [_of_breach(evidence, breach) for breach in _breaches(evidence, limits)]
    findings += slow_migrations(evidence, None if slow is None else _seconds("slow", slow))
    return Why(sorted(findings, key=lambda finding: (finding.from_s, finding.kind)))


def _seconds(name: str, value: float | str) -> float:
    try:
        seconds = float(parse(value, DURATION))
    except (ValueError, PydanticCustomError):
        seconds = -1.0
    if seconds < 0:
        problem = Problem(codes.OUT_OF_RANGE, name, repr(value), 'must be a time, such as "15 min"')
        raise ScenarioError([problem])
    return seconds


# --- When -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Breach:
    server: str
    machines: dict[str, float]  # worst RPO of each
    from_s: float
    to_s: float
    worst_s: float
    worst_at_s: float
    target_s: float


def _breaches(evidence: Evidence, limits: Mapping[str, float]) -> Iterator[_Breach]:
    """Yield breaches of the machines of each process server, joined where they overlap."""
    machines = evidence.result.to_arrow("machines")
    server_of = dict(
        zip(machines["machine"].to_pylist(), machines["process_server"].to_pylist(), strict=True)
    )
    table = evidence.result.tables["rpo"]
    names = evidence.result.to_arrow("rpo")["machine"]
    codes = names.combine_chunks().dictionary_encode()
    by_machine = {
        str(name): np.flatnonzero(np.asarray(codes.indices) == code)
        for code, name in enumerate(codes.dictionary.to_pylist())
    }
    by_server: dict[str, list[_Breach]] = {}
    for machine, limit in limits.items():
        rows = by_machine.get(machine)
        if rows is None:
            continue
        times, before, after = (table[n][rows] for n in ("t_s", "rpo_s_before", "rpo_s_after"))
        server = server_of[machine] or ""
        for begin, end, worst, worst_at in _above(times, before, after, limit, evidence.end_s):
            breach = _Breach(server, {machine: worst}, begin, end, worst, worst_at, limit)
            by_server.setdefault(server, []).append(breach)
    for breaches in by_server.values():
        yield from _overlapping(breaches)


def _above(
    times: _Numbers, before: _Numbers, after: _Numbers, limit: float, end_s: float
) -> Iterator[tuple[float, float, float, float]]:
    """Yield (begin, end, worst, when) of each time in which an RPO stays above a limit.

    Between two steps it rises by a second each second; it falls at steps only.
    """
    if len(times) == 0:
        return
    next_time = np.append(times[1:], end_s)
    peak = np.append(before[1:], after[-1] + max(0.0, end_s - times[-1]))
    starts = times + np.maximum(0.0, limit - after)
    over = np.isfinite(after) & np.isfinite(peak) & (peak > limit)
    begin = end = worst = worst_at = np.nan
    for k in np.flatnonzero(over):
        if np.isnan(begin) or starts[k] > end:  # it fell below the limit in between
            if not np.isnan(begin):
                yield float(begin), float(end), float(worst), float(worst_at)
            begin, worst = starts[k], -np.inf
        end = next_time[k]
        if peak[k] > worst:
            worst, worst_at = peak[k], next_time[k]
    if not np.isnan(begin):
        yield float(begin), float(end), float(worst), float(worst_at)


def _overlapping(breaches: list[_Breach]) -> list[_Breach]:
    joined: list[_Breach] = []
    for breach in sorted(breaches, key=lambda each: each.from_s):
        last = joined[-1] if joined else None
        if last is None or breach.from_s > last.to_s + _APART_S or breach.target_s != last.target_s:
            joined.append(breach)
            continue
        for machine, worst in breach.machines.items():
            last.machines[machine] = max(worst, last.machines.get(machine, 0.0))
        last.to_s = max(last.to_s, breach.to_s)
        if breach.worst_s > last.worst_s:
            last.worst_s, last.worst_at_s = breach.worst_s, breach.worst_at_s
    return joined


# --- Why ------------------------------------------------------------------------------------------


def _of_breach(evidence: Evidence, breach: _Breach) -> Finding:
    worst_first = sorted(breach.machines, key=lambda name: -breach.machines[name])
    # What is missing at the worst instant was written since then; that is when it began to wait.
    span = (max(0.0, breach.worst_at_s - breach.worst_s), breach.worst_at_s)
    return Finding(
        kind="RPO missed",
        machines=tuple(worst_first),
        from_s=breach.from_s,
        to_s=breach.to_s,
        worst_s=breach.worst_s,
        target_s=breach.target_s,
        causes=causes_of(evidence, breach.server, worst_first[0], [span]),
    )


def causes_of(
    evidence: Evidence, server: str, machine: str, spans: Spans, *, copying: bool = False
) -> tuple[Cause, ...]:
    """Put each slice of a time down to the first thing that explains it; the largest part first.

    Parameters
    ----------
    server, machine
        Who uploads, and for whom.
    spans
        The time to explain, simulated seconds.
    copying
        Whether the machine is being copied, so that a copy of its own is no cause.
    """
    left = evidence.within(spans)
    whole = left.sum()
    found: list[Cause] = []
    for kind, subject, text, when in _suspects(evidence, server, machine, copying):
        taken = np.where(when, left, 0.0)
        if taken.sum() <= 0:
            continue
        left = left - taken
        share = float(taken.sum() / whole)
        found.append(Cause(kind, subject, text, _spans_of(evidence, taken > 0, spans), share))
    rest = float(left.sum() / whole) if whole > 0 else 1.0
    if rest > _SHARE_MIN or not found:
        when = left > 0 if whole > 0 else np.zeros(evidence.slices, bool)
        at = _spans_of(evidence, when, spans) or tuple(spans)
        found.append(Cause("unexplained", "", "nothing that was recorded explains it", at, rest))
    large = [cause for cause in found if cause.share >= _SHARE_MIN] or found
    return tuple(sorted(large, key=lambda cause: -cause.share))


def _spans_of(evidence: Evidence, when: _Flags, spans: Spans) -> tuple[tuple[float, float], ...]:
    """Return runs of slices as spans, cut to the time that is explained."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], when, [False]]).astype(np.int8)))
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    return tuple(
        (max(float(evidence.edges[a]), first), min(float(evidence.edges[b]), last))
        for a, b in edges.reshape(-1, 2)
    )


_Suspect: TypeAlias = tuple[str, str, str, _Flags]


def _suspects(evidence: Evidence, server: str, machine: str, copying: bool) -> Iterator[_Suspect]:
    """Yield what may be to blame: what stands still, what is full, what waits, in this order."""
    ways = evidence.routes.get(server, [])
    for way in ways:
        yield "link down", way[0], f"link {way[0]} was down", evidence.down(way)
    power = evidence.within(evidence.state_spans("power", machine)) > 0
    yield "machine off", machine, f"{machine} had lost power", power
    if not copying:
        compare = evidence.within(evidence.copy_spans([machine], ["compare"])) > 0
        text = f"{machine} was resynchronized, and has no recovery points meanwhile"
        yield "resynchronization", machine, text, compare
    yield from _full_links(evidence, ways, machine)
    for name, (kind, spans) in evidence.faults.items():
        yield "fault", name, f"fault {name} ({kind.replace('_', ' ')})", evidence.within(spans) > 0
    yield from _waiting(evidence, server)


def _full_links(
    evidence: Evidence, ways: list[tuple[str, str]], machine: str
) -> Iterator[_Suspect]:
    others = {row["machine"] for row in evidence.copies} - {machine}
    copies = evidence.within(evidence.copy_spans(others, ["initial copy", "compare", "catch-up"]))
    for way in ways:
        link, full = way[0], evidence.full(way)
        throttled = full & evidence.narrowed(way)
        yield "link throttled", link, f"link {link} was throttled, and full", throttled
        shared = full & (copies > 0)
        text = f"link {link} was full, with copies of other machines on it"
        yield "link shared with copies", link, text, shared
        yield "link full", link, f"link {link} was full", full


def _waiting(evidence: Evidence, server: str) -> Iterator[_Suspect]:
    """Yield where most of what waits is, when no link explains it."""
    cache = evidence.within(evidence.state_spans("cache full", server)) > 0
    text = f"the cache of {server} was full, so that its machines had to wait"
    yield "cache full", server, text, cache
    at_source = evidence.waiting(server, "source_bytes")
    at_server = evidence.waiting(server, "process_server_bytes")
    in_azure = evidence.waiting(server, "logs_waiting_bytes")
    most = np.maximum.reduce([at_source, at_server, in_azure])
    places: list[tuple[str, str, _Numbers, Callable[[], str]]] = [
        ("source", "", at_source, lambda: "changes waited at the source"),
        ("process server", server, at_server, lambda: f"changes waited at {server}"),
        ("target", "", in_azure, lambda: "uploaded changes waited to be applied in Azure"),
    ]
    for kind, subject, waiting, words in places:
        when = (waiting > 0) & (waiting == most)
        largest = formatting.size(float(waiting[when].max())) if when.any() else ""
        yield f"waiting: {kind}", subject, f"{words()}, up to {largest}", when

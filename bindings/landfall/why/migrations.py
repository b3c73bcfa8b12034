"""What the time of a migration went into: copying, jobs, waiting for the operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from .evidence import Evidence, Spans
from .findings import Cause, Finding
from .reasons import causes_of

__all__ = ["slow_migrations"]

_SLOW = 2.0  # times the median
_SHARE_MIN = 0.02
_COPIES = ("initial copy", "compare", "catch-up")


@dataclass(frozen=True, slots=True)
class _Migration:
    machine: str
    server: str
    from_s: float
    to_s: float
    is_finished: bool

    @property
    def duration_s(self) -> float:
        return self.to_s - self.from_s


def slow_migrations(evidence: Evidence, slow_s: float | None) -> list[Finding]:
    """Return a finding for each migration that took too long or is not finished.

    Parameters
    ----------
    slow_s
        How long one may take. ``None``: twice the median; the longest one is told in any case.
    """
    migrations = _migrations(evidence)
    finished = [each for each in migrations if each.is_finished]
    limit = slow_s
    if limit is None:
        limit = _SLOW * float(np.median([m.duration_s for m in finished])) if finished else np.inf
    told = [each for each in finished if each.duration_s > limit]
    if slow_s is None and finished:
        longest = max(finished, key=lambda each: each.duration_s)
        told += [] if longest in told else [longest]
    told += [each for each in migrations if not each.is_finished]
    return [_finding(evidence, each) for each in told]


def _migrations(evidence: Evidence) -> list[_Migration]:
    """Machines whose migration was asked for: a Complete Migration was begun or planned."""
    jobs = evidence.result.to_arrow("jobs").to_pylist()
    enabled: dict[str, float] = {}
    ended: dict[str, float] = {}
    for job in jobs:
        if job["operation"] == "Enable protection":
            enabled.setdefault(job["machine"], job["start_s"])
        if job["operation"] == "Complete migration" and job["state"] == "Succeeded":
            ended[job["machine"]] = job["end_s"]
    asked = set(_asked(evidence)) | set(ended)
    servers = {
        row["machine"]: row["process_server"] or ""
        for row in evidence.result.to_arrow("machines").to_pylist()
    }
    return [
        _Migration(
            machine,
            servers.get(machine, ""),
            begin,
            ended.get(machine, evidence.end_s),
            machine in ended,
        )
        for machine, begin in enabled.items()
        if machine in asked
    ]


def _asked(evidence: Evidence) -> Iterator[str]:
    """Yield the machines that the timeline would migrate."""
    machines = evidence.result.to_arrow("machines")["machine"].to_pylist()
    for step in evidence.document.get("timeline") or ():
        if step.get("do") != "complete_migration":
            continue
        chosen = step.get("machines", "all")
        patterns = ["*"] if chosen == "all" else [chosen] if isinstance(chosen, str) else chosen
        yield from (
            machine
            for machine in machines
            if any(
                fnmatchcase(name, pattern)
                for name in (machine, machine.rpartition("-")[0])
                for pattern in patterns
            )
        )


def _finding(evidence: Evidence, migration: _Migration) -> Finding:
    whole = max(migration.duration_s, 1e-9)
    causes: list[Cause] = []
    copies = _cut(
        evidence.copy_spans([migration.machine], _COPIES), migration.from_s, migration.to_s
    )
    copied_s = _length(copies)
    if copied_s:
        share = copied_s / whole
        for cause in causes_of(evidence, migration.server, migration.machine, copies, copying=True):
            text = f"copying: {cause.text}"
            if cause.kind == "unexplained" or cause.kind.startswith("waiting"):
                text = "copying, with no link full"
            causes.append(replace(cause, text=text, share=cause.share * share))
    taken = list(copies)
    for operation, spans in _jobs(evidence, migration).items():
        own = _without(spans, taken)
        taken += own
        if _length(own) / whole >= _SHARE_MIN:
            text = f"the job {operation!r}"
            causes.append(Cause("job", operation, text, tuple(own), _length(own) / whole))
    waits = _without([(migration.from_s, migration.to_s)], taken)
    if _length(waits) / whole >= _SHARE_MIN:
        text = "nothing ran: it waited for the next step of the timeline"
        causes.append(Cause("waiting", "", text, tuple(waits), _length(waits) / whole))
    kind = "slow migration" if migration.is_finished else "migration not finished"
    return Finding(
        kind=kind,
        machines=(migration.machine,),
        from_s=migration.from_s,
        to_s=migration.to_s,
        worst_s=migration.duration_s,
        target_s=float("nan"),
        causes=tuple(sorted(_large(causes), key=lambda cause: -cause.share)),
    )


def _large(causes: list[Cause]) -> list[Cause]:
    return [cause for cause in causes if cause.share >= _SHARE_MIN] or causes


def _jobs(evidence: Evidence, migration: _Migration) -> dict[str, Spans]:
    spans: dict[str, Spans] = {}
    for job in evidence.result.to_arrow("jobs").to_pylist():
        if job["machine"] == migration.machine:
            spans.setdefault(job["operation"], []).append((job["start_s"], _end(evidence, job)))
    return {name: _cut(each, migration.from_s, migration.to_s) for name, each in spans.items()}


def _end(evidence: Evidence, job: dict[str, Any]) -> float:
    end = job["end_s"]
    return float(end) if end is not None and np.isfinite(end) else evidence.end_s


# --- Spans ----------------------------------------------------------------------------------------


def _length(spans: Spans) -> float:
    return sum(end - begin for begin, end in spans)


def _cut(spans: Spans, first: float, last: float) -> Spans:
    cut = [(max(begin, first), min(end, last)) for begin, end in spans]
    return [(begin, end) for begin, end in cut if begin < end]


def _without(spans: Spans, taken: Spans) -> Spans:
    """Return what is left of spans without others."""
    left = list(spans)
    for begin, end in taken:
        left = [
            piece
            for a, b in left
            for piece in ((a, min(b, begin)), (max(a, end), b))
            if piece[0] < piece[1]
        ]
    return left

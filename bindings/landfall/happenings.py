"""What happened in a run, told in order: jobs in Site Recovery's words, refusals, mishaps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .result import Result

__all__ = ["Happening", "happenings"]

#: More of them, and jobs are told together that had nothing to do with each other.
_JOBS_MAX = 30
#: Events that tell more than the jobs do, and how they read.
_EVENTS = {
    "refused": "refused",
    "power_lost": "Power loss",
    "powered_on": "Power on",
    "power_on_failed": "Power on failed",
    "resync_required": "Resynchronization required",
    "replica_restarted": "Restart of the replica's side",
    "replica_damaged": "Replica damaged",
    "disk_replaced": "Disk replaced",
    "disk_resized": "Disk resized",
    "link_down": "Link down",
    "link_up": "Link up",
    "orchestrator_down": "Orchestrator down",
    "orchestrator_up": "Orchestrator up",
    "vault_deleted": "Vault deleted",
}
#: Whose subject is no machine.
_OF_NO_MACHINE = ("link_down", "link_up", "orchestrator_down", "orchestrator_up", "vault_deleted")


@dataclass(frozen=True, slots=True)
class Happening:
    """The same thing, on one machine or on several.

    Attributes
    ----------
    start_s, end_s
        Simulated seconds: of the first machine's start, and of the last one's end; ``None`` where
        it lasts no time or has not ended.
    what
        The name of the job, of the operation that was refused, or of the event.
    machines
        Names of the machines, in the order in which it came to them; empty for what is of none.
    state
        How it ended: a state of a job, ``Refused``, or empty for an event.
    detail
        Why it was refused or failed; what the event says.
    """

    start_s: float
    end_s: float | None
    what: str
    machines: tuple[str, ...]
    state: str
    detail: str


def happenings(result: Result) -> list[Happening]:
    """Return what happened in a run, by the time of its beginning.

    A job that several machines have, each for the same time in its life, is one happening as long
    as the jobs overlap, and in a fleet that would fill pages even if they do not.
    """
    events = list(_events(result))
    jobs = _jobs(result, overlapping=True)
    if len(jobs) > _JOBS_MAX:
        jobs = _jobs(result, overlapping=False)
    return sorted([*jobs, *events], key=lambda happening: happening.start_s)


def _jobs(result: Result, *, overlapping: bool) -> list[Happening]:
    if "jobs" not in result.tables:
        return []
    times: dict[tuple[str, str], int] = {}
    latest: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    groups: list[tuple[tuple[Any, ...], list[dict[str, Any]]]] = []
    for job in result.to_arrow("jobs").to_pylist():  # in the order in which they were started
        what = job["operation"]
        if job["machine"] is None:
            what = f"{what} of recovery plan {job['plan']}"
        of_machine = (job["machine"], what)
        turn = times[of_machine] = times.get(of_machine, 0) + 1
        key = (what, turn, job["state"], job["cause"])
        known = latest.get(key)
        if known is None or (overlapping and _are_over(known, job["start_s"])):
            known = latest[key] = []
            groups.append((key, known))
        known.append(job)
    return [
        Happening(
            start_s=float(min(job["start_s"] for job in jobs)),
            end_s=_last(job["end_s"] for job in jobs),
            what=what,
            machines=tuple(job["machine"] for job in jobs if job["machine"] is not None),
            state=state,
            detail=cause or "",
        )
        for (what, _, state, cause), jobs in groups
    ]


def _are_over(jobs: Iterable[dict[str, Any]], instant: float) -> bool:
    last = _last(job["end_s"] for job in jobs)
    return last is not None and last < instant


def _last(times: Iterable[float | None]) -> float | None:
    ended = [np.nan if time is None else float(time) for time in times]
    return None if np.isnan(ended).any() else max(ended)


def _events(result: Result) -> Iterable[Happening]:
    if "events" not in result.tables:
        return []
    groups: dict[tuple[float, str, str, str], list[str]] = {}
    for event in result.to_arrow("events").to_pylist():
        kind = event["kind"]
        if kind not in _EVENTS:
            continue
        what, state, detail = _EVENTS[kind], "", event["detail"] or ""
        if kind == "refused":
            operation, _, detail = detail.partition(": ")
            what = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", operation).capitalize()
            state = "Refused"
        subject = event["subject"] or ""
        if kind in _OF_NO_MACHINE:
            what = " ".join(part for part in (what, subject) if part)
            subject = ""
        names = groups.setdefault((float(event["t_s"]), what, state, detail), [])
        if subject:
            names.append(subject)
    return [
        Happening(time, None, what, tuple(names), state, detail)
        for (time, what, state, detail), names in groups.items()
    ]

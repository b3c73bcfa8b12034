"""The critical path of a run: the chain of tasks and copies that its end waited for.

It is walked backwards from what ended last. What starts waits for what ended just before on the
same machine: a task for the task before it, a job for the copies that made it possible; a copy also
for another machine's copy that freed its place at the same process server. Where nothing ended just
before, the path waits, and the timeline of the scenario says for what. Of a run of a recovery plan
the path takes what the run marked as critical. Being critical is no fault: only what is on the path
ends the run earlier when it becomes shorter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from . import formatting
from .plot_style import scenario_of

if TYPE_CHECKING:
    from .result import Result

__all__ = ["PathStep", "critical_path"]

#: Instants closer than this are the same: durations of jobs have a millisecond's rounding.
_SAME_S = 0.01
#: Shorter pauses are not told.
_PAUSE_S = 1.0

PathKind: TypeAlias = Literal["task", "copy", "wait"]

#: Operations by the word of the timeline that asks for them.
_ASKED = {
    "enable_replication": "Enable protection",
    "failover": "Failover",
    "planned_failover": "Planned failover",
    "test_failover": "Test failover",
    "commit": "Commit",
    "complete_migration": "Complete migration",
    "disable_replication": "Disable protection",
    "reverse_replicate": "Reverse replicate",
    "failback": "Failback",
}
#: What a migration ends with, then what a failover ends with, whatever else comes later.
_ENDS = (("Complete migration",), ("Commit", "Failover", "Planned failover"))


@dataclass(frozen=True, slots=True)
class PathStep:
    """A part of the path, in seconds of simulated time.

    Attributes
    ----------
    kind
        ``task`` of a job, ``copy`` of a disk, or ``wait``.
    what
        The name of the task or copy; of a wait: for what.
    machine
        Name of the machine; empty: it is of a plan.
    start_s, end_s
        When it began and ended.
    job_id
        The job that the task is of; -1: none.
    operation
        The operation that the task is a part of; empty: none.
    """

    kind: PathKind
    what: str
    machine: str
    start_s: float
    end_s: float
    job_id: int = -1
    operation: str = ""

    @property
    def lasts_s(self) -> float:
        """How long it took."""
        return self.end_s - self.start_s


def critical_path(result: Result) -> list[PathStep]:
    """Return the chain that determined the end of a run, from its beginning to that end.

    Steps follow each other without a gap: where the path waits, a step says so. The run's end is
    that of the last completed migration, else of the last failover, else of the last job. Empty
    when no job ended.

    Parameters
    ----------
    result
        The result; of its tables ``jobs``, ``tasks``, ``copies`` and ``plan_tasks`` are read.

    Returns
    -------
    list of PathStep
        The path in the order of time.
    """
    leaves = _leaves(result)
    last = _last(leaves)
    if last is None:
        return []
    reasons = _Reasons(scenario_of(result))
    servers = _servers(result)
    by_machine: dict[str, list[PathStep]] = defaultdict(list)
    by_server: dict[str, list[PathStep]] = defaultdict(list)
    by_job: dict[int, list[PathStep]] = defaultdict(list)
    for leaf in leaves:
        if leaf.machine:
            by_machine[leaf.machine].append(leaf)
        if leaf.kind == "copy":
            by_server[servers.get(leaf.machine, "")].append(leaf)
        if leaf.job_id >= 0:
            by_job[leaf.job_id].append(leaf)
    path = [last]
    while (current := path[-1]) is not None:
        related = [*by_machine[current.machine], *by_job[current.job_id]]
        before = _latest(related, current)
        if current.kind == "copy" and not _is_just_before(before, current):
            freed = _latest(by_server[servers.get(current.machine, "")], current)
            before = freed if _is_just_before(freed, current) else before
        if before is None:
            break
        pause = current.start_s - before.end_s
        if pause > _PAUSE_S:
            what = reasons.of(current, pause)
            path.append(PathStep("wait", what, current.machine, before.end_s, current.start_s))
        path.append(before)
    return path[::-1]


def _latest(candidates: Iterable[PathStep], current: PathStep) -> PathStep | None:
    """Return what ended last before `current`: of several, one of its job, then the longest."""
    # What takes no time cannot be waited for by what begins as it does: the walk goes back only.
    over = [
        each
        for each in candidates
        if each.end_s <= current.start_s + _SAME_S and each.start_s < current.start_s
    ]
    if not over:
        return None
    latest = max(each.end_s for each in over)
    tied = [each for each in over if each.end_s >= latest - _SAME_S]
    return max(
        tied,
        key=lambda each: (each.job_id >= 0 and each.job_id == current.job_id, each.lasts_s),
    )


def _is_just_before(before: PathStep | None, current: PathStep) -> bool:
    return before is not None and current.start_s - before.end_s <= _SAME_S


def _last(leaves: list[PathStep]) -> PathStep | None:
    for operations in (*_ENDS, None):
        ends = [
            leaf
            for leaf in leaves
            if leaf.kind == "task" and (operations is None or leaf.operation in operations)
        ]
        if ends:
            return max(ends, key=lambda leaf: (leaf.end_s, leaf.start_s))
    return None


# --- What the path is made of ---------------------------------------------------------------------


def _rows(result: Result, name: str) -> list[dict[str, Any]]:
    return result.to_arrow(name).to_pylist() if name in result.tables else []


def _ended(row: Mapping[str, Any]) -> bool:
    times = (row.get("start_s"), row.get("end_s"))
    return all(time is not None and np.isfinite(time) for time in times)


def _leaves(result: Result) -> list[PathStep]:
    jobs = {int(row["job_id"]): row for row in _rows(result, "jobs")}
    planned = _plan_leaves(_rows(result, "plan_tasks"), jobs)
    plans = {leaf.job_id for leaf in planned}
    leaves: list[PathStep] = []
    with_tasks: set[int] = set()
    for task in _rows(result, "tasks"):
        job = jobs.get(int(task["job_id"]))
        if job is None or _is_in(job, plans) or not _ended(task):
            continue
        with_tasks.add(int(task["job_id"]))
        leaves.append(_task(task["task"], task, job))
    leaves += [
        _task(job["operation"], job, job)
        for number, job in jobs.items()
        if number not in with_tasks and not _is_in(job, plans) and _ended(job)
    ]
    for copy in _rows(result, "copies"):
        if _ended(copy):
            what = f"{copy['kind']} of disk {copy['disk']}"
            times = (float(copy["start_s"]), float(copy["end_s"]))
            leaves.append(PathStep("copy", what, str(copy["machine"] or ""), *times))
    return leaves + planned


def _is_in(job: Mapping[str, Any], plans: set[int]) -> bool:
    """Whether a job is that of a plan, or of a machine in one: the plan's tasks stand for both."""
    parent = job.get("parent_job")
    return int(job["job_id"]) in plans or (parent is not None and int(parent) in plans)


def _task(what: str, row: Mapping[str, Any], job: Mapping[str, Any]) -> PathStep:
    return PathStep(
        "task",
        str(what),
        str(job.get("machine") or ""),
        float(row["start_s"]),
        float(row["end_s"]),
        int(job["job_id"]),
        str(job["operation"]),
    )


def _plan_leaves(
    rows: list[dict[str, Any]], jobs: Mapping[int, Mapping[str, Any]]
) -> list[PathStep]:
    """Return the critical tasks of recovery plans: stages that hold tasks are left out."""
    holders = {(row["job_id"], row["parent_task"]) for row in rows}
    leaves = []
    for row in rows:
        is_stage = (row["job_id"], row["task_id"]) in holders
        job = jobs.get(int(row["job_id"]))
        if is_stage or job is None or not row["is_critical"] or not _ended(row):
            continue
        member = {"machine": row["machine"], "job_id": job["job_id"]}
        # The task of a machine has no name but the machine's: what is done tells the steps apart.
        what = f"{row['kind']} of {row['task']}" if row["machine"] else row["task"]
        leaves.append(_task(what, row, {**job, **member}))
    return leaves


def _servers(result: Result) -> dict[str, str]:
    return {
        str(row["machine"]): str(row.get("process_server") or "")
        for row in _rows(result, "machines")
    }


# --- What it waits for ----------------------------------------------------------------------------


class _Reasons:
    """Why something starts when it does, as the timeline of a scenario says."""

    def __init__(self, scenario: Mapping[str, Any]) -> None:
        self._steps = [step for step in scenario.get("timeline") or () if isinstance(step, dict)]

    def of(self, step: PathStep, pause_s: float) -> str:
        """Return what `step` waited for during the pause before it."""
        for asked in self._steps:
            if _ASKED.get(str(asked.get("do"))) != step.operation:
                continue
            at, delay = asked.get("at"), float(asked.get("delay") or 0.0)
            if at is not None and abs(float(at) - step.start_s) <= _PAUSE_S:
                return f"waits for {formatting.clock(float(at))}, when the timeline starts it"
            if asked.get("when") and delay > 0 and abs(delay - pause_s) <= 60.0:
                state = str((asked["when"] or {}).get("state") or "that").replace("_", " ")
                return f"waits {formatting.duration(delay)} after {state}, as the timeline says"
        return f"waits for {step.operation.lower() or step.what} to start"

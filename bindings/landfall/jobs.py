"""Jobs of a simulation that is stepped: what was started, how far it is, and what can be done."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload
from xml.etree import ElementTree

from . import formatting
from .errors import OperationRefused

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from .job_export import JobFilter, JobFormat
    from .simulation import Simulation

__all__ = ["Job", "Jobs", "Task", "rows_html"]


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a job.

    Attributes
    ----------
    name
        Its name, as Site Recovery shows it.
    state
        How far it is, or how it ended.
    start_s, end_s
        Simulated seconds; ``None`` where it has not come to that.
    """

    name: str
    state: str
    start_s: float | None
    end_s: float | None


class Job:
    """An operation under way, or ended.

    What it tells is as of now: after :meth:`Simulation.run_for <landfall.Simulation.run_for>` the
    same object tells more. When the simulation is closed, reading it raises SessionClosed.

    Attributes
    ----------
    number
        Its number: ``job_id`` of the tables.
    """

    def __init__(self, simulation: Simulation, number: int) -> None:
        self._simulation = simulation
        self.number = number

    def _told(self) -> dict[str, Any]:
        job: dict[str, Any] = self._simulation._ask("job", job=self.number)["job"]
        return job

    @property
    def operation(self) -> str:
        """What was asked for."""
        return str(self._told()["operation"])

    @property
    def machine(self) -> str:
        """Name of the machine; empty for the job of a recovery plan."""
        return str(self._told()["machine"])

    @property
    def plan(self) -> str:
        """Name of the recovery plan; empty for the job of a machine."""
        return str(self._told()["plan"])

    @property
    def parent(self) -> Job | None:
        """The job of the recovery plan that it is a part of."""
        number = self._told()["parent_job"]
        return None if number is None else self._simulation._jobs.of_number(int(number))

    @property
    def children(self) -> list[Job]:
        """The jobs of machines below the job of a recovery plan, in the order of their start."""
        return [
            self._simulation._jobs.of_number(int(each["job"]))
            for each in self._simulation._jobs._told()
            if each["parent_job"] == self.number
        ]

    @property
    def state(self) -> str:
        """``InProgress``, ``Succeeded``, ``Failed``, ``Cancelled`` or ``Suspended``."""
        return str(self._told()["state"])

    @property
    def description(self) -> str:
        """Its state in words, such as what it waits for."""
        return str(self._told()["description"])

    @property
    def allowed_actions(self) -> list[str]:
        """What may be done to it: ``Cancel``, ``Restart``, ``Resume``."""
        return [str(action) for action in self._told()["allowed_actions"]]

    @property
    def cause(self) -> str:
        """Why it failed or was cancelled; empty otherwise."""
        return str(self._told()["cause"])

    @property
    def start_s(self) -> float:
        """Simulated time of its start, in seconds."""
        return float(self._told()["start_s"])

    @property
    def end_s(self) -> float | None:
        """Simulated time of its end, in seconds; ``None`` while it runs."""
        end_s = self._told()["end_s"]
        return None if end_s is None else float(end_s)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Its tasks in order; of a recovery plan each stage, then what stands below it."""
        return tuple(
            Task(each["task"], each["state"], each["start_s"], each["end_s"])
            for each in self._told()["tasks"]
        )

    def cancel(self) -> None:
        """Cancel the job. Raises OperationRefused when it may not be cancelled."""
        self._control("cancel")

    def restart(self) -> None:
        """Go on from the task that failed. Raises OperationRefused unless the job has failed."""
        self._control("restart")

    def resume(self, comments: str = "") -> None:
        """Answer a job that waits for its user.

        Parameters
        ----------
        comments
            Notes for the record.

        Raises
        ------
        OperationRefused
            It does not wait for anybody.
        """
        self._control("resume", comments=comments)

    def _control(self, action: str, **members: Any) -> None:
        answer = self._simulation._ask(action, job=self.number, **members)
        if why := answer["why_not"]:
            told = self._told()
            whose = told["machine"] or told["plan"]
            raise OperationRefused(
                f"{action} job", whose, told["state"], told["allowed_actions"], why
            )

    def export(self, kind: Literal["json", "xml", "csv"] = "json") -> str:
        """Return the job with its tasks as a text.

        Parameters
        ----------
        kind
            ``"json"``: one object. ``"xml"``: an element ``Job`` with a ``Task`` each. ``"csv"``:
            a row for each task, with what the job is in front.

        Raises
        ------
        ValueError
            There is no such kind of text.
        """
        told = self._told()
        if kind == "json":
            return json.dumps(told, indent=2, ensure_ascii=False)
        if kind == "xml":
            return _xml(told)
        if kind == "csv":
            return _csv(told)
        raise ValueError(f'a job is exported as "json", "xml" or "csv", not {kind!r}')

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Job)
            and other._simulation is self._simulation
            and other.number == self.number
        )

    def __hash__(self) -> int:
        return hash((id(self._simulation), self.number))

    def __repr__(self) -> str:
        if not self._simulation.is_open:
            return f"<Job {self.number}>"
        told = self._told()
        whose = told["machine"] or f"recovery plan {told['plan']}"
        return f"<Job {self.number}: {told['operation']} of {whose}, {told['state']}>"

    def _repr_html_(self) -> str:
        rows = [
            (task.name, task.state, _time(task.start_s), _time(task.end_s)) for task in self.tasks
        ]
        head = html.escape(repr(self)[1:-1])
        return f"<p>{head}</p>" + rows_html(("task", "state", "start", "end"), rows)


class Jobs(Sequence[Job]):
    """All jobs of a simulation, in the order they were started; the newest is ``jobs[-1]``."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def of_number(self, number: int) -> Job:
        """Return the job of that number."""
        return Job(self._simulation, number)

    def _told(self) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = self._simulation._ask("jobs")["jobs"]
        return jobs

    def __len__(self) -> int:
        return len(self._told())

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> list[Job]: ...
    def __getitem__(self, index: int | slice) -> Job | list[Job]:
        """Return a job by its place, or several."""
        numbers = range(len(self))
        if isinstance(index, slice):
            return [self.of_number(number) for number in numbers[index]]
        return self.of_number(numbers[index])

    def __iter__(self) -> Iterator[Job]:
        return (self.of_number(number) for number in range(len(self)))

    def export(
        self, path: str | Path, kind: JobFormat | None = None, *, only: JobFilter | None = None
    ) -> Path:
        """Write the job list to a file, in Site Recovery's words, and return its path.

        Parameters
        ----------
        path
            The file; an earlier one is replaced.
        kind
            ``"json"``, ``"xml"``, ``"csv"`` or ``"xlsx"``; by default the ending of the file.
        only
            Which jobs, as :class:`landfall.JobFilter`; all of them by default.

        Raises
        ------
        UnknownName
            There is no such kind of file.
        """
        from .job_export import export_jobs

        return export_jobs(self._told(), path, kind, only=only)

    @property
    def table(self) -> pd.DataFrame:
        """The job list as of now, one row each, in the order in which they were started.

        ``job`` (its number), ``machine``, ``operation``, ``state``, ``start_s``, ``end_s`` (seconds
        of simulated time; NaN while it runs).
        """
        import pandas as pd

        columns = ["job", "machine", "operation", "state", "start_s", "end_s"]
        rows = [[job[column] for column in columns] for job in self._told()]
        return pd.DataFrame(rows, columns=columns).astype({"start_s": float, "end_s": float})

    def __repr__(self) -> str:
        return f"<Jobs: {len(self)}>" if self._simulation.is_open else "<Jobs>"

    def _repr_html_(self) -> str:
        rows = [
            (
                str(job["job"]),
                job["machine"] or f"recovery plan {job['plan']}",
                job["operation"],
                job["state"],
                _time(job["start_s"]),
                _time(job["end_s"]),
            )
            for job in self._told()
        ]
        return rows_html(("job", "machine", "operation", "state", "start", "end"), rows)


def _time(seconds: float | None) -> str:
    return "" if seconds is None else formatting.duration(seconds)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _xml(told: dict[str, Any]) -> str:
    plain = {key: _text(value) for key, value in told.items() if not isinstance(value, list)}
    job = ElementTree.Element("Job", plain)
    for task in told["tasks"]:
        ElementTree.SubElement(job, "Task", {key: _text(value) for key, value in task.items()})
    ElementTree.indent(job)
    return ElementTree.tostring(job, encoding="unicode")


def _csv(told: dict[str, Any]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("job", "machine", "operation", "task", "state", "start_s", "end_s"))
    for task in told["tasks"]:
        about = (told["job"], told["machine"], told["operation"])
        writer.writerow((*about, task["task"], task["state"], task["start_s"], task["end_s"]))
    return out.getvalue()


def rows_html(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as HTML; all cells are texts."""
    left = "style='text-align:left'"
    titles = "".join(f"<th {left}>{html.escape(title)}</th>" for title in head)
    body = "".join(
        "<tr>" + "".join(f"<td {left}>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"

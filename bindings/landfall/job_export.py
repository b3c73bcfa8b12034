"""Jobs as the job list of Site Recovery exports them: JSON in its own words, XML, CSV and Excel.

Times are instants of simulated time: simulated second 0 is the midnight that `epoch` names. The
filter is that of the REST list: time of start, state, name, kind of object.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args
from xml.etree import ElementTree

from .errors import LandfallError, UnknownName

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "EPOCH",
    "JobFilter",
    "JobFormat",
    "export_jobs",
    "jobs_of_tables",
    "saved_jobs",
    "scenario_name",
]

JobFormat: TypeAlias = Literal["json", "xml", "csv", "xlsx"]
#: A job as a stepped simulation tells it; see ``job_json`` in ``sim/worker/session_views.cpp``.
Told: TypeAlias = Mapping[str, Any]

#: The midnight of simulated second 0 where nobody names another: documents end about then.
EPOCH = datetime(2018, 1, 1, tzinfo=UTC)
STATES = ("NotStarted", "InProgress", "Succeeded", "Failed", "Cancelled", "Suspended", "Other")
OBJECTS = ("ProtectionEntity", "RecoveryPlan")

# common.md 6: scenario names that REST examples show; the others are not seen there and are those
# of the operation in TSP:models.tsp.
_SCENARIO_NAMES = {
    "Enable protection": "EnableProtection",
    "Finalize protection": "FinalizeProtection",
    "Test failover": "TestFailover",
    "Test failover cleanup": "TestFailoverCleanup",
    "Planned failover": "PlannedFailover",
    "Failover": "UnplannedFailover",
    "Failback": "Failback",
    "Change recovery point": "ChangePit",
    "Commit": "CommitFailover",
    "Reverse replicate": "ReverseReplicate",
    "Complete migration": "CompleteMigration",
    "Disable protection": "DisableProtection",
    "Remove replication": "RemoveReplication",
    "Resynchronize": "RepairReplication",
}
_DESCRIPTIONS = {"Succeeded": "Completed"}
_COLUMNS = (
    *("name", "scenarioName", "friendlyName", "targetInstanceType", "targetObjectName"),
    *("state", "stateDescription", "startTime", "endTime", "allowedActions", "errors"),
)
_TASK_COLUMNS = ("jobName", "taskId", "name", "state", "startTime", "endTime", "errors")


def scenario_name(operation: str) -> str:
    """Return the scenario name of an operation: "Test failover" is ``TestFailover``."""
    known = _SCENARIO_NAMES.get(operation)
    return known or "".join(word[:1].upper() + word[1:] for word in operation.split())


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs of a list are meant; what is ``None`` does not matter.

    Attributes
    ----------
    start_s, end_s
        Jobs that began in [start_s, end_s), in simulated seconds.
    states
        Their state is one of these.
    operation
        Friendly name or scenario name: "Test failover" or "TestFailover".
    machine
        Name of the machine that they are about.
    object_type
        ``"ProtectionEntity"`` or ``"RecoveryPlan"``.
    """

    start_s: float | None = None
    end_s: float | None = None
    states: Sequence[str] | None = None
    operation: str | None = None
    machine: str | None = None
    object_type: str | None = None

    def __post_init__(self) -> None:
        for state in self.states or ():
            if state not in STATES:
                raise UnknownName("job state", state, STATES)
        if self.object_type is not None and self.object_type not in OBJECTS:
            raise UnknownName("kind of object", self.object_type, OBJECTS)

    def takes(self, job: Told) -> bool:
        """Whether `job` is meant."""
        begun = float(job["start_s"])
        names = (job["operation"], scenario_name(job["operation"]))
        return not (
            (self.start_s is not None and begun < self.start_s)
            or (self.end_s is not None and begun >= self.end_s)
            or (self.states and job["state"] not in self.states)
            or (self.operation is not None and self.operation not in names)
            or (self.machine is not None and job["machine"] != self.machine)
            or (self.object_type is not None and _object_type(job) != self.object_type)
        )


def jobs_of_tables(jobs: pd.DataFrame, tasks: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the jobs of the tables `jobs` and `tasks` as a stepped simulation tells them."""
    by_job: dict[int, list[dict[str, Any]]] = {}
    for row in tasks.to_dict("records"):
        told = {key: _plain(row[key]) for key in ("task", "state", "start_s", "end_s")}
        by_job.setdefault(int(row["job_id"]), []).append(told)
    found = []
    for row in jobs.to_dict("records"):
        told = {str(key): _plain(value) for key, value in row.items()}
        number = told["job"] = int(told.pop("job_id"))
        parent = told["parent_job"]
        told["parent_job"] = None if parent is None or parent < 0 else int(parent)
        told["allowed_actions"] = str(told["allowed_actions"] or "").split(", ")
        told["allowed_actions"] = [action for action in told["allowed_actions"] if action]
        told["tasks"] = by_job.get(number, [])
        found.append(told)
    return found


def saved_jobs(folder: Path) -> list[dict[str, Any]]:
    """Return the jobs of a result that was saved into a folder.

    Raises
    ------
    FileNotFoundError
        The folder holds no result.
    """
    import pandas as pd

    files = [folder / f"{name}.parquet" for name in ("jobs", "tasks")]
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(
                f"{folder} holds no result of landfall: there is no {file.name}"
            )
    return jobs_of_tables(*(pd.read_parquet(file) for file in files))


def export_jobs(
    jobs: Iterable[Told],
    path: str | Path,
    kind: JobFormat | None = None,
    *,
    only: JobFilter | None = None,
    epoch: datetime = EPOCH,
) -> Path:
    """Write jobs to a file.

    Parameters
    ----------
    jobs
        All jobs of the list, as a stepped simulation or :func:`jobs_of_tables` tells them.
    path
        The file; an earlier one is replaced.
    kind
        ``"json"``, ``"xml"``, ``"csv"`` (a row for each job) or ``"xlsx"`` (sheets of jobs and of
        tasks); by default what the name of the file ends with.
    only
        Which of them.
    epoch
        The instant of simulated second 0.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UnknownName
        There is no such kind of file.
    LandfallError
        Excel needs the package ``openpyxl``: ``pip install landfall[excel]``.
    """
    file = Path(path)
    chosen = kind or file.suffix.removeprefix(".")
    if chosen not in get_args(JobFormat):
        raise UnknownName("kind of export", chosen, get_args(JobFormat))
    listed = list(jobs)
    resources = [_resource(job, listed, epoch) for job in listed if only is None or only.takes(job)]
    file.write_bytes(_WRITERS[chosen](resources))
    return file


# --- A job in Site Recovery's words ---------------------------------------------------------------


def _plain(value: Any) -> Any:
    """Return a cell of a table without NumPy and NaN."""
    if value is None or value != value:
        return None
    return value.item() if hasattr(value, "item") else value


def _object_type(job: Told) -> str:
    return "ProtectionEntity" if job["machine"] else "RecoveryPlan"


def _instant(seconds: float | None, epoch: datetime) -> str | None:
    if seconds is None:
        return None
    at = epoch + timedelta(seconds=float(seconds))
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _errors(message: str | None) -> list[dict[str, Any]]:
    if not message:
        return []
    code, colon, rest = message.partition(":")
    has_code = bool(colon) and code.replace("ACS", "").isdigit()
    details = {"code": code if has_code else "", "message": rest.strip() if has_code else message}
    return [{"errorLevel": "Error", "serviceErrorDetails": details}]


def _resource(job: Told, listed: Sequence[Told], epoch: datetime) -> dict[str, Any]:
    number = job["job"]
    tasks = [_task(job, place, task, epoch) for place, task in enumerate(job["tasks"], start=1)]
    children = [other for other in listed if other.get("parent_job") == number]
    tasks += [_child(child, place, epoch) for place, child in enumerate(children, len(tasks) + 1)]
    state = job["state"]
    properties = {
        "scenarioName": scenario_name(job["operation"]),
        "friendlyName": job["operation"],
        "state": state,
        "stateDescription": job["description"] or _DESCRIPTIONS.get(state, state),
        "tasks": tasks,
        "errors": _errors(job["cause"]) if state == "Failed" else [],
        "startTime": _instant(job["start_s"], epoch),
        "endTime": _instant(job["end_s"], epoch),
        "allowedActions": list(job["allowed_actions"]),
        "targetObjectName": job["machine"],
        "targetInstanceType": _object_type(job),
    }
    return {
        "name": f"job-{number}",
        "type": "Microsoft.RecoveryServices/vaults/replicationJobs",
        "properties": properties,
    }


def _task(job: Told, place: int, task: Told, epoch: datetime) -> dict[str, Any]:
    failed = task["state"] == "Failed"
    return {
        "taskId": f"job-{job['job']}-task-{place}",
        "name": task["task"],
        "friendlyName": task["task"],
        "state": task["state"],
        "startTime": _instant(task["start_s"], epoch),
        "endTime": _instant(task["end_s"], epoch),
        "errors": _errors(job["cause"]) if failed else [],
    }


def _child(child: Told, place: int, epoch: datetime) -> dict[str, Any]:
    """Return the job of one machine as a task of the job of its plan."""
    return {
        "taskId": f"job-{child['parent_job']}-task-{place}",
        "name": child["operation"],
        "friendlyName": child["operation"],
        "state": child["state"],
        "startTime": _instant(child["start_s"], epoch),
        "endTime": _instant(child["end_s"], epoch),
        "errors": _errors(child["cause"]) if child["state"] == "Failed" else [],
        "customDetails": {
            "instanceType": "JobTaskDetails",
            "jobTask": {
                "jobId": f"job-{child['job']}",
                "jobFriendlyName": child["operation"],
                "jobScenarioName": scenario_name(child["operation"]),
                "targetObjectName": child["machine"],
                "targetInstanceType": _object_type(child),
            },
        },
    }


# --- Files ----------------------------------------------------------------------------------------


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(
            str(each["serviceErrorDetails"]["message"]) if isinstance(each, dict) else str(each)
            for each in value
        )
    return str(value)


def _job_rows(resources: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    flat = [{"name": each["name"], **each["properties"]} for each in resources]
    return [[_cell(job[column]) for column in _COLUMNS] for job in flat]


def _task_rows(resources: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [
        [_cell({"jobName": each["name"], **task}[column]) for column in _TASK_COLUMNS]
        for each in resources
        for task in each["properties"]["tasks"]
    ]


def _as_json(resources: Sequence[Mapping[str, Any]]) -> bytes:
    return (json.dumps({"value": resources}, indent=2, ensure_ascii=False) + "\n").encode()


def _as_csv(resources: Sequence[Mapping[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_job_rows(resources))
    return out.getvalue().encode()


def _element(name: str, value: Any) -> ElementTree.Element:
    made = ElementTree.Element(name)
    if isinstance(value, Mapping):
        made.extend(_element(key, inner) for key, inner in value.items())
    elif isinstance(value, list):
        made.extend(_element(name.removesuffix("s"), inner) for inner in value)
    elif value is not None:
        made.text = str(value)
    return made


def _as_xml(resources: Sequence[Mapping[str, Any]]) -> bytes:
    root = ElementTree.Element("jobs")
    root.extend(_element("job", each) for each in resources)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", xml_declaration=True)
    return (text + "\n").encode()


def _as_xlsx(resources: Sequence[Mapping[str, Any]]) -> bytes:
    try:
        from openpyxl import Workbook
    except ImportError as error:
        message = "Excel files need the package openpyxl: pip install 'landfall[excel]'"
        raise LandfallError(message) from error
    book = Workbook()
    for sheet, columns, rows in (
        (book.active, _COLUMNS, _job_rows(resources)),
        (book.create_sheet("tasks"), _TASK_COLUMNS, _task_rows(resources)),
    ):
        sheet.append(list(columns))
        for row in rows:
            sheet.append(row)
            for cell in sheet[sheet.max_row]:
                cell.data_type = "s"  # a text that begins with "=" is no formula
        sheet.freeze_panes = "A2"
    book.active.title = "jobs"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


_WRITERS: dict[str, Callable[[Sequence[Mapping[str, Any]]], bytes]] = {
    "json": _as_json,
    "xml": _as_xml,
    "csv": _as_csv,
    "xlsx": _as_xlsx,
}

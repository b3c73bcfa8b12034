"""What each column of a result means, and its unit: one place, for documentation and exports."""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    *("AT_BLOCK_FIDELITY", "COLUMNS", "NOT_APPLICABLE", "WITH_ORACLES", "Meaning", "unit_of"),
]


class Meaning(NamedTuple):
    """Unit ("" for names and plain counts) and description of a column."""

    unit: str
    text: str


_T = Meaning("s", "simulated time since the start of the run")

COLUMNS: dict[str, dict[str, Meaning]] = {
    "machines": {
        "machine": Meaning("", "name of the machine"),
        "process_server": Meaning("", "process server that it replicates through"),
        "state": Meaning("", "state of the protected item at the end"),
        "initial_replication_s": Meaning("s", "from enabling to protected; NaN: not finished"),
        "rpo_s_mean": Meaning("s", "mean RPO over the protected time"),
        "rpo_s_p50": Meaning("s", "RPO that half of the protected time stays within"),
        "rpo_s_p95": Meaning("s", "RPO that 95 % of the protected time stays within"),
        "rpo_s_p99": Meaning("s", "RPO that 99 % of the protected time stays within"),
        "rpo_s_max": Meaning("s", "worst RPO"),
        "rpo_s_end": Meaning("s", "RPO at the end of protection or of the run"),
        "downtime_s": Meaning("s", "from the source's stop to the target's start; NaN: none"),
        "rto_s": Meaning("s", "from the start of failover to the running target; NaN: none"),
        "migration_duration_s": Meaning("s", "from enabling to Complete Migration; NaN: not done"),
        "data_loss_bytes": Meaning("B", "written at the source but not in the recovery point"),
        "written_bytes": Meaning("B", "written by the guest while it replicated"),
        "wan_bytes": Meaning("B", "sent to the cache storage account"),
        "recovery_points": Meaning("", "recovery points kept at the end"),
        "recovery_points_published": Meaning("", "recovery points published in all"),
        "resyncs": Meaning("", "resynchronizations begun"),
        "protected_s": Meaning("s", "time in the protected state"),
        "no_sample_s": Meaning("s", "time for which the trace holds no sample"),
        "cost_total": Meaning("currency", "what it is billed in all; see the table billing"),
        "licence_days": Meaning("days", "days of its licence that are paid for"),
    },
    "rpo": {
        "t_s": _T,
        "machine": Meaning("", "name of the machine"),
        "rpo_s_before": Meaning("s", "RPO just before the step"),
        "rpo_s_after": Meaning("s", "RPO just after the step"),
    },
    "jobs": {
        "job_id": Meaning("", "number of the job"),
        "machine": Meaning("", "name of the machine; empty: the job of a recovery plan"),
        "operation": Meaning("", "what was asked for"),
        "state": Meaning("", "how it ended"),
        "start_s": Meaning("s", "simulated time of its start"),
        "end_s": Meaning("s", "simulated time of its end; NaN: it runs on"),
        "cause": Meaning("", "why it failed"),
        "parent_job": Meaning("", "number of the job that it is a part of; -1: none"),
        "plan": Meaning("", "name of the recovery plan, of its job; empty: the job of a machine"),
        "description": Meaning("", "its state in words, such as what it waits for"),
        "allowed_actions": Meaning("", "what may be done to it: Cancel, Restart, Resume"),
    },
    "tasks": {
        "job_id": Meaning("", "number of the job that it is a part of"),
        "task": Meaning("", "name of the task, as Site Recovery shows it"),
        "state": Meaning("", "how it ended"),
        "start_s": Meaning("s", "simulated time of its start"),
        "end_s": Meaning("s", "simulated time of its end; NaN: it runs on"),
    },
    "plan_tasks": {
        "plan": Meaning("", "name of the recovery plan"),
        "job_id": Meaning("", "number of its job"),
        "task_id": Meaning("", "number of the task within the job, in the order of execution"),
        "parent_task": Meaning("", "number of the stage that it stands below; -1: it is a stage"),
        "task": Meaning("", "name of the stage, machine or action"),
        "kind": Meaning("", "what is done: preflight, shutdown, failover, start, action, ..."),
        "group": Meaning("", "1 to 7, Shutdown or Failover; empty: of the plan as a whole"),
        "machine": Meaning("", "name of the machine; empty: it is not of one"),
        "action": Meaning("", "name of the script, runbook or manual action; empty: it is none"),
        "state": Meaning("", "how it ended, or how far it is"),
        "start_s": Meaning("s", "simulated time of its start; NaN: it has not started"),
        "end_s": Meaning("s", "simulated time of its end; NaN: it has not ended"),
        "is_critical": Meaning("", "1: the end of the plan waited for it (critical path)"),
        "detail": Meaning("", "why it failed, or what the user said"),
    },
    "copies": {
        "machine": Meaning("", "name of the machine"),
        "disk": Meaning("", "name of the disk"),
        "kind": Meaning("", "initial copy, compare (a resynchronization) or catch-up after one"),
        "start_s": Meaning("s", "simulated time of its start"),
        "end_s": Meaning("s", "simulated time when all of it was uploaded"),
        "bytes": Meaning("B", "sent by the source, before compression"),
    },
    "copy_progress": {
        "t_s": _T,
        "machine": Meaning("", "name of the machine"),
        "disk": Meaning("", "name of the disk"),
        "percent": Meaning("%", "of the disk that is done, skipped bytes counted as done"),
        "transferred_bytes": Meaning("B", "acknowledged of the copy that runs"),
        "recent_bytes": Meaning("B", "of them in the last 15 minutes"),
        "health": Meaning("", "InProgress, SlowProgress, NoProgress, Queued or None"),
    },
    "events": {
        "t_s": _T,
        "kind": Meaning("", "what happened"),
        "subject": Meaning("", "to what"),
        "detail": Meaning("", "more about it"),
    },
    "fleet": {
        "t_s": _T,
        "protected_machines": Meaning("", "machines that are protected"),
        "rpo_s_worst": Meaning("s", "largest RPO among them; NaN: there are none"),
        "rpo_s_mean": Meaning("s", "mean RPO among them; NaN: there are none"),
    },
    "backlog": {
        "t_s": _T,
        "process_server": Meaning("", "name of the process server"),
        "source_bytes": Meaning("B", "changes that wait on its machines"),
        "process_server_bytes": Meaning("B", "data in its cache: changes and copies"),
        "logs_waiting_bytes": Meaning("B", "changes uploaded but not applied"),
        "copy_bytes": Meaning("B", "of that, copies of initial replication and resynchronization"),
        "cache_free_percent": Meaning("%", "free part of its cache"),
        "health": Meaning("", "its health"),
    },
    "link_use": {
        "t_s": _T,
        "link": Meaning("", "name of the link"),
        "direction": Meaning("", "forward: from its first end to its second"),
        "bytes": Meaning("B", "bytes that arrived since the row before"),
        "capacity_bytes": Meaning("B", "bytes that it could have carried since then"),
        "closed_s": Meaning("s", "time since then in which nothing could get through"),
    },
    "routes": {
        "process_server": Meaning("", "name of the process server, or of what uploads by itself"),
        "link": Meaning("", "name of a link that its upload crosses"),
        "direction": Meaning("", "forward: from its first end to its second"),
    },
    "recovery_points": {
        "machine": Meaning("", "name of the machine"),
        "t_s": Meaning("s", "source time that the point restores"),
        "published_s": Meaning("s", "simulated time when all its data was uploaded"),
        "processed_s": Meaning("s", "simulated time when all its data was applied; NaN: never"),
        "kind": Meaning("", "crash-consistent or application-consistent"),
    },
    "links": {
        "link": Meaning("", "name of the link"),
        "direction": Meaning("", "forward: from its first end to its second"),
        "bytes": Meaning("B", "bytes carried"),
    },
    "billing": {
        "machine": Meaning("", "name of the machine"),
        "meter": Meaning(
            "",
            "what is billed; nothing after a disable or Complete Migration, when the machine in "
            "Azure is its user's",
        ),
        "price": Meaning("", "key of the price in the price book"),
        "month": Meaning("", "month of the bill; 0 begins with the run"),
        "from_s": Meaning("s", "simulated time from which it is billed"),
        "to_s": Meaning("s", "simulated time up to which it is billed"),
        "quantity": Meaning("", "how many units"),
        "unit": Meaning("", "what a unit is"),
        "unit_price": Meaning("currency", "price of a unit; 0 in the free period"),
        "amount": Meaning("currency", "what it costs"),
        "amount_micros": Meaning("1e-6 currency", "the same, exact"),
        "currency": Meaning("", "currency of the price book"),
        "standing": Meaning(
            "", "what the price rests on: documented, third_party, contradicted, assumed, scenario"
        ),
        "source": Meaning("", "where the price stands"),
    },
    "target_use": {
        "t_s": _T,
        "region": Meaning("", "name of the Azure region"),
        "quantity": Meaning(
            "",
            "machines, cores, cores of a family of sizes, network interfaces or addresses; held "
            "for a failover in progress counts as used, and so does a machine that its user keeps",
        ),
        "used": Meaning("", "how much of it is used from then on"),
        "quota": Meaning("", "how much there is; missing: not bounded"),
    },
    "health": {
        "t_s": _T,
        "kind": Meaning("", "what the subject is: vault, registration, process_server or item"),
        "subject": Meaning("", "its name"),
        "health": Meaning("", "its health from then on; None: not applicable"),
        "code": Meaning("", "error code of the reason; empty: it has none"),
        "message": Meaning("", "the reason, worst first; empty: nothing is wrong"),
        "since_s": Meaning("s", "simulated time since when the reason has held"),
    },
    "alerts": {
        "t_s": _T,
        "alert": Meaning("", "critical_health, connection_lost or failover_failed"),
        "subject": Meaning("", "what it is about"),
        "message": Meaning("", "why"),
    },
    "oracles": {
        "oracle": Meaning("", "short id of the oracle, as violations give it"),
        "name": Meaning("", "its name"),
        "statement": Meaning("", "what always holds"),
        "source": Meaning("", "where that is written"),
        "checked": Meaning("", "how often it was checked"),
        "compared": Meaning("", "sectors that it compared; 0 of one that needs none"),
        "violations": Meaning("", "how often it did not hold"),
    },
    "violations": {
        "t_s": _T,
        "oracle": Meaning("", "id of the oracle that was violated"),
        "machine": Meaning("", "name of the machine; empty: it is not of one machine"),
        "text": Meaning("", "what was found, and what is right"),
    },
    "fold": {
        "machine": Meaning("", "name of the machine"),
        "disk": Meaning("", "name of the disk"),
        "written_bytes": Meaning("B", "bytes written in a row"),
        "distinct_bytes": Meaning("B", "bytes left of them when each place counts once"),
    },
}

#: Tables that a run has only when some machine is at block fidelity.
AT_BLOCK_FIDELITY = frozenset({"fold"})
#: Tables that a run has unless its scenario turns the oracles off.
WITH_ORACLES = frozenset({"oracles", "violations"})

#: Columns in which -1 means "not applicable".
NOT_APPLICABLE = frozenset(
    {
        ("machines", "data_loss_bytes"),
        ("jobs", "parent_job"),
        ("plan_tasks", "parent_task"),
        ("target_use", "quota"),
    }
)


def unit_of(table: str, column: str) -> str:
    """Return the unit of a column, empty when it has none or is not known."""
    meaning = COLUMNS.get(table, {}).get(column)
    return meaning.unit if meaning else ""

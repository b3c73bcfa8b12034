"""Faults of a scenario: what goes wrong, when, and which outcome is legal.

Which keys a kind takes, what it may strike and what is legal after it, the table of the simulator
says (``sim/faults/fault_kinds.cpp``); `kinds` gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Field, model_validator

from . import codes
from .part import Part, Reference, as_number, clash
from .quantities import Duration, PositiveDataRate, PositiveDuration, PositiveSize

FaultKind: TypeAlias = Literal[
    "link_outage",
    "one_way_outage",
    "bandwidth_drop",
    "latency_spike",
    "clog",
    "connection_reset",
    "circuit_flap",
    "process_server_crash",
    "process_server_cache_loss",
    "process_server_stall",
    "slow_process_server",
    "data_port_blocked",
    "agent_stopped",
    "app_consistency_fails",
    "orchestrator_outage",
    "replica_crash",
    "master_target_outage",
    "certificate_expired",
    "disk_replaced",
    "disk_resized",
    "replica_rot",
    "cache_full",
    "storage_account_throttled",
    "storage_account_unavailable",
    "slow_target_disk",
    "write_burst",
    "hot_spot",
    "guest_reboot",
    "guest_off",
    "power_loss",
    "quota_withdrawn",
    "size_unavailable",
    "create_fails",
    "create_slow",
    "boot_fails",
    "shut_down_fails",
    "answer_lost",
    "host_outage",
    "site_outage",
    "region_outage",
    "operator",
]
#: What an operator may ask for.
Asked: TypeAlias = Literal[
    "test_failover",
    "cleanup_test_failover",
    "planned_failover",
    "failover",
    "commit",
    "change_recovery_point",
    "cancel_failover",
    "reprotect",
    "failback",
    "complete_failback",
    "resynchronize",
    "complete_migration",
    "enable_replication",
    "disable_replication",
    "remove_replication",
    "pause_replication",
    "resume_replication",
    "cancel_job",
    "restart_job",
    "resume_job",
]
ASKED: tuple[str, ...] = get_args(Asked)
Envelope: TypeAlias = Literal["recover", "detect", "bounded_loss"]
_Factor: TypeAlias = Annotated[
    float, Field(strict=True, gt=0.0, le=1.0), BeforeValidator(as_number)
]
_Place: TypeAlias = Annotated[float, Field(strict=True, ge=0.0, le=1.0), BeforeValidator(as_number)]
#: A row of the table of kinds; see `kinds`.
Row: TypeAlias = Mapping[str, Any]

#: Keys that name what a fault strikes: one of them, by the kind.
TARGETS = (
    "link",
    "process_server",
    "master_target",
    "configuration_server",
    "storage_account",
    "machine",
    "host",
    "site",
    "region",
)
#: Keys that a kind takes besides its target and its time.
PARAMETERS = (
    "direction",
    "factor",
    "latency",
    "period",
    "down",
    "delay",
    "rate",
    "size",
    "working_set",
    "position",
    "disk",
    "do",
)


@cache
def kinds() -> Mapping[str, Row]:
    """Give the table of kinds, by name, in the order of the table.

    Each row has kind, family, target (the key that names it, or ""), lasts ("never", "needed" or
    "optional"), needs and may_have (keys), envelope, phases (classes of those in which it means
    anything), elsewhere (why not in the others), block_only, number, meaning, code, symptom,
    recovery and source.
    """
    from .scenario import _model

    return {row["kind"]: row for row in _model().fault_kinds()}


@cache
def phases() -> Mapping[str, str]:
    """Give the class of every phase that coverage tells apart, by name."""
    from .scenario import _model

    return {row["phase"]: row["class"] for row in _model().fault_phases()}


def coverable() -> list[tuple[str, str]]:
    """Give the cells of the coverage map that have a meaning: kind and phase."""
    return [
        (kind, phase)
        for kind, row in kinds().items()
        for phase, phase_class in phases().items()
        if phase_class in row["phases"]
    ]


def targets(document: Mapping[str, Any], kind: str) -> list[str]:
    """Give the names that a fault of a kind may strike in a scenario, by its canonical form.

    Parameters
    ----------
    document
        ``scenario.canonical()``.
    kind
        Name of a kind. One that strikes Site Recovery itself has the one target "".
    """
    row = kinds()[kind]
    key = str(row["target"])
    if key == "machine":
        return [
            name
            for group in document["machines"]
            if group["fidelity"] == "block" or not row["block_only"]
            for name in _members(group)
        ]
    if key in ("host", "storage_account"):
        places = document["sites" if key == "host" else "regions"]
        return [str(part["name"]) for place in places for part in place[f"{key}s"]]
    return [str(part["name"]) for part in document[f"{key}s"]] if key else [""]


def _members(group: Mapping[str, Any]) -> list[str]:
    count = int(group["count"])
    if count == 1:
        return [str(group["name"])]
    return [f"{group['name']}-{k:0{len(str(count))}}" for k in range(1, count + 1)]


class Fault(Part):
    """Something that goes wrong: what, when, where, for how long."""

    kind: FaultKind = Field(description="What goes wrong.")
    at: Duration = Field(description="When, in seconds since the start of the run.")
    lasts: PositiveDuration | None = Field(
        default=None, description="For how many seconds, where the kind lasts."
    )
    link: Reference | None = Field(default=None, description="Faults of a link: its name.")
    process_server: Reference | None = Field(
        default=None, description="Faults of a process server: its name."
    )
    master_target: Reference | None = Field(
        default=None, description="Faults of a master target: its name."
    )
    configuration_server: Reference | None = Field(
        default=None, description="Faults of a configuration server: its name."
    )
    storage_account: Reference | None = Field(
        default=None, description="Faults of a storage account: its name."
    )
    machine: Reference | None = Field(
        default=None, description="Faults of a machine: its name; of a group, one member's."
    )
    host: Reference | None = Field(default=None, description="Faults of a host: its name.")
    site: Reference | None = Field(default=None, description="Faults of a site: its name.")
    region: Reference | None = Field(default=None, description="Faults of a region: its name.")
    direction: Literal["forward", "backward"] | None = Field(
        default=None, description='One-way outage: "forward" is from the link\'s `from` to `to`.'
    )
    factor: _Factor | None = Field(
        default=None, description="What is left of the speed, above 0 to 1."
    )
    latency: PositiveDuration | None = Field(
        default=None, description="Latency spike: seconds on top, one way."
    )
    period: PositiveDuration | None = Field(
        default=None, description="Circuit flap: seconds from one time down to the next."
    )
    down: PositiveDuration | None = Field(
        default=None, description="Circuit flap: seconds down in each period."
    )
    delay: PositiveDuration | None = Field(
        default=None, description="Slow creation, lost answer: seconds on top."
    )
    rate: PositiveDataRate | None = Field(
        default=None, description="Write burst, hot spot: bytes per second on top, of all disks."
    )
    size: PositiveSize | None = Field(
        default=None, description="Disk resized: its new size in bytes, larger than before."
    )
    working_set: PositiveSize | None = Field(
        default=None, description="Hot spot: bytes of the place that is rewritten."
    )
    position: _Place | None = Field(
        default=None,
        description="Replica rot: which bit of all that is stored, from 0 to 1.",
    )
    disk: Reference | None = Field(
        default=None, description="Faults of a disk: its name; null: all, where that is allowed."
    )
    do: Asked | None = Field(
        default=None, description="Operator: what is asked for, whether or not it is allowed."
    )
    envelope: Envelope | None = Field(
        default=None,
        description='Which outcome is legal, null: the kind\'s own. "recover": nothing is lost; '
        '"detect": damage is noticed and made good; "bounded_loss": what the newest recovery '
        "point misses may be lost. No stronger one than the kind's.",
    )

    @model_validator(mode="after")
    def _keys_go_together(self) -> Fault:
        row = kinds()[self.kind]
        needed = {row["target"], *row["needs"]} - {""}
        allowed = needed | set(row["may_have"])
        if row["lasts"] != "never":
            allowed.add("lasts")
        if row["lasts"] == "needed":
            needed.add("lasts")
        for key in (*TARGETS, "lasts", *PARAMETERS):
            given = getattr(self, key) is not None
            if key in needed and not given:
                raise clash(codes.MISSING_KEY, "this key is required", key)
            if given and key not in allowed:
                raise clash(codes.KEYS_CLASH, f'does not go with "kind": "{self.kind}"', key)
        return self

    @property
    def target(self) -> str:
        """Name of what it strikes; empty: Site Recovery itself."""
        key = kinds()[self.kind]["target"]
        return str(getattr(self, key)) if key else ""

"""Rows of the support matrix that are no operation: how a scenario uses each, and what shows it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import landfall as lf

Document = dict[str, Any]

_DISK = {"size": "1 GiB", "used": "40 MB"}
_ESTATE: Document = {
    "version": 1,
    "name": "matrix",
    "profile": {"name": "asr-2018", "override": {"disk_size_min": 0}},
    "duration": "5 h",
    "sites": [
        {"name": "dc", "hosts": [{"name": "hv-1"}, {"name": "esx-1"}]},
        {"name": "branch", "hosts": [{"name": "hv-2"}]},
    ],
    "regions": [
        {"name": "west", "storage_accounts": [{"name": "cache"}]},
        {"name": "north", "storage_accounts": [{"name": "cache-north"}]},
    ],
    "links": [
        {"name": name, "from": here, "to": there, "bandwidth": "20 Mbit/s", "latency": "10 ms"}
        for name, here, there in (
            ("wan", "dc", "west"), ("mpls", "dc", "branch"), ("backbone", "west", "north")
        )
    ],
    "vault": {"name": "vault", "region": "west"},
    "policies": [{"name": "policy", "retention": "4 h"}],
    "machines": [
        {
            "name": "m",
            "site": "dc",
            "policy": "policy",
            "churn": {"kind": "constant", "rate": "10 kB/s"},
            "disks": [{"name": "os", **_DISK}, {"name": "data", **_DISK}],
        }
    ],
    "timeline": [{"at": 0, "do": "enable_replication"}],
}  # fmt: skip
_INMAGE: Document = {
    "process_servers": [
        {"name": "ps", "site": "dc", "host": "esx-1", "storage_account": "cache"}
    ],
}  # fmt: skip
_SCOUT: Document = {
    "process_servers": [{"name": "ps", "site": "dc", "host": "esx-1", "master_target": "mt"}],
    "master_targets": [{"name": "mt", "site": "branch"}],
}
_HYPER_V = {"kind": "hyper-v", "host": "hv-1"}
_AZURE = {"kind": "azure", "site": "west", "storage_account": "cache"}
#: azure-to-azure-support-matrix.md: any region but that of the machines.
_ELSEWHERE: Document = {"vault": {"name": "vault", "region": "north"}}
_VMM: Document = {"vmm_servers": [{"name": "vmm", "site": "dc", "clouds": ["gold"]}]}

#: By kind: what the estate has besides, and what the machine is.
KINDS: dict[str, tuple[Document, Document]] = {
    "VMware to Azure": (_INMAGE, {"kind": "vmware", "process_server": "ps"}),
    "Physical to Azure": (_INMAGE, {"kind": "physical", "process_server": "ps"}),
    "AWS to Azure": (_INMAGE, {"kind": "aws", "process_server": "ps"}),
    "Azure through a configuration server": (
        _INMAGE,
        {"kind": "azure", "replication": "inmage-to-azure", "process_server": "ps"},
    ),
    "Hyper-V site to Azure": ({}, {**_HYPER_V, "storage_account": "cache"}),
    "VMM to Azure": (_VMM, {**_HYPER_V, "storage_account": "cache", "cloud": "gold"}),
    "Azure to Azure": (_ELSEWHERE, {**_AZURE, "target_region": "north"}),
    "Zone to zone": (_ELSEWHERE, {**_AZURE, "target_region": "west", "zone_to_zone": True}),
    "VMM to VMM": (
        _VMM,
        {
            **_HYPER_V,
            "cloud": "gold",
            "replication": "hyper-v-to-secondary",
            "target_site": "branch",
        },
    ),
    "Scout to a secondary site": (
        _SCOUT,
        {"kind": "vmware", "replication": "scout-to-secondary", "process_server": "ps"},
    ),
}  # fmt: skip
#: Kinds whose host replicates, at an interval.
HOST_REPLICATES = ("Hyper-V site to Azure", "VMM to Azure", "VMM to VMM")


def document(kind: str, profile: str) -> Document:
    """Return a scenario of one machine of that kind, which is protected and then left alone."""
    estate, machine = KINDS[kind]
    made = copy.deepcopy(_ESTATE) | copy.deepcopy(estate)
    made["profile"]["name"] = profile
    made["machines"][0] |= machine
    return made


def way(*operations: Document) -> list[Document]:
    """Return a timeline: protected, failed over, committed, then the operations in turn."""
    return [
        {"at": 0, "do": "enable_replication"},
        {"when": {"state": "protected"}, "delay": "30 min", "do": "failover"},
        {"when": {"state": "failed_over"}, "do": "commit"},
        *operations,
    ]


@dataclass(frozen=True)
class Use:
    """How a scenario uses a feature.

    Attributes
    ----------
    change
        Makes a scenario of the kind use it.
    shows
        Whether a run shows that it did.
    pointer
        Where ``check`` tells that a kind does not have it, or the start of that; ``"refused"``: the
        service refuses the last operation of the timeline. Empty: nothing is refused, and
        ``shows`` must not find it.
    """

    change: Callable[[Document, str], None]
    shows: Callable[[lf.Result, str], bool]
    pointer: str = ""


# --- What scenarios say ---------------------------------------------------------------------------


def _machine(**more: Any) -> Callable[[Document, str], None]:
    return lambda made, _kind: made["machines"][0].update(copy.deepcopy(more))


def _policy(**more: Any) -> Callable[[Document, str], None]:
    return lambda made, _kind: made["policies"][0].update(more)


def _nothing(_made: Document, _kind: str) -> None:
    """Every scenario uses it."""


def _as_a_group(made: Document, _kind: str) -> None:
    made["consistency_groups"] = [{"name": "pair"}]
    made["machines"][0] |= {"count": 2, "consistency_group": "pair"}


def _often(made: Document, kind: str) -> None:
    if kind in HOST_REPLICATES:
        made["policies"][0]["replication_interval"] = "30 s"


def _throttled(made: Document, _kind: str) -> None:
    for host in made["sites"][0]["hosts"]:
        host["throttles"] = [{"from": "00:00", "to": "24:00", "bandwidth": "512 kbit/s"}]
    if made["machines"][0]["kind"] == "azure" and "process_server" not in made["machines"][0]:
        made["machines"][0]["host"] = "hv-1"  # whose throttle it would be


def _mapped(made: Document, kind: str) -> None:
    fabric = {"VMM to Azure": "vmm", "VMM to VMM": "vmm"}.get(kind)
    if fabric is None:
        fabric = "west" if kind in ("Azure to Azure", "Zone to zone") else "dc"
    made["network_mappings"] = [{"fabric": fabric, "from": "lan", "to": "prod"}]
    made["machines"][0]["facts"] = {"network": "lan"}


def _planned(made: Document, _kind: str) -> None:
    made["recovery_plans"] = [{"name": "plan", "groups": [{"machines": "m"}]}]


def _with_action(direction: str) -> Callable[[Document, str], None]:
    def change(made: Document, kind: str) -> None:
        action = {"name": "act", "directions": [direction]}
        scripted = kind == "VMM to VMM" or (
            kind == "VMM to Azure" and direction == "recovery_to_primary"
        )
        if scripted:
            action |= {"do": "script", "path": "\\\\vmm\\act.ps1", "location": "primary"}
        else:
            made["runbooks"] = [{"name": "act"}]
            action |= {"do": "runbook", "runbook": "act"}
        _planned(made, kind)
        made["recovery_plans"][0]["groups"][0]["before"] = [action]

    return change


def _failback(**options: Any) -> Callable[[Document, str], None]:
    """Bring the machine home, in the way of its kind."""

    def change(made: Document, kind: str) -> None:
        home = {"when": {"state": "committed"}, "delay": "30 min", "do": "failback"}
        if "Hyper-V" in kind or kind == "VMM to Azure":
            made["timeline"] = way(home | options)
            return
        back = {"when": {"state": "committed"}, "delay": "30 min", "do": "reprotect"}
        location = {key: options[key] for key in ("location",) if key in options}
        made["timeline"] = way(
            back | location, home | {"when": {"state": "reprotected"}} | options
        )  # fmt: skip
        if kind == "Scout to a secondary site":
            made["timeline"][2:] = [
                entry | {"when": {"state": "failed_over"}} if k == 0 else entry
                for k, entry in enumerate(made["timeline"][3:])
            ]

    return change


def _drill_on_the_way_back(made: Document, kind: str) -> None:
    _failback()(made, kind)
    made["timeline"][-1] = {"when": {"state": "reprotected"}, "do": "test_failover"}
    if kind in ("Hyper-V site to Azure", "VMM to Azure"):
        made["timeline"][-1] = {"when": {"state": "committed"}, "do": "test_failover"}


def _shut_down(made: Document, _kind: str) -> None:
    made["timeline"] = way()[:2]


def _fails_back_managed(made: Document, kind: str) -> None:
    _failback()(made, kind)
    made["machines"][0]["target"] = {"managed_disks": True}


# --- What runs show -------------------------------------------------------------------------------


def _always(_result: lf.Result, _kind: str) -> bool:
    return True


def _common_points(result: lf.Result, _kind: str) -> bool:
    points = result.recovery_points
    times = [set(points[points["machine"] == name]["t_s"]) for name in ("m-1", "m-2")]
    return len(times[0]) > 3 and times[0] == times[1]


def _app_points(result: lf.Result, _kind: str) -> bool:
    return bool(result.recovery_points["kind"].str.contains("app").any())


def _comes_every(seconds: float, result: lf.Result) -> bool:
    machine = result.machines.iloc[0]
    expected = machine["protected_s"] / seconds
    return bool(expected > 10 and abs(machine["recovery_points_published"] - expected) <= 3)


def _at_its_interval(result: lf.Result, kind: str) -> bool:
    if kind == "Scout to a secondary site":  # nearly continuous
        return _comes_every(60, result)
    return _comes_every(30 if kind in HOST_REPLICATES else 300, result)


def _at_cadence(result: lf.Result, kind: str) -> bool:
    if kind == "Scout to a secondary site":  # a point at any time
        return _at_its_interval(result, kind)
    return _comes_every(300, result)


def _left_out(made: Document, _kind: str) -> None:
    made["machines"][0]["disks"][1]["replicate"] = False


def _only_one_copied(result: lf.Result, _kind: str) -> bool:
    return set(result.copies["disk"]) == {"os"}


def _pruned(result: lf.Result, _kind: str) -> bool:
    points = result.recovery_points["t_s"]
    return len(points) > 1 and float(points.min()) >= 5 * 3600 - 2 * 3600


def _slow_copy(result: lf.Result, _kind: str) -> bool:
    copied = result.machines["initial_replication_s"].iloc[0]
    return bool(copied > 1000)  # 80 MB at 512 kbit/s, less what is compressed


def _offline_copy(result: lf.Result, _kind: str) -> bool:
    return "offline copy" in set(result.copies["kind"])


def _waited(result: lf.Result, _kind: str) -> bool:
    tasks = result.tasks
    begun = tasks[tasks["task"].str.contains("tart.* replication")]
    return bool((begun["end_s"] >= 2 * 3600).all()) and len(begun) == 1


def _installed(result: lf.Result, _kind: str) -> bool:
    return bool(result.tasks["task"].str.contains("mobility service").any())


def _job_succeeded(name: str) -> Callable[[lf.Result, str], bool]:
    def shows(result: lf.Result, _kind: str) -> bool:
        states = set(result.jobs[result.jobs["operation"] == name]["state"])
        return bool(states) and states <= {"Succeeded", "Suspended", "InProgress"}

    return shows


def _came_home(result: lf.Result, kind: str) -> bool:
    if kind in ("Hyper-V site to Azure", "VMM to Azure"):
        return _job_succeeded("Failback")(result, kind)
    moves = result.jobs[result.jobs["operation"].str.contains("ailover|Failback")]
    return len(moves) == 2 and set(moves["state"]) == {"Succeeded"}


def _source_went_down(result: lf.Result, _kind: str) -> bool:
    tasks = result.tasks
    states = tasks[tasks["task"].str.startswith("Shut down")]["state"]
    return list(states) == ["Succeeded"]


_SECOND_SITE = {"target_site": "branch"}
_LOCATION = "/timeline/3/location"

#: By row of the matrix.
USES: dict[str, Use] = {
    "Test failover on the way back": Use(
        _drill_on_the_way_back, _job_succeeded("Test failover"), "refused"
    ),
    "Shut the source down first": Use(_shut_down, _source_went_down),
    "Failback that minimizes downtime": Use(
        _failback(data_sync="minimise_downtime"), _job_succeeded("Failback")
    ),
    "Failback with a full download": Use(
        _failback(data_sync="full_download"), _came_home, "/data_sync"
    ),
    "Failback to another location": Use(
        _failback(location="alternate"), _came_home, "/location"
    ),
    "Managed disks after a failover": Use(
        _machine(target={"managed_disks": True}), _always, "/machines/0/target"
    ),
    "Failback of managed disks": Use(_fails_back_managed, _came_home, "/timeline"),
    "Multi-machine consistency": Use(
        _as_a_group, _common_points, "/machines/0/consistency_group"
    ),
    "Application-consistent points": Use(_policy(app_consistent_every="1 h"), _app_points),
    "Copy frequency": Use(_often, _at_its_interval),
    "Crash-consistent points": Use(_nothing, _at_cadence),
    "Retention of points": Use(_policy(retention="1 h"), _pruned),
    "Exclude a disk": Use(_left_out, _only_one_copied),
    "Throttle by hours": Use(_throttled, _slow_copy, "/machines/0/host"),
    "Offline first copy": Use(
        _machine(initial_copy="offline", offline_takes="2 h"), _offline_copy,
        "/machines/0/initial_copy",
    ),
    "Scheduled first copy": Use(
        _policy(initial_replication_start="02:00"), _waited,
        "/policies/0/initial_replication_start",
    ),
    "Network mapping": Use(_mapped, _always, "/network_mappings/0/fabric"),
    "Agent in the guest": Use(_nothing, _installed),
    "Recovery plans": Use(_planned, _always, "/recovery_plans"),
    "Plan actions on failover": Use(
        _with_action("primary_to_recovery"), _always, "/recovery_plans"
    ),
    "Plan actions on failback": Use(
        _with_action("recovery_to_primary"), _always, "/recovery_plans"
    ),
    "To a second datacenter": Use(
        lambda made, kind: None if kind == "Scout to a secondary site"
        else made["machines"][0].update(_SECOND_SITE),
        _always, "/machines/0/target_site",
    ),
    "Choice of size and availability set": Use(
        _machine(target={"availability_set": "set"}), _always, "/machines/0/target"
    ),
}  # fmt: skip

#: Rows that no scenario can use, and why.
WITHOUT_USE = {
    "PowerShell and REST": "landfall's own methods and timelines stand for every tool",
}
#: Cells that are so in tools which landfall does not simulate.
ELSEWHERE = {
    ("Network mapping", "Scout to a secondary site"): "networks are set in Scout's own tools",
}

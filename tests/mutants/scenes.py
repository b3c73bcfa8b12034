"""Small scenarios in which bugs of the data path come to light: block fidelity, disks of MiB."""

from __future__ import annotations

from typing import Any

import landfall as lf

_SMALL = {"name": "asr-2024", "override": {"disk_size_min": 0}}
#: Rules of 2018: process servers, and no compare after a switch.
_OLD = {"name": "asr-2018", "override": {"disk_size_min": 0}}


def _disk(name: str, mebibytes: float = 16, *, writes: float = 0.5, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "size": int(mebibytes * 2**20),
        "used": int(mebibytes * 2**19),
        "target": "standard_ssd",
        "churn": {
            "kind": "block",
            "pattern": "uniform",
            "writes_per_second": writes,
            "write_size": "8 KiB",
        },
        **more,
    }


def _scenario(name: str, duration: str, **parts: Any) -> lf.Scenario:
    return lf.Scenario.from_dict(
        {
            "name": name,
            "duration": duration,
            "profile": _SMALL,
            "vault": {"name": "vault", "region": "weu"},
            "policies": [{"name": "day", "retention": "24 h", "replication_interval": "5 min"}],
            "timeline": [{"at": 0, "do": "enable_replication"}],
            **parts,
        }
    )


def _on_premises(bandwidth: str = "20 Mbit/s") -> dict[str, Any]:
    return {
        "sites": [{"name": "hq", "hosts": [{"name": "hv"}]}],
        "regions": [{"name": "weu", "storage_accounts": [{"name": "cache"}]}],
        "links": [
            {
                "name": "wan",
                "from": "hq",
                "to": "weu",
                "bandwidth": bandwidth,
                "latency": "5 ms",
            }
        ],
    }


def _with_outages(world: dict[str, Any]) -> dict[str, Any]:
    """Let the line be down when the machine changes its server."""
    world["links"][0]["outages"] = [{"at": "2 h", "lasts": "20 min"}]
    return world


def _between_regions(ingress: str | None = None) -> dict[str, Any]:
    """Return two regions; the cache account of the first one takes in so much."""
    cache = {"name": "cache", "ingress": ingress}
    return {
        "regions": [{"name": "neu", "storage_accounts": [cache]}, {"name": "weu"}],
        "links": [
            {
                "name": "backbone",
                "from": "neu",
                "to": "weu",
                "bandwidth": "100 Mbit/s",
                "latency": "10 ms",
            }
        ],
    }


def _vmware(name: str, disks: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "fidelity": "block",
        "site": "hq",
        "process_server": "ps",
        "policy": "day",
        "disks": disks,
        **more,
    }


def _azure(name: str, disks: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "azure",
        "fidelity": "block",
        "site": "neu",
        "storage_account": "cache",
        "target_region": "weu",
        "policy": "day",
        "disks": disks,
        **more,
    }


def pair() -> lf.Scenario:
    """Two VMware machines of a group with two disks each; the last chunk of one is a part."""
    return _scenario(
        "pair",
        "4 h",
        **_on_premises(),
        process_servers=[{"name": "ps", "site": "hq", "storage_account": "cache"}],
        consistency_groups=[{"name": "both"}],
        machines=[
            _vmware(
                "vm",
                [_disk("os"), _disk("data", 8 + 3 / 256, writes=1.0)],
                count=2,
                consistency_group="both",
            )
        ],
    )


def circle() -> lf.Scenario:
    """A VMware machine goes to Azure without being shut down, and comes home."""
    return _scenario(
        "circle",
        "7 h",
        **_on_premises("50 Mbit/s") | {"profile": _OLD},
        configuration_servers=[{"name": "cs", "site": "hq"}],
        process_servers=[
            {"name": "ps", "site": "hq", "storage_account": "cache"},
            {"name": "ps-azure", "site": "weu", "master_target": "mt"},
        ],
        master_targets=[{"name": "mt", "site": "hq"}],
        machines=[_vmware("vm", [_disk("os"), _disk("data", 8)])],
        timeline=[
            {"at": 0, "do": "enable_replication"},
            {"at": "70 min", "do": "test_failover"},
            {"at": "90 min", "do": "cleanup_test_failover"},
            {"at": "123 min", "do": "failover", "shutdown": False},
            {"at": "150 min", "do": "commit"},
            {"at": "3 h", "do": "reprotect"},
            {"at": "5 h", "do": "failback"},
            {"at": "6 h", "do": "commit"},
            {"at": "6.2 h", "do": "reprotect"},
        ],
    )


def paused() -> lf.Scenario:
    """Hyper-V machines whose replication is paused for a while, to Azure and to a second site."""
    world = _on_premises()
    world["sites"].append({"name": "branch"})
    world["links"].append({**world["links"][0], "name": "dark", "to": "branch"})
    return _scenario(
        "paused",
        "5 h",
        **world,
        profile={
            "name": "asr-2024",
            "override": {"disk_size_min": 0, "hyper_v_coalesce_log": True},
        },
        machines=[
            {
                "name": "hv",
                "kind": "hyper-v",
                "fidelity": "block",
                "site": "hq",
                "host": "hv",
                "storage_account": "cache",
                "policy": "day",
                "disks": [_disk("os"), _disk("data", 8)],
            },
            {
                "name": "second",
                "kind": "hyper-v",
                "replication": "hyper-v-to-secondary",
                "fidelity": "block",
                "site": "hq",
                "host": "hv",
                "target_site": "branch",
                "policy": "day",
                "disks": [_disk("os", 24, used="4 MiB")],
            },
        ],
        timeline=[
            {"at": 0, "do": "enable_replication"},
            {"at": "1 h", "do": "pause_replication"},
            {"at": "100 min", "do": "resume_replication"},
            {"at": "4.5 h", "do": "planned_failover"},
        ],
    )


def disks(ingress: str | None = None) -> lf.Scenario:
    """An Azure machine whose disks are added, removed and resized, and that fails over."""
    return _scenario(
        "disks",
        "6 h",
        **_between_regions(ingress),
        machines=[
            _azure(
                "az", [_disk("os"), _disk("data", 16, replicate=False), _disk("log", 8, writes=1.0)]
            )
        ],
        timeline=[
            {"at": 0, "do": "enable_replication"},
            {"at": "1 h", "do": "add_disk", "disk": "data"},
            {"at": "2 h", "do": "remove_disk", "disk": "log"},
            {"at": "3 h", "do": "add_disk", "disk": "log"},
            {"at": "5 h", "do": "failover"},
        ],
    )


def servers() -> lf.Scenario:
    """A VMware machine that moves to another process server while a slow line fills the cache."""
    return _scenario(
        "servers",
        "5 h",
        **_with_outages(_on_premises("500 kbit/s")) | {"profile": _OLD},
        configuration_servers=[{"name": "cs", "site": "hq"}],
        process_servers=[
            {"name": "ps", "site": "hq", "storage_account": "cache"},
            {"name": "ps-2", "site": "hq", "storage_account": "cache"},
        ],
        machines=[_vmware("vm", [_disk("os", 8), _disk("data", 8, writes=4)])],
        timeline=[
            {"at": 0, "do": "enable_replication"},
            {"at": "130 min", "do": "switch_process_server", "process_server": "ps-2"},
            {"at": "4 h", "do": "switch_process_server", "process_server": "ps"},
        ],
    )


def regions() -> lf.Scenario:
    """An Azure machine goes to another region and comes back."""
    return _scenario(
        "regions",
        "8 h",
        **_between_regions()
        | {
            "regions": [
                {"name": "neu", "storage_accounts": [{"name": "cache"}]},
                {"name": "weu", "storage_accounts": [{"name": "cache-weu"}]},
            ]
        },
        machines=[_azure("az", [_disk("os"), _disk("data", 8)])],
        timeline=[
            {"at": 0, "do": "enable_replication"},
            {"at": "123 min", "do": "failover", "shutdown": False},
            {"at": "150 min", "do": "commit"},
            {"at": "3 h", "do": "reprotect"},
            {"at": "6 h", "do": "failback"},
            {"at": "7 h", "do": "commit"},
        ],
    )


def short_retention() -> lf.Scenario:
    """An Azure machine whose recovery points expire after two hours."""
    return _scenario(
        "short_retention",
        "5 h",
        **_between_regions(),
        policies=[{"name": "day", "retention": "2 h"}],
        machines=[_azure("az", [_disk("os", 4), _disk("data", 4)])],
    )


def slow() -> lf.Scenario:
    """A VMware machine behind a slow line: copies and changes are under way most of the time."""
    busy = {"churn": {"kind": "block", "pattern": "zipf", "writes_per_second": 2}}
    busy["churn"] |= {"write_size": "8 KiB", "trim_share": 0.1}
    return _scenario(
        "slow",
        "5 h",
        **_on_premises("500 kbit/s") | {"profile": _OLD},
        configuration_servers=[{"name": "cs", "site": "hq"}],
        process_servers=[{"name": "ps", "site": "hq", "storage_account": "cache"}],
        machines=[_vmware("vm", [_disk("os", 8, **busy), _disk("data", 8, **busy)])],
        timeline=[
            {"at": 0, "do": "enable_replication"},
            {"at": "3 h", "do": "resynchronize"},
            {"at": "4 h", "do": "failover", "shutdown": False},
        ],
    )


def home() -> lf.Scenario:
    """A machine that was failed over to Azure before the run goes home: both sides have written."""
    return _scenario(
        "home",
        "4 h",
        **_on_premises()
        | {
            "links": [
                {
                    "name": "wan",
                    "from": "weu",
                    "to": "hq",
                    "bandwidth": "2 Mbit/s",
                    "latency": "5 ms",
                }
            ]
        },
        configuration_servers=[{"name": "cs", "site": "hq"}],
        process_servers=[{"name": "ps", "site": "weu", "master_target": "mt"}],
        master_targets=[{"name": "mt", "site": "hq"}],
        machines=[
            _vmware("vm", [_disk("os"), _disk("data", 8)])
            | {
                "site": "weu",
                "replication": "failback",
                "failed_over": {
                    "unreplicated": "1 MiB",
                    "written_in_azure": "2 MiB",
                    "method": "bitmaps",
                },
            }
        ],
    )


def tracked(how: str = "activity_log", ingress: str | None = None) -> lf.Scenario:
    """An Azure machine that keeps a record of its changed blocks for when its power is lost."""
    return _scenario(
        "tracked",
        "5 h",
        **_between_regions(ingress)
        | {
            "profile": {
                "name": "asr-2024",
                "override": {
                    "disk_size_min": 0,
                    "source_tracking": how,
                    "tracking_extent": "1 MiB",
                    "tracking_extents": 8,
                },
            }
        },
        machines=[_azure("az", [_disk("os", 16 + 3 / 256), _disk("data", 8)])],
    )

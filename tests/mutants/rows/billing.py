"""Planted bugs of billing: what the invoice says of scenarios in which something ends."""

from __future__ import annotations

from typing import Any

import landfall as lf
from mutants.hunts import Hunt, Row

#: A bug of the bill needs no fault; with these a run takes other ways.
_FAULTS = ("link_outage", "power_loss")


def _scenario(name: str, **parts: Any) -> lf.Scenario:
    return lf.Scenario.from_dict(
        {
            "name": name,
            "prices": {"free_period": "6 h", "billing_month": "1 d"},
            "vault": {"name": "vault", "region": "weu"},
            "policies": [{"name": "day", "retention": "12 h"}],
            **parts,
        }
    )


def _disk(name: str, **facts: Any) -> dict[str, Any]:
    return {"name": name, "size": "4 GiB", "used": "512 MiB", "target": "premium_ssd", **facts}


def regions() -> lf.Scenario:
    """Return Azure machines that are tested, change their disks, are disabled and come back."""
    machine = {"kind": "azure", "site": "neu", "storage_account": "cache", "target_region": "weu"}
    churn = {"policy": "day", "churn": {"kind": "constant", "rate": "20 kB/s"}}
    return _scenario(
        "regions",
        duration="40 h",
        regions=[{"name": "neu", "storage_accounts": [{"name": "cache"}]}, {"name": "weu"}],
        links=[
            {"name": "line", "from": "neu", "to": "weu", "bandwidth": "1 Gbit/s", "latency": "9 ms"}
        ],
        machines=[
            {"name": "web", **machine, **churn, "disks": [_disk("os")]},
            {"name": "db", **machine, **churn, "disks": [_disk("os"), _disk("data")]},
        ],
        timeline=[
            {"at": 0, "do": "enable_replication"},
            {"at": "5 h", "do": "test_failover", "machines": "db"},
            {"at": "7 h", "do": "cleanup_test_failover", "machines": "db", "refused": "either"},
            {
                "at": "8 h",
                "do": "remove_disk",
                "machines": "db",
                "disk": "data",
                "refused": "either",
            },
            {"at": "9 h", "do": "resize_disk", "machines": "db", "disk": "os", "size": "40 GiB"},
            {"at": "12 h", "do": "disable_replication", "machines": "web", "refused": "either"},
            {"at": "15 h", "do": "enable_replication", "machines": "web", "refused": "either"},
            {"at": "38 h", "do": "disable_replication", "machines": "web", "refused": "either"},
        ],
    )


def way_home() -> lf.Scenario:
    """Return a VMware machine that fails over and goes home again."""
    wan = {"from": "hq", "to": "weu", "bandwidth": "200 Mbit/s", "latency": "9 ms"}
    return _scenario(
        "way home",
        duration="30 h",
        sites=[{"name": "hq"}],
        regions=[{"name": "weu", "storage_accounts": [{"name": "cache"}]}],
        links=[{"name": "line", **wan}],
        configuration_servers=[{"name": "cs", "site": "hq"}],
        process_servers=[
            {"name": "ps", "site": "hq", "storage_account": "cache", "compression_ratio": 1.6},
            {"name": "ps-azure", "site": "weu", "master_target": "mt", "compression_ratio": 1.6},
        ],
        master_targets=[{"name": "mt", "site": "hq"}],
        machines=[
            {
                "name": "shop",
                "site": "hq",
                "process_server": "ps",
                "policy": "day",
                "churn": {"kind": "constant", "rate": "20 kB/s"},
                "disks": [_disk("os")],
            }
        ],
        timeline=[
            {"at": 0, "do": "enable_replication"},
            {"at": "4 h", "do": "failover"},
            {"at": "5 h", "do": "commit", "refused": "either"},
            {"at": "6 h", "do": "reprotect", "refused": "either"},
            {"at": "14 h", "do": "failback", "refused": "either"},
            {"at": "18 h", "do": "commit", "refused": "either"},
        ],
    )


REGIONS = Hunt("regions", regions, faults=_FAULTS)
WAY_HOME = Hunt("way home", way_home, faults=_FAULTS)


def _row(mutant: str, hunt: Hunt, by: str, *, quick: bool = False) -> Row:
    return Row(mutant, (hunt,), by=(by,), seeds=8, quick=quick)


ROWS: tuple[Row, ...] = (
    _row("points-for-free", REGIONS, "B1", quick=True),
    _row("free-period-again", REGIONS, "B1"),
    _row("disks-end-early", REGIONS, "B1"),
    _row("removed-disk-billed", REGIONS, "B1"),
    _row("tier-stays", REGIONS, "B1"),
    _row("licence-outlives-item", REGIONS, "B2"),
    _row("test-never-ends", REGIONS, "B3"),
    _row("stopped-machine-billed", WAY_HOME, "B3"),
    _row("egress-twice", REGIONS, "B4"),
    _row("egress-one-way", WAY_HOME, "B4", quick=True),
    _row("egress-before-compression", WAY_HOME, "B4"),
    _row("last-reading-lost", REGIONS, "B4"),
    _row("month-loses-rest", REGIONS, "B5"),
)

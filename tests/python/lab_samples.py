"""Scenarios and policies for the tests of the lab: small, and with a way home."""

from __future__ import annotations

from typing import Any

import landfall as lf
from landfall.lab import Event, Policy


def shop(**changes: Any) -> lf.Scenario:
    """Return four Azure machines at volume fidelity that may go to another region and back."""

    def pair(name: str, disks: list[str], rate: str) -> dict[str, Any]:
        return {
            "name": name,
            "count": 2,
            "kind": "azure",
            "site": "neu",
            "storage_account": "cache",
            "target_region": "weu",
            "policy": "day",
            "churn": {"kind": "diurnal", "mean": rate, "noise": 0.2},
            "disks": [{"name": disk, "size": "8 GiB", "used": "2 GiB"} for disk in disks],
        }

    return lf.Scenario.from_dict(
        {
            "name": "shop",
            "duration": "12 h",
            "regions": [{"name": "neu", "storage_accounts": [{"name": "cache"}]}, {"name": "weu"}],
            "links": [
                {
                    "name": "backbone",
                    "from": "neu",
                    "to": "weu",
                    "bandwidth": "1 Gbit/s",
                    "latency": "10 ms",
                }
            ],
            "vault": {"name": "vault", "region": "weu"},
            "policies": [{"name": "day", "retention": "24 h"}],
            "machines": [pair("web", ["os"], "50 kB/s"), pair("db", ["os", "data"], "100 kB/s")],
            "timeline": [
                {"at": 0, "do": "enable_replication"},
                # A scenario that takes machines home, if they are away by then.
                {
                    "when": {"state": "committed"},
                    "delay": "11 h",
                    "do": "failback",
                    "refused": "either",
                },
            ],
            **changes,
        }
    )


def office(**changes: Any) -> lf.Scenario:
    """Return four VMware machines at volume fidelity behind one link."""

    def pair(name: str, disks: list[str], rate: str) -> dict[str, Any]:
        return {
            "name": name,
            "count": 2,
            "site": "hq",
            "process_server": "ps",
            "policy": "day",
            "churn": {"kind": "diurnal", "mean": rate, "noise": 0.2},
            "disks": [{"name": disk, "size": "8 GiB", "used": "2 GiB"} for disk in disks],
        }

    return lf.Scenario.from_dict(
        {
            "name": "office",
            "duration": "12 h",
            "sites": [{"name": "hq"}],
            "regions": [{"name": "weu", "storage_accounts": [{"name": "cache"}]}],
            "links": [
                {
                    "name": "wan",
                    "from": "hq",
                    "to": "weu",
                    "bandwidth": "200 Mbit/s",
                    "latency": "5 ms",
                }
            ],
            "vault": {"name": "vault", "region": "weu"},
            "process_servers": [{"name": "ps", "site": "hq", "storage_account": "cache"}],
            "policies": [{"name": "day", "retention": "24 h"}],
            "machines": [pair("web", ["os"], "50 kB/s"), pair("db", ["os", "data"], "100 kB/s")],
            "timeline": [{"at": 0, "do": "enable_replication"}],
            **changes,
        }
    )


def tiny(**changes: Any) -> lf.Scenario:
    """Return two machines at block fidelity with disks of a few MiB, for some hours."""
    return lf.Scenario.from_dict(
        {
            "name": "tiny",
            "duration": "3 h",
            "profile": {"name": "asr-2024", "override": {"disk_size_min": 0}},
            "sites": [{"name": "hq"}],
            "regions": [{"name": "weu", "storage_accounts": [{"name": "cache"}]}],
            "links": [
                {
                    "name": "wan",
                    "from": "hq",
                    "to": "weu",
                    "bandwidth": "20 Mbit/s",
                    "latency": "5 ms",
                },
            ],
            "vault": {"name": "vault", "region": "weu"},
            "process_servers": [{"name": "ps", "site": "hq", "storage_account": "cache"}],
            "policies": [{"name": "day", "retention": "24 h"}],
            "consistency_groups": [{"name": "pair"}],
            "machines": [
                {
                    "name": "vm",
                    "count": 2,
                    "fidelity": "block",
                    "site": "hq",
                    "process_server": "ps",
                    "policy": "day",
                    "consistency_group": "pair",
                    "disks": [
                        {
                            "name": "os",
                            "size": "16 MiB",
                            "used": "8 MiB",
                            "churn": {
                                "kind": "block",
                                "pattern": "zipf",
                                "writes_per_second": 0.5,
                                "write_size": "4 KiB",
                            },
                        }
                    ],
                }
            ],
            "timeline": [{"at": 0, "do": "enable_replication"}],
            **changes,
        }
    )


class HomeAgain(Policy):
    """Fails over when the link is down, and comes home; each step when the one before is over."""

    def on_link_down(self, event: Event, sim: lf.Simulation) -> None:
        for item in sim.vault.items.values():
            if "UnplannedFailover" in item.allowed_operations:
                item.failover(shut_down_source=False, recovery_point="latest_processed")

    def on_job_succeeded(self, event: Event, sim: lf.Simulation) -> None:
        item = sim.vault.items[event.subject]
        if event.detail == "Failover":
            item.commit()
        elif event.detail == "Commit" and item.active_location == "Recovery":
            item.reprotect()


class TooHasty(HomeAgain):
    """Fails back as soon as the reprotect has been started: it should wait for its end."""

    def on_job_started(self, event: Event, sim: lf.Simulation) -> None:
        if event.detail == "Reverse replicate":
            sim.vault.items[event.subject].failback()


class AllAtOnce(Policy):
    """Fails all machines over at once when a link is down: its group was to go one by one."""

    def on_link_down(self, event: Event, sim: lf.Simulation) -> None:
        for item in sim.vault.items.values():
            if "UnplannedFailover" in item.allowed_operations:
                item.failover(shut_down_source=False, recovery_point="latest_processed")


def one_failover_at_a_time(result: lf.Result) -> str | None:
    """A rule of the user's: no two failovers of the group overlap."""
    jobs = result.jobs[result.jobs["operation"] == "Failover"].sort_values("start_s")
    open_until, whose = -1.0, ""
    for job in jobs.itertuples():
        if job.start_s < open_until:
            return f"the failover of {job.machine} began before that of {whose} was over"
        open_until, whose = (float("inf") if job.end_s != job.end_s else job.end_s), job.machine
    return None

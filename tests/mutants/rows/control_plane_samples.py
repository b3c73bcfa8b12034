"""Scenarios for the planted bugs of control plane and plans: a few machines, some hours."""

from __future__ import annotations

from typing import Any

import landfall as lf

Step = dict[str, Any]

MINUTES = 60
HOURS = 3600


def office(timeline: list[Step], **changes: Any) -> lf.Scenario:
    """Return two protected VMware machines, of two cores each, in a region with two networks."""
    return lf.Scenario.from_dict(
        {
            "name": "office",
            "duration": "12 h",
            "initial_state": "protected",
            "sites": [{"name": "hq"}],
            "regions": [
                {
                    "name": "weu",
                    "storage_accounts": [{"name": "cache"}],
                    "networks": [
                        {"name": "prod", "subnets": [{"name": "all", "range": "10.0.0.0/24"}]},
                        {"name": "drills", "subnets": [{"name": "all", "range": "10.1.0.0/24"}]},
                    ],
                    "quota": {"cores": 100},
                }
            ],
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
            "machines": [
                {
                    "name": "web",
                    "count": 2,
                    "site": "hq",
                    "process_server": "ps",
                    "policy": "day",
                    "hydration_drivers_ready": True,
                    "churn": {"kind": "constant", "rate": "50 kB/s"},
                    "disks": [{"name": "os", "size": "8 GiB", "used": "2 GiB"}],
                }
            ],
            "timeline": timeline,
            **changes,
        }
    )


def hyper_v(timeline: list[Step], **changes: Any) -> lf.Scenario:
    """Return three protected Hyper-V machines of a VMM cloud, for planned failovers and plans."""
    machines = [
        {
            "name": name,
            "site": "hq",
            "kind": "hyper-v",
            "host": "hv",
            "cloud": "cloud",
            "storage_account": "cache",
            "policy": "day",
            "churn": {"kind": "constant", "rate": "50 kB/s"},
            "disks": [{"name": "os", "size": "8 GiB", "used": "2 GiB"}],
        }
        for name in ("db", "app", "web")
    ]
    return lf.Scenario.from_dict(
        {
            "name": "cloud",
            "duration": "8 h",
            "initial_state": "protected",
            "sites": [{"name": "hq", "hosts": [{"name": "hv"}]}],
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
            "vmm_servers": [{"name": "vmm", "site": "hq", "clouds": ["cloud"]}],
            "policies": [{"name": "day", "retention": "24 h", "replication_interval": "5 min"}],
            "machines": machines,
            "timeline": timeline,
            **changes,
        }
    )


def after(state: str, do: str, delay: str = "30 min", **keys: Any) -> Step:
    """Do something so long after all machines came to a state; the answer does not matter."""
    return {
        "when": {"state": state, "of": "all"},
        "delay": delay,
        "do": do,
        "refused": "either",
        **keys,
    }


def circle() -> lf.Scenario:
    """A drill in a network of its own, a failover, the way home, and the end."""
    return office(
        [
            {"at": "1 h", "do": "test_failover", "test_network": "drills"},
            after("test_failed_over", "cleanup_test_failover"),
            after("test_cleaned_up", "failover", recovery_point="latest_processed"),
            after("failed_over", "commit"),
            after("committed", "reprotect", "1 h"),
            after("reprotected", "disable_replication"),
        ]
    )


def eager() -> lf.Scenario:
    """Whoever does everything too soon: during the drill, before the commit, twice."""
    return office(
        [
            {"at": "1 h", "do": "test_failover", "test_network": "drills"},
            after("test_failed_over", "failover", "5 min"),
            after("test_failed_over", "cleanup_test_failover", "1 h"),
            after("test_cleaned_up", "failover"),
            after("failed_over", "failover", "10 min"),
            after("failed_over", "reprotect", "2 h"),
            after("failed_over", "commit", "4 h"),
        ]
    )


def cancelled() -> lf.Scenario:
    """Failovers that are cancelled: before the shutdown, within it, while the machine is made."""
    waits = (1, 30, 2 * MINUTES)
    steps = []
    for hour, wait in enumerate(waits, start=1):
        machine = f"web-{hour}"
        cancel = {"do": "cancel_failover", "machines": machine, "refused": "either"}
        steps += [
            {"at": hour * HOURS, "do": "failover", "machines": machine},
            {"at": hour * HOURS + wait, **cancel},
        ]
    return office(steps).with_({"/machines/0/count": len(waits)})


def crowded() -> lf.Scenario:
    """Two machines fail over, and the quota is enough for one of them."""
    few = [{"at": "1 h", "do": "failover"}]
    return office(few).with_({"/regions/0/quota/cores": 2})


def removed() -> lf.Scenario:
    """Machines that are migrated, and one that is disabled while it is protected."""
    return office(
        [
            {"at": "1 h", "do": "disable_replication", "machines": "web-1"},
            {"at": "1 h", "do": "failover", "machines": "web-2"},
            {"at": "4 h", "do": "complete_migration", "machines": "web-2"},
        ],
        duration="5 h",
    )


def left_on() -> lf.Scenario:
    """A failover that leaves the source on, and a reprotection over it."""
    return office(
        [
            {"at": "1 h", "do": "failover", "shutdown": False},
            after("failed_over", "commit"),
            after("committed", "reprotect", "1 h"),
        ]
    )


def planned() -> lf.Scenario:
    """Replication is paused and resumed; a planned failover follows."""
    return hyper_v(
        [
            {"at": "1 h", "do": "pause_replication"},
            {"at": "2 h", "do": "resume_replication"},
            {"at": "4 h", "do": "planned_failover", "refused": "either"},
        ]
    )


def cut_off() -> lf.Scenario:
    """Nothing gets over the link for three hours; then all is well for a day."""
    return office(
        [],
        duration="30 h",
        faults=[{"kind": "link_outage", "at": "2 h", "lasts": "3 h", "link": "wan"}],
    )


def shop_plan(**changes: Any) -> dict[str, Any]:
    """Return a plan with two groups, a dependency, scripts and people."""
    return {
        "name": "shop",
        "shutdown": {
            "before": [
                {
                    "do": "script",
                    "name": "stop the jobs",
                    "path": "\\\\vmm\\library\\stop.ps1",
                    "takes": "2 min",
                    "location": "primary",
                }
            ]
        },
        "groups": [
            {
                "machines": "db",
                "after": [
                    {"do": "manual", "name": "look at the books", "description": "Do they add up?"}
                ],
            },
            {
                "machines": ["app", "web"],
                "before": [
                    {"do": "runbook", "name": "point DNS", "runbook": "dns"},
                ],
            },
        ],
        "dependencies": [{"machines": "web", "on": "app"}],
        **changes,
    }


def shop(do: str = "failover", *, runbook_succeeds: bool = True, **changes: Any) -> lf.Scenario:
    """Run the plan; somebody looks at the books ten minutes after they are asked to."""
    return hyper_v(
        [
            {"at": "1 h", "do": do, "plan": "shop"},
            {
                "when": {"plan": "shop", "state": "suspended"},
                "delay": "10 min",
                "do": "resume_job",
                "plan": "shop",
                "refused": "either",
            },
        ],
        runbooks=[{"name": "dns", "takes": "5 min", "succeeds": runbook_succeeds}],
        recovery_plans=[shop_plan(**changes)],
    )


def bare() -> lf.Scenario:
    """A plan whose groups follow one another with nothing between them."""
    return shop(groups=[{"machines": "db"}, {"machines": ["app", "web"]}], shutdown={})


def one_after_another() -> lf.Scenario:
    """The same plan, whose groups fail over one after another."""
    return shop(groups_gate="failover")


def failing(do: str) -> lf.Scenario:
    """The same plan; the runbook before its second group fails."""
    return shop(do, runbook_succeeds=False)

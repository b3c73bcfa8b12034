"""Results for the tests of reports: made up ones with hostile names, and one of a fleet."""

from __future__ import annotations

import json
from typing import Any

import landfall as lf
import numpy as np

HOUR = 3600.0
_FAILOVER_S, _END_S = 10 * HOUR, 12 * HOUR
#: Names that a page, a chart or a drawing could take for something else than a name.
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "\"quoted\" & 'single' $x^2$ {{ 7*7 }} %{y}",
    "x" * 300,
    "\u202eright to left שלום مرحبا",
    "🚀 emoji 🦀",
    "line\nbreak\ttab \x00\x1b[31m",
)


def estate(machines: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return as much of a canonical scenario as a report reads."""
    scenario: dict[str, Any] = {
        "name": "made up",
        "description": "A made up estate.",
        "sites": [{"name": "hq", "lan": {"bandwidth": 1e10}, "hosts": []}],
        "regions": [{"name": "weu", "storage_accounts": [{"name": "cache"}], "quota": {}}],
        "routers": [],
        "links": [{"name": "wan", "from": "hq", "to": "weu", "bandwidth": 2e8, "latency": 0.006}],
        "vault": {"name": "vault", "region": "weu"},
        "process_servers": [{"name": "ps", "site": "hq", "cores": 8, "cache": 2**39}],
        "policies": [{"name": "p", "rpo_threshold": 900.0}],
        "machines": machines,
        "timeline": [],
    }
    return scenario | more


def fleet(names: list[str], *, teeth: int = 40, **summary: Any) -> lf.Result:
    """Return a result in which each machine is enabled, copied, protected, and failed over."""
    tables = _machines(names) | _rpo(names, teeth) | _jobs(names) | _around(names)
    machines = [{"name": name, "count": 1, "site": "hq"} for name in names]
    return lf.Result.from_tables(
        _told(names) | summary,
        tables,
        scenario_json=json.dumps(estate(machines)),
        scenario_hash="0123abcd" * 8,
    )


def _told(names: list[str]) -> dict[str, Any]:
    return {
        "scenario": "made up",
        "seed": 7,
        "version": "0.1.0",
        "profile": "asr-2024",
        "simulated_s": _END_S,
        "totals": {"rpo_s": {"p95": 300.0, "max": 950.0}, "data_loss_bytes": 0.0},
        "expect": [
            {
                "metric": "rpo_s_max",
                "machines": [names[0]],
                "of": "each",
                "rule": {"at_most": 900.0},
                "found": 950.0,
                "passed": False,
                "failing_machines": names[:1],
            }
        ],
        "billing": {"currency": "USD", "prices": "prices-2024"},
    }


def _machines(names: list[str]) -> dict[str, Any]:
    count, each = len(names), np.arange(len(names))
    return {
        "machines": {
            "machine": names,
            "process_server": ["ps"] * count,
            "state": ["Protected" if k % 3 else "MigrationComplete" for k in each],
            "rpo_s_p95": 100.0 + each,
            "rpo_s_max": 900.0 + each,
            "downtime_s": np.where(each % 2, np.nan, 300.0),
            "data_loss_bytes": np.full(count, -1),
            "wan_bytes": 2.0**30 * (each + 1),
            "cost_total": 1.25 * (each + 1),
        }
    }


def _times(names: list[str]) -> tuple[Any, Any]:
    """Return when each machine is enabled, and when its disk is copied."""
    each = np.arange(len(names))
    enabled = 60.0 * (each % 7)
    return enabled, enabled + 600.0 + 60.0 * (each % 11)


def _rpo(names: list[str], teeth: int) -> dict[str, Any]:
    count = len(names)
    _, copied = _times(names)
    step = (_FAILOVER_S - copied) / teeth
    t = np.concatenate([copied + step * k for k in range(teeth + 1)])
    before = np.concatenate([np.full(count, np.nan)] + [step] * teeth) + 30.0
    after = np.concatenate([np.full(count, 30.0)] * teeth + [np.full(count, np.nan)])
    order = np.argsort(t, kind="stable")
    repeated = names * (teeth + 1)
    return {
        "rpo": {
            "t_s": t[order],
            "machine": [repeated[k] for k in order],
            "rpo_s_before": before[order],
            "rpo_s_after": after[order],
        }
    }


def _jobs(names: list[str]) -> dict[str, Any]:
    count = len(names)
    enabled, copied = _times(names)
    failed_over = np.full(count, _FAILOVER_S)
    times = {
        "start_s": np.concatenate([enabled, failed_over]),
        "end_s": np.concatenate([enabled + 300.0, failed_over + 900.0]),
    }
    return {
        "jobs": {
            "job_id": np.arange(2 * count),
            "machine": names * 2,
            "operation": ["Enable protection"] * count + ["Failover"] * count,
            "state": ["Succeeded"] * count + ["Failed"] + ["Succeeded"] * (count - 1),
            "cause": [None] * count + [f"cause of {names[0]}"] + [None] * (count - 1),
            "parent_job": np.full(2 * count, -1),
            "plan": [None] * (2 * count),
            **times,
        },
        "tasks": {
            "job_id": np.arange(2 * count),
            "task": ["Enable replication"] * count + ["Start failover"] * count,
            "state": ["Succeeded"] * (2 * count),
            **times,
        },
        "copies": {
            "machine": names,
            "disk": ["os"] * count,
            "kind": ["initial copy"] * count,
            "start_s": enabled + 300.0,
            "end_s": copied,
            "bytes": np.full(count, 2**34),
        },
    }


def _around(names: list[str]) -> dict[str, Any]:
    """Return the tables of what stands around the machines."""
    count, samples = len(names), int(_END_S // 300)
    return {
        "links": {
            "link": ["wan", "wan"],
            "direction": ["forward", "backward"],
            "bytes": np.array([2**40, 0]),
        },
        "link_use": {
            "t_s": np.repeat(np.arange(300.0, _END_S + 1, 300.0), 2),
            "link": ["wan"] * 2 * samples,
            "direction": ["forward", "backward"] * samples,
            "bytes": np.stack([np.arange(samples) * 10, np.zeros(samples, int)], 1).ravel(),
            "capacity_bytes": np.full(2 * samples, 10 * samples),
            "closed_s": np.zeros(2 * samples),
        },
        "backlog": {
            "t_s": np.arange(0.0, _END_S, 300.0),
            "process_server": ["ps"] * samples,
            "source_bytes": np.arange(samples) * 2**20,
            "process_server_bytes": np.full(samples, 2**28),
            "logs_waiting_bytes": np.zeros(samples, int),
            "copy_bytes": np.full(samples, 2**27),
            "cache_free_percent": np.full(samples, 90),
        },
        "billing": {
            "machine": names * 2,
            "meter": ["licence"] * count + ["replica_disks"] * count,
            "month": np.concatenate([np.zeros(count, int), np.ones(count, int)]),
            "amount_micros": np.full(2 * count, 625_000),
            "currency": ["USD"] * (2 * count),
        },
        "health": {
            "t_s": np.array([3600.0]),
            "kind": ["item"],
            "subject": names[:1],
            "health": ["Critical"],
            "code": ["78169"],
            "message": [f"no data of {names[0]} arrives"],
            "since_s": np.array([3600.0]),
        },
    }

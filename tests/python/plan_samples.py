"""Small inventories and traces for the tests of the planner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import landfall as lf
import numpy as np
from landfall.inventory import Inventory, Server, ServerDisk, Trace

MIB, GIB, TIB = 2**20, 2**30, 2**40
SLOT_S = 300.0
DAY = 288
#: Thursday 2024-02-01 00:00 UTC.
START = 1_706_745_600.0


def disk(name: str = "1", size: float = 100, **values: Any) -> ServerDisk:
    """Return a disk of so many GiB, 40 % of it in use."""
    used = {"used_bytes": round(0.4 * size * GIB)}
    return ServerDisk(name=name, size_bytes=round(size * GIB), **(used | values))


def server(name: str, *disks: ServerDisk, **values: Any) -> Server:
    """Return a server with two cores and 8 GiB."""
    usual = {"cores": 2, "memory_bytes": 8 * GIB, "os_family": "linux", "boot": "bios"}
    return Server(name=name, disks=disks or (disk(),), **(usual | values))


def servers(*them: Server) -> Inventory:
    """Return an inventory."""
    return Inventory(name="made", servers=them)


def trace(rates: dict[str, Sequence[float] | float], days: int = 2) -> Trace:
    """Return a trace of MiB/s: a number for all slots, or one for each slot."""
    columns = [
        np.broadcast_to(np.asarray(rate, dtype=float), (days * DAY,)) for rate in rates.values()
    ]
    written = np.stack(columns, axis=1) * MIB * SLOT_S
    missing = np.isnan(written)
    return Trace(np.nan_to_num(written), tuple(rates), SLOT_S, START, missing)


def bursts(low: float, high: float, days: int = 8) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return MiB/s per slot: `high` for an hour from 01:00 each day, else `low`."""
    slot = np.arange(days * DAY) % DAY
    return np.where((slot >= 12) & (slot < 24), high, low)


def plain(**changes: Any) -> lf.planner.PlanOptions:
    """Return options without growth and allowances: the bare queue."""
    bare = {"growth_percent": 0, "processing": 0, "payload_share": 1, "replicates": 40}
    return lf.planner.PlanOptions(**(bare | changes))


def row(made: lf.planner.CapacityPlan, table: str, key: str, value: object) -> dict[str, Any]:
    (found,) = [each for each in made.tables[table].rows if each[key] == value]
    return dict(found)


def one(machine: Any, rate: float = 0.5, **options: Any) -> lf.planner.CapacityPlan:
    return lf.planner.plan(servers(machine), trace({machine.name: rate}), options=plain(**options))

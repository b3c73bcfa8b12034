"""What a plan costs: the sheet of Deployment Planner, and what that leaves out.

``total = (replication + drills + always on) x (1 - discount)``; replication is storage, network and
licence; a drill is compute and storage for its days; a month of drills is a twelfth of a year's.
Prices and what they rest on come from the price book (``model/economics``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import _model
from .arithmetic import drill_days
from .options import PlanOptions
from .sizing import SizedDisk, SizedMachine
from .tables import PlanTable, column

__all__ = ["MachineCost", "Prices", "cost_tables", "machine_cost"]

_GIB = 2**30
_MONTHS = 12
_HOURS_A_MONTH = 730.0
_MONTH_DAYS = 30.0
_DAY_S = 86_400
_PRICED_CORES = 4  # of the size that the price book's machine-hour is of: Standard_D4s_v5
_CACHE_PER_DISK = 500 * 2**20  # most in normal running, azure-site-recovery-capacity-planning.md


class Prices:
    """Prices of a plan: the book's, changed by the options."""

    def __init__(self, options: PlanOptions) -> None:
        self.book = _model.price_book(options.price_book)
        self._prices = {entry["key"]: float(entry["price"]) for entry in self.book["prices"]}
        self._prices.update(options.prices)
        self._options = options
        self.unpriced: set[str] = set()

    @property
    def currency(self) -> str:
        """Currency of the book."""
        return str(self.book["currency"])

    @property
    def request_size(self) -> float:
        """Bytes of a transaction."""
        return float(self.book["terms"]["request_size"]["value"])

    def of(self, key: str) -> float | None:
        """Return a price; None where the book has none, which is noted."""
        found = self._prices.get(key)
        if found is None:
            self.unpriced.add(key)
        return found

    def hour(self, machine: SizedMachine) -> float | None:
        """Return the price of an hour of a machine's size, None where it has no size."""
        if machine.size is None:
            return None
        named = self._options.size_prices.get(machine.size.name)
        if named is not None:
            return named
        pays_windows = machine.server.os_family == "windows" and not self._options.hybrid_benefit
        price = self.of("machine_hour_windows" if pays_windows else "machine_hour_linux")
        return None if price is None else price * machine.size.cores / _PRICED_CORES

    def disk(self, disk: SizedDisk) -> float | None:
        """Return the price of a month of a replica's disk, None where its size is unknown."""
        if disk.size is None or disk.tier is None:
            return None
        factor = self._options.redundancy_factor or 1.0
        if disk.tier.type == "premium_ssd":
            price = self.of(f"premium_disk_{disk.tier.name.lower()}")
            return None if price is None else price * factor
        gigabyte = self.of(f"{disk.tier.type}_storage")
        return None if gigabyte is None else gigabyte * factor * disk.size / _GIB


@dataclass(frozen=True, slots=True)
class MachineCost:
    """What a machine costs in a month, after the discount; None where something is unknown."""

    licence: float | None
    storage: float | None
    recovery_points: float | None
    cache: float | None
    transactions: float | None
    drill_compute: float | None
    drill_storage: float | None
    always_on: float | None
    failback_once: float | None

    @property
    def replication(self) -> float | None:
        """Steady replication: licence and storage (the network is the fleet's)."""
        return _sum(self.licence, self.storage)

    @property
    def drill(self) -> float | None:
        """A month's part of the drills."""
        return _sum(self.drill_compute, self.drill_storage)

    @property
    def total(self) -> float | None:
        """As Deployment Planner totals it: replication, drills and what is always on."""
        return _sum(self.replication, self.drill, self.always_on or 0.0)


def _sum(*parts: float | None) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def machine_cost(machine: SizedMachine, prices: Prices, options: PlanOptions) -> MachineCost:
    """Return what a machine costs in a month."""
    kept = 1 - options.discount_percent / 100
    days = drill_days(options.drills_per_year, options.drill_days)
    hour = prices.hour(machine)
    storage = _sum(*(prices.disk(disk) for disk in machine.disks))
    wire = machine.mean_churn / options.compression_ratio * _DAY_S * _MONTH_DAYS
    points = machine.mean_churn * options.retention / _GIB
    used = machine.total_used
    made = {
        "licence": prices.of("licence_to_azure"),
        "storage": storage,
        "recovery_points": _times(prices.of("recovery_point_storage"), points),
        "cache": _times(prices.of("cache_storage"), _CACHE_PER_DISK * len(machine.disks) / _GIB),
        "transactions": _times(prices.of("transactions"), wire / prices.request_size / 10_000),
        "drill_compute": _times(hour, days * 24 / _MONTHS),
        "drill_storage": _times(storage, days / _MONTH_DAYS / _MONTHS),
        "always_on": _times(hour, _HOURS_A_MONTH) if machine.name in options.always_on else 0.0,
        "failback_once": None
        if used is None
        else _times(prices.of("egress_internet"), used / _GIB),
    }
    return MachineCost(**{key: _times(value, kept) for key, value in made.items()})


#: Component, state, attribute, whether Deployment Planner has it, and what it is.
_COMPONENTS = (
    ("Site Recovery licence", "replication", "licence", True, "a month of each machine"),
    ("Storage of replicas", "replication", "storage", True, "managed disks of all replicas"),
    ("Compute in drills", "drill", "drill_compute", True, "sizes x days of drills"),
    ("Storage in drills", "drill", "drill_storage", True, "disks of the test machines"),
    ("Always on", "always on", "always_on", True, "machines that run all year"),
    ("Recovery points", "replication", "recovery_points", False, "snapshots: churn x retention"),
    ("Cache storage", "replication", "cache", False, "at most 500 MB for each disk"),
    ("Transactions", "replication", "transactions", False, "writes to cache accounts"),
    ("Egress of a failback", "once", "failback_once", False, "bytes in use, back on-premises"),
)


def cost_tables(
    machines: Sequence[SizedMachine], options: PlanOptions, prices: Prices
) -> tuple[PlanTable, PlanTable]:
    """Return the cost by component, and by machine."""
    costs = [machine_cost(machine, prices, options) for machine in machines]
    currency = prices.currency
    rows: list[dict[str, Any]] = []
    for title, state, key, in_tool, basis in _COMPONENTS:
        parts = [getattr(cost, key) for cost in costs]
        known = [part for part in parts if part is not None]
        rows.append(_component(title, state, known, len(parts), in_tool, basis))
    network = options.network_price
    kept = 1 - options.discount_percent / 100
    rows.insert(
        2,
        _component(
            "Network", "replication", [] if network is None else [network * kept], 1, True,
            "ExpressRoute or VPN, as given",
        ),
    )  # fmt: skip
    monthly = [row for row in rows if row["state"] != "once"]
    for title, chosen in (
        ("Total as the tool counts", [row for row in monthly if row["in_tool"] == "yes"]),
        ("Total with what it leaves out", monthly),
    ):
        amount = sum(row["monthly"] or 0.0 for row in chosen)
        rows.append({"component": title, "state": "", "monthly": amount, "yearly": 12 * amount,
                     "unknown": max(row["unknown"] for row in chosen), "in_tool": "",
                     "basis": "without what is unknown"})  # fmt: skip
    of_fleet = PlanTable(
        "cost", "Cost by component",
        (
            column("component", "text", "What is paid for."),
            column("state", "text", "When: in steady replication, in drills, always, or once."),
            column("monthly", "money", "A month, after the discount.", unit=currency),
            column("yearly", "money", "A year; of what is paid once, that once.", unit=currency),
            column("unknown", "count", "Machines whose part is unknown and so not in it."),
            column("in_tool", "text", "Whether Deployment Planner counts it.", "in the tool"),
            column("basis", "text", "What it is made of."),
        ),
        rows,
    )  # fmt: skip
    return of_fleet, _by_machine(machines, costs, options, currency)


def _component(
    title: str, state: str, known: Sequence[float], of: int, in_tool: bool, basis: str
) -> dict[str, Any]:
    amount = sum(known) if known or not of else None
    once = state == "once"
    return {
        "component": title,
        "state": state,
        "monthly": None if once else amount,
        "yearly": amount if once or amount is None else 12 * amount,
        "unknown": of - len(known),
        "in_tool": "yes" if in_tool else "no",
        "basis": basis,
    }


def _by_machine(
    machines: Sequence[SizedMachine],
    costs: Sequence[MachineCost],
    options: PlanOptions,
    currency: str,
) -> PlanTable:
    money = [
        ("replication", "Licence and storage of a month."),
        ("drill", "A month's part of the drills: compute and storage."),
        ("licence", "Site Recovery licence of a month."),
        ("storage", "Managed disks of the replica, a month."),
        ("recovery_points", "Recovery points, a month; not in Deployment Planner."),
        ("transactions", "Transactions of the cache, a month; not in Deployment Planner."),
        ("total", "Replication, drills and what is always on, a month."),
    ]
    rows = []
    for machine, cost in zip(machines, costs, strict=True):
        row: dict[str, Any] = {
            "machine": machine.name,
            "size": machine.size.name if machine.size else None,
            "storage_type": machine.storage_type,
            "total_bytes": machine.total_size,
            "drills_per_year": options.drills_per_year,
            "drill_days": options.drill_days,
            "os": machine.server.os_family,
            "redundancy": options.redundancy,
            "hybrid_benefit": "yes" if options.hybrid_benefit else "no",
        }
        row.update({key: getattr(cost, key) for key, _ in money})
        row["yearly"] = _times(cost.total, 12)
        rows.append(row)
    columns = (
        column("machine", "text", "Name."),
        column("size", "text", "Azure size that drills run on.", "Azure size"),
        column("storage_type", "text", "Type of the managed disks."),
        column("total_bytes", "size", "Size of all disks.", "storage"),
        column("drills_per_year", "number", "Drills a year.", "drills a year"),
        column("drill_days", "number", "Days of each drill.", "days each"),
        column("os", "text", "Family of the operating system.", "OS"),
        column("redundancy", "text", "Of the replica's storage."),
        column("hybrid_benefit", "text", "Whether Windows licences are brought along."),
        *(column(key, "money", meaning, unit=currency) for key, meaning in money),
        column("yearly", "money", "The total of a year.", unit=currency),
    )
    return PlanTable("cost_machines", "Cost by machine and month", columns, rows)

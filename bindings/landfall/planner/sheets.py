"""The sheets of machines: summary, placement, compatible and incompatible machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import formatting
from .cost import Prices, machine_cost
from .demand import Demand
from .options import PlanOptions
from .sizing import NOT_FOUND, SizedMachine
from .tables import PlanTable, column

__all__ = [
    "compatible_table",
    "disk_table",
    "incompatible_table",
    "placement_table",
    "reason_table",
    "summary_table",
]  # fmt: skip

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_GIB = 2**30


def summary_table(
    machines: Sequence[SizedMachine], demand: Demand, facts: dict[str, Any]
) -> PlanTable:
    """Return the on-premises summary: one row."""
    planned = [machine for machine in machines if machine.is_planned]
    disks = [disk for machine in planned for disk in machine.disks]
    sizes = [disk.size for disk in disks if disk.size is not None]
    daily = demand.mean_rate() * 86_400 / (1 + demand.options.growth_percent / 100)
    row = {
        **facts,
        "days": demand.days,
        "machines": len(machines),
        "compatible": sum(not machine.reasons for machine in machines),
        "disks": len(disks),
        "disks_each": len(disks) / len(planned) if planned else None,
        "disk_bytes": sum(sizes) / len(sizes) if sizes else None,
        "daily_churn": daily,
        "growth": demand.options.growth_percent,
        "percentile": demand.options.percentile,
    }
    columns = (
        column("start", "text", "Start of the trace, local time."),
        column("end", "text", "End of the trace."),
        column("days", "number", "Days that it covers.", "profiled days"),
        column("machines", "count", "Machines that were to be planned."),
        column("compatible", "count", "Of these without a reason against them."),
        column("disks", "count", "Disks of the planned machines."),
        column("disks_each", "number", "Disks of a machine, in the mean.", "disks each"),
        column("disk_bytes", "size", "Size of a disk, in the mean of those known.", "disk size"),
        column("rpo_s", "duration", "Desired RPO.", "desired RPO"),
        column("bandwidth", "rate", "For that RPO, all the time.", "desired bandwidth"),
        column("daily_churn", "size", "Written in a day, in the mean, without growth.",
               "churn a day"),
        column("growth", "percent", "Growth that is planned with."),
        column("percentile", "number", "Percentile that sizes disks."),
    )  # fmt: skip
    return PlanTable("summary", "On-premises summary", columns, [row])


def _account(number: int) -> tuple[str, str]:
    """Return prefix and name of a cache account; three letters, as the tool suggests."""
    letters = "".join(_LETTERS[number // 26**k % 26] for k in (2, 1, 0))
    return letters, f"{letters}cache{number + 1:03d}"


def placement_table(machines: Sequence[SizedMachine], accounts: int) -> PlanTable:
    """Return which storage each machine replicates to, evenly over the accounts by churn."""
    load = [0.0] * accounts
    place: dict[str, int] = {}
    for machine in sorted(machines, key=lambda each: (-each.mean_churn, each.name)):
        number = min(range(accounts), key=lambda k: (load[k], k))
        load[number] += max(machine.mean_churn, 1.0)
        place[machine.name] = number
    rows = []
    for machine in machines:
        prefix, name = _account(place[machine.name])
        rows.append(
            {
                "machine": machine.name,
                "storage_type": machine.storage_type,
                "log_account_type": "standard",
                "prefix": prefix,
                "log_account": name,
                "disks": len(machine.disks),
                "total_bytes": machine.total_size,
                "iops": machine.iops,
            }
        )
    columns = (
        column("machine", "text", "Name."),
        column("storage_type", "text", "Managed disks of the replica.", "replica storage"),
        column("log_account_type", "text", "Type of the cache (log) account.", "log account"),
        column("prefix", "text", "Suggested prefix of the account's name."),
        column("log_account", "text", "Suggested cache account.", "suggested account"),
        column("disks", "count", "Number of disks."),
        column("total_bytes", "size", "Provisioned on all disks.", "provisioned"),
        column("iops", "number", "Reads and writes a second, with growth.", "IOPS"),
    )
    return PlanTable("placement", "Machine to storage placement", columns, rows)


def compatible_table(machines: Sequence[SizedMachine]) -> PlanTable:
    """Return those without a reason against them."""
    rows = [_row(machine) for machine in machines if not machine.reasons]
    return PlanTable("compatible", "Compatible machines", _columns(), rows)


def _row(machine: SizedMachine) -> dict[str, Any]:
    server = machine.server
    size = machine.size
    return {
        "machine": machine.name,
        "compatibility": machine.verdict,
        "storage_type": machine.storage_type,
        "tiers": ", ".join(disk.tier.name for disk in machine.disks if disk.tier) or None,
        "iops": machine.iops,
        "peak_churn_bytes_per_s": machine.peak_churn / 2**20,
        "size": size.name if size else None,
        "disks": len(machine.disks),
        "total_bytes": machine.total_size,
        "cores": server.cores,
        "memory": server.memory_bytes,
        "nics": len(server.nics) or server.nic_count,
        "boot": server.boot,
        "os": server.os_name or server.os_family,
        "type": server.server_type,
        "unknown": ", ".join(machine.unknown),
    }


def _columns() -> tuple[Any, ...]:
    return (
        column("machine", "text", "Name."),
        column("compatibility", "text", "Yes; Yes*: a disk needs a larger tier than its size."),
        column("storage_type", "text", "Managed disks of the replica.", "storage type"),
        column("tiers", "text", "Tier of each disk.", "disk tiers"),
        column("iops", "number", "Peak reads and writes a second, with growth.", "peak IOPS"),
        column("peak_churn_bytes_per_s", "number", "Churn at the percentile with growth, in MiB/s.",
               "peak churn, MiB/s"),
        column("size", "text", "Smallest Azure size with its cores, memory, disks and interfaces.",
               "Azure size"),
        column("disks", "count", "Number of disks."),
        column("total_bytes", "size", "Size of all disks.", "disk size"),
        column("cores", "count", "Virtual cores."),
        column("memory", "size", "Memory."),
        column("nics", "count", "Interfaces.", "NICs"),
        column("boot", "text", "How it boots.", "boot type"),
        column("os", "text", "Operating system.", "OS"),
        column("type", "text", "Physical or virtual."),
        column("unknown", "text", "What the inventory does not say.", "not known"),
    )  # fmt: skip


def incompatible_table(
    machines: Sequence[SizedMachine],
    demand: Demand,
    rpo_s: float,
    options: PlanOptions,
    prices: Prices,
) -> PlanTable:
    """Return the others with every reason, and what each would add if it were planned in."""
    others = [machine for machine in machines if machine.reasons]
    last = [machine for machine in others if machine.column is None]
    first = [machine for machine in others if machine.column is not None]
    shares = sorted(options.shares, reverse=True)
    base = {share: demand.required(rpo_s, share) for share in shares} if first else {}
    rows = []
    for machine in [*first, *last]:
        row = _row(machine)
        row["reasons"] = "; ".join(f"{each.of}: {each.text}" for each in machine.reasons)
        if machine.column is None:
            row["compatibility"] = NOT_FOUND
        if machine.is_overridden:
            row["compatibility"] = "No, planned in"
        elif machine.column is not None:
            more = demand.plus(machine.column)
            for share in shares:
                row[_adds(share)] = more.required(rpo_s, share) - base[share]
        row["adds_cores"] = machine.size.cores if machine.size else None
        row["adds_cost"] = machine_cost(machine, prices, options).total
        rows.append(row)
    told = [each for each in _columns() if each.key in
            ("machine", "compatibility", "peak_churn_bytes_per_s", "iops", "disks",
             "total_bytes", "cores", "memory")]  # fmt: skip
    columns = (
        *told[:2],
        column("reasons", "text", "Every reason, of every disk and of the machine."),
        *(
            column(_adds(share), "rate", "What it would add to the bandwidth for the desired RPO.",
                   f"would add, {100 * share:g} %")
            for share in shares
        ),
        column("adds_cores", "count", "Cores that it would add.", "adds cores"),
        column("adds_cost", "money", "What it would add to a month's cost.", "adds cost",
               prices.currency),
        *told[2:4],
    )  # fmt: skip
    return PlanTable("incompatible", "Incompatible machines", columns, rows)


def reason_table(machines: Sequence[SizedMachine]) -> PlanTable:
    """Return every reason against a machine, with its source."""
    rows = [
        {
            "machine": machine.name,
            "of": reason.of,
            "rule": reason.rule,
            "reason": reason.text,
            "source": reason.source,
        }
        for machine in machines
        for reason in machine.reasons
    ]
    columns = (
        column("machine", "text", "Name."),
        column("of", "text", "The disk that it holds of, or the machine."),
        column("rule", "text", "What is limited."),
        column("reason", "text", "What was found, and the limit."),
        column("source", "text", "Where the limit stands."),
    )
    return PlanTable("reasons", "Every reason", columns, rows)


def _adds(share: float) -> str:
    return f"adds_{100 * share:g}".replace(".", "_")


def disk_table(machines: Sequence[SizedMachine]) -> PlanTable:
    """Return every disk with its tier."""
    rows = [
        {
            "machine": machine.name,
            "disk": disk.name,
            "size": disk.size,
            "assumed": "assumed" if disk.is_assumed else "",
            "tier": None if disk.tier is None else disk.tier.name,
            "starred": "*" if disk.is_starred else "",
            "churn": disk.churn / 2**20,
            "iops": disk.iops,
            "write_size": disk.write_size,
            "seed_disk": f"asrseeddisk-{machine.name}-{disk.name}",
            "reasons": "; ".join(
                each.text for each in machine.reasons if each.of.endswith(disk.name)
                and each.of != "machine"
            ),
        }
        for machine in machines
        for disk in machine.disks
    ]  # fmt: skip
    columns = (
        column("machine", "text", "Name of the machine."),
        column("disk", "text", "Name of the disk."),
        column("size", "size", "Size."),
        column("assumed", "text", "Whether size or use is assumed.", "assumed"),
        column("tier", "text", "Tier of its managed disk.", "tier"),
        column("starred", "text", "* where load, not size, decides the tier.", "*"),
        column("churn", "number", "Churn at the percentile with growth.", "churn, MiB/s"),
        column("iops", "number", "Reads and writes a second, with growth.", "IOPS"),
        column("write_size", "size", "Average write.", "average write"),
        column("seed_disk", "text", "Name of the replica's disk (in the manner of the tool).",
               "seed disk"),
        column("reasons", "text", "Reasons of this disk."),
    )  # fmt: skip
    return PlanTable("disks", f"Disks of {formatting.plural(len(machines), 'machine')}", columns,
                     rows)  # fmt: skip

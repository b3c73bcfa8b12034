"""Bandwidth for each RPO, the what-if by day, what a given bandwidth achieves, and the servers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import numpy as np

from .. import _model, deployment
from .arithmetic import storage_accounts
from .demand import Demand, Required
from .options import PlanOptions
from .sizing import SizedMachine
from .tables import PlanTable, column

__all__ = [
    "achieved_table",
    "bandwidth_table",
    "day_name",
    "interval_table",
    "process_servers_of",
    "server_table",
    "what_if_table",
]  # fmt: skip

#: Of a premium account, SR/site-recovery-plan-capacity-vmware.md.
_PREMIUM_ACCOUNT_BYTES, _PREMIUM_ACCOUNT_IOPS = 35 * 2**40, 80_000
_GRID = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)


def bandwidth_table(found: Sequence[Required], demand: Demand) -> PlanTable:
    """Return the bandwidths that RPOs need, and what each of them does."""
    rows = []
    for each in found:
        known = math.isfinite(each.bits_per_second) and each.bits_per_second > 0
        coming = each.days_to_come or (None, None)
        rows.append(
            {
                "rpo_s": each.rpo_s,
                "share": 100 * each.share,
                "bandwidth": each.bits_per_second,
                "low": coming[0],
                "high": coming[1],
                "worst_rpo_s": demand.achieved(each.bits_per_second, 1.0) if known else None,
                "violations": int(
                    demand.breaches(each.bits_per_second, each.rpo_s).violations.sum()
                ) if known and _has_days(demand) else None,
            }
        )  # fmt: skip
    level = f"{100 * demand.options.level:g} %"
    columns = (
        column("rpo_s", "duration", "Target.", "RPO"),
        column("share", "percent", "Part of the time for which it is met.", "of the time"),
        column("bandwidth", "rate", "Line rate that it needs; ∞: no link is enough beside the "
               "throttles."),
        column("low", "rate", f"Lower end: {level} chance for as many days to come. Found without "
               "throttles, and held relative to the bandwidth.", "interval from"),
        column("high", "rate", "Upper end.", "to"),
        column("worst_rpo_s", "duration", "Largest RPO over that bandwidth.", "worst RPO"),
        column("violations", "count", "Times above the RPO over all days."),
    )  # fmt: skip
    return PlanTable("bandwidth", "Bandwidth for each RPO", columns, rows)


def _has_days(demand: Demand) -> bool:
    return round(86_400 / demand.slot_s) * demand.slot_s == 86_400


def interval_table(found: Sequence[Required]) -> PlanTable:
    """Return both intervals of every bandwidth."""
    rows = [
        {
            "rpo_s": each.rpo_s,
            "share": 100 * each.share,
            "bandwidth": each.bits_per_second,
            "question": question,
            "low": ends[0],
            "high": ends[1],
        }
        for each in found
        for question, ends in (
            ("other days of this kind", each.same_days),
            ("as many days to come", each.days_to_come),
        )
        if ends is not None
    ]
    columns = (
        column("rpo_s", "duration", "Target.", "RPO"),
        column("share", "percent", "Part of the time.", "of the time"),
        column("bandwidth", "rate", "Line rate found from the trace as it is."),
        column("question", "text", "What the interval is of.", "interval of"),
        column("low", "rate", "Lower end.", "from"),
        column("high", "rate", "Upper end.", "to"),
    )
    return PlanTable("intervals", "How sure the bandwidths are", columns, rows)


def day_name(demand: Demand, number: int) -> str:
    """Return the date of a day of the trace, local time; its number without a clock."""
    if demand.start_unix_s is None:
        return f"day {number + 1}"
    offset = 3600 * demand.options.utc_offset_hours
    first = datetime.fromtimestamp(demand.start_unix_s + offset, UTC)
    return f"{first + timedelta(days=number):%a %Y-%m-%d}"


def what_if_table(rpos: Sequence[float], bits_per_second: float, demand: Demand) -> PlanTable:
    """Return for each RPO and day the violations and the peak, over one bandwidth."""
    rows: list[dict[str, Any]] = []
    if _has_days(demand) and math.isfinite(bits_per_second) and bits_per_second > 0:
        for rpo in rpos:
            found = demand.breaches(bits_per_second, rpo)
            rows += [
                {
                    "rpo_s": rpo,
                    "day": day_name(demand, day),
                    "violations": int(found.violations[day]),
                    "peak_s": float(found.peak_s[day]),
                    "above_s": int(found.slots[day]) * demand.slot_s,
                }
                for day in range(len(found.peak_s))
            ]
    columns = (
        column("rpo_s", "duration", "Target.", "RPO"),
        column("day", "text", "Day, local time."),
        column("violations", "count", "Times that the RPO went above the target; one that goes on "
               "past midnight counts on both days."),
        column("peak_s", "duration", "Largest RPO of the day.", "peak RPO"),
        column("above_s", "duration", "Time above the target.", "time above"),
    )  # fmt: skip
    return PlanTable("what_if", "What-if by day", columns, rows)


def achieved_table(base: float, demand: Demand, rpo_s: float) -> PlanTable:
    """Return what bandwidths around one achieve, and the one that the options name."""
    options = demand.options
    rates = {round(base * factor) for factor in _GRID} if math.isfinite(base) else set()
    if options.bandwidth is not None:
        rates.add(int(options.bandwidth))
    rows = []
    for rate in sorted(rate for rate in rates if rate >= 8):
        lags = np.sort(demand.rpo(rate))
        row = {
            "bandwidth": rate,
            "given": "given" if rate == options.bandwidth else "",
            "within": 100 * float(np.mean(lags <= rpo_s)),
            "keeps_up": bool(demand.arrivals.mean() * 8 / demand.slot_s
                             <= rate * options.payload_share),
        }  # fmt: skip
        for share in options.shares:
            rank = max(ceil(share * lags.size) - 1, 0)
            row[_of_share(share)] = float(lags[rank])
        rows.append(row)
    columns = (
        column("bandwidth", "rate", "A link's line rate."),
        column("given", "text", "Whether it is the one that was asked about.", "asked"),
        *(
            column(_of_share(share), "duration", f"RPO achieved for {100 * share:g} % of the time.",
                   f"RPO, {100 * share:g} % of the time")
            for share in options.shares
        ),
        column("within", "percent", "Time within the desired RPO.", "within RPO"),
        column("keeps_up", "verdict", "Whether it carries the mean churn at all.", "keeps up"),
    )  # fmt: skip
    return PlanTable("achieved", "RPO that a bandwidth achieves", columns, rows)


def _of_share(share: float) -> str:
    return f"rpo_{100 * share:g}_s".replace(".", "_", 1)


def process_servers_of(
    machines: Sequence[SizedMachine], demand: Demand, options: PlanOptions
) -> tuple[int, deployment.ServerSize]:
    """Return how many process servers are needed beside the built-in one, and their size.

    0 where the built-in one does it; the size is its own then.
    """
    count, daily = len(machines), demand.busiest_day()
    try:
        _, size = deployment.process_servers(count, daily, role="combined", profile=options.profile)
        return 0, size
    except ValueError:
        return deployment.process_servers(count, daily, profile=options.profile)


def server_table(
    machines: Sequence[SizedMachine], demand: Demand, options: PlanOptions
) -> PlanTable:
    """Return servers, storage accounts and cores, each with the rule that decides."""
    rows: list[dict[str, Any]] = []
    if options.kind != "hyper-v":
        servers = ceil(len(machines) / options.configuration_server_machines) or 1
        rows.append({"what": "configuration servers", "count": servers,
                     "rule": f"{options.configuration_server_machines} machines each"})  # fmt: skip
        more, size = process_servers_of(machines, demand, options)
        rule = (
            "machines, and churn of the busiest day"
            if more
            else "the one on the configuration server does it"
        )
        rows.append({"what": "additional process servers", "count": more, "cores": size.cores,
                     "memory": size.memory, "cache": size.cache, "rule": rule})  # fmt: skip
    else:
        hosts = {machine.server.host for machine in machines if machine.server.host}
        rows.append({"what": "Hyper-V servers", "count": len(hosts) or None,
                     "rule": "hosts that the inventory names"})  # fmt: skip
    rows.append(_accounts(machines, demand, options))
    if not options.managed_disks:
        rows += _replica_accounts(machines, options)
    cores = [machine.size.cores for machine in machines if machine.size]
    rows.append({"what": "Azure cores", "count": sum(cores),
                 "rule": f"cores of the sizes of {len(cores)} machines; in the quota before a test "
                 "failover"})  # fmt: skip
    columns = (
        column("what", "text", "What is needed."),
        column("count", "count", "How many."),
        column("cores", "count", "Cores of each."),
        column("memory", "size", "Memory of each."),
        column("cache", "size", "Cache disk of each."),
        column("rule", "text", "What decides."),
    )
    return PlanTable("servers", "Servers, storage accounts, cores", columns, rows)


def _replica_accounts(
    machines: Sequence[SizedMachine], options: PlanOptions
) -> list[dict[str, Any]]:
    """Return the storage accounts of replicas that are no managed disks."""
    disks = [disk for machine in machines for disk in machine.disks if disk.tier is not None]
    standard = [disk for disk in disks if disk.tier and disk.tier.type != "premium_ssd"]
    premium = [disk for disk in disks if disk.tier and disk.tier.type == "premium_ssd"]
    iops = sum(disk.iops or 0.0 for disk in standard)
    planning = _model.profile(options.profile)["planning"]
    each = float(planning["storage_account_iops"]["value"])
    disks_max = each / float(planning["standard_disk_iops"]["value"])
    of_standard = max(
        storage_accounts(iops, profile=options.profile), ceil(len(standard) / disks_max)
    )
    size = sum(disk.size or 0 for disk in premium)
    of_premium = max(
        ceil(size / _PREMIUM_ACCOUNT_BYTES),
        ceil(sum(disk.iops or 0.0 for disk in premium) / _PREMIUM_ACCOUNT_IOPS),
        1 if premium else 0,
    )
    return [
        {"what": "replica storage accounts (standard)", "count": of_standard,
         "rule": f"{each:,.0f} IOPS and {disks_max:g} disks each"},
        {"what": "replica storage accounts (premium)", "count": of_premium,
         "rule": "35 TB and 80,000 IOPS each"},
    ]  # fmt: skip


def _accounts(
    machines: Sequence[SizedMachine], demand: Demand, options: PlanOptions
) -> dict[str, Any]:
    iops = [machine.iops for machine in machines]
    known = [each for each in iops if each is not None]
    by_iops = storage_accounts(sum(known), profile=options.profile)
    ingress = float(_model.profile(options.profile)["fields"]["storage_account_ingress"]["value"])
    peak = float(demand.arrivals.max()) / demand.slot_s if demand.slots else 0.0
    by_rate = ceil(peak / ingress)
    count = max(1, by_iops, by_rate)
    rule = "20,000 IOPS each" if by_iops >= max(by_rate, 2) else "ingress of the busiest slot"
    if count == 1:
        rule = "one is enough for IOPS and ingress"
    if len(known) < len(iops):
        rule += f"; IOPS of {len(iops) - len(known)} machines are unknown"
    return {"what": "cache storage accounts (standard)", "count": count, "rule": rule}

"""Makes a capacity plan of an inventory and a trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np

from .. import formatting
from ..errors import Problem, ScenarioError
from ..inventory import codes
from ..inventory.model import Inventory, Server
from ..inventory.reading import nearest_to
from ..inventory.trace import Trace
from ..quantities import DURATION, parse
from .arithmetic import daily_change_rate
from .capacity_plan import CapacityPlan
from .copies import copy_tables, storage_table
from .cost import Prices, cost_tables
from .demand import Demand, demand_of
from .limits import limits_of
from .network import Paths, network_tables, paths_of
from .options import PlanOptions
from .recommendations import (
    achieved_table,
    bandwidth_table,
    interval_table,
    server_table,
    what_if_table,
)
from .sheets import (
    compatible_table,
    disk_table,
    incompatible_table,
    placement_table,
    reason_table,
    summary_table,
)
from .sizing import SizedMachine, peak_rates, size_machine, vm_sizes
from .tables import PlanTable

if TYPE_CHECKING:
    from .network import AnyNetwork

__all__ = ["plan"]

_DAY_S = 86_400
_SLOT_S = 300.0


def plan(
    inventory: Inventory,
    trace: Trace | None = None,
    *,
    rpo: float | str = "15 min",
    options: PlanOptions | None = None,
    match: Literal["name", "order"] = "name",
    network: AnyNetwork | None = None,
    between: tuple[str, str] | None = None,
) -> CapacityPlan:
    """Plan the capacity that replication of an inventory needs.

    Parameters
    ----------
    inventory
        The servers; those that it excludes are left out.
    trace
        What they write over time. None: each writes evenly what the inventory says.
    rpo
        Desired RPO, in seconds or as a text with a unit.
    options
        Everything that is assumed.
    match
        How servers and columns of the trace belong together (see ``inventory.match_trace``).
    network
        Links, or a network from GraphML, for its bottleneck and its failures.
    between
        The two places of the network that replication runs between.

    Raises
    ------
    ScenarioError
        An argument does not fit; the message names it, what was found and what is allowed.
    """
    chosen = options or PlanOptions()
    desired = _rpo(rpo, chosen)
    given: tuple[object, object] = (inventory, trace)
    if not isinstance(given[0], Inventory):
        _refuse("inventory", type(inventory).__name__, "must be an inventory: lf.inventory.load()")
    if not isinstance(given[1], Trace | None):
        _refuse("trace", type(trace).__name__, "must be a trace: lf.inventory.trace_from_wide()")
    if not inventory.names:
        _refuse("inventory", inventory.name, "has no server that a plan takes")
    _known_names(inventory, chosen)
    paths = None if network is None else paths_of(network, between)
    if network is None and between is not None:
        _refuse("between", str(between), "goes with `network`")
    notes = [f"inventory: {note}" for note in inventory.notes]
    demand, has_data = _demand(inventory, trace, chosen, match, notes)
    machines = _sized(inventory, demand, has_data, chosen, notes)
    columns = tuple(
        machine.column for machine in machines if machine.is_planned and machine.column is not None
    )
    demand = Demand(demand.churn, columns, demand.slot_s, demand.start_unix_s, chosen)
    if not columns:
        notes.append("No machine is compatible and has churn: there is nothing to plan for.")
    made = CapacityPlan(
        inventory=inventory, trace=trace, match=match, options=chosen, rpo_s=desired,
        machines=tuple(machines), demand=demand, notes=notes,
    )  # fmt: skip
    _fill(made, paths)
    return made


def _rpo(rpo: object, options: PlanOptions) -> float:
    from pydantic_core import PydanticCustomError

    try:
        seconds = float(parse(rpo, DURATION))
    except PydanticCustomError as error:
        _refuse("rpo", str(rpo), error.message())
    if seconds < max(options.processing, 1e-9):
        message = f"must be more than `processing` ({formatting.duration(options.processing)})"
        _refuse("rpo", str(rpo), message)
    return seconds


def _refuse(where: str, found: str | None, message: str, near: str | None = None) -> NoReturn:
    raise ScenarioError([Problem(codes.NAMES_DIFFER, where, found, message, (), near)],
                        source="plan")  # fmt: skip


def _known_names(inventory: Inventory, options: PlanOptions) -> None:
    known = set(inventory.names)
    named = [("overrides", name) for name in options.overrides]
    named += [("always_on", name) for name in options.always_on]
    named += [
        (f"volumes/{number}/machines", name)
        for number, volume in enumerate(options.volumes)
        for name in volume.machines
    ]
    problems = [
        Problem(codes.NAMES_DIFFER, f"options/{where}", name, "no server has this name",
                nearest=nearest_to(name, known))
        for where, name in named
        if name not in known
    ]  # fmt: skip
    if problems:
        raise ScenarioError(problems, source="plan")


# --- Demand and machines --------------------------------------------------------------------------


def _demand(
    inventory: Inventory,
    trace: Trace | None,
    options: PlanOptions,
    match: Literal["name", "order"],
    notes: list[str],
) -> tuple[Demand, list[bool]]:
    """Return the demand of all servers, and which of them have data."""
    if trace is not None:
        from ..inventory.matching import match_trace

        fitted = match_trace(inventory, trace, by=match)
        notes += [f"trace: {note}" for note in trace.notes]
        if trace.missing_share > 0:
            notes.append(
                f"trace: {100 * trace.missing_share:.2g} % of the samples are missing; they count "
                "as nothing written, and not at all in percentiles."
            )
        if trace.start_unix_s is None and options.throttles:
            notes.append("The trace has no clock: throttles take it to begin on Monday at 00:00.")
        return demand_of(fitted, options), np.logical_not(fitted.missing.all(axis=0)).tolist()
    rates = [_rate(server, options) for server in inventory.included]
    if options.assume_change_percent is not None:
        count = sum(server.total_write_bytes_per_s is None for server in inventory.included)
        notes.append(
            f"Of {formatting.plural(count, 'machine')} the churn is assumed: "
            f"{options.assume_change_percent:g} % of the bytes in use a day."
        )
    notes.append(
        "There is no trace: each machine writes evenly what the inventory says. Peaks, violations "
        "by day and intervals say nothing then."
    )
    slots = round(_DAY_S / _SLOT_S)
    churn = np.tile([0.0 if rate is None else rate * _SLOT_S for rate in rates], (slots, 1))
    return (
        Demand(churn, tuple(range(len(rates))), _SLOT_S, None, options),
        [rate is not None for rate in rates],
    )


def _rate(server: Server, options: PlanOptions) -> float | None:
    """Return the mean churn that the inventory says, or that is assumed."""
    known = server.total_write_bytes_per_s
    if known is not None or options.assume_change_percent is None:
        return known
    used = server.total_used_bytes
    if used is None and server.total_size_bytes is not None and options.assume_used_percent:
        used = round(server.total_size_bytes * options.assume_used_percent / 100)
    return None if used is None else daily_change_rate(used, options.assume_change_percent)


def _sized(
    inventory: Inventory,
    demand: Demand,
    has_data: list[bool],
    options: PlanOptions,
    notes: list[str],
) -> list[SizedMachine]:
    peaks = peak_rates(demand.churn, demand.slot_s, options)
    growth = 1 + options.growth_percent / 100
    means = np.nansum(demand.churn, axis=0) / demand.slots / demand.slot_s * growth
    limits = limits_of(options.limits, options.kind, options.profile)
    sizes = vm_sizes(options.profile)
    machines = [
        size_machine(
            server,
            column if there else None,
            (float(peaks[column]) if there else 0.0, float(means[column]) if there else 0.0),
            options,
            limits,
            sizes,
        )
        for column, (server, there) in enumerate(zip(inventory.included, has_data, strict=True))
    ]
    _note_unknown(machines, notes)
    return machines


def _note_unknown(machines: list[SizedMachine], notes: list[str]) -> None:
    counts: dict[str, int] = {}
    for machine in machines:
        for name in machine.unknown:
            counts[name] = counts.get(name, 0) + 1
    effects = {
        "disk sizes": "their disks have no cost, no size limit and the smallest tier of their load",
        "bytes in use": "they are left out of initial replication",
        "IOPS": "no limit of IOPS is checked",
        "average write size": "the churn limits of the largest writes hold",
        "cores": "they get no Azure size",
        "memory": "they get no Azure size",
    }
    for name, count in counts.items():
        effect = f": {effects[name]}" if name in effects else ""
        notes.append(f"Unknown of {formatting.plural(count, 'machine')}: {name}{effect}.")
    assumed = sum(disk.is_assumed for machine in machines for disk in machine.disks)
    if assumed:
        notes.append(f"Sizes or use of {formatting.plural(assumed, 'disk')} are assumed.")


# --- Tables ---------------------------------------------------------------------------------------


def _fill(made: CapacityPlan, paths: Paths | None) -> None:
    options, demand, rpo = made.options, made.demand, made.rpo_s
    planned = [machine for machine in made.machines if machine.is_planned]
    prices = Prices(options)
    shares = sorted({*options.shares, 1.0, 0.9}, reverse=True)
    required = [
        demand.required_with_intervals(each, share)
        for each in options.rpos_with(rpo)
        for share in shares
    ]
    made.required = {(each.rpo_s, each.share): each for each in required}
    whole, most = made.bandwidth(), made.bandwidth(share=0.9)
    servers = server_table(planned, demand, options)
    accounts = next(row["count"] for row in servers.rows if row["what"].startswith("cache"))
    facts = {**_span(demand), "rpo_s": rpo, "bandwidth": whole}
    line = whole if options.bandwidth is None else float(options.bandwidth)
    tables: list[PlanTable] = [
        summary_table(made.machines, demand, facts),
        bandwidth_table(required, demand),
        what_if_table(options.rpos_with(rpo), most, demand),
        achieved_table(whole, demand, rpo),
        servers,
        placement_table(planned, accounts),
        compatible_table(made.machines),
        incompatible_table(made.machines, demand, rpo, options, prices),
        reason_table(made.machines),
        disk_table(made.machines),
        *cost_tables(planned, options, prices),
        *copy_tables(planned, line, options, made.notes),
        interval_table(required),
    ]
    if options.kind == "hyper-v":
        tables.append(storage_table(planned, options))
        if not options.volumes:
            made.notes.append("Volumes of the hosts are unknown (option volumes): no free space.")
    if paths is not None:
        tables += network_tables(paths, demand, rpo, options, made.notes)
    if options.windows:
        from .wave_tables import wave_tables

        tables += wave_tables(made)
    made.tables = {table.name: table for table in tables}
    if options.network_price is None:
        made.notes.append("Cost: ExpressRoute or VPN is not counted (network_price says it).")
    for key in sorted(prices.unpriced):
        made.notes.append(f"Cost: {prices.book['name']} has no price for {key}.")
    if options.size_prices == {}:
        made.notes.append(
            "Cost: compute is priced by cores, from the one size that the price book has [A]."
        )


def _span(demand: Demand) -> dict[str, Any]:
    if demand.start_unix_s is None:
        return {"start": None, "end": None}
    offset = timedelta(hours=demand.options.utc_offset_hours)
    first = datetime.fromtimestamp(demand.start_unix_s, UTC) + offset
    last = first + timedelta(seconds=demand.slots * demand.slot_s)
    return {"start": f"{first:%Y-%m-%d %H:%M}", "end": f"{last:%Y-%m-%d %H:%M}"}

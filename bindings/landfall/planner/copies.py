"""Initial replication: named batches in order, their time, and the free space that gates them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import deployment, formatting
from .arithmetic import free_before_each
from .options import PlanOptions
from .sizing import SizedMachine
from .tables import PlanTable, column

__all__ = ["copy_tables", "storage_table"]

_YEAR_S = 366 * 86_400.0
_CURVE = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


def copy_tables(
    machines: Sequence[SizedMachine],
    line_rate: float,
    options: PlanOptions,
    notes: list[str],
) -> list[PlanTable]:
    """Return batches, machines of batches, and what other bandwidths would do.

    Machines whose bytes in use are unknown are left out, with a note. Where the goal cannot be
    kept, it is doubled until it can, with a note.
    """
    known = [machine for machine in machines if machine.total_used is not None]
    if missing := len(machines) - len(known):
        notes.append(
            f"Initial replication leaves out {formatting.plural(missing, 'machine')}: the bytes in "
            "use are unknown (assume_disk and assume_used_percent say what to take)."
        )
    sign = {"inventory": 0, "smallest": 1, "largest": -1}[options.batch_order]
    ordered = sorted(known, key=lambda machine: sign * _used(machine))
    batches, goal = _batches(ordered, line_rate, options)
    if ordered and not batches:
        notes.append(
            "Initial replication cannot be done over the planned bandwidth: changes leave too "
            "little of it for copies."
        )
    elif ordered and goal > options.initial_replication_goal:
        notes.append(
            f"A batch cannot be copied within {_hours(options.initial_replication_goal)}: batches "
            f"are planned for {_hours(goal)}."
        )
    return [
        _batch_table(batches, goal),
        _machine_table(batches, ordered, options),
        _curve(ordered, line_rate, options),
    ]


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.0f} h"


def _used(machine: SizedMachine) -> int:
    return machine.total_used or 0


def _payload(line_rate: float, options: PlanOptions) -> float:
    """Return bytes per second of a line's payload."""
    return line_rate * options.payload_share / 8


def _batches(
    machines: Sequence[SizedMachine], line_rate: float, options: PlanOptions
) -> tuple[list[deployment.CopyBatch], float]:
    ratio = options.compression_ratio
    demands = [
        deployment.CopyDemand(machine.name, _used(machine) / ratio, machine.mean_churn / ratio)
        for machine in machines
    ]
    goal = float(options.initial_replication_goal)
    if not math.isfinite(line_rate) or not demands:
        return [], goal
    while goal <= _YEAR_S:
        try:
            rate = _payload(line_rate, options)
            return deployment.copy_batches(demands, rate, goal_s=goal), goal
        except ValueError:
            goal *= 2
    return [], goal


def _batch_table(batches: Sequence[deployment.CopyBatch], goal: float) -> PlanTable:
    rows, start = [], 0.0
    for number, batch in enumerate(batches, start=1):
        rows.append(
            {
                "batch": number,
                "machines": len(batch.machines),
                "starts_s": start,
                "duration_s": batch.seconds,
                "bandwidth": 8 * batch.bandwidth,
                "for_copies": 8 * batch.copy_bandwidth,
                "own_changes": 8 * (batch.bandwidth - batch.copy_bandwidth),
                "first": batch.machines[0],
                "last": batch.machines[-1],
            }
        )
        start += batch.seconds
    columns = (
        column("batch", "count", "Number, in order."),
        column("machines", "count", "Machines whose copies run together."),
        column("starts_s", "duration", "Since the first batch began.", "starts after"),
        column("duration_s", "duration", "Time of its copies.", "takes"),
        column("bandwidth", "rate", "Left by the changes of all earlier batches."),
        column("for_copies", "rate", "Of that for the copies, beside the batch's own changes."),
        column("own_changes", "rate", "What the batch's own changes take."),
        column("first", "text", "First machine of the batch.", "from"),
        column("last", "text", "Last machine of the batch.", "to"),
    )
    return PlanTable(
        "batches", f"Batches of initial replication, each within {_hours(goal)}", columns, rows
    )


def _machine_table(
    batches: Sequence[deployment.CopyBatch],
    machines: Sequence[SizedMachine],
    options: PlanOptions,
) -> PlanTable:
    by_name = {machine.name: machine for machine in machines}
    places = {name: volume for volume in options.volumes for name in volume.machines}
    free = _free_space(batches, by_name, options)
    rows: list[dict[str, Any]] = []
    for number, batch in enumerate(batches, start=1):
        for name in batch.machines:
            machine, place = by_name[name], places.get(name)
            wire = machine.mean_churn / options.compression_ratio
            copy = _used(machine) / options.compression_ratio
            row: dict[str, Any] = {
                "batch": number,
                "machine": name,
                "host": place.host if place else machine.server.host,
                "volume": place.volume if place else None,
                "copy_bytes": copy,
                "delta_bytes_a_day": wire * 86_400,
                "least_copy": 8 * copy / options.initial_replication_goal / options.payload_share,
                "least_delta": 8 * wire / options.payload_share,
            }
            row.update(free.get(name, {}))
            rows.append(row)
    columns = (
        column("batch", "count", "Number of its batch."),
        column("machine", "text", "Name."),
        column("host", "text", "Its host."),
        column("volume", "text", "Volume of its disks (Hyper-V)."),
        column("free_bytes", "size", "Free there, after what the machines before it need.", "free"),
        column("needed_bytes", "size", "Free space that copy or changes need at worst.", "needs"),
        column("deficit_bytes", "size", "What has to be added before it starts.", "deficit"),
        column("copy_bytes", "size", "What the copy sends.", "copy"),
        column("delta_bytes_a_day", "size", "What its changes send in a day.", "changes a day"),
        column("least_copy", "rate", "Least bandwidth to copy it within the goal."),
        column("least_delta", "rate", "Least bandwidth for its changes, in the mean."),
        column("comment", "text", "What stands in the way."),
    )
    return PlanTable("batch_machines", "Who is copied when", columns, rows)


def _needs(machine: SizedMachine, options: PlanOptions) -> dict[str, float]:
    return deployment.free_space_needed(machine.total_size or 0, 0.0, profile=options.profile)


def _free_space(
    batches: Sequence[deployment.CopyBatch],
    by_name: dict[str, SizedMachine],
    options: PlanOptions,
) -> dict[str, dict[str, Any]]:
    """Return for each machine on a listed volume what it finds free, and what it lacks."""
    order = [name for batch in batches for name in batch.machines]
    found: dict[str, dict[str, Any]] = {}
    for volume in options.volumes:
        mine = [name for name in order if name in volume.machines]
        needs = [_needs(by_name[name], options) for name in mine]
        free = free_before_each(volume.free, [need["delta"] for need in needs])
        for name, need, left in zip(mine, needs, free, strict=False):
            needed = max(need["initial"], need["delta"])
            lack = max(0.0, needed - left)
            found[name] = {
                "free_bytes": left,
                "needed_bytes": needed,
                "deficit_bytes": lack,
                "comment": f"waits for {formatting.size(lack)} more" if lack else "",
            }
    return found


def _curve(machines: Sequence[SizedMachine], line_rate: float, options: PlanOptions) -> PlanTable:
    rows = []
    for factor in _CURVE if math.isfinite(line_rate) and machines else ():
        rate = line_rate * factor
        batches, goal = _batches(machines, rate, options)
        rows.append(
            {
                "bandwidth": rate,
                "first_batch": len(batches[0].machines) if batches else None,
                "batches": len(batches) or None,
                "duration_s": sum(batch.seconds for batch in batches) if batches else None,
                "goal_kept": goal <= options.initial_replication_goal and bool(batches),
            }
        )
    columns = (
        column("bandwidth", "rate", "A link's rate."),
        column("first_batch", "count", "Machines of the first batch.", "machines in batch 1"),
        column("batches", "count", "Batches."),
        column("duration_s", "duration", "Time of all copies, one batch after another.", "takes"),
        column("goal_kept", "verdict", "Whether every batch keeps the goal.", "goal"),
    )
    return PlanTable("copy_curve", "Initial replication over other bandwidths", columns, rows)


def storage_table(machines: Sequence[SizedMachine], options: PlanOptions) -> PlanTable:
    """Return the free space that Hyper-V hosts need, volume by volume."""
    by_name = {machine.name: machine for machine in machines}
    rows = []
    for volume in options.volumes:
        mine = [by_name[name] for name in volume.machines if name in by_name]
        sizes = [machine.total_size for machine in mine]
        known = [size for size in sizes if size is not None]
        need = deployment.free_space_needed(sum(known), volume.free, profile=options.profile)
        rows.append(
            {
                "host": volume.host,
                "volume": volume.volume,
                "machines": len(mine),
                "free_bytes": volume.free,
                "needed_bytes": max(need["initial"], need["delta"]),
                "to_add_bytes": need["to_add"],
                "unknown": len(sizes) - len(known),
            }
        )
    columns = (
        column("host", "text", "Hyper-V host."),
        column("volume", "text", "Volume."),
        column("machines", "count", "Machines on it."),
        column("free_bytes", "size", "Free now.", "free"),
        column("needed_bytes", "size", "Free space that replication of all needs.", "required"),
        column("to_add_bytes", "size", "What has to be added.", "to add"),
        column("unknown", "count", "Machines of unknown size, which are not in it."),
    )
    return PlanTable("hyper_v_storage", "On-premises storage requirement", columns, rows)

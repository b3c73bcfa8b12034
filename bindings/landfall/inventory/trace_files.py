"""Churn traces from CSV files: wide tables, one row a sample, and the archive form of Bitbrains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import formatting
from . import codes
from .model import Note
from .reading import Limits, PathLike, nearest_to, refuse
from .slots import TIME_UNITS, Grid, Unit, grid_of, seconds, split_unit, unit_of, unstated
from .tables import Table, read_table
from .trace import Array, Mask, Origin, Trace

__all__ = ["trace_from_bitbrains", "trace_from_long", "trace_from_wide"]

#: The archive's own heading; a KB of vSphere is 1,024 bytes.
_BITBRAINS_TIME = "Timestamp [ms]"
_BITBRAINS_WRITTEN = "Disk write throughput [KB/s]"
_NAMES_SHOWN = 10


def trace_from_wide(
    path: PathLike,
    *,
    unit: str | None = None,
    slot_s: float | str | None = None,
    time_unit: str = "s",
    columns: Sequence[str] | None = None,
    limits: Limits | None = None,
) -> Trace:
    """Read a wide CSV file: the first column is the time, every other one a machine.

    Parameters
    ----------
    path
        The file, plain or gzip; separated by commas, semicolons or tabs. An empty cell is a missing
        sample.
    unit
        What a number is: a rate such as ``"KiB/s"``, or bytes of a slot such as ``"MiB"``. KB is
        1,000 bytes, KiB 1,024. None: each heading ends in it, such as ``vm1 [KiB/s]``.
    slot_s
        Length of a slot in seconds, or as ``"5 min"``; None: the step of the times.
    time_unit
        What a number in the time column counts since 1970: ``"s"``, ``"ms"``, ``"us"``, ``"ns"``. A
        text is a date and time of ISO 8601; without a zone it is UTC.
    columns
        Machines to read; None: all.
    limits
        What the file may cost.

    Returns
    -------
    Trace
        Shape ``(slots, machines)``; rows that the file lacks are missing slots.

    Raises
    ------
    ScenarioError
        The file cannot be read, a cell does not fit, or the unit is not stated.
    """
    bounds = limits or Limits()
    label = str(path)
    table = read_table(path, bounds)
    time, *machines = table.headings
    wanted = machines if columns is None else _known(columns, machines, label)
    if not wanted:
        refuse(label, "has no column beside the time", code=codes.MISSING_COLUMN)
    counted, names = _unit(unit, wanted, label)
    times = table.times(time, _time_factor(time_unit, label))
    _rising(times, table)
    step = seconds(slot_s, label, "slot_s")
    most = bounds.cells // len(wanted)
    grid = grid_of(times, label=label, slot_s=step, slots_max=most, align=False)
    _one_each_slot(grid, table)
    written = np.zeros((grid.slots, len(wanted)))
    missing = np.ones((grid.slots, len(wanted)), dtype=np.bool_)
    for column, name in enumerate(wanted):
        values = table.numbers(name, wanted)
        there = ~np.isnan(values)
        written[grid.index[there], column] = values[there] * counted.bytes_of(grid.slot_s)
        missing[grid.index, column] = ~there
    notes = [_unit_note(counted, given=unit is not None)]
    gaps = grid.slots - len(times)
    if gaps:
        notes.append(Note(text="slots that the file has no row for; they are missing", count=gaps))
    notes += table.notes
    return Trace(
        written=written,
        names=tuple(names),
        slot_s=grid.slot_s,
        start_unix_s=grid.start_s,
        missing=missing,
        notes=tuple(notes),
        origin=_origin(path, wanted, counted, table, gaps),
    )


def _known(wanted: Sequence[str], there: Sequence[str], label: str) -> list[str]:
    for name in wanted:
        if name not in there:
            message = f'has no column "{name}"'
            near = nearest_to(name, there)
            shown = tuple(there[:_NAMES_SHOWN])
            refuse(label, message, allowed=shown, nearest=near, code=codes.MISSING_COLUMN)
    return list(wanted)


def _unit(stated: str | None, headings: Sequence[str], label: str) -> tuple[Unit, list[str]]:
    """Return the unit, as stated or at the end of the headings, and the headings without it."""
    in_headings, names = split_unit(headings)
    if len(set(names)) != len(names):
        refuse(label, "two columns have one name", found=", ".join(names[:_NAMES_SHOWN]))
    text = stated if stated is not None else in_headings
    return unstated(label, headings) if text is None else unit_of(text, label), names


def _unit_note(unit: Unit, *, given: bool) -> Note:
    said = "as asked" if given else "as the headings say"
    kind = "bytes per second" if unit.per_second else "bytes of a slot"
    return Note(text=f"numbers are {unit.text} ({unit.factor:,.15g} {kind}), {said}")


def _time_factor(name: str, label: str) -> float:
    if name not in TIME_UNITS:
        message = "is no unit of time"
        allowed = tuple(TIME_UNITS)
        refuse(label, message, where="time_unit", found=name, allowed=allowed, code=codes.UNSTATED)
    return TIME_UNITS[name]


def _rising(times: Array, table: Table) -> None:
    """Refuse times that do not rise."""
    wrong = np.flatnonzero(np.diff(times) <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        table.fail(row, table.headings[0], "the time must be later than that of the row before")


def _one_each_slot(grid: Grid, table: Table) -> None:
    """Refuse two rows of one slot."""
    same = np.flatnonzero(np.diff(grid.index) == 0)
    if len(same):
        step = formatting.duration(grid.slot_s)
        message = f"two rows fall in one slot of {step}; say the length of a slot with slot_s"
        table.fail(int(same[0]) + 1, table.headings[0], message)


def _origin(
    path: PathLike, headings: Sequence[str], unit: Unit, table: Table, gaps: int
) -> Origin | None:
    """Return where a scenario can replay the trace from: rates at every step, in its own form."""
    plain = unit.per_second and unit.factor.is_integer() and not gaps and table.plain
    if not plain:
        return None
    columns = tuple(heading.strip() for heading in headings)
    return Origin(Path(path), columns, int(unit.factor), table.separator)


# --- One row a sample -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Samples:
    """Samples of some machines."""

    times: Array
    machines: Any
    names: tuple[str, ...]
    values: Array


def trace_from_long(
    path: PathLike,
    *,
    time: str,
    machine: str,
    value: str,
    unit: str | None = None,
    disk: str | None = None,
    slot_s: float | str | None = None,
    time_unit: str = "s",
    limits: Limits | None = None,
) -> Trace:
    """Read a CSV file with one sample a row: time, machine, perhaps disk, and value.

    Values of the disks of a machine in a slot are added up; that is how Deployment Planner makes
    machines of disks (learn.microsoft.com, site-recovery-deployment-planner).

    Parameters
    ----------
    path
        The file, plain or gzip.
    time, machine, value, disk
        Headings of the columns. Without `disk` a machine has one row a slot.
    unit, slot_s, time_unit, limits
        As in :func:`trace_from_wide`; the heading of the value may end in the unit.

    Raises
    ------
    ScenarioError
        The file cannot be read, a cell does not fit, or a machine has two rows for a slot.
    """
    bounds = limits or Limits()
    label = str(path)
    table = read_table(path, bounds)
    keys = [machine] if disk is None else [machine, disk]
    _known([time, value, *keys], table.headings, label)
    counted, _ = _unit(unit, [value], label)
    times = table.times(time, _time_factor(time_unit, label))
    values = table.numbers(value)
    step = seconds(slot_s, label, "slot_s")
    codes_, names = table.names(machine)
    most = bounds.cells // max(len(names), 1)
    grid = grid_of(times, label=label, slot_s=step, slots_max=most, align=False)
    parts = codes_
    if disk is not None:
        of_disks, disks = table.names(disk)
        parts = codes_ * len(disks) + of_disks
    _one_each(table, time, parts, grid)
    samples = _Samples(times, codes_, names, values)
    written, missing = _summed(samples, grid, counted)
    notes = (_unit_note(counted, given=unit is not None), *table.notes)
    return Trace(written, names, grid.slot_s, grid.start_s, missing, notes=notes)


def _one_each(table: Table, time: str, parts: Any, grid: Grid) -> None:
    key = parts.astype(np.int64) * grid.slots + grid.index
    order = np.argsort(key, kind="stable")
    twice = np.flatnonzero(np.diff(key[order]) == 0)
    if len(twice):
        row = int(order[twice + 1].min())
        step = formatting.duration(grid.slot_s)
        message = f"the second row of its machine or disk in one slot of {step}"
        table.fail(row, time, message)


def _summed(samples: _Samples, grid: Grid, unit: Unit) -> tuple[Array, Mask]:
    written = np.zeros((grid.slots, len(samples.names)))
    missing = np.ones(written.shape, dtype=np.bool_)
    there = ~np.isnan(samples.values)
    place = (grid.index[there], samples.machines[there])
    np.add.at(written, place, samples.values[there] * unit.bytes_of(grid.slot_s))
    missing[place] = False
    return written, missing


# --- Bitbrains ------------------------------------------------------------------------------------


def trace_from_bitbrains(
    paths: Sequence[PathLike],
    *,
    names: Sequence[str] | None = None,
    slot_s: float | str = 300.0,
    limits: Limits | None = None,
) -> Trace:
    """Read files of the Bitbrains archive (GWA-T-12): one for each machine.

    They are separated by semicolon and tab. "Timestamp [ms]" holds seconds, and a KB is 1,024 bytes
    [as vSphere counts it]; both are noted. Samples come at 300 s, give or take: each belongs to the
    slot that it falls in, and slots begin at multiples of their length. Of several samples in a
    slot the mean counts.

    Parameters
    ----------
    paths
        The files, plain or gzip.
    names
        Names of the machines; None: the names of the files.
    slot_s
        Length of a slot.
    limits
        What one file may cost.

    Raises
    ------
    ScenarioError
        A file cannot be read, has other columns, or a cell does not fit.
    """
    bounds = limits or Limits()
    if not paths:
        refuse("trace", "needs at least one file", code=codes.NOTHING_LEFT)
    given = names if names is not None else [Path(path).name.split(".")[0] for path in paths]
    if len(given) != len(paths) or len(set(given)) != len(given):
        message = f"needs {len(paths)} names, each once"
        refuse(str(paths[0]), message, found=", ".join(given[:8]), code=codes.NAMES_DIFFER)
    step = seconds(slot_s, str(paths[0]), "slot_s")
    read = [_bitbrains(path, bounds) for path in paths]
    times = np.concatenate([times for times, _ in read])
    most = bounds.cells // len(read)
    grid = grid_of(times, label=str(paths[0]), slot_s=step, slots_max=most, align=True)
    totals = np.zeros((grid.slots, len(read)))
    counts = np.zeros((grid.slots, len(read)))
    begin = 0
    for column, (of_file, values) in enumerate(read):
        index = grid.index[begin : begin + len(of_file)]
        begin += len(of_file)
        there = ~np.isnan(values)
        np.add.at(totals[:, column], index[there], values[there])
        np.add.at(counts[:, column], index[there], 1.0)
    missing = counts == 0
    written = totals / np.maximum(counts, 1.0) * 1024.0 * grid.slot_s
    notes = (
        Note(text='"Timestamp [ms]" was read as seconds, which it is'),
        Note(text="KB/s was read as 1,024 bytes per second"),
        Note(
            text="samples that share a slot with another; their mean counts", count=_shared(counts)
        ),
    )
    return Trace(written, tuple(given), grid.slot_s, grid.start_s, missing, notes=notes)


def _shared(counts: Array) -> int:
    return int(np.maximum(counts - 1, 0).sum())


def _bitbrains(path: PathLike, limits: Limits) -> tuple[Array, Array]:
    table = read_table(path, limits)
    _known([_BITBRAINS_TIME, _BITBRAINS_WRITTEN], table.headings, str(path))
    times = table.times(_BITBRAINS_TIME, 1.0)
    if len(times) and times.max() > 1e11:
        table.fail(int(times.argmax()), _BITBRAINS_TIME, "is no time in seconds since 1970")
    return times, table.numbers(_BITBRAINS_WRITTEN)

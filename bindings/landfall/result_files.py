"""A saved result, read back: the folder that :meth:`landfall.Result.save` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .columns import COLUMNS
from .errors import UnreadableResult
from .export import EVENTS, PARQUET, SCENARIO, SUMMARY
from .tables import Array, Names

if TYPE_CHECKING:
    import pyarrow as pa

    from .result import Result

__all__ = ["load_result"]

#: What every result has; the others have a meaning when they are missing.
_NEEDED = ("machines",)
#: Columns without which a table is none: texts, then numbers.
_COLUMNS: dict[str, tuple[str, str]] = {
    "machines": ("machine", ""),
    "rpo": ("machine", "t_s rpo_s_before rpo_s_after"),
    "jobs": ("machine operation state", "job_id start_s end_s"),
    "tasks": ("task state", "job_id start_s end_s"),
    "plan_tasks": (
        "task kind machine state",
        "job_id task_id parent_task start_s end_s is_critical",
    ),
    "copies": ("machine disk kind", "start_s end_s"),
    "fleet": ("", "t_s protected_machines rpo_s_worst rpo_s_mean"),
    "backlog": (
        "process_server",
        "t_s source_bytes process_server_bytes logs_waiting_bytes copy_bytes cache_free_percent",
    ),
    "links": ("link direction", "bytes"),
    "link_use": ("link direction", "t_s bytes capacity_bytes"),
    "billing": ("machine meter currency", "month amount_micros"),
    "health": ("kind subject code message", "t_s"),
    "alerts": ("alert subject message", "t_s"),
    "violations": ("oracle machine text", "t_s"),
    "events": ("kind subject detail", "t_s"),
}
#: Parts of a scenario that are lists of things.
_LISTS = (
    *("sites", "regions", "links", "policies", "machines", "timeline", "process_servers"),
    *("configuration_servers", "vmm_servers", "master_targets"),
)
#: What the summary holds besides what the run told.
_ABOUT = ("scenario_hash", "wall_s", "peak_memory_bytes", "versions", "machines")
#: A summary is small, a scenario smaller than 64 MiB; more is no file of ours.
_TEXT_BYTES_MAX = 256 * 2**20


def load_result(folder: str | PathLike[str]) -> Result:
    """Read a result that :meth:`landfall.Result.save` or ``landfall run --out`` wrote.

    Its tables, summary and scenario are those of the run, so that everything a result can do it
    can do again: pictures, reports, comparisons.

    Parameters
    ----------
    folder
        The folder.

    Returns
    -------
    Result
        The result.

    Raises
    ------
    UnreadableResult
        The folder is not there, holds no result, or a file in it is damaged; says which.
    """
    from .result import Result

    place = Path(folder)
    if not place.is_dir():
        what = "is a file, not a folder" if place.exists() else "is not there"
        raise UnreadableResult(f"{place} {what}; give the folder of a saved result")
    summary = _json(place / SUMMARY)
    if "scenario_hash" not in summary:
        raise UnreadableResult(f"{place / SUMMARY} is not the summary of a result")
    _check_summary(summary, place / SUMMARY)
    tables = {name: _columns(name, read) for name, read in _read(place)}
    for name in _NEEDED:
        if name not in tables:
            raise UnreadableResult(f"{place} holds no whole result: there is no {name}.parquet")
    scenario = _json(place / SCENARIO) if (place / SCENARIO).is_file() else {}
    for key in _LISTS:
        if not _is_list_of_objects(scenario.get(key) or []):
            raise UnreadableResult(f'{place / SCENARIO} is damaged: "{key}" is no list of objects')
    told = {key: value for key, value in summary.items() if key not in _ABOUT}
    try:
        return Result.from_tables(
            told,
            tables,
            scenario_json=json.dumps(scenario, ensure_ascii=False),
            scenario_hash=str(summary["scenario_hash"]),
            wall_s=float(summary.get("wall_s") or 0.0),
            peak_memory_bytes=int(summary.get("peak_memory_bytes") or 0),
            versions={str(k): str(v) for k, v in dict(summary.get("versions") or {}).items()},
        )
    except (TypeError, ValueError) as error:
        raise UnreadableResult(f"{place / SUMMARY} is damaged: {error}") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _TEXT_BYTES_MAX:
            raise UnreadableResult(f"{path} is too large to be a file of a result")
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnreadableResult(
            f"{path.parent} holds no result of landfall: there is no {path.name}"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableResult(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise UnreadableResult(f"{path} is damaged: it holds no JSON object")
    return value


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _check_summary(summary: Mapping[str, Any], path: Path) -> None:
    for key in ("seed", "simulated_s"):
        if not isinstance(summary.get(key) or 0, int | float):
            raise UnreadableResult(f'{path} is damaged: "{key}" is no number')
    for key in ("totals", "billing", "oracles", "control_oracles"):
        if not isinstance(summary.get(key) or {}, dict):
            raise UnreadableResult(f'{path} is damaged: "{key}" is no object')
    expect = summary.get("expect") or []
    if not _is_list_of_objects(expect) or any(
        not isinstance(entry.get("rule"), dict) or len(entry["rule"]) != 1 for entry in expect
    ):
        raise UnreadableResult(f'{path} is damaged: "expect" is no list of expectations')


def _read(folder: Path) -> Iterator[tuple[str, pa.Table]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in PARQUET:
        path = folder / f"{name}.parquet"
        if not path.is_file():
            continue
        try:
            table = pq.read_table(path)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise UnreadableResult(f"{path} is damaged: {error}") from error
        yield name, _checked(table, name, path)
    path = folder / EVENTS
    if path.is_file():
        yield "events", _checked(_events(path), "events", path)


def _checked(table: pa.Table, name: str, path: Path) -> pa.Table:
    if table.num_rows and not table.column_names:
        raise UnreadableResult(f"{path} is damaged: it has no columns")
    texts, numbers = (names.split() for names in _COLUMNS.get(name, ("", "")))
    for column in [*texts, *numbers]:
        if column not in table.column_names:
            raise UnreadableResult(f'{path} is damaged: there is no column "{column}"')
        is_text = _is_text(table[column].type)
        if is_text != (column in texts):
            what = "texts" if column in texts else "numbers"
            raise UnreadableResult(f'{path} is damaged: column "{column}" holds no {what}')
    return table


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _events(path: Path) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS["events"]}
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            try:
                row = json.loads(line)
                for name, values in columns.items():
                    value = row[name]
                    values.append(float(value) if name == "t_s" else value)
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise UnreadableResult(f"{path}, line {number} is damaged: {error}") from error
    kinds = {name: pa.float64() if name == "t_s" else pa.string() for name in columns}
    try:
        return pa.table({name: pa.array(values, kinds[name]) for name, values in columns.items()})
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise UnreadableResult(f"{path} is damaged: {error}") from error


def _columns(name: str, table: pa.Table) -> Mapping[str, Array | Names | Sequence[str | None]]:
    """Return the columns as a result holds them: codes and names, numbers, -1 for no number."""
    import pyarrow as pa

    made: dict[str, Array | Names | Sequence[str | None]] = {}
    for column in table.column_names:
        values = table[column].combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = values.chunk(0) if values.num_chunks else pa.array([], values.type)
        kind = values.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            values = values.dictionary_encode()
            kind = values.type
        if pa.types.is_dictionary(kind):
            codes = values.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            made[column] = Names(codes, [str(text) for text in values.dictionary.to_pylist()])
        elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
            numbers = values.cast(pa.int64()).fill_null(-1)
            made[column] = numbers.to_numpy(zero_copy_only=False)
        elif pa.types.is_floating(kind):
            made[column] = values.fill_null(np.nan).to_numpy(zero_copy_only=False)
        else:
            raise UnreadableResult(f'{name}.parquet is damaged: column "{column}" holds {kind}')
    return made

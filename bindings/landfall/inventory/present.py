"""How an inventory shows itself: frames, HTML, JSON, and files that are there wholly or not."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import formatting
from ..writing import whole_file
from .model import Inventory, Server, ServerDisk

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_json", "disks_frame", "inventory_html", "replace_file", "servers_frame", "totals"]

_SERVERS_SHOWN = 8
_REJECTED_SHOWN = 10
_FORMAT = "landfall-inventory-1"


def servers_frame(inventory: Inventory) -> pd.DataFrame:
    """Return one row for each server; unknown values are missing."""
    import pandas as pd

    plain = [name for name in Server.model_fields if name not in ("disks", "nics", "addresses")]
    rows = [
        {name: getattr(server, name) for name in plain}
        | {
            "disks": len(server.disks),
            "nics": len(server.nics),
            "total_size_bytes": server.total_size_bytes,
            "total_used_bytes": server.total_used_bytes,
            "total_write_bytes_per_s": server.total_write_bytes_per_s,
            "addresses": ", ".join(server.addresses),
        }
        for server in inventory.servers
    ]
    more = ["disks", "nics", "total_size_bytes", "total_used_bytes", "total_write_bytes_per_s"]
    return _typed(pd.DataFrame(rows, columns=[*plain, *more, "addresses"]))


def disks_frame(inventory: Inventory) -> pd.DataFrame:
    """Return one row for each disk; unknown values are missing."""
    import pandas as pd

    names = list(ServerDisk.model_fields)
    rows = [
        {"server": server.name} | {name: getattr(disk, name) for name in names}
        for server in inventory.servers
        for disk in server.disks
    ]
    return _typed(pd.DataFrame(rows, columns=["server", *names]))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep bytes and counts whole although some are missing."""
    for column in frame:
        name = str(column)
        if name in ("cores", "disk_count", "nic_count") or name.endswith("_bytes"):
            frame[column] = frame[column].astype("Int64")
        elif name.endswith(("_per_s", "_iops", "_percent")):
            frame[column] = frame[column].astype("Float64")
    return frame


def as_json(inventory: Inventory) -> str:
    """Return the JSON that :func:`landfall.inventory.load` reads."""
    about = {"format": _FORMAT} | _without_unknown(inventory.canonical())
    return json.dumps(about, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _without_unknown(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_unknown(item) for key, item in value.items() if item not in (None, [])
        }
    return [_without_unknown(item) for item in value] if isinstance(value, list) else value


def from_json_object(values: dict[str, Any]) -> Inventory:
    """Return the inventory of an object that :func:`as_json` wrote. Raises ScenarioError."""
    return Inventory(**{key: value for key, value in values.items() if key != "format"})


def is_inventory(values: object) -> bool:
    """Return whether an object is one that :func:`as_json` wrote."""
    return isinstance(values, dict) and values.get("format") == _FORMAT


def replace_file(path: Path, text: str) -> Path:
    """Write a file, wholly or not at all."""
    with whole_file(path) as file:
        file.write_text(text, encoding="utf-8", newline="")
    return path


def totals(inventory: Inventory) -> list[tuple[str, str]]:
    """Return what the servers that plans take add up to, as texts; with how many are known."""
    servers = inventory.included

    def known(values: Iterable[Any], text: Any) -> str:
        there = [value for value in values if value is not None]
        if not there:
            return "unknown"
        some = "" if len(there) == len(servers) else f" (of {len(there):,} servers)"
        return f"{text(sum(there))}{some}"

    excluded: dict[str, int] = {}
    for server in inventory.excluded:
        excluded[str(server.excluded)] = excluded.get(str(server.excluded), 0) + 1
    why = ", ".join(f"{count:,} {reason}" for reason, count in sorted(excluded.items()))
    return [
        ("servers", f"{len(servers):,}" + (f", and {why} left out" if why else "")),
        ("cores", known((server.cores for server in servers), lambda n: f"{n:,}")),
        ("memory", known((server.memory_bytes for server in servers), formatting.size)),
        ("disks", f"{sum(len(server.disks) for server in servers):,}"),
        ("size", known((server.total_size_bytes for server in servers), formatting.size)),
        ("in use", known((server.total_used_bytes for server in servers), formatting.size)),
        (
            "written",
            known(
                (server.total_write_bytes_per_s for server in servers),
                lambda n: f"{formatting.size(n)}/s",
            ),
        ),
        ("rejected", f"{len(inventory.rejected):,} rows or values"),
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    left = "text-align:left"
    titles = "".join(f'<th style="{left}">{html.escape(title)}</th>' for title in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{left}">{html.escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _more(count: int, what: str, attribute: str) -> str:
    return f"<p>{count:,} more {what} in <code>{attribute}</code></p>" if count > 0 else ""


def inventory_html(inventory: Inventory) -> str:
    """Return an inventory as HTML: totals, the first servers, what was rejected, notes."""
    head = f"<p><strong>{html.escape(inventory.name)}</strong> · {inventory.kind}</p>"
    parts = [head, _table(("total", ""), totals(inventory))]
    rows = [
        (
            server.name,
            server.excluded or "",
            "–" if server.cores is None else str(server.cores),
            formatting.size(server.memory_bytes),
            str(len(server.disks)),
            formatting.size(server.total_size_bytes),
            server.os_name or "–",
        )
        for server in inventory.servers[:_SERVERS_SHOWN]
    ]
    parts.append(_table(("server", "left out", "cores", "memory", "disks", "size", "OS"), rows))
    parts.append(_more(len(inventory.servers) - _SERVERS_SHOWN, "servers", ".servers"))
    if inventory.rejected:
        shown = [
            (each.where, each.name or "", each.reason, each.found or "")
            for each in inventory.rejected[:_REJECTED_SHOWN]
        ]
        parts.append(_table(("where", "server", "rejected because", "found"), shown))
        parts.append(_more(len(inventory.rejected) - _REJECTED_SHOWN, "rejected", ".rejected"))
    notes = "".join(f"<li>{html.escape(str(note))}</li>" for note in inventory.notes)
    parts.append(f"<ul>{notes}</ul>" if notes else "")
    return f'<div class="landfall-inventory">{"".join(parts)}</div>'


def table_html(
    head: Sequence[str], rows: Iterable[Sequence[str]], notes: Iterable[str] = ()
) -> str:
    """Return a table and notes under it as HTML."""
    items = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    return _table(head, rows) + (f"<ul>{items}</ul>" if items else "")

"""Azure Migrate's import CSV: read into an inventory, and written from one.

The columns are those of the template (MicrosoftDocs/azure-docs, articles/migrate/
tutorial-discover-import.md), of today and of 2020; those marked * there are mandatory. A blank cell
is unknown. The file may be separated by commas, semicolons or tabs, plain or gzip.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from ..errors import Problem, ScenarioError
from . import codes, fields
from .fields import Columns, Field, heading_key, is_blank
from .gather import Gathering, os_family
from .model import Inventory, Nic, Server, ServerDisk, made
from .reading import Limits, PathLike, Rows, Text, read_text, refuse

__all__ = ["from_azure_migrate", "looks_like", "written"]

#: Most disks of a server, and most servers, that Azure Migrate imports.
DISKS_MAX = 20
SERVERS_MAX = 20_000

_ARCHITECTURES = {"x64": "x64", "amd64": "x64", "64-bit": "x64", "x86": "x86", "32-bit": "x86"}
_BOOT = {"bios": "bios", "uefi": "uefi", "efi": "uefi"}
_SERVER_TYPES = {"virtual": "virtual", "physical": "physical"}
_MB = ("mb",)
_GB = ("gb",)
_MB_PER_S = ("mb per second",)
_OPS = ("operations per second",)
_FACTORS = {"binary": 1024, "decimal": 1000}
_DISK_HEADING = re.compile(r"disk(\d+)(?:size|read|write)")


def _server_fields(kilo: int) -> tuple[Field, ...]:
    mega, giga = kilo**2, kilo**3
    rate, ops = fields.rate(mega), fields.number
    return (
        Field("name", ("*Server name",), fields.text, True),
        Field("addresses", ("IP addresses", "IP address"), _addresses),
        Field("cores", ("*Cores",), fields.at_least_one, True),
        Field("memory_bytes", ("*Memory (In MB)",), fields.scaled(mega, positive=True), True, _MB),
        Field("os_name", ("*OS name",), fields.text, True),
        Field("os_version", ("OS version",), fields.text),
        Field("architecture", ("OS architecture",), fields.choice(_ARCHITECTURES)),
        Field("server_type", ("Server type",), fields.choice(_SERVER_TYPES)),
        Field("hypervisor", ("Hypervisor",), fields.text),
        Field("cpu_percent", ("CPU utilization percentage",), fields.percent),
        Field("memory_percent", ("Memory utilization percentage",), fields.percent),
        Field("nic_count", ("Network adapters",), fields.whole),
        Field("network_in_bytes_per_s", ("Network In throughput",), rate, units=_MB_PER_S),
        Field("network_out_bytes_per_s", ("Network Out throughput",), rate, units=_MB_PER_S),
        Field("boot", ("Boot type", "Firmware type"), fields.choice(_BOOT)),
        Field("mac", ("MAC address",), fields.text),
        Field("disk_count", ("Number of disks",), fields.whole),
        Field("storage_used_bytes", ("Storage in use (In GB)",), fields.scaled(giga), units=_GB),
        Field("read_iops", ("Total disks read ops",), ops, units=_OPS),
        Field("write_iops", ("Total disks write ops",), ops, units=_OPS),
        Field("read_bytes_per_s", ("Total disks read throughput",), rate, units=_MB_PER_S),
        Field("write_bytes_per_s", ("Total disks write throughput",), rate, units=_MB_PER_S),
    )


def _disk_fields(kilo: int, number: int) -> tuple[Field, ...]:
    disk = f"Disk {number}"
    rate, ops = fields.rate(kilo**2), fields.number
    size = fields.scaled(kilo**3, positive=True)
    throughput = "throughput (MB per second)"
    return (
        Field("size_bytes", (f"{disk} size (In GB)",), size, units=_GB),
        Field("read_bytes_per_s", (f"{disk} read {throughput}",), rate, units=_MB_PER_S),
        Field("write_bytes_per_s", (f"{disk} write {throughput}",), rate, units=_MB_PER_S),
        Field("read_iops", (f"{disk} read ops (operations per second)",), ops, units=_OPS),
        Field("write_iops", (f"{disk} write ops (operations per second)",), ops, units=_OPS),
    )


def _addresses(cell: object) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[;,\s]+", fields.text(cell)) if part)


def looks_like(headings: Sequence[object]) -> bool:
    """Return whether a header is one of Azure Migrate: it names servers, cores and memory."""
    keys = {heading_key(heading) for heading in headings}
    return {"servername", "cores"} <= keys or {"servername", "memory"} <= keys


def from_azure_migrate(
    path: PathLike,
    *,
    megabytes: Literal["binary", "decimal"] = "binary",
    limits: Limits | None = None,
) -> Inventory:
    """Read an Azure Migrate import CSV.

    Parameters
    ----------
    path
        The file, plain or gzip.
    megabytes
        What MB and GB count: ``"binary"`` powers of 1,024 (as Windows and vSphere show them; an
        assumption, noted in the result), ``"decimal"`` powers of 1,000. The documents do not say.
    limits
        What the file may cost.

    Raises
    ------
    ScenarioError
        The file cannot be read, lacks a mandatory column, or holds no server.
    """
    bounds = limits or Limits()
    return from_text(read_text(path, bounds), megabytes=megabytes, limits=bounds)


def from_text(text: Text, *, megabytes: str, limits: Limits) -> Inventory:
    """Read an import CSV that is in memory; see :func:`from_azure_migrate`."""
    if megabytes not in _FACTORS:
        message = "megabytes says what MB and GB count"
        refuse(text.label, message, found=megabytes, allowed=tuple(_FACTORS), code=codes.UNSTATED)
    reader = _Reader(text, _FACTORS[megabytes], limits)
    for line, row in reader.rows:
        reader.take(line, row)
    return reader.inventory()


class _Reader:
    """Reads the rows of one file."""

    def __init__(self, text: Text, kilo: int, limits: Limits) -> None:
        self._text = text
        self._kilo = kilo
        self._gathering = Gathering(text.label, limits)
        self._most = min(limits.servers, SERVERS_MAX)
        self._separated = Rows(text, limits)
        self.rows = iter(self._separated)
        line, headings = next(self.rows, (0, []))
        if not headings:
            refuse(text.label, "holds no header", code=codes.NOTHING_LEFT)
        where = f"line {line}"
        self._width = len(headings)
        self._fields = _server_fields(kilo)
        self._columns = self._gathering.columns(headings, self._fields, where)
        self._disks = self._disk_columns(headings, where)
        of_disks = {place[1] for _, _, there in self._disks for place in there.places.values()}
        if unused := [name for name in self._columns.unused if name not in of_disks]:
            self._gathering.note(f"columns that are not used: {', '.join(unused[:20])}")
        self._servers: dict[str, Server] = {}
        self._lines: dict[str, int] = {}

    def _disk_columns(
        self, headings: Sequence[str], where: str
    ) -> list[tuple[int, tuple[Field, ...], Columns]]:
        numbers = set()
        for heading in headings:
            if found := _DISK_HEADING.match(heading_key(heading)):
                number = int(found[1][:9])
                if not 1 <= number <= DISKS_MAX:
                    message = f"a server has at most {DISKS_MAX} disks in this format"
                    refuse(
                        self._text.label,
                        message,
                        where=where,
                        found=heading,
                        allowed=(f"Disk 1 to Disk {DISKS_MAX}",),
                        code=codes.MISSING_COLUMN,
                    )
                numbers.add(number)
        found_disks = []
        for number in sorted(numbers):
            of_disk = _disk_fields(self._kilo, number)
            named = [
                heading if heading_key(heading).startswith(f"disk{number}") else ""
                for heading in headings
            ]
            columns = self._gathering.columns(named, of_disk, where)
            found_disks.append((number, of_disk, columns))
        return found_disks

    def take(self, line: int, row: Sequence[str]) -> None:
        """Take one row as a server, or reject it."""
        where = f"line {line}"
        gathering = self._gathering
        if any(not is_blank(cell) for cell in row[self._width :]):
            gathering.reject(where, "server", "has more cells than the header", name=row[0])
            return
        values = gathering.values(row, self._columns, self._fields, where)
        if values is None:
            return
        name = values["name"]
        if name in self._servers:
            reason = f"the name is already that of line {self._lines[name]}"
            gathering.reject(where, "server", reason, name=name, found=name)
            return
        if len(self._servers) >= self._most:
            message = f"holds more than {self._most:,} servers (limit servers)"
            refuse(self._text.label, message, where=where, code=codes.TOO_LARGE)
        disks = self._disks_of(row, values, where)
        mac = values.pop("mac", None)
        nics = (made(Nic, {"name": "1", "mac": mac}),) if mac else ()
        more = {"where": where, "os_family": os_family(values["os_name"])}
        self._servers[name] = made(Server, {**values, **more, "disks": disks, "nics": nics})
        self._lines[name] = line

    def _disks_of(
        self, row: Sequence[str], values: dict[str, Any], where: str
    ) -> tuple[ServerDisk, ...]:
        stated = values.get("disk_count")
        disks = []
        for number, of_disk, columns in self._disks:
            of_row = self._gathering.values(row, columns, of_disk, where, "disk") or {}
            if of_row or (stated is not None and number <= stated):
                disks.append(made(ServerDisk, {"name": f"Disk {number}", **of_row}))
        if stated is not None and stated != len(disks):
            self._gathering.count("servers whose number of disks is not that of their details")
        return tuple(disks)

    def inventory(self) -> Inventory:
        """Return what was taken."""
        gathering = self._gathering
        gathering.at_least_one(list(self._servers))
        powers = "powers of 1,024" if self._kilo == 1024 else "powers of 1,000"
        gathering.note(f"MB and GB were counted as {powers}; the documents do not say")
        if self._text.note:
            gathering.note(self._text.note)
        if self._separated.separator != ",":
            gathering.note(f"cells are separated by {self._separated.separator!r}")
        if self._separated.blank:
            gathering.count("blank rows left out", self._separated.blank)
        if missing := [field.headings[0] for field in self._columns.missing]:
            gathering.note(f"columns that the file does not have: {', '.join(missing)}")
        return Inventory(
            name=Path(self._text.label).name,
            kind="azure-migrate",
            sources=(self._text.label,),
            servers=tuple(self._servers.values()),
            rejected=tuple(gathering.rejected),
            notes=gathering.notes,
        )


# --- Writing --------------------------------------------------------------------------------------

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(inventory: Inventory) -> str:
    """Return the CSV of the servers that plans take; see `Inventory.to_azure_migrate_csv`."""
    problems = [
        Problem(codes.MISSING_COLUMN, server.where, None, f'server "{server.name}": {rule}')
        for server in inventory.included
        for rule in _lacking(server)
    ]
    if problems:
        raise ScenarioError(problems, source=inventory.name)
    most = max((len(server.disks) for server in inventory.included), default=1)
    head, cells = _layout(max(most, 1))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    for server in inventory.included:
        writer.writerow([_cell(read(server)) for read in cells])
    return out.getvalue()


def _lacking(server: Server) -> list[str]:
    mandatory = {"cores": server.cores, "memory": server.memory_bytes, "OS name": server.os_name}
    lacking = [f"its {what} is unknown and mandatory" for what, v in mandatory.items() if v is None]
    if len(server.disks) > DISKS_MAX:
        lacking.append(f"{len(server.disks)} disks; the format has {DISKS_MAX}")
    return lacking


def _layout(disks: int) -> tuple[list[str], list[Callable[[Server], Any]]]:
    """Return headings and what stands under each."""
    columns: list[tuple[str, Callable[[Server], Any]]] = [
        (field.headings[0], _reader_of(field.name)) for field in _server_fields(1024)
    ]
    for number in range(1, disks + 1):
        columns += [
            (field.headings[0], _disk_reader_of(number - 1, field.name))
            for field in _disk_fields(1024, number)
        ]
    return [head for head, _ in columns], [read for _, read in columns]


def _reader_of(name: str) -> Callable[[Server], Any]:
    special: dict[str, Callable[[Server], Any]] = {
        "addresses": lambda server: ";".join(server.addresses),
        "mac": lambda server: next((nic.mac for nic in server.nics if nic.mac), None),
        "nic_count": lambda server: server.nic_count or len(server.nics) or None,
        "disk_count": lambda server: server.disk_count or len(server.disks) or None,
        "boot": lambda server: server.boot.upper() if server.boot else None,
        "server_type": lambda server: (server.server_type or "").capitalize(),
        "storage_used_bytes": lambda server: _in_units(name, server.total_used_bytes),
    }
    return special.get(name, lambda server: _in_units(name, getattr(server, name)))


def _disk_reader_of(index: int, name: str) -> Callable[[Server], Any]:
    def read(server: Server) -> Any:
        if index >= len(server.disks):
            return None
        return _in_units(name, getattr(server.disks[index], name))

    return read


def _in_units(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name.endswith("bytes_per_s") or name == "memory_bytes":
        return value / 2**20
    return value / 2**30 if name.endswith("_bytes") else value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text

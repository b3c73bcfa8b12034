"""RVTools workbooks: the tabs of VMware machines, their disks, partitions, memory and interfaces.

Only vInfo must be there; what a missing tab would have told is unknown, and a note says so.
Headings are those of older exports ("MB") and of newer ones ("MiB"); both count powers of 1,024
[inferred: the headings changed, the numbers did not]. Azure Migrate's own import makes one disk of
a machine; here vDisk tells them apart. It needs vInfo, vPartition and vMemory (MicrosoftDocs/
azure-docs, articles/migrate/tutorial-import-vmware-using-rvtools-xlsx.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import codes, fields
from .fields import Field
from .gather import Gathering, os_family
from .model import Excluded, Inventory, Nic, Server, ServerDisk, made
from .reading import Limits, PathLike, refuse
from .workbook import Workbook

__all__ = ["from_rvtools"]

_MIB = 2**20
_POWER = {"poweredon": "on", "poweredoff": "off", "suspended": "suspended"}
_FIRMWARE = {"bios": "bios", "efi": "uefi", "uefi": "uefi"}
_SIZE = fields.scaled(_MIB)
_POSITIVE_SIZE = fields.scaled(_MIB, positive=True)


def _mib(name: str) -> tuple[str, str]:
    return (f"{name} MiB", f"{name} MB")


def _shared(cell: object) -> bool:
    return fields.text(cell).lower() not in ("sharingnone", "nosharing", "none")


_VM = Field("server", ("VM",), fields.text, True)
_UUID = Field("uuid", ("VM UUID",), fields.text)
_INFO = (
    Field("name", ("VM",), fields.text, True),
    Field("power_state", ("Powerstate",), fields.choice(_POWER)),
    Field("template", ("Template",), fields.flag),
    Field("placeholder", ("SRM Placeholder",), fields.flag),
    Field("cores", ("CPUs",), fields.at_least_one),
    Field("memory_bytes", ("Memory",), _POSITIVE_SIZE),
    Field("nic_count", ("NICs",), fields.whole),
    Field("disk_count", ("Disks",), fields.whole),
    Field("storage_bytes", _mib("Provisioned"), _SIZE),
    Field("storage_used_bytes", _mib("In Use"), _SIZE),
    Field("os_by_tools", ("OS according to the VMware Tools",), fields.text),
    Field("os_by_file", ("OS according to the configuration file", "OS"), fields.text),
    Field("boot", ("Firmware",), fields.choice(_FIRMWARE)),
    Field("host", ("Host",), fields.text),
    Field("cluster", ("Cluster",), fields.text),
    Field("datacenter", ("Datacenter",), fields.text),
    Field("uuid", ("VM UUID",), fields.text),
    Field("identifier", ("VM ID",), fields.text),
    Field("address", ("Primary IP Address",), fields.text),
    Field("cpu_percent", ("CPU Usage %",), fields.percent),
)
_DISK = (
    _VM,
    _UUID,
    Field("name", ("Disk",), fields.text, True),
    Field("size_bytes", _mib("Capacity"), _POSITIVE_SIZE, True),
    Field("key", ("Disk Key", "Key"), fields.text),
    Field("raw_device", ("Raw",), fields.flag),
    Field("thin", ("Thin",), fields.flag),
    Field("mode", ("Disk Mode",), fields.text),
    Field("controller", ("Controller",), fields.text),
    Field("shared", ("Sharing mode",), _shared),
)
_PARTITION = (
    _VM,
    _UUID,
    Field("name", ("Disk",), fields.text),
    Field("key", ("Disk Key",), fields.text),
    Field("size_bytes", _mib("Capacity"), _SIZE),
    Field("used_bytes", _mib("Consumed"), _SIZE, True),
)
_MEMORY = (
    _VM,
    _UUID,
    Field("size_bytes", _mib("Size"), _POSITIVE_SIZE),
    Field("active_bytes", ("Active",), _SIZE),
)
_NETWORK = (
    _VM,
    _UUID,
    Field("name", ("NIC label",), fields.text),
    Field("network", ("Network",), fields.text),
    Field("connected", ("Connected",), fields.flag),
    Field("mac", ("Mac Address",), fields.text),
    Field("address", ("IPv4 Address", "IP Address"), fields.text),
)
_CPU = (_VM, _UUID, Field("mhz", ("Overall",), fields.number))
_HOST = (
    Field("name", ("Host",), fields.text, True),
    Field("mhz", ("Speed",), fields.number, True),
)
#: What is unknown without a tab.
_LOST = {
    "vDisk": "the disks of a machine and their sizes",
    "vPartition": "how much of a disk is in use",
    "vMemory": "how much memory is active",
    "vNetwork": "network interfaces, their networks and addresses",
}


def from_rvtools(
    path: PathLike,
    *,
    include: Collection[Excluded] = (),
    limits: Limits | None = None,
) -> Inventory:
    """Read an RVTools workbook (.xlsx).

    Templates, machines that are powered off or suspended, and placeholders of Site Recovery Manager
    are kept and excluded.

    Parameters
    ----------
    path
        The workbook.
    include
        Which of them are taken all the same: ``"template"``, ``"powered-off"``, ``"placeholder"``.
    limits
        What the file may cost.

    Raises
    ------
    ScenarioError
        The file cannot be read, has no tab vInfo with a column VM, or holds no machine.
    LandfallError
        Workbooks need the package ``python-calamine``: ``pip install landfall[import]``.
    """
    bounds = limits or Limits()
    return _Reader(Workbook(path, bounds), bounds).inventory().including(*include)


@dataclass(slots=True)
class _Machine:
    """A machine while its tabs are read."""

    values: dict[str, Any]
    where: str
    disks: list[dict[str, Any]]
    nics: list[Nic]
    partitions: list[dict[str, Any]]


class _Reader:
    """Reads the tabs of one workbook."""

    def __init__(self, book: Workbook, limits: Limits) -> None:
        self._book = book
        self._limits = limits
        self._gathering = Gathering(book.label, limits)
        self._machines: dict[str, _Machine] = {}
        self._by_name: defaultdict[str, list[_Machine]] = defaultdict(list)
        self._by_uuid: dict[str, _Machine] = {}

    def inventory(self) -> Inventory:
        """Return the machines of the workbook."""
        gathering = self._gathering
        for where, row in self._rows("vInfo", _INFO, "server"):
            self._add_machine(where, row)
        gathering.at_least_one(list(self._machines))
        for tab, lost in _LOST.items():
            if self._tab(tab) is None:
                gathering.note(f"no tab {tab}: unknown is {lost}")
        for machine, row in self._of_machines("vDisk", _DISK, "disk"):
            machine.disks.append(row)
        for machine, row in self._of_machines("vPartition", _PARTITION, "row"):
            machine.partitions.append(row)
        for machine, row in self._of_machines("vNetwork", _NETWORK, "interface"):
            machine.nics.append(_nic(row, len(machine.nics) + 1))
        self._add_memory()
        self._add_cpu()
        servers = tuple(self._server(name, each) for name, each in self._machines.items())
        return Inventory(
            name=Path(self._book.label).name,
            kind="rvtools",
            sources=(self._book.label,),
            servers=servers,
            rejected=tuple(gathering.rejected),
            notes=gathering.notes,
        )

    # --- Tabs -------------------------------------------------------------------------------------

    def _tab(self, name: str) -> str | None:
        """Return the sheet of a tab, whose name RVTools also writes as "tabvInfo", or None."""
        wanted = (name.lower(), f"tab{name}".lower(), f"rvtools_tab{name}".lower())
        return next((each for each in self._book.sheets if each.lower() in wanted), None)

    def _rows(
        self, tab: str, of_tab: tuple[Field, ...], what: str
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the values of each row of a tab that is there, with its place."""
        sheet_name = self._tab(tab)
        if sheet_name is None:
            if tab == "vInfo":
                message = "has no tab vInfo; is it a workbook of RVTools?"
                there = self._book.sheets[:12]
                refuse(self._book.label, message, allowed=there, code=codes.UNKNOWN_KIND)
            return
        sheet = self._book.sheet(sheet_name)
        rows = iter(sheet)
        number, headings = next(rows, (1, []))
        if not headings:
            self._gathering.note(f"the tab {tab} is empty")
            return
        place = f"sheet {sheet_name}"
        columns = self._gathering.columns(headings, of_tab, f"{place}, row {number}")
        if missing := [field.headings[0] for field in columns.missing if field is not _UUID]:
            self._gathering.note(f"{tab} has no column {', '.join(missing)}")
        for row_number, row in rows:
            where = f"{place}, row {row_number}"
            values = self._gathering.values(row, columns, of_tab, where, what)
            if values is not None:
                yield where, values
        if sheet.blank:
            self._gathering.count(f"blank rows of {tab} left out", sheet.blank)

    def _of_machines(
        self, tab: str, of_tab: tuple[Field, ...], what: str
    ) -> Iterator[tuple[_Machine, dict[str, Any]]]:
        """Give the rows of a tab with their machines; reject those of none or of several."""
        for where, row in self._rows(tab, of_tab, what):
            name, uuid = row.pop("server"), row.pop("uuid", None)
            found = self._by_uuid.get(uuid.lower()) if uuid else None
            same = self._by_name.get(name, [])
            if found is None and len(same) == 1:
                found = same[0]
            if found is not None:
                yield found, row | {"where": where}
                continue
            reason = (
                f"{len(same)} machines have this name, and no VM UUID tells them apart"
                if same
                else "no machine of vInfo has this name"
            )
            self._gathering.reject(where, what, reason, name=name, found=name)

    # --- Machines ---------------------------------------------------------------------------------

    def _add_machine(self, where: str, row: dict[str, Any]) -> None:
        name = row["name"]
        uuid = row.get("uuid", "").lower()
        if uuid and uuid in self._by_uuid:
            first = self._by_uuid[uuid].where
            reason = f"the same machine twice: its VM UUID is that of {first}"
            self._gathering.reject(where, "server", reason, name=name, found=row["uuid"])
            return
        same = self._by_name[name]
        if same and not (uuid and all(each.values.get("uuid") for each in same)):
            reason = f"the name is already that of {same[0].where}; no VM UUID tells them apart"
            self._gathering.reject(where, "server", reason, name=name, found=name)
            return
        if len(self._machines) >= self._limits.servers:
            message = f"holds more than {self._limits.servers:,} machines (limit servers)"
            refuse(self._book.label, message, where=where, code=codes.TOO_LARGE)
        machine = _Machine(row, where, [], [], [])
        same.append(machine)
        if uuid:
            self._by_uuid[uuid] = machine
        self._machines[self._unique(name)] = machine

    def _unique(self, name: str) -> str:
        if name not in self._machines:
            return name
        number = 2
        while f"{name}~{number}" in self._machines:
            number += 1
        self._gathering.note(
            f'several machines are named "{name}" with different VM UUIDs; they are told apart as '
            f'"{name}~2" and so on'
        )
        return f"{name}~{number}"

    def _add_memory(self) -> None:
        for machine, row in self._of_machines("vMemory", _MEMORY, "row"):
            size, stated = row.get("size_bytes"), machine.values.get("memory_bytes")
            if stated is None and size is not None:
                machine.values["memory_bytes"] = stated = size
                self._gathering.count("sizes of memory taken from vMemory")
            elif size is not None and size != stated:
                self._gathering.count("machines with another memory in vMemory than in vInfo")
            active = row.get("active_bytes")
            if active is not None and stated:
                machine.values["memory_percent"] = min(100.0, 100.0 * active / stated)
                self._gathering.note("memory in use is what vMemory calls active, as vSphere does")

    def _add_cpu(self) -> None:
        """Take CPU use from vCPU and the speed of hosts where vInfo does not say it."""
        speeds = {row["name"]: row["mhz"] for _, row in self._rows("vHost", _HOST, "row")}
        for machine, row in self._of_machines("vCPU", _CPU, "row"):
            values = machine.values
            speed = speeds.get(values.get("host", ""), 0.0)
            if "cpu_percent" in values or "mhz" not in row or not values.get("cores") or not speed:
                continue
            values["cpu_percent"] = min(100.0, 100.0 * row["mhz"] / (values["cores"] * speed))
            self._gathering.count("CPU use computed of MHz in vCPU, cores and the host's speed")

    def _server(self, name: str, machine: _Machine) -> Server:
        values = dict(machine.values)
        by_tools, by_file = values.pop("os_by_tools", None), values.pop("os_by_file", None)
        address = values.pop("address", None)
        placeholder = values.pop("placeholder", False)
        used = self._used_by_disk(name, machine)
        os_name = by_tools or by_file
        values |= {
            "name": name,
            "where": machine.where,
            "excluded": _excluded(values, placeholder=placeholder),
            "os_name": os_name,
            "os_family": os_family(os_name),
            "server_type": "virtual",
            "hypervisor": "VMware",
            "addresses": (address,) if address else (),
            "nics": tuple(machine.nics),
            "disks": tuple(
                _disk(disk, used.get(index)) for index, disk in enumerate(machine.disks)
            ),
        }
        if machine.partitions:
            values["storage_used_bytes"] = sum(each["used_bytes"] for each in machine.partitions)
        if machine.disks and values.get("disk_count", len(machine.disks)) != len(machine.disks):
            self._gathering.count("machines with another number of disks in vDisk than in vInfo")
        return made(Server, values)

    def _used_by_disk(self, name: str, machine: _Machine) -> dict[int, int]:
        """Return the bytes in use of each disk that its partitions tell."""
        disks, parts = machine.disks, machine.partitions
        if not parts or not disks:
            return {}
        by_key = {disk["key"]: index for index, disk in enumerate(disks) if "key" in disk}
        used: defaultdict[int, int] = defaultdict(int)
        if len(disks) == 1:
            used[0] = sum(part["used_bytes"] for part in parts)
        elif all(part.get("key") in by_key for part in parts):
            for part in parts:
                used[by_key[part["key"]]] += part["used_bytes"]
        else:
            self._gathering.count(
                "machines whose partitions name no disk: in use is known of all disks together"
            )
            return {}
        for index in [each for each in used if used[each] > disks[each]["size_bytes"]]:
            reason = f"its partitions hold more than its size of {disks[index]['size_bytes']} bytes"
            found = str(used.pop(index))
            where = disks[index]["where"]
            self._gathering.reject(where, "value", reason, name=name, found=found)
        return dict(used)


def _excluded(values: Mapping[str, Any], *, placeholder: bool) -> Excluded | None:
    if values.get("template"):
        return "template"
    if placeholder:
        return "placeholder"
    return "powered-off" if values.get("power_state") in ("off", "suspended") else None


def _disk(row: dict[str, Any], used: int | None) -> ServerDisk:
    about = {key: value for key, value in row.items() if key not in ("key", "where")}
    return made(ServerDisk, about | {"identifier": row.get("key"), "used_bytes": used})


def _nic(row: dict[str, Any], number: int) -> Nic:
    about = {key: value for key, value in row.items() if key not in ("address", "where")}
    addresses = tuple(part.strip() for part in row.get("address", "").split(",") if part.strip())
    return made(Nic, {"name": f"NIC {number}", **about, "addresses": addresses})

"""What an inventory is: servers with disks and interfaces, and what was not taken and why.

Every value that a file does not state is ``None``. Sizes are bytes, rates bytes per second or
operations per second, shares percent of 100.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from ..errors import Problem, UnknownName
from ..part import Flag, Many, Part, Whole, as_number, clash
from . import codes

if TYPE_CHECKING:
    import pandas as pd

    from .reading import PathLike

__all__ = ["Inventory", "Nic", "Note", "Rejected", "Server", "ServerDisk"]

Made = TypeVar("Made", bound=Part)
Amounts = TypeVar("Amounts", int, float)
Label: TypeAlias = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=1000)]
Bytes: TypeAlias = Annotated[int, Field(strict=True, ge=0, lt=2**63), BeforeValidator(as_number)]
Amount: TypeAlias = Annotated[float, Field(strict=True, ge=0), BeforeValidator(as_number)]
Percent: TypeAlias = Annotated[float, Field(strict=True, ge=0, le=100), BeforeValidator(as_number)]
PowerState: TypeAlias = Literal["on", "off", "suspended"]
Excluded: TypeAlias = Literal["template", "powered-off", "placeholder"]


class ServerDisk(Part):
    """A disk of a server."""

    name: Label = Field(description="Its name in the file, or its number there.")
    size_bytes: Bytes | None = Field(default=None, description="Size.")
    used_bytes: Bytes | None = Field(default=None, description="Bytes in use.")
    read_iops: Amount | None = Field(default=None, description="Reads per second.")
    write_iops: Amount | None = Field(default=None, description="Writes per second.")
    read_bytes_per_s: Amount | None = Field(default=None, description="Bytes read per second.")
    write_bytes_per_s: Amount | None = Field(default=None, description="Bytes written per second.")
    thin: Flag | None = Field(default=None, description="Thinly provisioned.")
    raw_device: Flag | None = Field(default=None, description="A raw device mapping (RDM).")
    shared: Flag | None = Field(default=None, description="Other servers may write to it.")
    mode: Label | None = Field(default=None, description="Its mode, in the file's words.")
    controller: Label | None = Field(default=None, description="Its controller.")
    identifier: Label | None = Field(default=None, description="Its key or UUID in the file.")


class Nic(Part):
    """A network interface of a server."""

    name: Label = Field(description="Its name in the file, or its number there.")
    mac: Label | None = Field(default=None, description="MAC address.")
    network: Label | None = Field(default=None, description="Network or port group.")
    connected: Flag | None = Field(default=None, description="Connected.")
    addresses: Many[Label] = Field(default=(), description="IP addresses.")


class Server(Part):
    """A server of an inventory.

    A server with `excluded` is kept to be seen; plans leave it out.
    """

    name: Label = Field(description="Name, unique in the inventory.")
    where: str = Field(default="", description="Its row in the file.")
    excluded: Excluded | None = Field(
        default=None, description="Why plans leave it out; null: they do not."
    )
    cores: Whole | None = Field(default=None, ge=1, description="Virtual cores.")
    memory_bytes: Bytes | None = Field(default=None, description="Memory.")
    os_name: Label | None = Field(default=None, description="Operating system, as the file says.")
    os_family: Literal["windows", "linux", "other"] | None = Field(
        default=None, description="What the name of the operating system tells."
    )
    os_version: Label | None = Field(default=None, description="Version, as the file says.")
    architecture: Literal["x64", "x86"] | None = Field(default=None, description="Architecture.")
    boot: Literal["bios", "uefi"] | None = Field(default=None, description="How it boots.")
    power_state: PowerState | None = Field(default=None, description="Whether it runs.")
    template: Flag | None = Field(default=None, description="A template, not a machine.")
    server_type: Literal["physical", "virtual"] | None = Field(
        default=None, description="Physical or virtual."
    )
    hypervisor: Label | None = Field(default=None, description="Hypervisor.")
    host: Label | None = Field(default=None, description="Host that it runs on.")
    cluster: Label | None = Field(default=None, description="Cluster of the host.")
    datacenter: Label | None = Field(default=None, description="Datacenter of the host.")
    uuid: Label | None = Field(default=None, description="UUID.")
    identifier: Label | None = Field(
        default=None, description="Identifier in its inventory, such as vm-42."
    )
    addresses: Many[Label] = Field(default=(), description="IP addresses.")
    disks: Many[ServerDisk] = Field(default=(), description="Disks.")
    disk_count: Whole | None = Field(default=None, ge=0, description="Disks that it should have.")
    nics: Many[Nic] = Field(default=(), description="Network interfaces.")
    nic_count: Whole | None = Field(
        default=None, ge=0, description="Interfaces that it should have."
    )
    storage_bytes: Bytes | None = Field(default=None, description="Provisioned on all disks.")
    storage_used_bytes: Bytes | None = Field(default=None, description="In use on all disks.")
    cpu_percent: Percent | None = Field(default=None, description="CPU in use.")
    memory_percent: Percent | None = Field(default=None, description="Memory in use.")
    read_iops: Amount | None = Field(default=None, description="Reads per second, all disks.")
    write_iops: Amount | None = Field(default=None, description="Writes per second, all disks.")
    read_bytes_per_s: Amount | None = Field(default=None, description="Bytes read, all disks.")
    write_bytes_per_s: Amount | None = Field(default=None, description="Bytes written, all disks.")
    network_in_bytes_per_s: Amount | None = Field(default=None, description="Bytes received.")
    network_out_bytes_per_s: Amount | None = Field(default=None, description="Bytes sent.")

    @property
    def total_size_bytes(self) -> int | None:
        """Sizes of all disks, or what is provisioned; None where a part is unknown."""
        return _sum((disk.size_bytes for disk in self.disks), self.storage_bytes)

    @property
    def total_used_bytes(self) -> int | None:
        """Bytes in use on all disks; None where a part is unknown."""
        return _sum((disk.used_bytes for disk in self.disks), self.storage_used_bytes)

    @property
    def total_write_bytes_per_s(self) -> float | None:
        """Bytes written per second to all disks; None where a part is unknown."""
        return _sum((disk.write_bytes_per_s for disk in self.disks), self.write_bytes_per_s)


def _sum(parts: Iterable[Amounts | None], total: Amounts | None) -> Amounts | None:
    """Return the sum of parts that are all known, else the total that the file states."""
    there = list(parts)
    known = [part for part in there if part is not None]
    return total if not known or len(known) < len(there) else sum(known[1:], known[0])


class Rejected(Part):
    """Something of a file that was not taken."""

    where: str = Field(description="Sheet, row and column.")
    name: str | None = Field(default=None, description="Name of the server, if it has one.")
    what: Literal["server", "disk", "interface", "row", "value"] = Field(
        description='What is missing for it; "value": that of one cell, which counts as unknown.'
    )
    reason: str = Field(description="The rule.")
    found: str | None = Field(default=None, description="What stands there.")
    allowed: Many[str] = Field(default=(), description="What may stand there.")

    def problem(self) -> Problem:
        """Return it as a problem."""
        return Problem(codes.BAD_CELL, self.where, self.found, self.reason, tuple(self.allowed))


class Note(Part):
    """Something that was assumed or left out, and how often."""

    text: str = Field(description="What.")
    count: Whole | None = Field(default=None, ge=0, description="How often; null: once for all.")

    def __str__(self) -> str:
        return self.text if self.count is None else f"{self.text} ({self.count:,})"


class Inventory(Part):
    """Servers of one or more files.

    ``len()`` counts the servers that plans take: those not `excluded`.
    """

    name: Label = Field(description="Name.")
    kind: Literal["rvtools", "azure-migrate", "made"] = Field(
        default="made", description="What it was read from."
    )
    sources: Many[str] = Field(default=(), description="Files.")
    servers: Many[Server] = Field(default=(), description="All servers, in the file's order.")
    rejected: Many[Rejected] = Field(default=(), description="What was not taken.")
    notes: Many[Note] = Field(default=(), description="What was assumed.")

    @model_validator(mode="after")
    def _names_are_unique(self) -> Inventory:
        seen: set[str] = set()
        for server in self.servers:
            if server.name in seen:
                message = f'has two servers named "{server.name}"'
                raise clash(codes.NAMES_DIFFER, message, "servers")
            seen.add(server.name)
        return self

    @cached_property
    def included(self) -> tuple[Server, ...]:
        """The servers that plans take."""
        return tuple(server for server in self.servers if server.excluded is None)

    @cached_property
    def excluded(self) -> tuple[Server, ...]:
        """The servers that plans leave out."""
        return tuple(server for server in self.servers if server.excluded is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the servers that plans take."""
        return tuple(server.name for server in self.included)

    @cached_property
    def _by_name(self) -> Mapping[str, Server]:
        return {server.name: server for server in self.servers}

    def server(self, name: str) -> Server:
        """Return the server of a name. Raises UnknownName."""
        if name not in self._by_name:
            raise UnknownName("server", name, self._by_name)
        return self._by_name[name]

    def including(self, *reasons: Excluded) -> Inventory:
        """Return the inventory with servers that were left out for one of `reasons` taken in."""
        servers = tuple(
            server.model_copy(update={"excluded": None}) if server.excluded in reasons else server
            for server in self.servers
        )
        return Inventory(**{**dict(self), "servers": servers})

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each server, the excluded ones too; columns name their units."""
        from .present import servers_frame

        return servers_frame(self)

    def disks_frame(self) -> pd.DataFrame:
        """Return one row for each disk."""
        from .present import disks_frame

        return disks_frame(self)

    def to_azure_migrate_csv(self, path: PathLike | None = None) -> str:
        """Return the servers that plans take as Azure Migrate's import CSV; write it to `path`.

        A text that a spreadsheet would take for a formula gets an apostrophe in front.

        Raises
        ------
        ScenarioError
            A server lacks what Azure Migrate demands, or has more than 20 disks.
        """
        from .azure_migrate import written

        text = written(self)
        if path is not None:
            from .present import replace_file

            replace_file(Path(path), text)
        return text

    def to_json(self) -> str:
        """Return the inventory as JSON; :func:`landfall.inventory.load` reads it."""
        from .present import as_json

        return as_json(self)

    def save(self, path: PathLike) -> Path:
        """Write the JSON to a file, wholly or not at all."""
        from .present import replace_file

        return replace_file(Path(path), self.to_json())

    def _repr_html_(self) -> str:
        from .present import inventory_html

        return inventory_html(self)

    def __repr__(self) -> str:
        about = f"{len(self.included):,} servers, {len(self.excluded):,} excluded"
        return f"<inventory {self.name}: {about}, {len(self.rejected):,} rejected>"

    def __str__(self) -> str:
        return repr(self)

    def __len__(self) -> int:
        return len(self.included)


def made(kind: type[Made], values: Mapping[str, Any]) -> Made:
    """Return a part of values, without those that are None: these are its defaults."""
    return kind.build({key: value for key, value in values.items() if value is not None})

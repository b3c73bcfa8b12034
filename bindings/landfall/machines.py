"""Machines of a scenario: their disks, and the engine that replicates them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from . import codes
from .churn import Churn, NoChurn
from .estate import InitialState
from .part import Flag, Many, Name, Number, Part, Reference, Whole, as_number, clash
from .quantities import Duration, PositiveDuration, PositiveSize, Size
from .setup import DiskFacts, MachineFacts
from .target import Target

DiskType: TypeAlias = Literal["standard_hdd", "standard_ssd", "premium_ssd"]
MachineKind: TypeAlias = Literal["vmware", "physical", "hyper-v", "azure", "aws"]
Replication: TypeAlias = Literal[
    "inmage-to-azure",
    "hyper-v-to-azure",
    "azure-to-azure",
    "hyper-v-to-secondary",
    "scout-to-secondary",
    "failback",
]


@dataclass(frozen=True, slots=True)
class ReplicationRule:
    """What an engine takes and needs; the rows of ``sim/scenario/replication_rules.cpp``."""

    kinds: tuple[str, ...]
    needs: tuple[str, ...]
    #: Keys that only some engines know and that this one may have as well.
    may: tuple[str, ...] = ()
    #: Whether the first copy may travel on a disk.
    offline: bool = False


_INMAGE_KINDS = ("vmware", "physical")
RULES: dict[str, ReplicationRule] = {
    "inmage-to-azure": ReplicationRule(
        (*_INMAGE_KINDS, "aws", "azure"), ("process_server",), ("host", "consistency_group")
    ),
    "hyper-v-to-azure": ReplicationRule(("hyper-v",), ("host", "storage_account")),
    "azure-to-azure": ReplicationRule(
        ("azure",),
        ("storage_account", "target_region"),
        ("consistency_group",),
    ),
    "hyper-v-to-secondary": ReplicationRule(("hyper-v",), ("host", "target_site"), offline=True),
    "scout-to-secondary": ReplicationRule(
        _INMAGE_KINDS, ("process_server",), ("host", "consistency_group"), offline=True
    ),
    "failback": ReplicationRule(_INMAGE_KINDS, ("process_server", "failed_over")),
}
_ENGINE_KEYS = (
    "process_server",
    "host",
    "storage_account",
    "target_site",
    "target_region",
    "failed_over",
    "consistency_group",
)
_DEFAULT_BY_KIND = {"hyper-v": "hyper-v-to-azure", "azure": "azure-to-azure"}


def _pair(sizes: tuple[int, ...]) -> tuple[int, ...]:
    if len(sizes) != 2:
        message = "must be a list of two sizes: bytes written, and how many of them are distinct"
        raise clash(codes.WRONG_TYPE, message)
    return sizes


if TYPE_CHECKING:
    #: Texts and numbers go in, two numbers come out.
    FoldPoint: TypeAlias = Any
else:
    FoldPoint = Annotated[
        tuple[PositiveSize, ...],
        Field(json_schema_extra={"minItems": 2, "maxItems": 2}),
        AfterValidator(_pair),
    ]


class Disk(Part):
    """A disk of a machine. The first disk of a machine is its OS disk."""

    name: Name = Field(description="Name, unique among the disks of the machine.")
    size: PositiveSize = Field(
        description="Size of the disk, in bytes; at block fidelity whole sectors, at most 64 GiB."
    )
    used: Size = Field(description="Bytes in use: what initial replication copies.")
    target: DiskType = Field(
        default="standard_hdd", description="Type of the managed disk in Azure."
    )
    churn: Churn | None = Field(
        default=None, description="Own workload; null: a share of the workload of the machine."
    )
    churn_share: Number = Field(
        default=1.0, ge=0.0, le=1e6, description="Weight among the disks that have no own workload."
    )
    working_set: PositiveSize | None = Field(
        default=None,
        description="Bytes that random writes fall on; null: rewrites are not coalesced.",
    )
    write_size: PositiveSize = Field(
        default="32 KiB",
        description="Average size of a write, in bytes: the documented churn limits go by it.",
    )
    fold: Many[FoldPoint] = Field(
        default=(),
        description="Measured curve of coalescing for volume fidelity, instead of `working_set`: "
        "pairs of bytes written in a row and how many of them are distinct, rising.",
    )
    replicate: Flag = Field(
        default=True,
        description="false: the disk is left out when replication is enabled. Azure machines can "
        "add it later (`add_disk`); the OS disk always replicates.",
    )
    facts: DiskFacts = Field(default=DiskFacts(), description="What compatibility asks for.")

    @model_validator(mode="after")
    def _used_fits(self) -> Disk:
        if self.used > self.size:
            raise PydanticCustomError(
                "keys_clash",
                "used ({used} bytes) must not be more than size ({size} bytes)",
                {"used": self.used, "size": self.size, "key": "used", "code": codes.KEYS_CLASH},
            )
        return self

    @model_validator(mode="after")
    def _fold_rises(self) -> Disk:
        last = (0, 0)
        for written, distinct in self.fold:
            if written <= last[0] or distinct < last[1] or distinct > written:
                message = (
                    "must rise from entry to entry, and never have more distinct bytes than "
                    "written ones"
                )
                raise clash(codes.OUT_OF_RANGE, message, "fold")
            last = (written, distinct)
        if self.fold and self.working_set is not None:
            message = 'does not go with "working_set": both say how rewrites are coalesced'
            raise clash(codes.KEYS_CLASH, message, "fold")
        return self


class FailedOver(Part):
    """What happened to a machine before the run that brings it back from Azure."""

    unreplicated: Size = Field(
        default=0, description="Bytes written on-premises after the cut, which Azure never saw."
    )
    written_in_azure: Size = Field(
        default=0, description="Bytes written in Azure since the failover."
    )
    method: Literal["bitmaps", "checksum", "full-download"] = Field(
        default="checksum", description="How the bytes that differ are found."
    )
    location: Literal["original", "alternate"] = Field(
        default="original",
        description='"original": onto its old disks; "alternate": a new machine, which takes the '
        'method "full-download".',
    )

    @model_validator(mode="after")
    def _new_machine_has_nothing(self) -> FailedOver:
        if self.location == "alternate" and self.method != "full-download":
            message = (
                'goes only with "method": "full-download": a new machine has nothing to compare '
                "with"
            )
            raise clash(codes.KEYS_CLASH, message, "location")
        return self


class Machine(Part):
    """A machine, or `count` machines alike, named ``<name>-<k>``.

    An entry that names a template is merged over it (JSON merge patch, RFC 7396: objects are
    merged key by key, lists are replaced, null takes a key of the template away) when the scenario
    is read, so that the machines of a loaded scenario are always whole.
    """

    name: Name = Field(description="Name, unique; with `count` > 1 the start of the names.")
    template: str | None = Field(
        default=None, description="Name of the template under this entry; null: none."
    )
    count: Whole = Field(default=1, ge=1, le=10_000_000, description="Number of machines alike.")
    site: Reference = Field(
        description="Name of the site it stands in; for Azure machines and failback the region."
    )
    host: Reference | None = Field(
        default=None,
        description="Name of its host, which Hyper-V needs; null: any of the site. At volume "
        "fidelity the NIC of a machine's host does not limit it; that of its process server's host "
        "does.",
    )
    process_server: Reference | None = Field(
        default=None,
        description="Name of the process server it replicates by: InMage, Scout and failback.",
    )
    policy: Reference = Field(description="Name of its replication policy.")
    os: Literal["windows", "linux"] = Field(default="windows", description="Operating system.")
    kind: MachineKind = Field(
        default="vmware",
        description="What it runs on. AWS instances may be called physical servers as well. Azure "
        'machines with "inmage-to-azure" replication are migrated as physical servers through a '
        "configuration server; their site is the virtual network they are in.",
    )
    replication: Replication | None = Field(
        default=None,
        description='The engine; null: "hyper-v-to-azure" for Hyper-V, "azure-to-azure" for Azure, '
        'else "inmage-to-azure".',
    )
    fidelity: Literal["volume", "block"] = Field(
        default="volume",
        description='"volume": changes are numbers of bytes, for fleets; "block": changes are '
        "writes to sectors, whose content is judged, for a few machines.",
    )
    sector_size: Annotated[Literal[512, 4096], BeforeValidator(as_number)] = Field(
        default=4096, description="Bytes of a sector at block fidelity."
    )
    storage_account: Reference | None = Field(
        default=None,
        description="Cache storage account: Hyper-V to Azure (in the region of the vault) and "
        "Azure to Azure (in the region of the machine).",
    )
    target_site: Reference | None = Field(
        default=None, description="Hyper-V to a second site: name of that site."
    )
    target_region: Reference | None = Field(
        default=None, description="Azure to Azure: name of the region of the replica."
    )
    zone_to_zone: Flag = Field(
        default=False, description="Azure to Azure between two zones of one region."
    )
    initial_copy: Literal["network", "offline"] = Field(
        default="network",
        description='"offline": disks are shipped (to a second site only).',
    )
    offline_takes: PositiveDuration | None = Field(
        default=None, description="Offline initial copy: seconds until it has arrived."
    )
    consistency_group: Reference | None = Field(
        default=None, description="Name of its consistency group; null: none."
    )
    failed_over: FailedOver | None = Field(
        default=None, description="Failback: what happened before the run."
    )
    initial_state: InitialState | None = Field(
        default=None,
        description='State at the start of the run; null: the "initial_state" of the scenario.',
    )
    hydration_drivers_ready: Flag = Field(
        default=True,
        description="Boot-start drivers and DHCP are in place: failover needs no hydration.",
    )
    cloud: Reference | None = Field(
        default=None,
        description="Cloud of a VMM server that manages it (Hyper-V); null: no VMM server does.",
    )
    appears_at: Duration | None = Field(
        default=None,
        description="Seconds at which it is created, to be discovered later; null: before the run.",
    )
    facts: MachineFacts = Field(
        default=MachineFacts(), description="What compatibility and the target ask for."
    )
    target: Target = Field(default=Target(), description="What it becomes in Azure.")
    churn: Churn = Field(
        default=NoChurn(), description="What the machine writes, over all its disks."
    )
    disks: Many[Disk] = Field(min_length=1, description="Disks; the first is the OS disk.")

    @property
    def engine(self) -> str:
        """The engine that replicates it, also when the entry does not name it."""
        return self.replication or _DEFAULT_BY_KIND.get(self.kind, "inmage-to-azure")

    @model_validator(mode="after")
    def _engine_has_what_it_needs(self) -> Machine:
        engine = self.engine
        rule = RULES[engine]
        if self.kind not in rule.kinds:
            message = f'does not replicate machines of kind "{self.kind}"'
            fitting = [name for name, other in RULES.items() if self.kind in other.kinds]
            raise clash(codes.REPLICATION, message, "replication", fitting)
        for key in _ENGINE_KEYS:
            given = getattr(self, key) is not None
            if key in rule.needs and not given:
                message = f'this key is required: "{engine}" replication needs it'
                raise clash(codes.MISSING_KEY, message, key)
            if given and key not in (*rule.needs, *rule.may):
                raise clash(codes.KEYS_CLASH, f'does not go with "{engine}" replication', key)
        if self.cloud is not None and self.kind != "hyper-v":
            raise clash(codes.KEYS_CLASH, 'goes only with "kind": "hyper-v"', "cloud")
        if self.target.ip is not None and self.count > 1:
            message = 'does not go with "count": an address is of one machine'
            raise clash(codes.KEYS_CLASH, message, "target")
        if self.zone_to_zone and engine != "azure-to-azure":
            message = 'goes only with "azure-to-azure" replication'
            raise clash(codes.KEYS_CLASH, message, "zone_to_zone")
        return self

    @model_validator(mode="after")
    def _keys_go_together(self) -> Machine:
        offline = self.initial_copy == "offline"
        if offline and not RULES[self.engine].offline:
            message = "goes only with replication to a second site: no disk is shipped to Azure"
            raise clash(codes.KEYS_CLASH, message, "initial_copy")
        if offline and self.offline_takes is None:
            raise clash(codes.MISSING_KEY, "this key is required", "offline_takes")
        if not offline and self.offline_takes is not None:
            message = 'goes only with "initial_copy": "offline"'
            raise clash(codes.KEYS_CLASH, message, "offline_takes")
        if self.fidelity == "volume" and self.sector_size != 4096:
            message = 'goes only with "fidelity": "block"'
            raise clash(codes.KEYS_CLASH, message, "sector_size")
        return self

    @model_validator(mode="after")
    def _os_disk_replicates(self) -> Machine:
        if self.disks and not self.disks[0].replicate:
            message = "the OS disk (the first of a machine) always replicates"
            raise clash(codes.KEYS_CLASH, message, "disks")
        if self.engine == "failback" and not all(disk.replicate for disk in self.disks):
            message = '"replicate": false does not go with "failback": all disks go home'
            raise clash(codes.KEYS_CLASH, message, "disks")
        return self

    def names(self) -> list[str]:
        """Return the names of the machines of this group."""
        if self.count == 1:
            return [self.name]
        width = len(str(self.count))
        return [f"{self.name}-{k:0{width}}" for k in range(1, self.count + 1)]

"""What Azure has for machines that fail over: quota, networks, and what a machine is to become."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from . import codes
from .part import Flag, Many, Name, Part, Reference, as_number, clash

Amount: TypeAlias = Annotated[
    int, Field(strict=True, ge=0, le=1_000_000), BeforeValidator(as_number)
]


def _address(text: str) -> str:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        raise clash(codes.OUT_OF_RANGE, 'must be an IPv4 address such as "10.0.0.4"') from None
    return text


#: Azure's smallest subnet is a /29; a larger block than a /8 is no private one.
_PREFIXES = range(8, 30)


def _range(text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        network = None
    if network is None or "/" not in text or network.prefixlen not in _PREFIXES:
        message = 'must be a block of addresses from /8 to /29 such as "10.0.1.0/24"'
        raise clash(codes.OUT_OF_RANGE, message)
    return text


if TYPE_CHECKING:
    Address: TypeAlias = Any
    AddressRange: TypeAlias = Any
else:
    Address = Annotated[Reference, AfterValidator(_address)]
    AddressRange = Annotated[Reference, AfterValidator(_range)]


class FamilyQuota(Part):
    """Cores that machines of one family of sizes may have."""

    family: Reference = Field(description='Family of sizes, such as "Dsv3".')
    cores: Amount = Field(description="Most cores in use.")


class Quota(Part):
    """What a subscription may use of a region; what is not stated is not bounded."""

    cores: Amount | None = Field(
        default=None, description="Most cores of all families; null: no bound."
    )
    families: Many[FamilyQuota] = Field(default=(), description="Quotas of single families.")
    nics: Amount | None = Field(
        default=None, description="Most network interfaces; null: no bound."
    )


class Subnet(Part):
    """A subnet. Azure keeps its first four addresses and the last for itself."""

    name: Name = Field(description="Name, unique in the network.")
    range: AddressRange = Field(description='Addresses, such as "10.0.1.0/24".')


class VirtualNetwork(Part):
    """A virtual network in an Azure region."""

    name: Name = Field(description="Name, unique in the region.")
    subnets: Many[Subnet] = Field(min_length=1, description="Subnets.")


class Target(Part):
    """What a machine becomes in Azure (compute and network of a replicated item)."""

    size: Reference | None = Field(
        default=None,
        description='Size, such as "Standard_D4s_v3"; null: the smallest that has its cores, '
        "memory and room for its data disks.",
    )
    network: Reference | None = Field(
        default=None,
        description="Virtual network of the target region; null: the one its own is mapped to, "
        "else the first.",
    )
    subnet: Reference | None = Field(
        default=None,
        description="Subnet; null: one named as its own, else the first by alphabet.",
    )
    ip: Address | None = Field(
        default=None,
        description="Static address; when it is taken a failover fails and a test takes the next "
        "free one. Null: the lowest free one.",
    )
    availability_set: Name | None = Field(
        default=None, description="Availability set: machines of one family of sizes; null: none."
    )
    managed_disks: Flag | None = Field(
        default=None,
        description="Managed disks, or else blobs in a storage account; null: managed disks, but "
        "for Hyper-V blobs: machines with managed disks cannot return to Hyper-V.",
    )

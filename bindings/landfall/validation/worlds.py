"""The small estates that numbers are measured on: one of each kind, without trouble of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ..result import Result
from ..scenario import Scenario

__all__ = [
    "BACKBONE",
    "MIB",
    "Document",
    "azure",
    "base",
    "disk",
    "hyper_v",
    "run",
    "scenario",
    "vmware",
]

Document: TypeAlias = dict[str, Any]
MIB, GIB = 2**20, 2**30
#: Between the two regions.
BACKBONE: Document = {
    "name": "backbone",
    "from": "north",
    "to": "west",
    "bandwidth": "10 Gbit/s",
    "latency": "5 ms",
}


def disk(name: str = "os", size: str = "128 GiB", **keys: Any) -> Document:
    """Return a disk with little on it."""
    return {"name": name, "size": size, "used": "1 GiB", "target": "premium_ssd", **keys}


def _churn(rate: float) -> Document:
    return {"kind": "constant", "rate": rate} if rate else {"kind": "none"}


def vmware(name: str = "vm", rate: float = 0, **keys: Any) -> Document:
    """Return a VMware machine that writes `rate` bytes per second."""
    return {
        "name": name,
        "site": "dc",
        "process_server": "ps",
        "policy": "day",
        "churn": _churn(rate),
        "disks": [disk()],
        **keys,
    }


def hyper_v(name: str = "vm", rate: float = 0, **keys: Any) -> Document:
    """Return a Hyper-V machine on host "hv"."""
    return {
        "name": name,
        "site": "dc",
        "kind": "hyper-v",
        "host": "hv",
        "storage_account": "cache",
        "policy": "day",
        "churn": _churn(rate),
        "disks": [disk()],
        **keys,
    }


def azure(name: str = "vm", rate: float = 0, **keys: Any) -> Document:
    """Return an Azure machine in region "north" that replicates to region "west"."""
    return {
        "name": name,
        "site": "north",
        "kind": "azure",
        "storage_account": "north-cache",
        "target_region": "west",
        "policy": "day",
        "churn": _churn(rate),
        "disks": [disk()],
        **keys,
    }


def base(machines: Sequence[Document], **keys: Any) -> Document:
    """Return an estate with a datacenter, two regions and a wide link, and those machines."""
    return {
        "version": 1,
        "name": "validation",
        "profile": "asr-2024",
        "initial_state": "protected",
        "sites": [{"name": "dc", "hosts": [{"name": "hv"}]}],
        "regions": [
            {"name": "west", "storage_accounts": [{"name": "cache"}]},
            {"name": "north", "storage_accounts": [{"name": "north-cache"}]},
        ],
        "links": [link(), BACKBONE],
        "vault": {"name": "vault", "region": "west"},
        "configuration_servers": [{"name": "cs", "site": "dc"}],
        "process_servers": [{"name": "ps", "site": "dc", "storage_account": "cache"}],
        "policies": [{"name": "day"}],
        "machines": list(machines),
        **keys,
    }


def link(bandwidth: str = "10 Gbit/s", **keys: Any) -> Document:
    """Return the link from the datacenter to Azure."""
    return {
        "name": "wan",
        "from": "dc",
        "to": "west",
        "bandwidth": bandwidth,
        "latency": "1 ms",
        **keys,
    }


def scenario(machines: Sequence[Document], **keys: Any) -> Scenario:
    """Return the scenario of such an estate; `keys` replace its keys."""
    return Scenario.from_dict(base(machines, **keys))


def run(machines: Sequence[Document], duration: str, **keys: Any) -> Result:
    """Run such an estate for so long."""
    return scenario(machines, duration=duration, **keys).run(progress=False)


def profile(name: str = "asr-2024", /, **override: Any) -> Mapping[str, Any]:
    """Return a service profile with changed figures."""
    return {"name": name, "override": override}

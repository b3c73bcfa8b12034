"""Tells by its content what a file is, and reads it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from ..document import parse
from . import azure_migrate, codes, present
from .model import Excluded, Inventory
from .reading import Limits, PathLike, Rows, check_text_size, decode, read_bytes, refuse
from .rvtools import from_rvtools

__all__ = ["load"]

_KINDS = (
    "an RVTools workbook (.xlsx)",
    "an Azure Migrate import CSV",
    "an inventory that landfall wrote (.json)",
)


def load(
    path: PathLike,
    *,
    include: Collection[Excluded] = (),
    megabytes: Literal["binary", "decimal"] = "binary",
    limits: Limits | None = None,
) -> Inventory:
    """Read an inventory; what the file is, is told by its content.

    Parameters
    ----------
    path
        An RVTools workbook, an Azure Migrate import CSV (plain or gzip), or an inventory that
        landfall wrote.
    include
        What is taken although it is left out by default: ``"template"``, ``"powered-off"``,
        ``"placeholder"``.
    megabytes
        What MB and GB of an Azure Migrate CSV count, see :func:`from_azure_migrate`.
    limits
        What the file may cost.

    Raises
    ------
    ScenarioError
        The file is something else, cannot be read, or holds no server.

    Examples
    --------
    >>> load("servers.csv")  # doctest: +SKIP
    <inventory servers.csv: 500 servers, 0 excluded, 0 rejected>
    """
    bounds = limits or Limits()
    label = str(path)
    raw = read_bytes(path, bounds)
    if raw.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return from_rvtools(path, include=include, limits=bounds)
    check_text_size(raw, label, bounds)
    text = decode(raw, label)
    start = text.content.lstrip()[:1]
    if start == "{":
        values = parse(text.content, label=label).data
        if not present.is_inventory(values):
            message = "is JSON, but no inventory of landfall; is it a scenario?"
            refuse(label, message, allowed=_KINDS, code=codes.UNKNOWN_KIND)
        return present.from_json_object(values).including(*include)
    if start == "<":
        message = "is XML; a network is read by landfall.inventory.network_from_graphml"
        refuse(label, message, allowed=_KINDS, code=codes.UNKNOWN_KIND)
    _, headings = next(iter(Rows(text, bounds)), (0, []))
    if not azure_migrate.looks_like(headings):
        shown = ", ".join(headings)[:200]
        message = "is not an inventory: its first row names no servers, cores and memory"
        hint = "; a churn trace is read by landfall.inventory.trace_from_wide and its neighbours"
        refuse(label, message + hint, found=shown, allowed=_KINDS, code=codes.UNKNOWN_KIND)
    made = azure_migrate.from_text(text, megabytes=megabytes, limits=bounds)
    return made.including(*include)

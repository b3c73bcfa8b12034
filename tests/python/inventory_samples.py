"""Files of other tools, made up for the tests of inventories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

INFO = ["VM", "Powerstate", "Template", "CPUs", "Memory", "VM UUID", "Host"]
AZURE = (
    "*Server name,IP addresses,*Cores,*Memory (In MB),*OS name,Number of disks,"
    "Disk 1 size (In GB),Disk 1 write throughput (MB per second),Disk 2 size (In GB)\n"
)


def workbook(path: Path, tabs: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """Write a workbook of these tabs, the first row of each being its headings."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tabs.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def machine(name: str, **values: Any) -> list[Any]:
    """Return a row of vInfo."""
    usual = {"Powerstate": "poweredOn", "Template": False, "CPUs": 2, "Memory": 4096}
    return [({"VM": name} | usual | values).get(heading) for heading in INFO]

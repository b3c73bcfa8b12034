"""The hash of a scenario: of what a run depends on, wherever its files lie."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .scenario import Scenario


def scenario_hash(scenario: Scenario) -> str:
    """Return the SHA-256 of the canonical form, in hexadecimal digits.

    The name of a trace file is replaced by the hash of its contents: the same scenario has the same
    hash in every folder, and another one when a trace changes. A file that cannot be read counts
    with its name.
    """
    data = scenario.canonical()
    digests: dict[str, str] = {}
    for machine, entry in zip(scenario.machines, data["machines"], strict=True):
        names = machine.names
        for churn in (entry["churn"], *(disk["churn"] for disk in entry["disks"])):
            if churn is not None and churn["kind"] in ("trace", "block_trace"):
                files = _files(churn["file"], names)
                churn["file"] = [digests.setdefault(f, _digest(f)) for f in files]
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _files(pattern: str, names: Any) -> list[str]:
    """Return the files of `pattern` for the machines of a group."""
    if "{index}" not in pattern and "{name}" not in pattern:
        return [pattern]
    return [
        pattern.replace("{index}", str(index)).replace("{name}", name)
        for index, name in enumerate(names(), start=1)
    ]


def _digest(file: str) -> str:
    digest = hashlib.sha256()
    try:
        with Path(file).open("rb") as stream:
            for block in iter(partial(stream.read, 1 << 20), b""):
                digest.update(block)
    except (OSError, ValueError):
        return f"unreadable:{file}"
    return f"sha256:{digest.hexdigest()}"

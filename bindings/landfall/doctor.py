"""Checks an installation, above all that no kind of broken run reaches the user's process."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from ._version import version
from .errors import (
    LandfallError,
    SimulationCrashed,
    SimulationDeadlock,
    SimulationOutOfMemory,
    SimulationTimeout,
)

_PACKAGES = (
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "pint",
    "matplotlib",
    "typer",
    "rich",
    "tqdm",
)
#: What goes wrong on purpose, what must be raised, and the limits that make it end soon.
_DRILLS: tuple[tuple[str, type[LandfallError], dict[str, Any]], ...] = (
    ("crash", SimulationCrashed, {}),
    ("hang", SimulationTimeout, {"timeout": 1.0}),
    ("deadlock", SimulationDeadlock, {}),
    ("memory", SimulationOutOfMemory, {"memory_limit": 512 * 2**20}),
)
_PROGRAM_SECONDS_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    name: str
    ok: bool
    detail: str


def findings() -> Iterator[Finding]:
    """Yield the outcome of each check as it is known."""
    yield from _guarded("landfall", lambda: f"{version()}, Python {platform.python_version()}")
    yield from _guarded("packages", _package_versions)
    yield from _guarded("compiled part", _compiled_part)
    yield from _guarded("gallery", _gallery)
    yield from _guarded("worker", _worker)
    yield from _guarded("a run", _small_run)
    for drill, expected, limits in _DRILLS:
        yield from _guarded(f"drill: {drill}", partial(_drill, drill, expected, limits))
    yield from _guarded("separation", _no_simulator_here)


def _guarded(name: str, probe: Callable[[], str]) -> Iterator[Finding]:
    try:
        yield Finding(name, True, probe())
    except Exception as error:  # whatever is broken is what the doctor has to tell
        yield Finding(name, False, f"{type(error).__name__}: {error}")


def _package_versions() -> str:
    return ", ".join(f"{package} {metadata.version(package)}" for package in _PACKAGES)


def _compiled_part() -> str:
    from . import _model

    return f"service profiles {', '.join(_model.profiles())}"


def _gallery() -> str:
    from . import gallery

    names = gallery.names()
    if not names:
        raise LandfallError(f"no scenarios in {gallery.folder()}")
    return f"{len(names)} scenarios in {gallery.folder()}"


def _worker() -> str:
    from . import worker

    program = worker.find()
    answer = subprocess.run(
        [str(program), "--version"],
        capture_output=True,
        text=True,
        timeout=_PROGRAM_SECONDS_MAX,
        check=False,
    )
    if answer.returncode != 0:
        raise LandfallError(
            f"{program} --version ended with {answer.returncode}: {answer.stderr.strip()}"
        )
    return f"{program}: {answer.stdout.strip()}"


def _small_run() -> str:
    from . import client

    result = client.run(_small_scenario(), progress=False, timeout=60.0)
    return f"{len(result.machines)} machine simulated in {result.wall_s * 1000:.0f} ms"


def _drill(drill: str, expected: type[LandfallError], limits: dict[str, Any]) -> str:
    from . import client

    scenario: Any = _small_scenario()
    options: dict[str, Any] = {"timeout": 60.0, **limits, "drill": drill}
    try:
        client.run(scenario, progress=False, **options)
    except expected:
        client.run(scenario, progress=False, timeout=60.0)
        return f"raised {expected.__name__}, and the next run worked"
    raise LandfallError(f"{expected.__name__} was not raised")


def _no_simulator_here() -> str:
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    if "libsimgrid" in maps:
        raise LandfallError("libsimgrid is loaded into the Python process")
    return "libsimgrid is not loaded into the Python process"


def _small_scenario() -> Any:
    """Return one protected machine for an hour."""
    from .scenario import Scenario

    return Scenario.from_dict(
        {
            "name": "doctor",
            "duration": "1 h",
            "initial_state": "protected",
            "sites": [{"name": "site"}],
            "regions": [{"name": "region", "storage_accounts": [{"name": "account"}]}],
            "links": [
                {
                    "name": "link",
                    "from": "site",
                    "to": "region",
                    "bandwidth": "100 Mbit/s",
                    "latency": "10 ms",
                }
            ],
            "vault": {"name": "vault", "region": "region"},
            "process_servers": [{"name": "ps", "site": "site", "storage_account": "account"}],
            "policies": [{"name": "policy"}],
            "machines": [
                {
                    "name": "machine",
                    "site": "site",
                    "process_server": "ps",
                    "policy": "policy",
                    "churn": {"kind": "constant", "rate": "1 MB/s"},
                    "disks": [{"name": "os", "size": "64 GiB", "used": "20 GiB"}],
                }
            ],
        }
    )

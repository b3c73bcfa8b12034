"""What a run is going to take, judged before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from .formatting import duration, plural, size

#: A run above one of these is started only when the user says so.
MACHINES_MAX = 20_000
SECONDS_MAX = 60.0
MEMORY_BYTES_MAX = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Estimate:
    """The expected cost of a run.

    Attributes
    ----------
    machines, disks
        How many there are.
    deltas
        Pieces of changed data that go through the pipeline.
    seconds
        Wall time on one core.
    memory_bytes
        Peak memory of the run.
    """

    machines: int
    disks: int
    deltas: float
    seconds: float
    memory_bytes: float

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Self:
        """Read an estimate from its JSON form; keys that mean nothing here are left alone."""
        return cls(
            machines=int(entry["machines"]),
            disks=int(entry.get("disks", 0)),
            deltas=float(entry.get("deltas", 0)),
            seconds=float(entry["seconds"]),
            memory_bytes=float(entry["memory_bytes"]),
        )

    def to_dict(self) -> dict[str, int | float]:
        """Return the JSON form."""
        return asdict(self)

    def too_large(self) -> str | None:
        """Return why the run should not start unasked, or None."""
        limits = []
        if self.machines > MACHINES_MAX:
            limits.append(f"{MACHINES_MAX:,} machines")
        if self.seconds > SECONDS_MAX:
            limits.append(f"{SECONDS_MAX:.0f} s")
        if self.memory_bytes > MEMORY_BYTES_MAX:
            limits.append(f"{MEMORY_BYTES_MAX / 2**30:.0f} GiB")
        return f"this run takes {self}, more than {' and '.join(limits)}" if limits else None

    def __str__(self) -> str:
        return (
            f"{plural(self.machines, 'machine')}, {plural(self.disks, 'disk')}, "
            f"{self.deltas:,.0f} deltas, about {duration(self.seconds)} and "
            f"{size(self.memory_bytes)} of memory"
        )

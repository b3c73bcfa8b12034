"""What waves are planned for: machines, what ties them, the links they share, the windows."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from .. import codes, document
from ..churn import Churn
from ..errors import ScenarioError
from ..estate import Link
from ..part import Many, Name, Number, Part, Reference, Whole, clash
from ..quantities import DataRate, Duration, PositiveDuration, Size
from .calendar import Freeze, Window

__all__ = ["Move", "Need", "WaveProblem"]


class Move(Part):
    """A machine that is to be migrated."""

    name: Name = Field(description="Name, unique among the moves.")
    site: Reference = Field(description="Where it stands: an end of a link.")
    used: Size = Field(description="Bytes in use: what the first copy carries.")
    churn: DataRate = Field(default=0, description="Mean bytes per second that it writes.")
    workload: Churn | None = Field(
        default=None, description="How it writes when the plan is simulated; null: evenly."
    )
    effort: Duration = Field(default="1 h", description="Working time that its cutover takes.")
    priority: Number = Field(
        default=1.0,
        ge=0.0,
        le=1e6,
        description="Machines of a higher one move earlier if possible.",
    )
    earliest: Duration = Field(default="0 s", description="No window that opens earlier.")
    latest: PositiveDuration | None = Field(
        default=None, description="No window that closes later; null: any."
    )


class Need(Part):
    """A dependency: `machine` moves in the same wave as `on`, or later, and after it."""

    machine: Reference = Field(description="Who depends.")
    on: Reference = Field(description="On whom.")


class WaveProblem(Part):
    """All that a plan of waves has to observe.

    Times count from the start of the project, which is a midnight. What copies and changes weigh on
    a link is divided by `compression_ratio`; of a link, `usable` is planned with.
    """

    name: Name = Field(default="waves", description="Name of the project.")
    region: Name = Field(default="azure", description="The Azure region that all move to.")
    links: Many[Link] = Field(description="One from each site to the region.")
    moves: Many[Move] = Field(description="The machines.")
    windows: Many[Window] = Field(description="When cutovers may happen.")
    freezes: Many[Freeze] = Field(default=(), description="When they may not.")
    needs: Many[Need] = Field(default=(), description="Dependencies between machines.")
    together: Many[Many[Reference]] = Field(
        default=(), description="Affinity: lists of machines that move in one wave."
    )
    lead: Duration = Field(
        default="3 d",
        description="Initial replication is finished so long before the window. Azure Migrate asks "
        "for 3 to 4 days (migrate/common-questions-server-migration.md).",
    )
    copy_ahead: Whole = Field(
        default=3,
        ge=1,
        le=52,
        description="Windows ahead of its own in which a machine may be copied. More smooths the "
        "load, and lets changes be sent for longer [A].",
    )
    usable: Number = Field(
        default=0.85, gt=0.0, le=1.0, description="Part of a link that is planned with [A]."
    )
    compression_ratio: Number = Field(
        default=1.0, ge=1.0, le=100.0, description="LAN bytes per WAN byte; undocumented [A]."
    )
    cutover_time: PositiveDuration = Field(
        default="45 min",
        description="Planned for the failover of a machine and all that depend on nothing later in "
        "the wave [A]; what depends on them starts after it.",
    )
    test_time: Duration = Field(
        default="30 min", description="From the failover to Complete Migration: tests [A]."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> WaveProblem:
        machines = _unique("moves", (move.name for move in self.moves))
        sites = _unique("links", (link.from_ for link in self.links))
        for key, among, allowed in (
            ("region", (link.to for link in self.links), {self.region}),
            ("moves", (move.site for move in self.moves), sites),
            ("needs", (name for need in self.needs for name in (need.machine, need.on)), machines),
            ("together", (name for names in self.together for name in names), machines),
        ):
            for name in among:
                if name not in allowed:
                    near = difflib.get_close_matches(name, allowed, 1)
                    hint = f'; did you mean "{near[0]}"?' if near else ""
                    shown = tuple(sorted(allowed)[:24])
                    raise clash(codes.UNKNOWN_NAME, f'"{name}" is unknown{hint}', key, shown)
        if not self.windows:
            raise clash(codes.OUT_OF_RANGE, "must hold at least one window", "windows")
        _unique("windows", (window.name for window in self.windows))
        return self

    @classmethod
    def load(cls, file: str | os.PathLike[str]) -> Self:
        """Read a problem from a JSON file.

        Raises
        ------
        ScenarioError
            The file cannot be read or is wrong.
        """
        read = document.read(Path(file))
        try:
            return cls(**read.data)
        except ScenarioError as error:
            raise ScenarioError(error.problems, source=str(file)) from None

    def link_of(self, move: Move) -> Link:
        """Return the link that a machine is copied over."""
        return next(link for link in self.links if link.from_ == move.site)


def _unique(key: str, names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise clash(codes.KEYS_CLASH, f'has "{name}" twice', key)
        seen.add(name)
    return seen

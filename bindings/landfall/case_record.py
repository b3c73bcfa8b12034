"""What a file of the lab's corpus says of itself; a run takes no notice of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .part import Part, Text, Whole
from .quantities import Duration

__all__ = ["CaseRecord"]


class CaseRecord(Part):
    """A failure that the test lab kept: what fails in the scenario, and with which seed."""

    version: Literal[1] = Field(description="Version of this record.")
    invariant: Text = Field(description="What does not hold in the run.")
    kind: Literal["safety", "liveness", "determinism", "harness"] = Field(
        default="safety", description="What it is about."
    )
    seed: Whole = Field(default=1, ge=0, description="Seed of the run.")
    settled: Duration | None = Field(
        default=None,
        description="Seconds by which every job that was started had to come to its end.",
    )
    text: Text = Field(default="", description="What was found.")
    found_by: Text = Field(default="", description="The explorer and the case that met it first.")
    landfall: Text = Field(default="", description="Version of landfall that found it.")

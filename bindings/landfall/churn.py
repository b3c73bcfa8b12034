"""Workloads of a scenario: how many bytes the guests write, at volume fidelity."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, ValidationInfo, field_validator

from .part import Flag, Many, Number, Part, Reference
from .quantities import DataRate, PositiveDataRate, PositiveDuration, RateUnit, TimeOfDay


class NoChurn(Part):
    """The guest writes nothing."""

    kind: Literal["none"] = Field(default="none", description='Selects this workload: "none".')


class ConstantChurn(Part):
    """The guest writes at one rate, day and night."""

    kind: Literal["constant"] = Field(
        default="constant", description='Selects this workload: "constant".'
    )
    rate: DataRate = Field(description="Bytes per second that the machine writes.")


class Backup(Part):
    """A daily window of more writing. It wraps round midnight when `to` <= `from`."""

    from_: TimeOfDay = Field(description="Start of the window, a time of day (00:00 is the start).")
    to: TimeOfDay = Field(description="End of the window, a time of day.")
    rate: PositiveDataRate = Field(description="Bytes per second on top of the rest.")


class DiurnalChurn(Part):
    """A daily cosine with a peak, log-normal noise and backup windows.

    The rate at time t is ``mean * (1 + amplitude * cos(2 pi (t - peak_at) / 1 day)) * noise``, plus
    the backups whose window is open. Simulated time 0 is midnight.
    """

    kind: Literal["diurnal"] = Field(
        default="diurnal", description='Selects this workload: "diurnal".'
    )
    mean: DataRate = Field(description="Mean over the day, without backups, in bytes per second.")
    amplitude: Number = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Swing around the mean, as a share of it: 0 is flat.",
    )
    peak_at: TimeOfDay = Field(default="14:00", description="Time of day with the highest rate.")
    noise: Number = Field(
        default=0.0,
        ge=0.0,
        le=5.0,
        description="Sigma of a log-normal factor of mean 1, drawn anew for every step.",
    )
    step: PositiveDuration = Field(
        default="5 min", description="Time for which the rate stays the same."
    )
    backups: Many[Backup] = Field(default=(), description="Daily windows with a higher rate.")


class TraceChurn(Part):
    """Rates replayed from a CSV file, plain or gzip: one header row, one column for each machine.

    In `column` and `file`, ``{index}`` stands for the number of the machine in its group (from 1)
    and ``{name}`` for its name. An empty cell counts 0 bytes and is reported as "no sample".
    """

    kind: Literal["trace"] = Field(default="trace", description='Selects this workload: "trace".')
    file: Annotated[str, Field(strict=True, min_length=1, max_length=4096)] = Field(
        description="The CSV file; a relative name starts from the folder of the scenario file."
    )
    column: Reference = Field(description="Text in the header of the column to read.")
    unit: RateUnit = Field(
        default="KiB/s",
        description="Unit of the cells, as a data rate; as a number: bytes per second.",
    )
    step: PositiveDuration = Field(default="5 min", description="Time between two rows.")
    separator: Annotated[str, Field(strict=True, min_length=1, max_length=8)] = Field(
        default=",", description="Text between two cells; blanks and tabs around it are ignored."
    )
    scale: Number = Field(default=1.0, ge=0.0, le=1e9, description="Factor on every cell.")
    repeat: Flag = Field(
        default=False,
        description="Start over at the end; otherwise a trace shorter than the run is wrong.",
    )

    @field_validator("file")
    @classmethod
    def _make_absolute(cls, file: str, info: ValidationInfo) -> str:
        folder = (info.context or {}).get("folder") or Path.cwd()
        return os.path.normpath(Path(folder) / file)


Churn: TypeAlias = Annotated[
    NoChurn | ConstantChurn | DiurnalChurn | TraceChurn, Field(discriminator="kind")
]

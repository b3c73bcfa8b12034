"""Workloads of a scenario: how many bytes the guests write, or which single writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from . import codes
from .part import Flag, Many, Number, Part, Reference, as_number, clash
from .quantities import (
    DataRate,
    PositiveDataRate,
    PositiveDuration,
    PositiveSize,
    RateUnit,
    TimeOfDay,
)


def _absolute(file: str, info: ValidationInfo) -> str:
    folder = (info.context or {}).get("folder") or Path.cwd()
    return os.path.normpath(Path(folder) / file)


#: A file; a relative name starts from the folder of the scenario file.
TraceFile: TypeAlias = Annotated[
    str, Field(strict=True, min_length=1, max_length=4096), AfterValidator(_absolute)
]


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
    file: TraceFile = Field(
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


class Window(Part):
    """A window that repeats every day. It wraps round midnight when `to` <= `from`."""

    from_: TimeOfDay = Field(description="Start of the window, a time of day.")
    to: TimeOfDay = Field(description="End of the window, a time of day.")


Share: TypeAlias = Annotated[float, Field(strict=True, ge=0.0, le=1.0), BeforeValidator(as_number)]
PositiveShare: TypeAlias = Annotated[
    float, Field(strict=True, gt=0.0, le=1.0), BeforeValidator(as_number)
]
Skew: TypeAlias = Annotated[float, Field(strict=True, gt=0.0, le=10.0), BeforeValidator(as_number)]

#: The keys of a block workload that go with one pattern, and whether it must have them.
_PATTERN_KEYS = {
    "zipf_alpha": ("zipf", False),
    "hot_share": ("hot-cold", False),
    "hot_writes": ("hot-cold", False),
    "window": ("backup-flood", True),
    "period": ("full-rewrite", True),
}


class BlockChurn(Part):
    """Single writes, drawn: where they fall, how large they are and how many there are.

    For both fidelities: at volume fidelity the expected rate counts.
    """

    kind: Literal["block"] = Field(default="block", description='Selects this workload: "block".')
    pattern: Literal[
        "uniform", "zipf", "hot-cold", "sequential", "backup-flood", "full-rewrite"
    ] = Field(
        description='Where writes fall. "backup-flood" writes in order inside a daily window, '
        '"full-rewrite" writes everything in order, over and over.'
    )
    writes_per_second: Number = Field(
        gt=0.0, le=1e7, description="Writes of the machine per second, while it writes."
    )
    write_size: PositiveSize = Field(
        default="4 KiB",
        description="Bytes of one write; at block fidelity a multiple of the sector size.",
    )
    zipf_alpha: Skew | None = Field(
        default=None, description='Skew of the pattern "zipf"; null: 0.99.'
    )
    hot_share: PositiveShare | None = Field(
        default=None, description='"hot-cold": share of the working set that is hot; null: 0.1.'
    )
    hot_writes: Share | None = Field(
        default=None, description='"hot-cold": share of the writes that fall there; null: 0.9.'
    )
    trim_share: Share = Field(default=0.0, description="Share of the writes that are trims.")
    working_set: PositiveSize | None = Field(
        default=None,
        description="Bytes from the start of the disk that are written to; null: all of it.",
    )
    window: Window | None = Field(
        default=None, description='"backup-flood": the daily window in which it writes.'
    )
    period: PositiveDuration | None = Field(
        default=None, description='"full-rewrite": seconds from the start of one pass to the next.'
    )
    evenly_spaced: Flag = Field(
        default=False, description="Writes come evenly spaced; otherwise at random (Poisson)."
    )

    @model_validator(mode="after")
    def _keys_go_together(self) -> BlockChurn:
        for key, (pattern, needed) in _PATTERN_KEYS.items():
            given = getattr(self, key) is not None
            if given and self.pattern != pattern:
                raise clash(codes.KEYS_CLASH, f'goes only with "pattern": "{pattern}"', key)
            if needed and not given and self.pattern == pattern:
                raise clash(codes.MISSING_KEY, f'the pattern "{pattern}" needs it', key)
        return self


class BlockTraceChurn(Part):
    """Single writes, recorded: a block trace of one disk.

    For both fidelities: at volume fidelity the bytes of the writes are summed. In `file`,
    ``{index}`` stands for the number of the machine in its group (from 1) and ``{name}`` for its
    name.
    """

    kind: Literal["block_trace"] = Field(
        default="block_trace", description='Selects this workload: "block_trace".'
    )
    file: TraceFile = Field(
        description="The trace; a relative name starts from the folder of the scenario file."
    )
    format: Literal["vscsi", "vscsi-csv", "msr-csv", "alibaba-csv", "blktrace"] = Field(
        description="How the trace is written."
    )
    device: Reference | None = Field(
        default=None, description="The device to replay; null: the only one of the file."
    )
    repeat: Flag = Field(
        default=False, description="Start over at the end; otherwise nothing is written after it."
    )


Churn: TypeAlias = Annotated[
    NoChurn | ConstantChurn | DiurnalChurn | TraceChurn | BlockChurn | BlockTraceChurn,
    Field(discriminator="kind"),
]

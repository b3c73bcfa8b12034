"""What a run leaves behind: tables, a summary, pictures and files."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import formatting
from ._version import version
from .columns import AT_BLOCK_FIDELITY, COLUMNS, WITH_ORACLES
from .proof import Proof
from .result_frames import ResultFrames
from .tables import Array, Blob, Tables, encode_blob

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from .job_export import JobFilter, JobFormat
    from .plots import Plots
    from .why import Why

__all__ = ["Proof", "Result"]


class Result(ResultFrames):
    """The result of one run.

    Tables are data frames with one row per thing or instant. Instants and durations are in seconds
    of simulated time, amounts in bytes; NaN and missing values mean "not applicable".
    :meth:`columns` says what each column means. The frames share the memory of the result and
    their values are read-only: take a ``.copy()`` to change some.

    Attributes
    ----------
    scenario_hash
        Hash of the canonical form of the scenario.
    wall_s
        Wall time of the run, in seconds.
    peak_memory_bytes
        The most memory that the run's process had in use; 0 with ``isolation="exec"``, where it is
        not known.

    Examples
    --------
    >>> result = lf.load("branch-office.json").run()        # doctest: +SKIP
    >>> result.machines[["machine", "rpo_s_p95", "downtime_s"]]  # doctest: +SKIP
    >>> result.plot.rpo()                                   # doctest: +SKIP
    >>> result.save("out")                                  # doctest: +SKIP
    """

    def __init__(
        self,
        blob: Blob,
        *,
        scenario_json: str = "{}",
        scenario_hash: str = "",
        wall_s: float = 0.0,
        peak_memory_bytes: int = 0,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        self._blob = blob
        self._scenario_json = scenario_json
        self.scenario_hash = scenario_hash
        self.wall_s = wall_s
        self.peak_memory_bytes = peak_memory_bytes
        self._versions = dict(versions) if versions is not None else _versions(self._told)
        self._frames: dict[str, pd.DataFrame] = {}

    @classmethod
    def from_fd(cls, fd: int, **about: Any) -> Result:
        """Map the result in a file; the descriptor may be closed afterwards."""
        return cls(Blob.from_fd(fd), **about)

    @classmethod
    def from_tables(
        cls,
        summary: Mapping[str, Any],
        tables: Mapping[str, Mapping[str, Array | Sequence[str | None]]],
        **about: Any,
    ) -> Result:
        """Make a result that no simulator made, for tests and for what is computed of results.

        Parameters
        ----------
        summary
            As the simulator writes it: scenario, seed, version, totals and so on.
        tables
            For each table its columns: an array of numbers, or a sequence of names.
        **about
            As for the class.
        """
        header: dict[str, Any] = {
            "summary": dict(summary),
            "problems": [],
            "waiting": [],
            "error": None,
        }
        return cls(Blob.from_bytes(encode_blob(header, tables)), **about)

    def __reduce__(self) -> tuple[Any, ...]:
        about = {
            "scenario_json": self._scenario_json,
            "scenario_hash": self.scenario_hash,
            "wall_s": self.wall_s,
            "peak_memory_bytes": self.peak_memory_bytes,
            "versions": self._versions,
        }
        return (_rebuilt, (self._blob.data.tobytes(), about))

    # --- What the run says of itself --------------------------------------------------------------

    @property
    def _told(self) -> dict[str, Any]:
        """The summary as the simulator wrote it."""
        summary: dict[str, Any] = self._blob.header["summary"]
        return summary

    @property
    def blob(self) -> memoryview:
        """The bytes that the run wrote: equal for equal scenario, seed and version."""
        return self._blob.data.data

    @property
    def scenario_name(self) -> str:
        """Name of the scenario."""
        return str(self._told.get("scenario", ""))

    @property
    def scenario_json(self) -> str:
        """Canonical form of the scenario."""
        return self._scenario_json

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return int(self._told.get("seed", 0))

    @property
    def simulated_s(self) -> float:
        """Simulated time at the end, in seconds."""
        return float(self._told.get("simulated_s", 0.0))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The run in one dictionary, as in ``summary.json``.

        It holds the scenario, its hash, seed, version, profile, simulated and wall time, number of
        deltas, ``machines`` (one dictionary each), ``totals`` and ``expect``. Values that are not
        applicable are ``None``.
        """
        told = self._told
        summary = {
            "scenario": told.get("scenario"),
            "scenario_hash": self.scenario_hash,
            **{key: told.get(key) for key in ("seed", "version", "profile", "simulated_s")},
            "wall_s": self.wall_s,
            "peak_memory_bytes": self.peak_memory_bytes,
            "deltas": told.get("deltas"),
            "machines": self._machine_rows(),
            "totals": told.get("totals") or {},
            "expect": told.get("expect") or [],
            "versions": dict(self._versions),
        }
        return summary | {key: value for key, value in told.items() if key not in summary}

    def _machine_rows(self) -> list[dict[str, Any]]:
        if "machines" not in self.tables:
            return []
        rows: list[dict[str, Any]] = self.to_arrow("machines").to_pylist()
        for row in rows:
            for key, value in row.items():
                if isinstance(value, float) and not np.isfinite(value):
                    row[key] = None
        return rows

    @property
    def totals(self) -> dict[str, Any]:
        """Figures of the whole fleet by the name of their metric, such as ``rpo_s_p95``."""
        flat: dict[str, Any] = {}
        for key, value in (self._told.get("totals") or {}).items():
            if isinstance(value, dict):
                flat |= {f"{key}_{part}": number for part, number in value.items()}
            else:
                flat[key] = value
        return flat

    @property
    def ok(self) -> bool:
        """Whether every expectation of the scenario holds and no oracle was violated."""
        if self.violation_count > 0:
            return False
        return all(entry.get("passed") for entry in self._told.get("expect") or ())

    @property
    def proof(self) -> Proof | None:
        """What the oracles checked and found; None when no machine is at block fidelity."""
        told = self._told.get("oracles")
        if not told:
            return None
        keys = ("points_checked", "sectors_compared", "writes", "violations")
        return Proof(**{key: int(told.get(key) or 0) for key in keys})

    @property
    def violation_count(self) -> int:
        """How often an oracle did not hold, at any fidelity. Right replication has 0."""
        told = self._told.get("oracles") or self._told.get("control_oracles") or {}
        return int(told.get("violations") or 0)

    @property
    def expect(self) -> pd.DataFrame:
        """What the scenario expects, and what was found.

        ``metric``; ``machines`` and ``of``, whose it is; ``rule`` and ``limit``; ``found``, the
        worst value; ``passed``; ``failing_machines``.
        """
        import pandas as pd

        columns = [
            *("metric", "machines", "of", "rule", "limit", "found", "passed", "failing_machines")
        ]
        rows = []
        for entry in self._told.get("expect") or []:
            ((rule, limit),) = entry["rule"].items()
            rows.append({**entry, "rule": rule, "limit": limit})
        return pd.DataFrame(rows, columns=columns)

    # --- Tables -----------------------------------------------------------------------------------

    @cached_property
    def tables(self) -> Tables:
        """The tables as mappings from column to read-only NumPy array, without any copy."""
        return self._blob.tables()

    def to_arrow(self, name: str) -> pa.Table:
        """Return a table as an Arrow table."""
        return self.tables[name].to_arrow()

    def columns(self, name: str) -> pd.DataFrame:
        """Say what the columns of a table mean: ``column``, ``unit``, ``description``."""
        import pandas as pd

        known = COLUMNS.get(name, {})
        rows = [(column, *known.get(column, ("", ""))) for column in self.tables[name]]
        return pd.DataFrame(rows, columns=["column", "unit", "description"])

    def _frame(self, name: str) -> pd.DataFrame:
        frame = self._frames.get(name)
        if frame is None:
            frame = self._frames[name] = self._new_frame(name)
        return frame.copy(deep=False)  # a column that somebody adds stays with them

    def _new_frame(self, name: str) -> pd.DataFrame:
        if name in AT_BLOCK_FIDELITY | WITH_ORACLES and name not in self.tables:
            import pandas as pd

            return pd.DataFrame(columns=list(COLUMNS[name]))
        return self.tables[name].to_pandas()

    def why(self, *, rpo: float | str | None = None, slow: float | str | None = None) -> Why:
        """Explain each RPO that was missed and each slow migration; see :mod:`landfall.why`.

        Parameters
        ----------
        rpo
            The RPO to be met, in seconds or such as "15 min"; by default the threshold of each
            machine's policy.
        slow
            How long a migration may take; by default twice the median.
        """
        from .why import explain

        return explain(self, rpo=rpo, slow=slow)

    # --- Pictures, files, display -----------------------------------------------------------------

    @cached_property
    def plot(self) -> Plots:
        """Pictures: ``.plot.rpo()``, ``.plot.timeline()``, ``.plot.backlog()``."""
        from .plots import Plots

        return Plots(self)

    def save(self, folder: str | PathLike[str]) -> Path:
        """Write the result into a folder, wholly or not at all.

        The folder holds ``summary.json``, ``machines.parquet``, ``rpo.parquet``,
        ``jobs.parquet``, ``tasks.parquet``, ``copies.parquet``,
        ``copy_progress.parquet``, ``fleet.parquet``,
        ``backlog.parquet``, ``links.parquet``, ``billing.parquet``,
        ``health.parquet``, ``alerts.parquet``, ``target_use.parquet``, ``oracles.parquet``,
        ``violations.parquet``, ``events.jsonl`` and ``rpo.png``; at block fidelity ``fold.parquet``
        too. An earlier result in it is replaced.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        FileExistsError
            When the folder holds anything that is not of a result.
        """
        from .export import save

        return save(self, Path(folder))

    def jobs_export(
        self,
        path: str | PathLike[str],
        kind: JobFormat | None = None,
        *,
        only: JobFilter | None = None,
    ) -> Path:
        """Write the job list to a file, in Site Recovery's words, and return its path.

        `kind` is ``"json"``, ``"xml"``, ``"csv"`` or ``"xlsx"``, by default the ending of the file;
        `only` says which jobs, as :class:`landfall.JobFilter`.
        """
        from .job_export import export_jobs, jobs_of_tables

        return export_jobs(jobs_of_tables(self.jobs, self.tasks), Path(path), kind, only=only)

    def end_states(self) -> dict[str, int]:
        """Return how many machines ended in each state, the most frequent first."""
        if "machines" not in self.tables or "state" not in self.tables["machines"]:
            return {}
        machines = self.tables["machines"]
        counts = np.bincount(machines["state"], minlength=len(machines.categories["state"]))
        pairs = zip(machines.categories["state"], counts.tolist(), strict=True)
        return dict(sorted(((s, n) for s, n in pairs if n), key=lambda pair: (-pair[1], pair[0])))

    def __repr__(self) -> str:
        machines = formatting.plural(self._machine_count(), "machine")
        states = ", ".join(f"{count:,} {state}" for state, count in self.end_states().items())
        times = (formatting.duration(self.simulated_s), formatting.duration(self.wall_s))
        lines = [
            f'Result of "{self.scenario_name}", seed {self.seed}',
            f"  {machines}, {times[0]} simulated in {times[1]}",
            f"  at the end: {states or 'no machines'}",
        ]
        expect = self._told.get("expect") or []
        if expect:
            held = sum(bool(entry.get("passed")) for entry in expect)
            lines.append(f"  expectations: {held} of {len(expect)} hold")
        if self.proof is not None:
            lines.append(f"  oracles: {self.proof}")
        lines.append('  next: .machines, .plot.rpo(), .plot.timeline(), .save("out")')
        return "\n".join(lines)

    def _machine_count(self) -> int:
        return self.tables["machines"].rows if "machines" in self.tables else 0

    def _repr_html_(self) -> str:
        from .display import result_html

        return result_html(self)


def _rebuilt(data: bytes, about: dict[str, Any]) -> Result:
    return Result(Blob.from_bytes(data), **about)


def _versions(told: Mapping[str, Any]) -> dict[str, str]:
    return {
        "landfall": version(),
        "worker": str(told.get("version", "")),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }

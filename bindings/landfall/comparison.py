"""Two or more runs set side by side: headline numbers, machines, scenarios."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .plot_style import scenario_of
from .scenario_diff import Difference, scenario_differences

if TYPE_CHECKING:
    import pandas as pd

    from .report import Page
    from .result import Result

__all__ = ["Comparison", "compare"]

#: Columns of machines that are set side by side.
MACHINE_METRICS = (
    *("rpo_s_p95", "rpo_s_max", "initial_replication_s", "downtime_s", "migration_duration_s"),
    *("data_loss_bytes", "wan_bytes", "cost_total"),
)
_RUNS_MAX = 12


def compare(
    *results: Result | str | PathLike[str], names: Sequence[str] | None = None
) -> Comparison:
    """Set runs side by side; differences are those from the first.

    Parameters
    ----------
    *results
        Two to twelve results, or folders of saved ones.
    names
        What to call them; by default the names of their scenarios and what tells them apart.

    Returns
    -------
    Comparison
        The comparison.

    Raises
    ------
    UnreadableResult
        A folder holds no result.
    ValueError
        There are fewer than two or more than twelve, or not as many names, or a name twice.

    Examples
    --------
    >>> lf.compare(before, after).table                      # doctest: +SKIP
    >>> lf.compare("out/a", "out/b").report("compare.html")  # doctest: +SKIP
    """
    from .result import Result
    from .result_files import load_result

    if not 2 <= len(results) <= _RUNS_MAX:
        raise ValueError(f"two to {_RUNS_MAX} results can be compared, not {len(results)}")
    read = [each if isinstance(each, Result) else load_result(each) for each in results]
    called = list(names) if names is not None else _names(results, read)
    if len(called) != len(read) or len(set(called)) != len(called):
        raise ValueError("each result needs a name of its own")
    return Comparison(read, called)


def _names(given: Sequence[Result | str | PathLike[str]], read: Sequence[Result]) -> list[str]:
    """Return the shortest names that tell the runs apart, letters where nothing does.

    Folders go by their names, results by their scenarios, with the seed if it takes that.
    """
    folders = [Path(os.fspath(each)) for each in given if isinstance(each, str | PathLike)]
    scenarios = [result.scenario_name or "run" for result in read]
    seeded = [f"{name}, seed {r.seed}" for name, r in zip(scenarios, read, strict=True)]
    choices = [scenarios, seeded]
    if len(folders) == len(read):
        choices = [[folder.resolve().name for folder in folders], [str(f) for f in folders]]
    for names in choices:
        if len(set(names)) == len(names):
            return names
    letters = "ABCDEFGHIJKL"
    return [f"{letters[place]}: {name}" for place, name in enumerate(scenarios)]


class Comparison:
    """Runs side by side; differences are those from the first.

    Attributes
    ----------
    results
        The results.
    names
        What they are called.
    """

    def __init__(self, results: Iterable[Result], names: Iterable[str]) -> None:
        self.results = tuple(results)
        self.names = tuple(names)

    @property
    def others(self) -> tuple[str, ...]:
        """Names of all but the first."""
        return self.names[1:]

    @cached_property
    def table(self) -> pd.DataFrame:
        """The headline numbers: ``metric``, ``unit``, a column for each run, and differences.

        In seconds, bytes and currency. A difference stands in ``<name> − <first>``, NaN where a
        number is not applicable to one of the two.
        """
        import pandas as pd

        from .report.headline import HEADLINES, headline_value

        units = {"duration": "s", "size": "B", "money": "currency"}
        rows = []
        for headline in HEADLINES:
            values = [headline_value(result, headline) for result in self.results]
            if any(value is not None for value in values):
                rows.append([headline.key, units[headline.kind], *values])
        held = [sum(bool(e.get("passed")) for e in r.summary["expect"]) for r in self.results]
        if any(result.summary["expect"] for result in self.results):
            rows.append(["expectations_met", "", *map(float, held)])
        rows.append(["violations", "", *(float(r.violation_count) for r in self.results)])
        frame = pd.DataFrame(rows, columns=["metric", "unit", *self.names])
        frame[list(self.names)] = frame[list(self.names)].astype(float)
        for name in self.others:
            frame[self.difference(name)] = frame[name] - frame[self.names[0]]
        return frame

    def difference(self, name: str) -> str:
        """Return the name of the column that holds the differences of a run from the first."""
        return f"{name} − {self.names[0]}"

    @cached_property
    def machines(self) -> pd.DataFrame:
        """Machines by name: for each metric a column ``<metric>, <run>``, and ``in_all``.

        ``in_all`` says whether every run has the machine. Differences are those of the values of
        two columns; what only one run has is NaN in the others. A count of -1 is NaN too.
        """
        import pandas as pd

        frames = []
        for name, result in zip(self.names, self.results, strict=True):
            table = result.machines
            known = [metric for metric in MACHINE_METRICS if metric in table]
            frame = table[["machine", *known]].copy()
            frame["machine"] = frame["machine"].astype(str)
            for metric in known:
                frame[metric] = pd.to_numeric(frame[metric]).astype("Float64").astype(float)
            frames.append(
                frame.set_index("machine").rename(columns={m: f"{m}, {name}" for m in known})
            )
        joined = pd.concat(frames, axis=1, join="outer")
        counts = sum(
            pd.Series(1, index=frame.index).reindex(joined.index, fill_value=0) for frame in frames
        )
        ordered = [
            f"{metric}, {name}"
            for metric in MACHINE_METRICS
            for name in self.names
            if f"{metric}, {name}" in joined
        ]
        joined = joined[ordered]
        joined["in_all"] = counts == len(frames)
        return joined.rename_axis("machine").reset_index()

    @cached_property
    def scenario_differences(self) -> list[Difference]:
        """What differs between the scenarios, value by value."""
        return scenario_differences([scenario_of(result) for result in self.results])

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison for JSON: ``runs``, ``metrics`` and ``scenario``."""
        runs = [
            {
                "name": name,
                "scenario": result.scenario_name,
                "scenario_hash": result.scenario_hash,
                "seed": result.seed,
                "ok": result.ok,
            }
            for name, result in zip(self.names, self.results, strict=True)
        ]
        metrics = [
            {
                "metric": row["metric"],
                "unit": row["unit"],
                "values": [row[name] for name in self.names],
                "differences": [row[self.difference(name)] for name in self.others],
            }
            for row in self.table.to_dict("records")
        ]
        scenario = [
            {"where": each.where, "values": list(each.values)} for each in self.scenario_differences
        ]
        return {"runs": runs, "metrics": metrics, "scenario": scenario}

    def page(self, *, interactive: bool = True) -> Page:
        """Return the report of this comparison as a page."""
        from .report.comparison_report import comparison_page

        return comparison_page(self, interactive=interactive)

    def report(self, path: str | PathLike[str], *, interactive: bool = True) -> Path:
        """Write the comparison as one self-contained HTML file, and return its path."""
        return self.page(interactive=interactive).save(path)

    def __repr__(self) -> str:
        rows = "\n".join(f"  {line}" for line in self.table.to_string(index=False).splitlines())
        return f"Comparison of {' and '.join(self.names)}\n{rows}\n  next: .machines, .report(path)"

    def _repr_html_(self) -> str:
        from .display import text_table
        from .report.comparison_report import headline_table

        block = headline_table(self)
        head = [column.title for column in block.columns]
        return text_table(head, [[cell.text for cell in row] for row in block.cells])


def shown(value: Any) -> str:
    """Return a value of a scenario as JSON, shortened: a whole machine is no reading matter."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"

"""The outcome of a sweep: tables, intervals, comparisons."""

from __future__ import annotations

import html
import math
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import formatting
from ..errors import LandfallError, UnknownName
from .intervals import Comparison, compared, interval
from .intervals import shown as shown_text
from .keys import run_key, seed_of
from .store import Row, StoreError, read_manifest, read_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ..plots import Picture
    from ..scenario import Scenario
    from .sensitivity import Sensitivity

__all__ = ["Sweep"]

_SHOWN = 12
_FIRST = ("rpo_s_p95", "downtime_s_max", "cost_total")
_MISSING = {"status": "missing", "failure": "", "message": "", "metrics": {}}


class Sweep:
    """The outcome of a sweep.

    Attributes
    ----------
    path
        Folder of the store, ``None`` when there is none.
    made
        How many runs were made this time; the others were there already.
    manifest
        What the sweep is: scenario, design, entropy, versions, variants.

    Examples
    --------
    >>> sweep = lf.sweeps.Sweep.load("out/links")           # doctest: +SKIP
    >>> sweep.summary("rpo_s_p95")                          # doctest: +SKIP
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        rows: Mapping[str, Row],
        *,
        path: Path | None = None,
        made: int = 0,
    ) -> None:
        self.manifest = dict(manifest)
        self.path = path
        self.made = made
        self._rows = [self._outcomes(rows, number) for number in range(self.variant_count)]

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Sweep:
        """Read a sweep from its store, without running anything.

        Raises
        ------
        StoreError
            When there is none, or it is damaged.
        """
        folder = Path(path)
        manifest = read_manifest(folder)
        if manifest is None:
            raise StoreError(f"{folder}: holds no sweep")
        try:
            return cls(manifest, read_rows(folder), path=folder)
        except (KeyError, TypeError) as error:
            file = folder / "manifest.json"
            raise StoreError(f"{file}: is damaged (no {error}); run the sweep again") from None

    def _outcomes(self, rows: Mapping[str, Row], number: int) -> list[dict[str, Any]]:
        """Return the rows of a variant, one for each replication."""
        about = self.manifest["variants"][number]
        found = []
        for replication in range(about["replications"]):
            common = self.manifest["common_random_numbers"]
            seed = seed_of(self.manifest["entropy"], replication, None if common else number)
            if about["problem"]:
                outcome = _MISSING | {"status": "failed", "failure": "bad_input"}
                outcome |= {"message": about["problem"]}
            else:
                key = run_key(about["hash"], seed, self.manifest["metrics"]["signature"])
                outcome = dict(rows.get(key, _MISSING))
            found.append(outcome | {"variant": number, "replication": replication, "seed": seed})
        return found

    # --- What it is -------------------------------------------------------------------------------

    @property
    def parameters(self) -> list[str]:
        """Names of what varies."""
        return [entry["name"] for entry in self.manifest["design"]["parameters"]]

    @property
    def variant_count(self) -> int:
        """Number of variants."""
        return len(self.manifest["variants"])

    @cached_property
    def metrics(self) -> list[str]:
        """Names of the metrics that runs have."""
        rows = (row for outcomes in self._rows for row in outcomes)
        return sorted(dict.fromkeys(name for row in rows for name in row["metrics"]))

    def values_of(self, variant: int) -> tuple[Any, ...]:
        """Return the values of the parameters of a variant."""
        return tuple(self.manifest["variants"][variant]["values"])

    @property
    def failed_count(self) -> int:
        """How many runs have no outcome."""
        return sum(row["status"] != "ok" for outcomes in self._rows for row in outcomes)

    @property
    def run_count(self) -> int:
        """How many runs the sweep has."""
        return sum(len(outcomes) for outcomes in self._rows)

    def scenario(self, variant: int) -> Scenario:
        """Return the scenario of a variant, to run it by itself.

        Raises
        ------
        LandfallError
            When a function of the caller's changed it: the store holds values only.
        """
        from ..scenario import Scenario

        self._check(variant)
        entries = self.manifest["design"]["parameters"]
        if any(not entry["places"] for entry in entries):
            raise LandfallError("a function changed this scenario; apply it to the first one again")
        changes = {
            place: value
            for entry, value in zip(entries, self.values_of(variant), strict=True)
            for place in entry["places"]
        }
        base = Scenario.from_dict(self.manifest["scenario"]["canonical"])
        return base.with_(changes) if changes else base

    # --- Tables -----------------------------------------------------------------------------------

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each run, by variant and replication.

        ``variant``, the parameters under their names, ``replication``, ``seed``; ``status`` (ok,
        failed or missing), ``failure`` (crash, timeout, out_of_memory, deadlock, bad_input,
        metrics, executor, worker_died), ``message``; then the metrics. The same sweep has the same
        table wherever it runs.
        """
        import pandas as pd

        rows = [row for outcomes in self._rows for row in outcomes]
        columns: dict[str, Any] = {"variant": [row["variant"] for row in rows]}
        for place, name in enumerate(self.parameters):
            columns[name] = [self.values_of(row["variant"])[place] for row in rows]
        for name in ("replication", "seed", "status", "failure", "message"):
            columns[name] = [row[name] for row in rows]
        for name in self.metrics:
            columns[name] = [row["metrics"].get(name, math.nan) for row in rows]
        return pd.DataFrame(columns)

    @property
    def failures(self) -> pd.DataFrame:
        """The rows of `table` that have no outcome."""
        return self.table[self.table["status"] != "ok"].reset_index(drop=True)

    @property
    def costs(self) -> pd.DataFrame:
        """What each run took: ``variant``, ``replication``, ``wall_s``, ``peak_memory_bytes``."""
        import pandas as pd

        names = ["variant", "replication", "wall_s", "peak_memory_bytes"]
        rows = [row for outcomes in self._rows for row in outcomes if "wall_s" in row]
        return pd.DataFrame([{name: row[name] for name in names} for row in rows], columns=names)

    def values(self, metric: str, variant: int) -> list[float]:
        """Return a metric of a variant, one number per replication; NaN where a run failed."""
        self.check_metric(metric)
        self._check(variant)
        return [row["metrics"].get(metric, math.nan) for row in self._rows[variant]]

    def summary(
        self, metric: str, level: float = 0.95, method: str = "t", q: float = 0.5
    ) -> pd.DataFrame:
        """Return a row for each variant: the estimate of a metric and its confidence interval.

        Parameters
        ----------
        metric
            Name of a metric.
        level
            Confidence.
        method
            ``"t"``: mean, Student's t. ``"bootstrap"``: mean, BCa. ``"quantile"``: the quantile
            `q`, order statistics.
        q
            The quantile, for ``"quantile"``.

        Returns
        -------
        pandas.DataFrame
            ``variant``, the parameters, ``n`` (runs with a number), ``failed``, ``estimate``,
            ``low``, ``high``.
        """
        import pandas as pd

        rows = []
        for variant in range(self.variant_count):
            found = interval(self.values(metric, variant), method, level, q)
            failed = sum(row["status"] != "ok" for row in self._rows[variant])
            rows.append(
                (
                    *(variant, *self.values_of(variant), found.n, failed),
                    *(found.estimate, found.low, found.high),
                )
            )
        names = ["variant", *self.parameters, "n", "failed", "estimate", "low", "high"]
        return pd.DataFrame(rows, columns=names)

    def compare(
        self,
        a: int | Mapping[str, Any],
        b: int | Mapping[str, Any],
        metric: str,
        level: float = 0.95,
    ) -> Comparison:
        """Return how a metric differs between two variants, b less a, paired by replication.

        Variants go by number, or by values of parameters that only one has.
        """
        first, second = self.variant(a), self.variant(b)
        of_a, of_b = self.values(metric, first), self.values(metric, second)
        pairs = min(len(of_a), len(of_b))
        return compared(metric, first, second, of_a[:pairs], of_b[:pairs], level)

    def best(self, metric: str, level: float = 0.95, *, maximise: bool = False) -> pd.DataFrame:
        """Return the variants, best mean first, with their paired difference to the best.

        ``worse_low`` and ``worse_high`` are its interval; a variant whose interval holds zero
        cannot be told from the best. Each interval stands for itself: among many variants the one
        that looks best is partly so by chance.
        """
        found = self.summary(metric, level).dropna(subset=["estimate"])
        found = found.sort_values(["estimate", "variant"], ascending=[not maximise, True])
        found = found.reset_index(drop=True)
        if found.empty:
            return found.assign(worse=[], worse_low=[], worse_high=[])
        winner = int(found["variant"].iloc[0])
        differences = [self.compare(winner, int(v), metric, level) for v in found["variant"]]
        for name, part in (("worse", "estimate"), ("worse_low", "low"), ("worse_high", "high")):
            found[name] = [getattr(d.difference, part) for d in differences]
        return found

    def sensitivity(self, metric: str, level: float = 0.95) -> Sensitivity:
        """Return how much each parameter matters to a metric, by SALib.

        A design ``"saltelli"`` gives Sobol' indices, ``"morris"`` elementary effects, ``"lhs"`` and
        ``"sobol"`` first-order indices by RBD-FAST. The mean over replications counts.

        Raises
        ------
        LandfallError
            When the design is a grid, or a point has no outcome.
        """
        from .sensitivity import analyse

        return analyse(self, metric, level)

    # --- Choosing ---------------------------------------------------------------------------------

    def variant(self, which: int | Mapping[str, Any]) -> int:
        """Return the number of the one variant with these values of parameters."""
        if not isinstance(which, Mapping):
            self._check(which)
            return which
        for name in which:
            if name not in self.parameters:
                raise UnknownName("parameter", name, self.parameters)
        places = {self.parameters.index(name): value for name, value in which.items()}
        fitting = [
            number
            for number in range(self.variant_count)
            if all(self.values_of(number)[place] == value for place, value in places.items())
        ]
        if len(fitting) != 1:
            raise ValueError(f"{formatting.plural(len(fitting), 'variant')} with {dict(which)}")
        return fitting[0]

    def check_metric(self, metric: str) -> None:
        """Raise UnknownName when no run has this metric."""
        if metric not in self.metrics:
            raise UnknownName("metric", metric, self.metrics)

    def _check(self, variant: int) -> None:
        if not 0 <= variant < self.variant_count:
            raise ValueError(f"there are variants 0 to {self.variant_count - 1}, no {variant}")

    # --- Pictures and display ---------------------------------------------------------------------

    def plot(
        self,
        metric: str,
        x: str | None = None,
        by: str | None = None,
        *,
        level: float = 0.95,
        ax: Axes | None = None,
    ) -> Picture:
        """Draw a metric against a parameter, with its confidence band.

        With one parameter: a line. With `by`: a line for each value of another. With two and no
        `x`: a heat map. In a drawn design, where no two points share a value: a point each.
        """
        from .plot import draw

        return draw(self, metric, x, by, level, ax)

    def __repr__(self) -> str:
        name = self.manifest["scenario"]["name"]
        kinds: dict[str, int] = {}
        for outcomes in self._rows:
            for row in outcomes:
                word = row["failure"] or row["status"]
                kinds[word] = kinds.get(word, 0) + 1
        told = ", ".join(f"{count:,} {word}" for word, count in sorted(kinds.items()))
        variants = formatting.plural(self.variant_count, "variant")
        runs = formatting.plural(self.run_count, "run")
        there = f"{self.run_count - self.made:,} not again (kept, or the same as another)"
        lines = [
            f'Sweep of "{name}": {variants}, {runs} ({told or "none"})',
            f"  {self.made:,} made now, {there}",
            "  next: .table, .summary(metric), .compare(0, 1, metric), .plot(metric)",
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        first, *_ = repr(self).split("\n")
        shown = [name for name in self.metrics if name in _FIRST] or self.metrics[:3]
        summaries = [self.summary(metric) for metric in shown]
        head = ["variant", *self.parameters, "runs", "failed", *shown]
        rows = []
        for number in range(min(self.variant_count, _SHOWN)):
            cells = [str(number), *map(str, self.values_of(number))]
            failed = sum(row["status"] != "ok" for row in self._rows[number])
            cells += [str(len(self._rows[number])), str(failed)]
            for metric, found in zip(shown, summaries, strict=True):
                at = found.iloc[number]
                half = (at["high"] - at["low"]) / 2
                text = shown_text(metric, float(at["estimate"]))
                if math.isfinite(half):
                    text += f" ± {shown_text(metric, float(half))}"
                cells.append(text)
            rows.append(cells)
        body = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
        )
        titles = "".join(f"<th>{html.escape(title)}</th>" for title in head)
        more = self.variant_count - _SHOWN
        rest = f"<p>{formatting.plural(more, 'more variant')} in <code>.table</code></p>"
        return (
            f'<div class="landfall-sweep"><p><strong>{html.escape(first)}</strong></p>'
            f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
            f"{rest if more > 0 else ''}</div>"
        )

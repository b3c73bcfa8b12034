"""Pictures of a result: what `result.plot` offers."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from .plot_backlog import draw_backlog, draw_cache
from .plot_plan import draw_plan, plan_height, plan_job, plan_stages
from .plot_rpo import draw_rpo
from .plot_style import new_figure, shortened
from .plot_timeline import draw_timeline, timeline_height

if TYPE_CHECKING:
    from .result import Result

__all__ = ["Picture", "Plots", "quiet_about_glyphs"]


@contextmanager
def quiet_about_glyphs() -> Iterator[None]:
    """Draw names in scripts that the font lacks as boxes, without a warning for each letter."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        yield


class Picture:
    """A drawn figure: shows itself in a notebook, saves itself to a file.

    Attributes
    ----------
    figure, axes
        The matplotlib objects, to be changed at will. With two panels `axes` is the upper one.
    """

    def __init__(self, axes: Axes, *, borrowed: bool) -> None:
        figure = axes.figure
        while isinstance(figure, SubFigure):
            figure = figure.figure
        assert isinstance(figure, Figure)
        self.figure = figure
        self.axes = axes
        self._borrowed = borrowed

    def save(self, path: str | PathLike[str], *, dpi: int = 150) -> Path:
        """Write the picture to a file; the ending names the format (png, svg, pdf).

        Returns
        -------
        Path
            The file.
        """
        with quiet_about_glyphs():
            self.figure.savefig(Path(path), dpi=dpi)
        return Path(path)

    def png(self, *, dpi: int = 110) -> bytes:
        """Return the picture as PNG."""
        stream = io.BytesIO()
        with quiet_about_glyphs():
            self.figure.savefig(stream, format="png", dpi=dpi)
        return stream.getvalue()

    def _repr_png_(self) -> bytes | None:
        # Axes of the caller's are shown by whatever made them.
        return None if self._borrowed else self.png()

    def __repr__(self) -> str:
        return f"<picture: {self.axes.get_title(loc='left')}>"


class Plots:
    """Pictures of one result. Each takes matplotlib axes to draw on, or makes a figure."""

    def __init__(self, result: Result) -> None:
        self._result = result

    def rpo(self, ax: Axes | None = None, *, scale: Literal["linear", "log"] = "linear") -> Picture:
        """Draw the RPO over time.

        Up to 12 machines: a line each, which rises by a second per second and drops when a
        recovery point is published; where the teeth are too fine to see, a band between their tops
        and bottoms. More machines: the worst and the mean of the fleet. A dashed line marks the
        RPO threshold of the policies; outages of links are shaded.

        With ``scale="log"`` an everyday RPO of minutes stays readable beside an outage of hours;
        the rising lines are bent then.
        """
        if scale not in ("linear", "log"):
            raise ValueError(f'scale must be "linear" or "log", not {scale!r}')
        axes, borrowed = self._axes(ax, 9.0, 3.6)
        draw_rpo(axes, self._result, log=scale == "log")
        return Picture(axes, borrowed=borrowed)

    def timeline(self, ax: Axes | None = None) -> Picture:
        """Draw the jobs of each machine as bars over time.

        The colour is the operation; white marks inside a bar are the borders of its tasks, a
        hatched bar failed. Outages of links are shaded. Bars too short to be seen are drawn at the
        least width that can be.
        """
        axes, borrowed = self._axes(ax, 9.0, timeline_height(self._result))
        draw_timeline(axes, self._result)
        return Picture(axes, borrowed=borrowed)

    def plan(
        self, plan: str | None = None, ax: Axes | None = None, *, job_id: int | None = None
    ) -> Picture:
        """Draw one run of a recovery plan: its stages as blocks of bars, and its critical path.

        The critical path is the chain of tasks that the end of the plan waited for: only a
        shorter task of it ends the plan earlier. Failed tasks are hatched. In stages of more than
        four machines only those are named that failed or that the plan waited for.

        Parameters
        ----------
        plan
            Name of the plan: its latest job is drawn. If nothing is said, the latest of any plan.
        job_id
            Another job of a plan, as in the table `jobs`.
        """
        job = plan_job(self._result.tables, plan, job_id)
        stages = plan_stages(self._result.tables, job, self._result.simulated_s)
        axes, borrowed = self._axes(ax, 10.0, plan_height(stages))
        draw_plan(axes, stages, self._plan_title(job))
        return Picture(axes, borrowed=borrowed)

    def _plan_title(self, job_id: int | None) -> str:
        jobs = self._result.tables["jobs"]
        for row in np.flatnonzero(jobs["job_id"] == job_id):
            if "plan" in jobs and jobs["plan"][row] >= 0:
                name, operation = jobs.names("plan")[row], jobs.names("operation")[row]
                return f"{operation} of recovery plan {shortened(str(name))}"
        return f"Recovery plan · {shortened(self._result.scenario_name)}"

    def backlog(self, ax: Axes | None = None) -> Picture:
        """Draw what waits at each stage on the way to Azure, stacked, over all process servers.

        On a figure of its own, a second panel shows the free part of the fullest cache.
        """
        if ax is not None:
            draw_backlog(ax, self._result)
            return Picture(ax, borrowed=True)
        figure = new_figure(9.0, 4.6)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        draw_backlog(upper, self._result)
        draw_cache(lower, self._result)
        upper.set_xlabel("")
        return Picture(upper, borrowed=False)

    @staticmethod
    def _axes(ax: Axes | None, width: float, height: float) -> tuple[Axes, bool]:
        return (ax, True) if ax is not None else (new_figure(width, height).subplots(), False)

"""A picture of a plan: waves, windows and freezes, and how full the links are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Patch

from .. import formatting
from ..plot_style import (
    AMBER,
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PINK,
    SKY,
    legend,
    new_figure,
    style,
)
from ..plots import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .wave_plan import WavePlan

__all__ = ["draw"]

_DAY_S = 86_400.0
_ROW_INCHES = 0.34
_LINES = (BLUE, ORANGE, GREEN, PINK, AMBER)


def draw(plan: WavePlan) -> Picture:
    """Return the picture; days of the project from left to right."""
    waves = plan.waves
    links = list(plan.problem.links)
    rows = max(1, len(waves))
    figure = new_figure(10.0, 3.2 + _ROW_INCHES * rows)
    upper, lower = figure.subplots(
        2, 1, sharex=True, gridspec_kw={"height_ratios": [0.4 + _ROW_INCHES * rows, 1.5]}
    )
    _draw_waves(upper, plan)
    _draw_links(lower, plan, [link.name for link in links])
    end = max(window.closes for window in plan.problem.windows)
    used = max((move.window.closes for move in plan.moves), default=end)
    lower.set_xlim(0, min(end, used + 7 * _DAY_S) / _DAY_S)
    lower.set_xlabel("days of the project")
    return Picture(upper, borrowed=False)


def _draw_waves(axes: Axes, plan: WavePlan) -> None:
    waves = plan.waves.to_dict("records")
    machines = formatting.plural(len(plan.moves), "machine")
    count = formatting.plural(len(waves), "wave")
    style(axes, f"{plan.problem.name}: {machines} in {count}, planned by {plan.method}")
    for freeze in plan.problem.freezes:
        axes.axvspan(freeze.opens / _DAY_S, freeze.closes / _DAY_S, color=SKY, alpha=0.25, lw=0)
    for row, wave in enumerate(waves):
        copied = (wave["starts_s"] / _DAY_S, (wave["copied_by_s"] - wave["starts_s"]) / _DAY_S)
        kept = (wave["copied_by_s"] / _DAY_S, (wave["opens_s"] - wave["copied_by_s"]) / _DAY_S)
        open_ = (wave["opens_s"] / _DAY_S, (wave["closes_s"] - wave["opens_s"]) / _DAY_S)
        axes.broken_barh([copied], (row - 0.36, 0.72), color=BLUE)
        axes.broken_barh([kept], (row - 0.12, 0.24), color=BLUE, alpha=0.35)
        axes.broken_barh([open_], (row - 0.36, 0.72), color=GREEN)
        text = f"{wave['machines']}, {formatting.size(wave['used_bytes'])}"
        x = (wave["closes_s"] / _DAY_S, row)
        axes.annotate(text, x, (4, 0), textcoords="offset points", va="center", color=INK, size=8)
    axes.set_yticks(range(len(waves)), [wave["wave"] for wave in waves])
    axes.set_ylim(len(waves) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    marks = [
        Patch(color=BLUE, label="initial replication"),
        Patch(color=BLUE, alpha=0.35, label="changes only"),
        Patch(color=GREEN, label="cutover window"),
    ]
    if plan.problem.freezes:
        marks.append(Patch(color=SKY, alpha=0.25, label="freeze"))
    legend(axes, marks)


def _draw_links(axes: Axes, plan: WavePlan, links: list[str]) -> None:
    """Draw how much of each link the simulation used, hour by hour, smoothed over a day."""
    style(axes, "How full each link was when simulated")
    table = plan.check.result.to_arrow("link_use").to_pandas()
    for link, colour in zip(links, _LINES * len(links), strict=False):
        mine = table[table["link"] == link]
        if mine.empty:
            continue
        day = np.floor(mine["t_s"].to_numpy() / _DAY_S - 1e-9)
        sums = mine.groupby(day)[["bytes", "capacity_bytes"]].sum()
        share = 100 * sums["bytes"] / sums["capacity_bytes"].clip(lower=1)
        axes.step(sums.index, share, where="post", color=colour, linewidth=1.6, label=link)
    axes.set_ylim(0, 105)
    axes.set_ylabel("% of the link, by day")
    most = 100 * plan.problem.usable
    axes.axhline(most, color=FAINT, linewidth=1, linestyle="--", label="planned with at most")
    if links:
        legend(axes, axes.get_legend_handles_labels()[0])

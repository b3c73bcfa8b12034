"""Picture of a synthetic trace beside the measured one: a week, the hours of a day, all slots."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

from .inventory.trace import Array, Trace
from .plot_style import BLUE, INK, ORANGE, Unit, legend, new_figure, say_empty, size_unit, style

_DAY_S = 86_400
_MEASURED, _MADE = (BLUE, "measured"), (ORANGE, "synthetic")


def draw_synthetic(measured: Trace, made: Trace) -> Axes:
    """Draw two traces of the same slots on a new figure; return the axes of the week."""
    pairs = [(measured.fleet() / measured.slot_s, *_MEASURED), (made.fleet() / made.slot_s, *_MADE)]
    unit = size_unit(max(float(np.percentile(rate, 99)) for rate, _, _ in pairs))
    figure = new_figure(11, 6)
    grid = figure.add_gridspec(2, 2)
    week = figure.add_subplot(grid[0, :])
    _week(week, pairs, measured, unit)
    _hours(figure.add_subplot(grid[1, 0]), pairs, measured, unit)
    _shares(figure.add_subplot(grid[1, 1]), pairs, unit)
    legend(week)
    return week


def _rate_axis(axes: Axes, unit: Unit) -> None:
    axes.set_ylabel(f"{unit.name}/s", fontsize=9, color=INK)


def _midnight(trace: Trace) -> int:
    """Return the first slot that starts at a midnight of UTC, or after it."""
    return int(np.ceil((-(trace.start_unix_s or 0.0) % _DAY_S) / trace.slot_s))


def _week(axes: Axes, pairs: list[tuple[Array, str, str]], trace: Trace, unit: Unit) -> None:
    style(axes, "A week of the fleet's churn")
    first = _midnight(trace)
    end = first + round(7 * _DAY_S / trace.slot_s)
    for rate, colour, name in pairs:
        part = rate[first:end] / unit.factor
        days = np.arange(part.size) * trace.slot_s / _DAY_S
        axes.plot(days, part, color=colour, linewidth=0.8, alpha=0.85, label=name)
    axes.set_xlim(0, 7)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("days since the first midnight", fontsize=9, color=INK)
    _rate_axis(axes, unit)


def _hours(axes: Axes, pairs: list[tuple[Array, str, str]], trace: Trace, unit: Unit) -> None:
    style(axes, "Mean of each hour of the day (UTC)")
    begin = np.arange(trace.slots) * trace.slot_s + (trace.start_unix_s or 0.0)
    hour = (begin % _DAY_S // 3_600).astype(int)
    if np.unique(hour).size < 24:
        say_empty(axes, "slots are longer than an hour, or the trace is shorter than a day")
        return
    for rate, colour, name in pairs:
        mean = np.bincount(hour, rate, 24) / np.bincount(hour, minlength=24)
        steps = np.append(mean, mean[-1]) / unit.factor
        axes.step(np.arange(25), steps, where="post", color=colour, label=name)
    axes.set_xlim(0, 24)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MultipleLocator(3))
    axes.set_xlabel("hour", fontsize=9, color=INK)
    _rate_axis(axes, unit)


def _shares(axes: Axes, pairs: list[tuple[Array, str, str]], unit: Unit) -> None:
    style(axes, "Share of slots above a rate")
    for rate, colour, name in pairs:
        share = 100 * (1 - np.arange(rate.size) / rate.size)
        axes.plot(np.sort(rate) / unit.factor, share, color=colour, label=name)
    axes.set_yscale("log")
    axes.set_xlabel(f"{unit.name}/s", fontsize=9, color=INK)
    axes.set_ylabel("% of slots", fontsize=9, color=INK)

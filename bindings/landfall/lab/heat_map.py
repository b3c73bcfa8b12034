"""The map of what was covered, kinds of faults by phases: as a picture and in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from rich.table import Table
from rich.text import Text

from ..plot_style import FAINT, INK, new_figure
from ..plots import Picture
from .coverage import Coverage

__all__ = ["draw", "in_terminal"]

#: From few hits to many; no hit is white.
_SHADES = ("#dcebf7", "#a9cfe8", "#62a8d2", "#2a7cb5", "#0b4f86")
_LIMITS = (1, 3, 10, 30, 100)
_MISSING = (0.96, 0.75, 0.72)


def classes_in_order(cells: Iterable[tuple[str, str]]) -> list[str]:
    """Return the classes of phases of cells, in the order of the simulator."""
    from .fault_table import classes_of_phases

    found = {phase for _, phase in cells}
    return [phase for phase in dict.fromkeys(classes_of_phases().values()) if phase in found]


def _shade(hits: int) -> int | None:
    """Return the place of the shade for a number of hits; ``None`` for none."""
    return None if hits == 0 else sum(hits >= limit for limit in _LIMITS) - 1


def draw(coverage: Coverage, title: str, *, whole: bool = False) -> Picture:
    """Draw the map: a row for each kind of fault, a column for each phase, hits as numbers.

    Parameters
    ----------
    coverage
        What was covered.
    title
        Of what.
    whole
        Show all kinds and phases there are: a cell that has no meaning is empty, and one that has
        and was not hit is red.
    """
    meaning = coverage.meaning
    coverage = coverage.by_class()
    faults, phases = coverage.faults, coverage.phases
    if whole:
        every = [*meaning.cells, *meaning.without]
        known = list(dict.fromkeys(kind for kind, _ in meaning.cells))
        faults = known + [kind for kind in faults if kind not in known]
        phases = list(classes_in_order(every))
    missing = set(meaning.missing) if whole else set()
    without = meaning.without if whole else {}
    width = 2.4 + 0.62 * max(len(phases), 6)
    figure = new_figure(width, 1.6 + 0.36 * max(len(faults), 2))
    axes = figure.add_subplot()
    axes.set_title(
        f"{title}: which faults met which phases",
        loc="left",
        fontsize=11,
        fontweight="bold",
        color=INK,
        pad=10,
    )
    colours = np.ones((max(len(faults), 1), max(len(phases), 1), 3))
    for row, fault in enumerate(faults):
        for column, phase in enumerate(phases):
            hits = coverage.hits(fault, phase)
            shade = _shade(hits)
            if shade is not None:
                digits = _SHADES[shade].lstrip("#")
                colours[row, column] = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
            ink = "white" if shade is not None and shade >= 3 else INK if hits else FAINT
            if (fault, phase) in missing:
                colours[row, column] = _MISSING
            axes.text(
                column,
                row,
                f"{hits:,}" if hits else "" if (fault, phase) in without else "–",
                ha="center",
                va="center",
                fontsize=8,
                color=ink,
            )
    axes.imshow(colours, aspect="auto", interpolation="nearest")
    axes.set_xticks(range(len(phases)), phases, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(faults)), [fault.replace("_", " ") for fault in faults])
    axes.set_xticks(np.arange(len(phases) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(faults) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0, colors=INK, labelsize=9)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return Picture(axes, borrowed=False)


def in_terminal(coverage: Coverage, width: int) -> Table:
    """Return the map for a terminal of so many columns; a cell that was never hit is a dot.

    Where the names of the phases do not fit, they are numbers, told below.
    """
    coverage = coverage.by_class()
    phases = coverage.phases
    table = Table(
        title=Text("hits of faults by phase"), title_justify="left", box=None, padding=(0, 1)
    )
    table.add_column("", no_wrap=True)
    names = max(len(fault) for fault in coverage.faults)
    columns = [max(5, *map(len, phase.split())) + 2 for phase in phases]
    fits = names + 2 + sum(columns) <= width
    for number, phase in enumerate(phases, start=1):
        head = "\n".join(phase.split()) if fits else str(number)
        table.add_column(head, justify="right", no_wrap=True)
    if not fits:
        told = ", ".join(f"{number} {phase}" for number, phase in enumerate(phases, start=1))
        table.caption, table.caption_justify = Text(told), "left"
    for fault in coverage.faults:
        cells = []
        for phase in phases:
            hits = coverage.hits(fault, phase)
            shade = _shade(hits)
            style = "dim" if shade is None else f"{'white' if shade >= 2 else 'black'} on "
            if shade is not None:
                style += _SHADES[shade]
            cells.append(Text(f" {hits:,} " if hits else "·", style=style))
        table.add_row(fault.replace("_", " "), *cells)
    return table

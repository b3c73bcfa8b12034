"""When cutovers may happen: windows, and the times in which they may not."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, model_validator

from .. import codes
from ..part import Name, Part, Whole, clash
from ..quantities import DURATION, Duration, PositiveDuration, parse

__all__ = ["Freeze", "Window", "open_windows", "weekly"]

_WEEK_S = 7 * 86_400.0


class _Span(Part):
    opens: Duration = Field(description="Begin, in seconds since the start of the project.")
    closes: PositiveDuration = Field(description="End, in seconds since the start of the project.")

    @model_validator(mode="after")
    def _has_length(self) -> _Span:
        if self.closes <= self.opens:
            message = f"must be after it opens, at {self.opens:g} s"
            raise clash(codes.OUT_OF_RANGE, message, "closes")
        return self


class Window(_Span):
    """A time in which machines may be cut over: a wave."""

    name: Name = Field(description="Name of the wave.")
    effort: Duration | None = Field(
        default=None, description="Working time that people have for it; null: no bound."
    )
    machines_max: Whole | None = Field(
        default=None, ge=1, description="Most machines that move in it; null: no bound."
    )


class Freeze(_Span):
    """A time in which nothing may be cut over, such as the end of a quarter."""

    name: Name = Field(description="What it is for.")


def weekly(
    first: float | str,
    lasts: float | str,
    weeks: int,
    *,
    effort: float | str | None = None,
    machines_max: int | None = None,
) -> tuple[Window, ...]:
    """Return a window each week.

    Parameters
    ----------
    first
        Begin of the first one since the start of the project: seconds or a text with a unit. If
        the project starts on a Monday at midnight, "5 d 20 h" is a Saturday evening.
    lasts
        Length of each.
    weeks
        How many.
    effort, machines_max
        As for :class:`Window`.

    Examples
    --------
    >>> [window.name for window in weekly("5 d", "30 h", 2)]
    ['week 1', 'week 2']
    """
    opens, length = float(parse(first, DURATION)), float(parse(lasts, DURATION))
    return tuple(
        Window(
            name=f"week {week + 1}",
            opens=opens + week * _WEEK_S,
            closes=opens + week * _WEEK_S + length,
            effort=effort,
            machines_max=machines_max,
        )
        for week in range(weeks)
    )


def open_windows(
    windows: Sequence[Window], freezes: Sequence[Freeze]
) -> list[tuple[Window, Freeze | None]]:
    """Return the windows in order of time, each with the freeze that closes it, if one does."""
    return [
        (
            window,
            next((f for f in freezes if f.opens < window.closes and window.opens < f.closes), None),
        )
        for window in sorted(windows, key=lambda window: window.opens)
    ]

"""How a run says how far it is: what a callback receives, and the bar of the Python API."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from . import formatting

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["Bar", "Progress", "ProgressOption", "Tracker"]

#: A bar appears only for what takes longer than this.
_QUIET_S = 0.5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    scenario
        Name of the scenario.
    phase
        ``"simulating"``, then ``"results"`` while the tables are written, then ``"done"``.
    fraction
        Simulated part of the whole, 0 to 1.
    simulated_s
        Simulated time reached, in seconds.
    elapsed_s
        Wall time since the start, in seconds.
    eta_s
        Wall time left at the pace so far, in seconds; ``None`` while that is not known.
    """

    scenario: str
    phase: Literal["simulating", "results", "done"]
    fraction: float
    simulated_s: float
    elapsed_s: float
    eta_s: float | None


#: ``True``: a bar. ``False``: nothing. A function: called with each :class:`Progress`.
ProgressOption: TypeAlias = bool | Callable[[Progress], None]


class Tracker:
    """Turns the bytes of a worker's progress pipe into :class:`Progress` for a callback.

    Parameters
    ----------
    scenario
        Name of the scenario.
    callback
        Called with each progress; what it raises stops the run.
    """

    def __init__(self, scenario: str, callback: Callable[[Progress], None] | None) -> None:
        self._scenario = scenario
        self._callback = callback
        self._started = time.perf_counter()
        self._rest = b""
        self.fraction = 0.0
        self.simulated_s = 0.0

    @property
    def elapsed_s(self) -> float:
        """Wall time since the start, in seconds."""
        return time.perf_counter() - self._started

    def feed(self, data: bytes) -> None:
        """Take what was read from the pipe; only the newest complete line counts."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        phase: Literal["simulating", "results"] | None = None
        for line in lines:
            if line == b"results":
                phase = "results"
                continue
            fraction, _, simulated_s = line.partition(b" ")
            try:
                self.fraction = min(max(float(fraction), 0.0), 1.0)
                self.simulated_s = float(simulated_s)
            except ValueError:
                continue  # a line that was cut off by the death of the run
            phase = "simulating"
        if phase is not None:
            self._report(phase)

    def done(self) -> None:
        """Report the end."""
        self.fraction = 1.0
        self._report("done")

    def _report(self, phase: Literal["simulating", "results", "done"]) -> None:
        if self._callback is None:
            return
        elapsed_s = self.elapsed_s
        known = phase == "simulating" and self.fraction > 0.0
        eta_s = elapsed_s / self.fraction * (1.0 - self.fraction) if known else None
        self._callback(
            Progress(self._scenario, phase, self.fraction, self.simulated_s, elapsed_s, eta_s)
        )


def quiet_tqdm() -> Any:
    """Return tqdm's class for this place (terminal or notebook), without its advice."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "IProgress not found": a text bar is fine
        from tqdm.auto import tqdm as bar_class
    return bar_class


class Bar:
    """A tqdm bar for one run: simulated time, part done, time left. Appears after half a second."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __call__(self, progress: Progress) -> None:
        """Draw `progress`."""
        if self._bar is None:
            if progress.elapsed_s < _QUIET_S or progress.phase == "done":
                return
            self._bar = quiet_tqdm()(
                total=1.0,
                desc=progress.scenario,
                bar_format="{desc}: {percentage:3.0f}%|{bar}| {postfix}",
            )
        self._bar.update(progress.fraction - self._bar.n)
        self._bar.set_postfix_str(describe(progress))

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def describe(progress: Progress) -> str:
    """Return a progress in words, such as "2 d 3 h simulated, 12 s left"."""
    simulated = f"{formatting.duration(progress.simulated_s)} simulated"
    if progress.phase == "results":
        return f"{simulated}, writing results"
    if progress.phase == "done":
        return f"{simulated} in {formatting.duration(progress.elapsed_s)}"
    if progress.eta_s is None:
        return simulated
    return f"{simulated}, {formatting.duration(progress.eta_s)} left"

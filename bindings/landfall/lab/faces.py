"""How far an exploration is: a bar with the time left, or a call of the user's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..progress import Progress, ProgressOption, quiet_tqdm

__all__ = ["reporter"]

Tell = Callable[[int, int], None]


@contextmanager
def reporter(
    progress: ProgressOption, name: str, seeds: int, budget_s: float | None
) -> Iterator[Tell]:
    """Yield a function that hears of each run: how many, and how many rules have failed."""
    if progress is False:
        yield lambda _runs, _failed: None
        return
    started = time.perf_counter()

    def fraction_of(runs: int) -> float:
        by_time = (time.perf_counter() - started) / budget_s if budget_s else 0.0
        return min(1.0, max(runs / max(seeds, 1), by_time))

    if callable(progress):
        call = progress

        def report(runs: int, _failed: int) -> None:
            elapsed_s = time.perf_counter() - started
            part = fraction_of(runs)
            eta_s = elapsed_s / part * (1.0 - part)
            call(Progress(name, "done" if part >= 1 else "simulating", part, 0.0, elapsed_s, eta_s))

        yield report
        return
    form = "{desc}: {percentage:3.0f}%|{bar}| {postfix} [{elapsed}<{remaining}]"
    with quiet_tqdm()(total=1.0, desc=name, bar_format=form, delay=0.5) as bar:
        yield lambda runs, failed: _draw(bar, fraction_of(runs), runs, failed)


def _draw(bar: Any, part: float, runs: int, failed: int) -> None:
    bar.update(part - bar.n)
    bar.set_postfix_str(f"{runs:,} runs, {failed} rules failed", refresh=False)

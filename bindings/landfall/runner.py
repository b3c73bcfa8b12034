"""Many runs at once: `run_many`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, Literal, cast

from . import formatting
from .client import Cancellation, run
from .progress import Progress, ProgressOption, quiet_tqdm

if TYPE_CHECKING:
    from .result import Result
    from .scenario import Scenario

__all__ = ["run", "run_many"]


def run_many(
    scenarios: Scenario | Iterable[Scenario],
    *,
    seeds: int | Iterable[int] | None = None,
    executor: Executor | None = None,
    max_workers: int | None = None,
    progress: ProgressOption = True,
    on_error: Literal["raise", "record"] = "raise",
    timeout: float | None = None,
    memory_limit: int | None = None,
    allow_large: bool = False,
) -> list[Result | Exception]:
    """Run many scenarios, or one with many seeds, in parallel.

    Each run is a process of its own, so threads are enough and no ``if __name__`` guard is needed.

    Parameters
    ----------
    scenarios
        The scenarios; or one, to run with each of `seeds`.
    seeds
        One seed for all, or one for each run. Without it, every run has seed 1.
    executor
        Anything with the ``submit`` of :class:`concurrent.futures.Executor`: processes, a Dask
        client's ``get_executor()``, … It stays open. Without it, a pool of threads.
    max_workers
        Runs at the same time in the pool of threads; as many as there are cores by default.
    progress
        ``True``: a bar that counts runs, with the time left. ``False``: nothing. A function: called
        with a :class:`~landfall.progress.Progress` after each run, whose ``fraction`` is the part
        of the runs that is done.
    on_error
        ``"raise"``: the first failure stops the others and is raised. ``"record"``: a failed run
        leaves its exception in the list, and the others go on.
    timeout, memory_limit, allow_large
        Limits of each run, as for a single one.

    Returns
    -------
    list
        Results in the order of the input; exceptions in their place with ``on_error="record"``.

    Raises
    ------
    ValueError
        When there are not as many seeds as scenarios, and not a single scenario either.
    LandfallError
        With ``on_error="raise"``: what the first run to fail raised.
    """
    if on_error not in ("raise", "record"):
        raise ValueError(f'on_error must be "raise" or "record", not {on_error!r}')
    runs = _paired(scenarios, seeds)
    options = {"timeout": timeout, "memory_limit": memory_limit, "allow_large": allow_large}
    with contextlib.ExitStack() as stack:
        report = stack.enter_context(_reporter(progress, len(runs)))
        # Runs in an executor of the caller's may be on another machine: out of reach.
        cancellation = Cancellation() if executor is None else None
        chosen: Executor = executor or stack.enter_context(
            ThreadPoolExecutor(max_workers or _cores(), "landfall-run")
        )
        futures = [
            chosen.submit(_run_one, scenario, seed, options, cancellation)
            for scenario, seed in runs
        ]
        return _collected(futures, cancellation, report, stop_at_error=on_error == "raise")


def _paired(
    scenarios: Scenario | Iterable[Scenario], seeds: int | Iterable[int] | None
) -> list[tuple[Scenario, int]]:
    many = [cast("Scenario", scenarios)] if hasattr(scenarios, "to_json") else list(scenarios)
    if seeds is None or isinstance(seeds, int):
        seed = 1 if seeds is None else seeds
        return [(scenario, seed) for scenario in many]
    numbers = [int(seed) for seed in seeds]
    if len(many) == 1:
        return [(many[0], seed) for seed in numbers]
    if len(many) != len(numbers):
        raise ValueError(
            f"{len(many)} scenarios but {len(numbers)} seeds; give a seed for each, or one for all"
        )
    return list(zip(many, numbers, strict=True))


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _run_one(
    scenario: Scenario, seed: int, options: dict[str, Any], cancellation: Cancellation | None
) -> Result:
    if cancellation is None:
        return scenario.run(seed=seed, progress=False, **options)
    with cancellation.of_this_thread():
        return scenario.run(seed=seed, progress=False, **options)


def _collected(
    futures: Sequence[Future[Result]],
    cancellation: Cancellation | None,
    report: Callable[[int], None],
    *,
    stop_at_error: bool,
) -> list[Result | Exception]:
    """Wait for all runs. Whatever ends the wait early also ends the runs."""
    try:
        for done, future in enumerate(_completed(futures), start=1):
            if stop_at_error and (error := future.exception()) is not None:
                raise error
            report(done)
    except BaseException:
        for future in futures:
            future.cancel()
        if cancellation is not None:
            cancellation.cancel()
        raise
    return [_outcome(future) for future in futures]


def _completed(futures: Sequence[Future[Result]]) -> Iterable[Future[Result]]:
    """Yield futures as they complete; those of other libraries in order."""
    if all(isinstance(future, Future) for future in futures):
        return as_completed(futures)
    return futures


def _outcome(future: Future[Result]) -> Result | Exception:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, Exception):
        return error
    raise error


@contextlib.contextmanager
def _reporter(progress: ProgressOption, total: int) -> Any:
    """Yield a function that is told how many runs are done."""
    if progress is False:
        yield lambda _done: None
        return
    if progress is True:
        with quiet_tqdm()(total=total, desc="runs", unit="run", delay=0.5) as bar:
            yield lambda done: bar.update(done - bar.n)
        return
    started = time.perf_counter()

    def report(done: int) -> None:
        elapsed_s = time.perf_counter() - started
        eta_s = elapsed_s / done * (total - done)
        name = formatting.plural(total, "run")
        phase: Literal["simulating", "done"] = "done" if done == total else "simulating"
        progress(Progress(name, phase, done / total, 0.0, elapsed_s, eta_s))

    yield report

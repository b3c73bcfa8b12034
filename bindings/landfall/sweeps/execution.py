"""Carries out the runs of a sweep: in threads here, or in chunks through somebody's executor."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, Self

from .. import client, formatting
from ..client import Cancellation, Drill
from ..errors import (
    ScenarioError,
    SimulationCancelled,
    SimulationCrashed,
    SimulationDeadlock,
    SimulationError,
    SimulationOutOfMemory,
    SimulationTimeout,
    WorkerDied,
    WorkerNotFound,
)
from ..progress import Progress, ProgressOption, quiet_tqdm
from .metrics import Metrics
from .store import Row, Store, row

__all__ = ["FAILURES", "NOT_KEPT", "Limits", "Order", "Runner", "perform"]

#: How a run that did not end well is called in the table.
FAILURES: dict[type[Exception], str] = {
    SimulationCrashed: "crash",
    SimulationTimeout: "timeout",
    SimulationOutOfMemory: "out_of_memory",
    SimulationDeadlock: "deadlock",
    ScenarioError: "bad_input",
    WorkerDied: "worker_died",
}
#: Failures of the machinery, not of the run: the next sweep makes these runs again.
NOT_KEPT = frozenset({"executor", "worker_died"})
_CHUNK_MAX = 25
_CHUNKS = 16


@dataclass(frozen=True)
class Order:
    """One run to make. It is all that a process elsewhere needs, beside the metrics."""

    key: str
    name: str
    hash: str
    packed: bytes = field(repr=False)
    parameters: str
    seed: int
    drill: Drill | None = None

    def to_json(self) -> str:
        """Return the canonical form of the scenario."""
        return zlib.decompress(self.packed).decode()


@dataclass(frozen=True)
class Limits:
    """What each run may take: seconds of wall time, bytes of memory."""

    timeout: float | None = None
    memory_limit: int | None = None


def perform(
    chunk: Sequence[Order],
    metrics: Metrics,
    limits: Limits,
    cancellation: Cancellation | None = None,
) -> list[Row]:
    """Make the runs of a chunk, one after the other, and return their outcomes."""
    with contextlib.ExitStack() as stack:
        if cancellation is not None:
            stack.enter_context(cancellation.of_this_thread())
        return [_outcome(order, metrics, limits) for order in chunk]


def _outcome(order: Order, metrics: Metrics, limits: Limits) -> Row:
    outcome = row(order.key, order.hash, order.parameters, order.seed)
    started = time.perf_counter()
    try:
        result = client.run(
            order,
            seed=order.seed,
            progress=False,
            timeout=limits.timeout,
            memory_limit=limits.memory_limit,
            drill=order.drill,
        )
    except (SimulationCancelled, WorkerNotFound):
        raise
    except (SimulationError, ScenarioError) as error:
        kind = next((FAILURES[c] for c in type(error).__mro__ if c in FAILURES), "crash")
        return outcome | {
            "failure": kind,
            "message": _words(error),
            "wall_s": time.perf_counter() - started,
        }
    costs = {"wall_s": result.wall_s, "peak_memory_bytes": result.peak_memory_bytes}
    try:
        found = metrics.of(result)
    except Exception as error:  # whatever a function of the user's raises is of this run alone
        text = f"{type(error).__name__}: {error}"
        return outcome | costs | {"failure": "metrics", "message": text}
    return outcome | costs | {"status": "ok", "metrics": found}


def _words(error: Exception) -> str:
    """Return what happened, the same for the same run: without times of the wall clock."""
    if isinstance(error, SimulationTimeout):
        return f"not done after {error.timeout_s:g} s and killed"
    if isinstance(error, ScenarioError):
        return "; ".join(f"{p.pointer}: {p.message}" for p in error.problems)
    return str(error.args[0]) if error.args else type(error).__name__


class Runner:
    """Makes runs and keeps their outcomes in a store.

    Parameters
    ----------
    store
        Where outcomes go, and where those that are there are not made again.
    metrics, limits
        What is kept of a run, and what it may take.
    executor
        As of :func:`landfall.run_many`; ``None``: a pool of threads.
    max_workers
        Runs at the same time in the pool of threads; as many as there are cores by default.
    chunk
        Runs in one task of an executor; by default up to 25, so that there are enough tasks.
    progress
        As of :func:`landfall.run_many`.
    retry
        Make runs again that failed.

    Attributes
    ----------
    made
        How many runs were made.
    """

    def __init__(
        self,
        store: Store,
        metrics: Metrics,
        limits: Limits,
        *,
        executor: Executor | None = None,
        max_workers: int | None = None,
        chunk: int | None = None,
        progress: ProgressOption = True,
        retry: bool = False,
    ) -> None:
        self.store = store
        self.metrics = metrics
        self.made = 0
        self._limits = limits
        self._executor = executor
        self._workers = max_workers or len(os.sched_getaffinity(0))
        self._chunk = chunk
        self._retry = retry
        self._begun: set[str] = set()
        self._meter = _Meter(progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._meter.close()

    def missing(self, order: Order) -> bool:
        """Whether a run has to be made: there is no outcome of it yet that counts."""
        known = self.store.rows.get(order.key)
        if known is None:
            return True
        if order.key in self._begun or known["status"] == "ok":
            return False
        return self._retry or known["failure"] in NOT_KEPT

    def run(self, orders: Iterable[Order]) -> None:
        """Make the runs that are missing, each key once; whatever ends this ends the runs."""
        todo = {order.key: order for order in orders if self.missing(order)}
        if not todo:
            return
        self._begun |= set(todo)
        self._meter.expect(len(todo))
        # Runs in an executor of the caller's may be on another machine: out of reach.
        cancellation = Cancellation() if self._executor is None else None
        with contextlib.ExitStack() as stack:
            pool = self._executor or stack.enter_context(
                ThreadPoolExecutor(self._workers, "landfall-sweep")
            )
            futures: dict[Future[list[Row]], list[Order]] = {}
            try:
                for chunk in self._chunks(list(todo.values())):
                    submitted = pool.submit(
                        perform, chunk, self.metrics, self._limits, cancellation
                    )
                    futures[submitted] = chunk
                for future in _completed(futures):
                    self._take(future, futures[future])
            except BaseException:
                for future in futures:
                    future.cancel()
                if cancellation is not None:
                    cancellation.cancel()
                raise

    def _chunks(self, orders: list[Order]) -> Iterator[list[Order]]:
        size = 1
        if self._executor is not None:
            fair = math.ceil(len(orders) / _CHUNKS)
            size = self._chunk or max(1, min(_CHUNK_MAX, fair))
        pending = iter(orders)
        while chunk := list(itertools.islice(pending, size)):
            yield chunk

    def _take(self, future: Future[list[Row]], chunk: list[Order]) -> None:
        error: BaseException | None
        try:
            error = future.exception()
        except CancelledError as cancelled:  # a cluster that went away
            error = cancelled
        if error is None:
            outcomes = future.result()
        elif self._executor is None or not isinstance(error, Exception):
            raise error
        else:  # the executor lost the chunk, or a process of it could not take it
            text = f"{type(error).__name__}: {error}".splitlines()[0]
            outcomes = [
                row(order.key, order.hash, order.parameters, order.seed)
                | {"failure": "executor", "message": text}
                for order in chunk
            ]
        for outcome in outcomes:
            self.store.add(outcome)
        self.made += len(outcomes)
        self._meter.done(len(outcomes))


def _completed(futures: dict[Future[list[Row]], Any]) -> Iterable[Future[list[Row]]]:
    """Yield futures as they complete; those of other libraries in order."""
    if all(isinstance(future, Future) for future in futures):
        return as_completed(futures)
    return list(futures)


class _Meter:
    """Progress over all runs: a bar with the time left, or calls of a function."""

    def __init__(self, progress: ProgressOption) -> None:
        self._progress = progress
        self._bar: Any = None
        self._total = self._done = 0
        self._started = time.perf_counter()

    def expect(self, more: int) -> None:
        """Say that there are `more` runs to make."""
        self._total += more
        if self._progress is True and self._bar is None:
            self._bar = quiet_tqdm()(total=self._total, desc="sweep", unit="run", delay=0.5)
        elif self._bar is not None:
            self._bar.total = self._total

    def done(self, more: int) -> None:
        """Say that `more` runs are made."""
        self._done += more
        if self._bar is not None:
            self._bar.update(more)
        elif callable(self._progress):
            elapsed_s = time.perf_counter() - self._started
            eta_s = elapsed_s / self._done * (self._total - self._done)
            ended = self._done == self._total
            name = formatting.plural(self._total, "run")
            self._progress(
                Progress(
                    name,
                    "done" if ended else "simulating",
                    self._done / self._total,
                    0.0,
                    elapsed_s,
                    eta_s,
                )
            )

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

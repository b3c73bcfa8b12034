"""Runs a scenario: hands it to a process, and turns what comes back into a result or an error."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, get_args

from . import launch, worker
from .errors import (
    Problem,
    ScenarioError,
    SimulationCancelled,
    SimulationCrashed,
    SimulationDeadlock,
    SimulationOutOfMemory,
    SimulationTimeout,
    WorkerDied,
    signal_name,
)
from .interrupts import Held
from .progress import Bar, Progress, ProgressOption, Tracker
from .worker import Ended, WorkerGone

if TYPE_CHECKING:
    from .result import Result

__all__ = [
    "Cancellation",
    "Drill",
    "Isolation",
    "RunnableScenario",
    "check",
    "close",
    "end",
    "raise_unless_done",
    "run",
]

Isolation: TypeAlias = Literal["worker", "exec"]
Drill: TypeAlias = Literal["crash", "hang", "deadlock", "memory"]

close = worker.close

_BAD_INPUT, _DEADLOCK, _OUT_OF_MEMORY, _INTERNAL_ERROR = 2, 3, 4, 5
_ABORT = 6
#: What libraries print before they abort because an allocation failed.
_MEMORY_WORDS = ("std::bad_alloc", "Memory allocation of", "Cannot allocate memory")
_ATTEMPTS = 2


class RunnableScenario(Protocol):
    """What a run needs of a scenario."""

    @property
    def name(self) -> str:
        """Name of the scenario."""

    @property
    def hash(self) -> str:
        """Hash of its canonical form."""

    def to_json(self) -> str:
        """Return the canonical form."""


class Cancellation:
    """Stops runs from another thread: those that were started within `of_this_thread`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[launch.Process] = set()
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Kill the runs that are under way; runs that start later end at once."""
        with self._lock:
            self._cancelled = True
            processes = list(self._processes)
        for process in processes:
            process.kill()

    @contextlib.contextmanager
    def of_this_thread(self) -> Iterator[None]:
        """Make the runs that this thread starts in the block stop with this cancellation."""
        token = _cancellation.set(self)
        try:
            yield
        finally:
            _cancellation.reset(token)

    def add(self, process: launch.Process) -> None:
        """Register a run that was started."""
        with self._lock:
            self._processes.add(process)
            cancelled = self._cancelled
        if cancelled:
            process.kill()

    def remove(self, process: launch.Process) -> None:
        """Let go of a run that has ended."""
        with self._lock:
            self._processes.discard(process)


_cancellation: ContextVar[Cancellation | None] = ContextVar("landfall-cancellation", default=None)


def run(
    scenario: RunnableScenario,
    *,
    seed: int = 1,
    progress: ProgressOption = True,
    timeout: float | None = None,
    memory_limit: int | None = None,
    isolation: Isolation = "worker",
    drill: Drill | None = None,
) -> Result:
    """Simulate a scenario in a process of its own.

    Parameters
    ----------
    scenario
        What to simulate.
    seed
        Seed of every random stream. Same scenario, seed and version: same bytes out.
    progress
        ``True``: a bar, for runs of more than half a second. ``False``: nothing. A function: called
        with each :class:`~landfall.progress.Progress`, ten times a second at most; what it raises
        stops the run.
    timeout
        Wall time that the run may take, in seconds.
    memory_limit
        Bytes that the run may allocate.
    isolation
        ``"worker"``: a child of the persistent worker, ready in milliseconds. ``"exec"``: a new
        process of the worker program, for debugging; the result is the same to the byte.
    drill
        Fail on purpose: what ``landfall doctor`` and the tests prove isolation with.

    Returns
    -------
    Result
        Tables, summary and pictures.

    Raises
    ------
    ScenarioError
        The scenario is wrong; ``problems`` says all that is.
    SimulationCrashed, SimulationTimeout, SimulationDeadlock, SimulationOutOfMemory
        The run did not end well. The next one is not affected.
    SimulationCancelled
        The batch that the run belongs to was stopped.
    WorkerDied, WorkerNotFound
        There is no worker to run it.
    """
    from .result import Result  # NumPy is loaded by the first run, not by `import landfall`

    with contextlib.ExitStack() as stack:
        callback: Callable[[Progress], None] | None
        if progress is True:
            bar = Bar()
            stack.callback(bar.close)
            callback = bar
        else:
            callback = progress or None
        job = _Job(
            scenario,
            Tracker(scenario.name, callback),
            seed=seed,
            timeout=timeout,
            memory_limit=memory_limit,
            isolation=isolation,
            drill=drill,
        )
        started = time.perf_counter()
        ended, files = job.perform(stack)
        result = Result.from_fd(
            files.result,
            scenario_json=scenario.to_json(),
            scenario_hash=scenario.hash,
            wall_s=time.perf_counter() - started,
            peak_memory_bytes=ended.max_rss_bytes,
        )
        job.tracker.done()
        return result


def check(scenario: RunnableScenario, *, isolation: Isolation = "worker") -> list[Problem]:
    """Return what the simulator finds wrong with a scenario, without running it.

    Raises
    ------
    SimulationCrashed, WorkerDied, WorkerNotFound
        The check itself failed.
    """
    tracker = Tracker(scenario.name, None)
    with contextlib.ExitStack() as stack:
        try:
            _Job(scenario, tracker, operation="check", isolation=isolation).perform(stack)
        except ScenarioError as error:
            return error.problems
    return []


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One run or check, from its start to its outcome."""

    scenario: RunnableScenario = field(kw_only=False)
    tracker: Tracker = field(kw_only=False)
    operation: str = "run"
    seed: int = 1
    timeout: float | None = None
    memory_limit: int | None = None
    isolation: Isolation = "worker"
    cancellation: Cancellation = field(
        default_factory=lambda: _cancellation.get() or Cancellation()
    )
    drill: Drill | None = None

    def __post_init__(self) -> None:
        if self.isolation not in get_args(Isolation):
            raise ValueError(f'isolation must be "worker" or "exec", not {self.isolation!r}')
        if self.drill is not None and self.drill not in get_args(Drill):
            raise ValueError(f"there is no drill {self.drill!r}")
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"seed must be 0 to 2**64 - 1, not {self.seed}")
        if self.memory_limit is not None and self.memory_limit < 0:
            raise ValueError(f"memory_limit must not be negative, not {self.memory_limit}")
        if self.timeout is not None and not self.timeout >= 0:
            raise ValueError(f"timeout must not be negative, not {self.timeout}")

    def perform(self, stack: contextlib.ExitStack) -> tuple[Ended, launch.Files]:
        """Run to a good end, on a second worker if the first one dies; `stack` owns the files.

        Raises the exception that says how the run ended, unless it is done.
        """
        text = self.scenario.to_json()
        last_words = ""
        for _ in range(_ATTEMPTS):
            files = stack.enter_context(launch.Files(text))
            try:
                ended = self._attempt(files)
            except WorkerGone as gone:
                last_words = gone.stderr
                continue
            self._raise_unless_done(ended, files)
            return ended, files
        raise WorkerDied(
            "the worker process died, and again after it was replaced",
            stderr=last_words,
            **self._about(),
        )

    def _attempt(self, files: launch.Files) -> Ended:
        start = launch.start_alone if self.isolation == "exec" else launch.start_in_worker
        with Held() as interrupts:
            process = start(
                files,
                operation=self.operation,
                seed=self.seed,
                memory_limit=self.memory_limit,
                drill=self.drill,
            )
            try:
                interrupts.release()
                self.cancellation.add(process)
                files.handed_over()
                ended = launch.watch(process, files.progress, self.tracker.feed, self.timeout)
            except WorkerGone:
                raise
            except BaseException:  # Ctrl-C, or the callback raised
                end(process)
                raise
            finally:
                self.cancellation.remove(process)
        if ended is None:
            end(process)
            raise self._timed_out(files)
        return ended

    def _timed_out(self, files: launch.Files) -> SimulationTimeout:
        simulated_s = self.tracker.simulated_s
        return SimulationTimeout(
            f"not done after {self.timeout:g} s and killed; it had simulated {simulated_s:g} s",
            timeout_s=self.timeout or 0.0,
            simulated_s=simulated_s,
            stderr=files.stderr_tail(),
            **self._about(),
        )

    def _about(self) -> dict[str, Any]:
        return {"scenario": self.scenario.name, "seed": self.seed}

    def _raise_unless_done(self, ended: Ended, files: launch.Files) -> None:
        """Raise the exception that says how the run ended, unless it is done."""
        if ended.exit_code == 0:
            return
        about = self._about() | {"stderr": files.stderr_tail()}
        if self.cancellation.cancelled:
            raise SimulationCancelled("stopped together with its batch", **about)
        if self._ran_out_of_memory(ended, about["stderr"]):
            raise SimulationOutOfMemory(
                _memory_text(self.memory_limit), memory_limit=self.memory_limit, **about
            )
        if ended.signal is not None:
            raise SimulationCrashed(_signal_text(ended.signal), signal=ended.signal, **about)
        if ended.exit_code is None:
            raise SimulationCrashed(f"could not be started: {ended.error}", **about)
        self._raise_for_header(ended.exit_code, files, about)

    def _ran_out_of_memory(self, ended: Ended, stderr: str) -> bool:
        if ended.exit_code == _OUT_OF_MEMORY:
            return True
        aborted = ended.signal == _ABORT
        return aborted and any(words in stderr for words in _MEMORY_WORDS)

    def _raise_for_header(self, exit_code: int, files: launch.Files, about: dict[str, Any]) -> None:
        from .tables import read_header

        header = read_header(files.result)
        if exit_code == _BAD_INPUT and header.get("problems"):
            raise ScenarioError(
                [Problem.from_dict(entry) for entry in header["problems"]], self.scenario.name
            )
        if exit_code == _DEADLOCK:
            waiting = [str(name) for name in header.get("waiting") or ()]
            names = ", ".join(waiting[:10]) + (", …" if len(waiting) > 10 else "")
            raise SimulationDeadlock(
                f"nothing can happen any more, but these wait: {names or 'unknown'}",
                waiting=waiting,
                **about,
            )
        if exit_code == _INTERNAL_ERROR and header.get("error"):
            message = f"internal error: {header['error']}"
        else:
            message = f"its process ended with exit code {exit_code}"
        raise SimulationCrashed(message, exit_code=exit_code, **about)


def raise_unless_done(
    scenario: RunnableScenario,
    ended: Ended,
    files: launch.Files,
    *,
    seed: int,
    memory_limit: int | None,
) -> None:
    """Raise the exception that says how the process of a run ended, unless it is done."""
    job = _Job(scenario, Tracker(scenario.name, None), seed=seed, memory_limit=memory_limit)
    job._raise_unless_done(ended, files)


def end(process: launch.Process) -> None:
    """Kill a run and see it gone; the worker stays."""
    process.kill()
    with contextlib.suppress(WorkerGone):
        if process.wait(launch.KILL_S) is None:
            worker.close()  # it does not answer: the next run gets a new one


def _memory_text(limit: int | None) -> str:
    if limit is None:
        return "out of memory"
    return f"needed more memory than its limit of {limit:,} bytes"


def _signal_text(number: int) -> str:
    text = f"its process was ended by {signal_name(number)}"
    if number == 9:
        text += " (somebody's kill -9, or the kernel's when the machine is out of memory)"
    return text

"""One run as a process: its files, its progress, its end; in the worker or on its own.

The result travels in a memfd, so no name appears in any file system and nothing is left behind
whatever happens to either side.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

from . import worker
from .worker import Ended

__all__ = ["Files", "Process", "start_alone", "start_in_worker", "watch"]

_PIPE_BYTES = 65_536
#: A Ctrl-C that another thread caught is noticed after this time, in seconds.
_WAKE_S = 0.5
#: How long a killed process may take to be gone, in seconds.
KILL_S = 10.0


class Process(Protocol):
    """A run that is under way."""

    def wait(self, timeout: float | None = None) -> Ended | None:
        """Wait for the end; ``None`` when `timeout` seconds passed."""

    def kill(self) -> None:
        """Kill the run's process group."""


class Files:
    """The four files of a run: scenario, result, progress pipe, standard error.

    Use as a context manager; at its end everything is closed.
    """

    def __init__(self, scenario: str) -> None:
        self._open: set[int] = set()
        try:
            self.scenario = self._own(os.memfd_create("landfall-scenario"))
            self.result = self._own(os.memfd_create("landfall-result"))
            self.stderr = self._own(os.memfd_create("landfall-stderr"))
            self.progress, self._progress_end = (self._own(fd) for fd in os.pipe())
            with open(self.scenario, "wb", closefd=False) as file:
                file.write(scenario.encode())
        except BaseException:
            self.close()
            raise

    def _own(self, fd: int) -> int:
        self._open.add(fd)
        return fd

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def of_the_run(self) -> tuple[int, int, int, int]:
        """Return the descriptors that the run gets, in the order of the protocol."""
        return (self.scenario, self.result, self._progress_end, self.stderr)

    def handed_over(self) -> None:
        """Close our copy of the run's end of the pipe, so that the end of the run ends the pipe."""
        self._open.discard(self._progress_end)
        os.close(self._progress_end)

    def stderr_tail(self) -> str:
        """Return the end of what the run wrote to its standard error."""
        return worker.read_tail(self.stderr)

    def close(self) -> None:
        """Close everything."""
        for fd in self._open:
            os.close(fd)
        self._open.clear()


def start_in_worker(
    files: Files, *, operation: str, seed: int, memory_limit: int | None, drill: str | None
) -> Process:
    """Start a run as a child of this process's worker.

    Raises
    ------
    WorkerGone, WorkerNotFound
        When there is no worker to start it.
    """
    order: dict[str, Any] = {
        "op": operation,
        "seed": seed,
        "memory_limit_bytes": memory_limit,
        "drill": drill,
    }
    return worker.current().start(order, files.of_the_run())


class _Alone:
    """A run in a process of its own, started cold."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._ended: Ended | None = None
        self._exit = os.pidfd_open(process.pid)

    def wait(self, timeout: float | None = None) -> Ended | None:
        if self._ended is None:
            poll = select.poll()
            poll.register(self._exit, select.POLLIN)
            if not poll.poll(_milliseconds(timeout)):
                return None
            _, status = os.waitpid(self._process.pid, 0)
            code = os.waitstatus_to_exitcode(status)
            self._process.returncode = code
            os.close(self._exit)
            # The kernel's peak memory of a started program counts what its parent had in use.
            self._ended = Ended(code if code >= 0 else None, -code if code < 0 else None)
        return self._ended

    def kill(self) -> None:
        if self._ended is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def start_alone(
    files: Files, *, operation: str, seed: int, memory_limit: int | None, drill: str | None
) -> Process:
    """Start a run with a new process of the worker program, without the persistent worker.

    Raises
    ------
    WorkerNotFound
        When the program is missing.
    """
    scenario, result, progress, stderr = files.of_the_run()
    command = [str(worker.find()), operation, f"/proc/self/fd/{scenario}"]
    command += ["--result", f"/proc/self/fd/{result}"]
    if operation == "run":
        command += ["--seed", str(seed), "--progress-fd", str(progress)]
        command += ["--parent-pid", str(os.getpid())]  # this thread waits for it to end
        if memory_limit is not None:
            command += ["--memory-limit", str(memory_limit)]
        if drill is not None:
            command += ["--drill", drill]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=stderr,
        stderr=stderr,
        pass_fds=[scenario, result, progress],
        process_group=0,
    )
    return _Alone(process)


def _milliseconds(seconds: float | None) -> int | None:
    # Rounded up: a wait that ends too early would be repeated with nothing left to wait for.
    return None if seconds is None else int(seconds * 1000) + 1


def watch(
    process: Process, pipe: int, take: Callable[[bytes], None], timeout: float | None
) -> Ended | None:
    """Hand the progress of a run to `take` until it ends.

    Returns
    -------
    Ended or None
        How it ended; ``None`` when `timeout` seconds passed before.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while True:
        left = worker.seconds_left(deadline)
        if not poll.poll(_milliseconds(_WAKE_S if left is None else min(left, _WAKE_S))):
            if left is not None and left <= _WAKE_S:
                return None
            continue
        data = os.read(pipe, _PIPE_BYTES)
        if not data:  # every copy of the other end is closed: the process is ending
            return process.wait(worker.seconds_left(deadline))
        take(data)

"""The worker process of this Python process: found, started on demand, talked to, replaced.

One `landfall-worker serve` per Python process forks a child for each run. Any number of threads
may start runs; a reader thread hands each answer to the run that waits for it. Nothing here knows
what a scenario is.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.resources
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import WorkerNotFound

__all__ = ["Child", "Ended", "Worker", "WorkerGone", "close", "current", "find"]

PROGRAM = "landfall-worker"
_NOT_FIRST_CHOICE = ("asan", "tsan", "cov")
_MESSAGE_BYTES_MAX = 65_536
_CLOSE_S = 2.0


# --- Where the program is -------------------------------------------------------------------------


def _places() -> Iterator[Path]:
    """Yield where the program may be, best first."""
    package_folders = [Path(folder) for folder in sys.modules[__package__ or "landfall"].__path__]
    for folder in package_folders:
        yield folder / "_bin" / PROGRAM
    resource = importlib.resources.files(__package__ or "landfall") / "_bin" / PROGRAM
    if isinstance(resource, Path) and resource.parent.parent not in package_folders:
        yield resource
    # A checkout that was built but not installed: the newest build, sanitizers last.
    build = Path(__file__).resolve().parents[2] / "build"
    built = [*build.glob(f"*/{PROGRAM}"), *build.glob(f"*/*/{PROGRAM}")]

    def rank(path: Path) -> tuple[bool, float]:
        instrumented = any(word in path.parent.name for word in _NOT_FIRST_CHOICE)
        return (instrumented, -path.stat().st_mtime)

    yield from sorted(built, key=rank)
    if not built:
        yield build / "*" / PROGRAM


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


_found: dict[str | None, Path] = {}


def find() -> Path:
    """Return the path of the worker program.

    The environment variable ``LANDFALL_WORKER`` comes first, then the installed package, then the
    build folders of a checkout.

    Raises
    ------
    WorkerNotFound
        When it is in none of these places; ``looked_at`` lists them.
    """
    named = os.environ.get("LANDFALL_WORKER") or None
    known = _found.get(named)
    if known is not None and known.exists():
        return known
    if named is not None:
        if not _runs(Path(named)):
            raise WorkerNotFound([f"{named} (LANDFALL_WORKER): not a program"])
        _found[named] = Path(named)
        return _found[named]
    looked_at = []
    for place in _places():
        if _runs(place):
            _found[named] = place
            return place
        looked_at.append(str(place))
    raise WorkerNotFound(looked_at)


# --- One worker process ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ended:
    """How the process of a run ended.

    Attributes
    ----------
    exit_code, signal
        One of the two; both ``None`` when the process could not be started.
    max_rss_bytes
        The most memory it had in use; 0 when that is not known.
    error
        Why it could not be started.
    """

    exit_code: int | None
    signal: int | None
    max_rss_bytes: int = 0
    error: str | None = None


class WorkerGone(Exception):  # noqa: N818 - says what happened, like the public ones
    """The worker process is dead; carries what it last said on its standard error."""

    def __init__(self, stderr: str) -> None:
        super().__init__("the worker process is gone")
        self.stderr = stderr


class Child:
    """A run in a child of the worker: to be waited for, or killed."""

    def __init__(self, worker: Worker, number: int) -> None:
        self._worker = worker
        self._number = number
        self._over = threading.Event()
        self._ended: Ended | None = None
        self.pid: int | None = None

    def wait(self, timeout: float | None = None) -> Ended | None:
        """Wait for the end; ``None`` when `timeout` seconds passed.

        Raises
        ------
        WorkerGone
            When the worker died, and this run with it.
        """
        if not self._over.wait(timeout):
            return None
        if self._ended is None:
            raise WorkerGone(self._worker.stderr_tail())
        return self._ended

    def kill(self) -> None:
        """Kill the run's process group. Wait for the end afterwards."""
        with contextlib.suppress(WorkerGone):
            self._worker.send({"op": "kill", "id": self._number})

    def _started(self, pid: int) -> None:
        self.pid = pid

    def _finish(self, ended: Ended | None) -> None:
        self._ended = ended
        self._over.set()


class Worker:
    """A `landfall-worker serve` process and the socket to it. Safe to use from many threads."""

    def __init__(self, program: Path) -> None:
        self.program = program
        self._lock = threading.Lock()
        self._children: dict[int, Child] = {}
        self._next_number = 1
        self._gone = False
        self._last_words: str | None = None
        self._stderr_fd = os.memfd_create("landfall-worker-stderr")
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = subprocess.Popen(
                [str(program), "serve", "--socket-fd", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=self._stderr_fd,
                stderr=self._stderr_fd,
                pass_fds=[theirs.fileno()],
                process_group=0,  # a Ctrl-C in the terminal is for Python, which decides
            )
        except BaseException:
            self._socket.close()
            os.close(self._stderr_fd)
            raise
        finally:
            theirs.close()
        self._reader = threading.Thread(
            target=self._read_events, name="landfall-worker-reader", daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the worker can take runs."""
        return not self._gone

    def start(self, order: dict[str, Any], files: Sequence[int]) -> Child:
        """Start a run or check.

        Parameters
        ----------
        order
            The message of the serve protocol, without its id.
        files
            Descriptors of scenario, result, progress pipe and standard error; they stay open here.

        Raises
        ------
        WorkerGone
            When the worker is dead.
        """
        with self._lock:
            if self._gone:
                raise WorkerGone(self.stderr_tail())
            number = self._next_number
            self._next_number += 1
            child = Child(self, number)
            self._children[number] = child
        try:
            self.send({**order, "id": number}, files)
        except BaseException:
            with self._lock:
                self._children.pop(number, None)
            raise
        return child

    def send(self, message: dict[str, Any], files: Sequence[int] = ()) -> None:
        """Send one message; raises `WorkerGone`."""
        if self._gone:
            raise WorkerGone(self.stderr_tail())
        data = json.dumps(message).encode()
        try:
            socket.send_fds(self._socket, [data], list(files))
        except (BrokenPipeError, ConnectionResetError):
            raise WorkerGone(self.stderr_tail()) from None
        except OSError:
            if self._gone:  # closed by another thread in the meantime
                raise WorkerGone(self.stderr_tail()) from None
            raise

    def _read_events(self) -> None:
        while True:
            try:
                data = self._socket.recv(_MESSAGE_BYTES_MAX)
            except OSError:
                data = b""
            if not data:
                break
            self._dispatch(json.loads(data))
        with self._lock:
            self._gone = True
            orphans = list(self._children.values())
            self._children.clear()
        self._reap()
        self._last_words = read_tail(self._stderr_fd)
        for child in orphans:
            child._finish(None)

    def _dispatch(self, event: dict[str, Any]) -> None:
        with self._lock:
            child = self._children.get(event["id"])
            if child is not None and event["event"] == "ended":
                del self._children[event["id"]]
        if child is None:
            return
        if event["event"] == "started":
            child._started(event["pid"])
            return
        child._finish(
            Ended(
                event["exit"],
                event["signal"],
                event["max_rss_kb"] * 1024,
                event.get("error"),
            )
        )

    def _reap(self) -> None:
        """Wait for the process itself, and insist."""
        try:
            self._process.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def stderr_tail(self) -> str:
        """Return the end of what the worker itself wrote to its standard error."""
        if self._last_words is not None:
            return self._last_words
        try:
            return read_tail(self._stderr_fd)
        except OSError:  # closed just now
            return ""

    def close(self) -> None:
        """Stop the worker; runs that are under way are killed."""
        with contextlib.suppress(WorkerGone, OSError):
            self.send({"op": "exit"})
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._reader.join(2 * _CLOSE_S)
        if self._reader.is_alive():  # it does not listen
            self._process.kill()
            self._reader.join()
        self._socket.close()
        os.close(self._stderr_fd)

    def forget(self) -> None:
        """Let go of the worker in a process that was forked off: it belongs to the parent."""
        self._gone = True
        self._last_words = ""
        self._socket.close()
        os.close(self._stderr_fd)
        self._process.returncode = 0  # not ours to wait for


def read_tail(fd: int, length: int = 65_536) -> str:
    """Return the last `length` bytes of a file as text."""
    end = os.fstat(fd).st_size
    start = max(0, end - length)
    return os.pread(fd, end - start, start).decode(errors="replace")


# --- The worker of this process -------------------------------------------------------------------

_lock = threading.Lock()
_current: Worker | None = None
_registered = False


def current() -> Worker:
    """Return the worker of this process, started if there is none that lives.

    Raises
    ------
    WorkerNotFound
        When the program is missing.
    """
    global _current, _registered
    program = find()
    with _lock:
        if _current is not None and (not _current.alive or _current.program != program):
            _current.close()
            _current = None
        if _current is None:
            _current = Worker(program)
            if not _registered:
                atexit.register(close)
                os.register_at_fork(after_in_child=_forget)
                _registered = True
        return _current


def close() -> None:
    """Stop the worker of this process, if there is one. The next run starts another."""
    global _current
    with _lock:
        if _current is not None:
            _current.close()
            _current = None


def _forget() -> None:
    global _current, _lock
    _lock = threading.Lock()  # another thread of the parent may have held it
    if _current is not None:
        _current.forget()
        _current = None


def seconds_left(deadline: float | None) -> float | None:
    """Return the seconds left until `deadline` (``time.monotonic``), at least 0."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())

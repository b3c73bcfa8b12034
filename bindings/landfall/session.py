"""A stepped run as a process: commands to it, answers from it, its end.

The protocol is described in ``sim/worker/session.hpp``. Nothing here knows what a vault is.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from . import client, launch, worker
from .errors import Problem, ScenarioError, SessionClosed, SimulationTimeout, WorkerDied
from .interrupts import Held
from .worker import WorkerGone

if TYPE_CHECKING:
    from .result import Result
    from .scenario import Scenario

__all__ = ["Session"]

_PIECE_BYTES = 65_536
_ATTEMPTS = 2


class Session:
    """A run that waits for commands.

    Parameters
    ----------
    scenario
        What to simulate.
    seed
        Seed of every random stream.
    timeout
        Wall time that one command may take, in seconds; the run is killed when it takes longer.
    memory_limit
        Bytes that the run may allocate.
    timeline
        Whether the scenario's own timeline is carried out too.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int,
        timeout: float | None,
        memory_limit: int | None,
        timeline: bool,
    ) -> None:
        self._scenario = scenario
        self._seed = seed
        self._timeout = timeout
        self._memory_limit = memory_limit
        self._order = {
            "op": "session",
            "seed": seed,
            "memory_limit_bytes": memory_limit,
            "drill": None,
            "timeline": timeline,
        }
        self._rest = b""
        self._lock = threading.RLock()
        self._process: launch.Process
        self._started = time.perf_counter()
        self._closed: str | None = None
        self.began = self._start()

    def _start(self) -> dict[str, Any]:
        """Start the process, on a second worker if the first one dies; return its first answer."""
        gone: WorkerGone | None = None
        for _ in range(_ATTEMPTS):
            try:
                self._open()
                return self._answer()
            except WorkerGone as error:
                gone = error
        assert gone is not None
        raise WorkerDied(
            "the worker process died, and again after it was replaced",
            scenario=self._scenario.name,
            seed=self._seed,
            stderr=gone.stderr,
        )

    def _open(self) -> None:
        resources = contextlib.ExitStack()
        try:
            self._files = resources.enter_context(launch.Files(self._scenario.to_json()))
            self._socket, theirs = socket.socketpair()
            resources.callback(self._socket.close)
            with theirs, Held() as interrupts:
                files = (*self._files.of_the_run(), theirs.fileno())
                self._process = worker.current().start(self._order, files)
                resources.callback(client.end, self._process)
                interrupts.release()
            self._files.handed_over()
        except BaseException:
            resources.close()
            raise
        self._socket.settimeout(self._timeout)
        # Also when nobody closes it: the process ends with this object.
        self._let_go = weakref.finalize(self, resources.close)

    # --- Commands ---------------------------------------------------------------------------------

    def ask(self, command: str, **members: Any) -> dict[str, Any]:
        """Give one command and return its answer.

        Raises
        ------
        ScenarioError
            The command names what does not exist, or what does not go together. Nothing happened.
        SessionClosed
            The session was closed or has finished.
        SimulationCrashed, SimulationTimeout, SimulationOutOfMemory, WorkerDied
            The run's process came to its end; the session is closed.
        """
        try:
            with self._lock:
                self._send(command, members)
                answer = self._answer()
        except WorkerGone as gone:
            about: dict[str, Any] = {
                "scenario": self._scenario.name,
                "seed": self._seed,
                "stderr": gone.stderr,
            }
            raise WorkerDied("the worker process died, and the session with it", **about) from None
        if problems := answer.get("problems"):
            raise ScenarioError([Problem.from_dict(entry) for entry in problems])
        return answer

    def _send(self, command: str, members: dict[str, Any]) -> None:
        if self._closed is not None:
            raise SessionClosed(self._closed)
        given = {key: value for key, value in members.items() if value is not None}
        line = json.dumps({"command": command, **given}) + "\n"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(line.encode())

    def _answer(self) -> dict[str, Any]:
        try:
            line = self._line()
        except TimeoutError:
            self.close("its run was killed: it took longer than its timeout")
            raise SimulationTimeout(
                f"a command was not done after {self._timeout:g} s, and the run was killed",
                timeout_s=self._timeout or 0.0,
                scenario=self._scenario.name,
                seed=self._seed,
            ) from None
        except BaseException:  # Ctrl-C: an answer that is half read cannot be understood any more
            self.close("it was interrupted in the middle of a command")
            raise
        if line is None:
            self._raise_for_end()
        answer: dict[str, Any] = json.loads(line or b"{}")
        return answer

    def _line(self) -> bytes | None:
        """Return the next line; ``None`` when the process is gone."""
        pieces = [self._rest]
        while b"\n" not in pieces[-1]:
            try:
                piece = self._socket.recv(_PIECE_BYTES)
            except ConnectionResetError:
                piece = b""
            if not piece:
                return None
            pieces.append(piece)
        line, _, self._rest = b"".join(pieces).partition(b"\n")
        return line

    # --- Branching --------------------------------------------------------------------------------

    def branch(self) -> Session:
        """Fork the run where it stands; the branch is a session of its own.

        A branch ends at the latest when the run that it came from does.
        """
        branch = Session.__new__(Session)
        for name in ("_scenario", "_seed", "_timeout", "_memory_limit", "_order"):
            setattr(branch, name, getattr(self, name))
        branch._rest = b""
        branch._lock = threading.RLock()
        branch._started = time.perf_counter()
        branch._closed = None
        resources = contextlib.ExitStack()
        try:
            branch._files = resources.enter_context(launch.Files(self._scenario.to_json()))
            branch._socket, theirs = socket.socketpair()
            resources.callback(branch._socket.close)
            with theirs:
                files = (theirs.fileno(), branch._files.result, branch._files.stderr)
                process = _Branch(self, self._fork(files))
            resources.callback(process.close)
            branch._process = process
            resources.callback(client.end, process)
        except BaseException:
            resources.close()
            raise
        branch._socket.settimeout(self._timeout)
        branch._let_go = weakref.finalize(branch, resources.close)
        branch.began = branch._answer()
        return branch

    def _fork(self, files: tuple[int, int, int]) -> int:
        if self._closed is not None:
            raise SessionClosed(self._closed)
        with self._lock:
            line = json.dumps({"command": "branch"}) + "\n"
            socket.send_fds(self._socket, [line.encode()], list(files))
            return int(self._answer()["branch"])

    # --- The end ----------------------------------------------------------------------------------

    def finish(self, command: str) -> Result:
        """Let the run come to its end (``"finish"``) or end it now (``"stop"``).

        Raises
        ------
        SimulationError
            The run did not end well.
        """
        from .result import Result

        self._send(command, {})
        ended = self._process.wait(self._timeout)
        if ended is None:
            self.close("its run was killed: it took longer than its timeout")
            raise SimulationTimeout(
                f"not at its end after {self._timeout:g} s and killed",
                timeout_s=self._timeout or 0.0,
                scenario=self._scenario.name,
                seed=self._seed,
            )
        try:
            self._raise_unless_done(ended)
            return Result.from_fd(
                self._files.result,
                scenario_json=self._scenario.to_json(),
                scenario_hash=self._scenario.hash,
                wall_s=time.perf_counter() - self._started,
                peak_memory_bytes=ended.max_rss_bytes,
            )
        finally:
            self.close("it has finished")

    def _raise_unless_done(self, ended: worker.Ended) -> None:
        client.raise_unless_done(
            self._scenario, ended, self._files, seed=self._seed, memory_limit=self._memory_limit
        )

    def _raise_for_end(self) -> None:
        """Raise what the end of the process means, which nobody asked for."""
        try:
            ended = self._process.wait(launch.KILL_S)
            if ended is not None:
                self._raise_unless_done(ended)
        finally:
            self.close("its run came to an end")
        raise SessionClosed("its run came to an end")

    @property
    def is_open(self) -> bool:
        """Whether commands can be given."""
        return self._closed is None

    def close(self, why: str = "it was closed") -> None:
        """End the run without a result; nothing happens when it has ended already."""
        if self._closed is None:
            self._closed = why
        self._let_go()


class _Branch:
    """The process of a branch: a child of the run that it came from, which knows how it ended."""

    def __init__(self, trunk: Session, pid: int) -> None:
        self._trunk = trunk
        self._pid = pid
        self._fd = os.pidfd_open(pid)
        self._ended: worker.Ended | None = None

    def wait(self, timeout: float | None = None) -> worker.Ended | None:
        if self._ended is None:
            poll = select.poll()
            poll.register(self._fd, select.POLLIN)
            if not poll.poll(None if timeout is None else int(timeout * 1000) + 1):
                return None
            if not self._trunk.is_open:
                raise SessionClosed("the run that it branched from has ended")
            told = self._trunk.ask("ended", pid=self._pid)
            self._ended = worker.Ended(told.get("exit"), told.get("signal"))
        return self._ended

    def kill(self) -> None:
        if self._ended is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._fd, signal.SIGKILL)

    def close(self) -> None:
        os.close(self._fd)

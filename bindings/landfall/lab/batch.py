"""Many small runs of variants of one scenario, by a process of the worker that forks one for each.

The protocol is described in ``sim/worker/batch.hpp``. A batch runs one variant at a time; whoever
has two cores uses two batches from two threads.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .. import client, launch, worker
from ..errors import WorkerDied
from ..interrupts import Held
from ..worker import WorkerGone

if TYPE_CHECKING:
    from ..scenario import Scenario

__all__ = ["Batch"]

_PIECE_BYTES = 262_144
_ATTEMPTS = 2


class Batch:
    """A process that runs variants of a scenario. Safe to use from many threads, one run at a time.

    Parameters
    ----------
    scenario
        What the variants are variants of.
    timeout
        Wall time that a run may take, in seconds.
    memory_limit
        Bytes that a run may allocate.

    Raises
    ------
    ScenarioError
        Something is wrong with the scenario.
    WorkerDied, WorkerNotFound
        There is no worker.
    """

    def __init__(
        self, scenario: Scenario, *, timeout: float | None = None, memory_limit: int | None = None
    ) -> None:
        self._scenario = scenario
        self._timeout = timeout
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._next = 0
        self._open()

    def _open(self) -> None:
        self._rest = b""
        resources = contextlib.ExitStack()
        try:
            files = resources.enter_context(launch.Files(self._scenario.to_json()))
            self._socket, theirs = socket.socketpair()
            resources.callback(self._socket.close)
            order = {
                "op": "batch",
                "seed": 1,
                "memory_limit_bytes": self._memory_limit,
                "drill": None,
            }
            with theirs, Held() as interrupts:
                process = worker.current().start(order, (*files.of_the_run(), theirs.fileno()))
                resources.callback(client.end, process)
                interrupts.release()
            files.handed_over()
            if self._line() is None:
                ended = process.wait(launch.KILL_S)
                if ended is not None:
                    client.raise_unless_done(
                        self._scenario, ended, files, seed=1, memory_limit=self._memory_limit
                    )
                raise WorkerGone("")
        except BaseException:
            resources.close()
            raise
        self._let_go = weakref.finalize(self, resources.close)

    def run(
        self,
        changes: Mapping[str, Any],
        *,
        seed: int,
        log: bool = False,
        drill: str | None = None,
    ) -> dict[str, Any]:
        """Run one variant and return the verdict on it, as ``sim/worker/verdict.hpp`` describes.

        Parameters
        ----------
        changes
            New values of keys at the top of the scenario's canonical form; ``None``: left out.
        seed
            Seed of the run.
        log
            Whether the verdict has jobs, copies and events too.
        drill
            Fail on purpose.

        Raises
        ------
        WorkerDied
            The worker is gone, and again after it was replaced.
        """
        with self._lock:
            gone = ""
            for _ in range(_ATTEMPTS):
                try:
                    return self._attempt(changes, seed=seed, log=log, drill=drill)
                except WorkerGone as error:
                    gone = error.stderr
                    self.close()
                    with contextlib.suppress(WorkerGone):
                        self._open()
        raise WorkerDied(
            "the worker process died, and again after it was replaced",
            scenario=self._scenario.name,
            seed=seed,
            stderr=gone,
        )

    def _attempt(
        self, changes: Mapping[str, Any], *, seed: int, log: bool, drill: str | None
    ) -> dict[str, Any]:
        self._next += 1
        order: dict[str, Any] = {"run": self._next, "seed": seed, "set": dict(changes)}
        if self._timeout is not None:
            order["timeout_s"] = self._timeout
        if log:
            order["log"] = True
        if drill is not None:
            order["drill"] = drill
        try:
            self._socket.sendall(json.dumps(order).encode() + b"\n")
            while (line := self._line()) is not None:
                verdict: dict[str, Any] = json.loads(line)
                if verdict.get("run") == self._next:  # not one of a run that was interrupted
                    return verdict
        except (BrokenPipeError, ConnectionResetError):
            pass
        raise WorkerGone(f"the batch of {self._scenario.name!r} ended")

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

    def close(self) -> None:
        """End the process; a run that is under way is killed."""
        self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

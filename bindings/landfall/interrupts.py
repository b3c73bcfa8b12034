"""Ctrl-C at a moment when it must not get lost: while a process is being started."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

__all__ = ["Held"]


class Held:
    """Holds Ctrl-C back from the start of a block to `release`, which raises it.

    Between the fork of a process and the moment its number is known, a KeyboardInterrupt would
    leave a process behind that nobody knows of. Only the main thread is ever interrupted, and only
    there does this do anything.
    """

    def __init__(self) -> None:
        self._handler = signal.getsignal(signal.SIGINT)
        self._holds = False
        self._pending: tuple[int, FrameType | None] | None = None

    def __enter__(self) -> Self:
        main = threading.current_thread() is threading.main_thread()
        if main and callable(self._handler):
            signal.signal(signal.SIGINT, self._keep)
            self._holds = True
        return self

    def _keep(self, number: int, frame: FrameType | None) -> None:
        self._pending = (number, frame)

    def release(self) -> None:
        """Let Ctrl-C through again, and first of all the one that came meanwhile."""
        if not self._holds:
            return
        self._holds = False
        signal.signal(signal.SIGINT, self._handler)
        if self._pending is not None and callable(self._handler):
            self._handler(*self._pending)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

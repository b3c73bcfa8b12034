"""Exceptions of landfall: what can go wrong with a scenario or a run, one for each cause.

Everything derives from :class:`LandfallError`. A scenario that is wrong raises
:class:`ScenarioError` with every problem at once; a run that could not end well raises a
:class:`SimulationError`, whose subclass says why. After any of them the next run works: each run
is a process of its own.
"""

# ruff: noqa: N818 - the names say what happened to the run; "Error" at the end would not add to it

from __future__ import annotations

import difflib
import html
import signal as _signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "GoalNotReached",
    "LandfallError",
    "OperationRefused",
    "Problem",
    "ScenarioError",
    "SessionClosed",
    "SetupRefused",
    "SimulationCancelled",
    "SimulationCrashed",
    "SimulationDeadlock",
    "SimulationError",
    "SimulationOutOfMemory",
    "SimulationTimeout",
    "UnknownName",
    "UnreadableResult",
    "WorkerDied",
    "WorkerNotFound",
]

_TAIL_LINES = 12
_NAMES_SHOWN = 10
_NOT_REACHED = {
    "time": "not within the time to wait",
    "end": "not before the scenario's duration was over",
    "nothing_left": "nothing is under way that could lead there",
}


class LandfallError(Exception):
    """Base of every exception that landfall raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a scenario.

    Attributes
    ----------
    code
        Stable code, such as ``SCN012``.
    pointer
        JSON pointer of the place, such as ``/machines/3/disks/1/size``; empty for the whole file.
    found
        What stands there, as text; ``None`` when something is missing.
    message
        The rule that is broken, and how to repair it.
    allowed
        What may stand there, when that is a short list.
    nearest
        The allowed name closest to the one found.
    """

    code: str
    pointer: str
    found: str | None
    message: str
    allowed: tuple[str, ...] = ()
    nearest: str | None = None

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Problem:
        """Read a problem from its JSON form."""
        found = entry.get("found")
        return cls(
            code=str(entry.get("code", "SCN000")),
            pointer=str(entry.get("pointer", "")),
            found=None if found is None else str(found),
            message=str(entry.get("message", "")),
            allowed=tuple(str(name) for name in entry.get("allowed") or ()),
            nearest=entry.get("nearest"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; absent parts are left out."""
        entry: dict[str, Any] = {
            "code": self.code,
            "pointer": self.pointer,
            "found": self.found,
            "message": self.message,
        }
        if self.allowed:
            entry["allowed"] = list(self.allowed)
        if self.nearest is not None:
            entry["nearest"] = self.nearest
        return entry

    def __str__(self) -> str:
        place = self.pointer or "(whole scenario)"
        found = "" if self.found is None else f" = {self.found}"
        text = f"{place}{found}\n  {self.message}"
        if self.nearest is not None and f'"{self.nearest}"' not in self.message:
            text += f'. Did you mean "{self.nearest}"?'
        if self.allowed:
            text += f"\n  allowed: {', '.join(self.allowed)}"
        return f"{text} [{self.code}]"


class ScenarioError(LandfallError, ValueError):
    """The scenario is wrong; carries every problem that was found.

    Parameters
    ----------
    problems
        What is wrong, in the order of the file.
    source
        File or name of the scenario, for the message.
    """

    def __init__(self, problems: Iterable[Problem], source: str | None = None) -> None:
        self.problems: list[Problem] = list(problems)
        self.source = source
        count = len(self.problems)
        subject = f"{source}: " if source else ""
        head = f"{subject}{count} problem{'' if count == 1 else 's'}"
        super().__init__("\n".join([head, *(str(problem) for problem in self.problems)]))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.problems, self.source))

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>"
            + "".join(
                f"<td style='text-align:left'>{html.escape(cell)}</td>"
                for cell in (
                    problem.pointer,
                    problem.found or "",
                    problem.message,
                    problem.nearest or ", ".join(problem.allowed),
                    problem.code,
                )
            )
            + "</tr>"
            for problem in self.problems
        )
        head = "".join(
            f"<th style='text-align:left'>{title}</th>"
            for title in ("where", "found", "rule", "allowed", "code")
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


class OperationRefused(LandfallError, RuntimeError):
    """Site Recovery refuses an operation; nothing has happened.

    Attributes
    ----------
    operation
        What was asked for, in the words of a timeline.
    machine
        Name of the machine or recovery plan.
    state
        State of the protected item, in Site Recovery's words.
    allowed
        Operations that are allowed in this state.
    why
        The reason.
    """

    def __init__(
        self, operation: str, machine: str, state: str, allowed: Sequence[str], why: str
    ) -> None:
        self.operation = operation
        self.machine = machine
        self.state = state
        self.allowed: list[str] = list(allowed)
        self.why = why
        alternatives = ", ".join(self.allowed) or "nothing"
        super().__init__(
            f"{operation} of {machine} is refused in state {state}: {why}; allowed: {alternatives}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        about = (self.operation, self.machine, self.state, self.allowed, self.why)
        return (type(self), about)


class SetupRefused(OperationRefused):
    """The vault does not let an object go, or itself; nothing has happened.

    Attributes
    ----------
    first
        What has to go before: kind and name of each object.
    """

    def __init__(
        self, operation: str, name: str, why: str, first: Sequence[tuple[str, str]]
    ) -> None:
        self.first: list[tuple[str, str]] = [(kind, each) for kind, each in first]
        super().__init__(operation, name, "in use" if self.first else "in the vault", [], why)

    def __str__(self) -> str:
        return f"{self.operation} of {self.machine} is refused: {self.why}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.operation, self.machine, self.why, self.first))


class UnreadableResult(LandfallError):
    """A folder holds no saved result, or one that is damaged; says what."""


class UnknownName(LandfallError, KeyError):
    """There is no item, plan, job or action of that name.

    Attributes
    ----------
    name
        The name that was asked for.
    known
        The names that there are.
    nearest
        The one that was probably meant, or ``None``.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known: list[str] = list(known)
        close = difflib.get_close_matches(name, self.known, n=1)
        self.nearest: str | None = close[0] if close else None
        text = f'there is no {kind} "{name}"'
        if self.nearest is not None:
            text += f'. Did you mean "{self.nearest}"?'
        elif self.known:
            shown = self.known[:_NAMES_SHOWN]
            more = ", …" if len(self.known) > len(shown) else ""
            text += f"; there are {', '.join(shown)}{more}"
        super().__init__(text)

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError shows the repr of its text

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.kind, self.name, self.known))


class GoalNotReached(LandfallError, TimeoutError):
    """What a simulation waited for did not happen; it goes on, and time stands where it came to.

    Attributes
    ----------
    reason
        ``"time"``: the time to wait is over; ``"end"``: the scenario's duration is;
        ``"nothing_left"``: nothing is under way that could lead there.
    now_s
        Simulated time, in seconds.
    waiting
        What waits, where nothing is left to happen.
    """

    def __init__(self, goal: str, reason: str, now_s: float, waiting: Sequence[str] = ()) -> None:
        self.goal = goal
        self.reason = reason
        self.now_s = now_s
        self.waiting: list[str] = list(waiting)
        text = f"{goal}: {_NOT_REACHED[reason]} (simulated time {now_s:g} s)"
        super().__init__("\n  ".join([text, *self.waiting[:10]]))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.goal, self.reason, self.now_s, self.waiting))


class SessionClosed(LandfallError, RuntimeError):
    """The simulation takes no more commands: it has finished, was closed, or its process ended."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the simulation takes no more commands: {why}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.why,))


class SimulationError(LandfallError, RuntimeError):
    """A run did not end well.

    Attributes
    ----------
    scenario
        Name of the scenario.
    seed
        Seed of the run, or ``None`` when it never started.
    stderr
        What the run wrote to its standard error, from the end, at most 64 KiB.
    """

    def __init__(
        self,
        message: str = "",
        *,
        scenario: str = "",
        seed: int | None = None,
        stderr: str = "",
    ) -> None:
        super().__init__(message)
        self.scenario = scenario
        self.seed = seed
        self.stderr = stderr

    def __str__(self) -> str:
        about = f'scenario "{self.scenario}"' if self.scenario else "run"
        if self.seed is not None:
            about += f" (seed {self.seed})"
        text = f"{about}: {self.args[0] if self.args else ''}"
        tail = self.stderr.strip().splitlines()[-_TAIL_LINES:]
        if tail:
            text += "\nlast lines of its standard error:\n" + "\n".join(f"  {t}" for t in tail)
        return text


class SimulationCrashed(SimulationError):
    """The run's process died, or reported an internal error.

    Attributes
    ----------
    signal
        Number of the signal that ended the process, or ``None``.
    exit_code
        Exit code of the process, or ``None`` when a signal ended it.
    """

    def __init__(
        self,
        message: str = "",
        *,
        signal: int | None = None,
        exit_code: int | None = None,
        **about: Any,
    ) -> None:
        super().__init__(message, **about)
        self.signal = signal
        self.exit_code = exit_code


class SimulationTimeout(SimulationError):
    """The run took longer than its ``timeout`` and was killed.

    Attributes
    ----------
    timeout_s
        The limit, in seconds of wall time.
    simulated_s
        Simulated seconds that the run had reported when it was killed.
    """

    def __init__(
        self,
        message: str = "",
        *,
        timeout_s: float = 0.0,
        simulated_s: float = 0.0,
        **about: Any,
    ) -> None:
        super().__init__(message, **about)
        self.timeout_s = timeout_s
        self.simulated_s = simulated_s


class SimulationDeadlock(SimulationError):
    """Nothing was left to happen in the simulated world although work was waiting.

    Attributes
    ----------
    waiting
        Names of what waits.
    """

    def __init__(self, message: str = "", *, waiting: Sequence[str] = (), **about: Any) -> None:
        super().__init__(message, **about)
        self.waiting: list[str] = list(waiting)


class SimulationOutOfMemory(SimulationError):
    """The run needed more memory than it may have.

    Attributes
    ----------
    memory_limit
        The limit in bytes, or ``None`` when the machine itself had no more.
    """

    def __init__(self, message: str = "", *, memory_limit: int | None = None, **about: Any) -> None:
        super().__init__(message, **about)
        self.memory_limit = memory_limit


class SimulationCancelled(SimulationError):
    """The run was stopped because another run of the same batch failed or was interrupted."""


class WorkerDied(SimulationError):
    """The worker process died, was started again, and died again."""


class WorkerNotFound(LandfallError, FileNotFoundError):
    """The program ``landfall-worker`` is not where it should be.

    Attributes
    ----------
    looked_at
        The places that were tried, in order.
    """

    def __init__(self, looked_at: Sequence[str] = ()) -> None:
        self.looked_at: list[str] = list(looked_at)
        places = "".join(f"\n  {place}" for place in self.looked_at)
        super().__init__(
            "landfall-worker not found. Build it with `make build`, install the package, or set "
            f"LANDFALL_WORKER to its path. Looked at:{places}"
        )

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.looked_at,))


def signal_name(number: int) -> str:
    """Return the name of a signal, such as ``SIGSEGV``, or its number as text."""
    try:
        return _signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

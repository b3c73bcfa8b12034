"""Policies: decisions in Python on what happens in a run, through the operations of the vault.

A policy hears of events and acts on the simulation it is given. It runs in a process of its own,
forked for each run: whatever it does to itself stays with that run, and what it raises, or how it
dies, is told as a :class:`PolicyError`. Simulated time stands while it decides, so a policy that
draws on nothing outside makes the same run each time.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from .. import codes, simulation
from ..errors import LandfallError, OperationRefused, Problem, ScenarioError, signal_name
from ..quantities import DURATION, parse
from .bench import Invariant, ResultBench, failed, verdict_of
from .cases import Case
from .faults import Document
from .verdicts import Verdict, Violation, refused

if TYPE_CHECKING:
    from ..result import Result
    from ..scenario import Scenario

__all__ = ["Event", "Policy", "PolicyBench", "PolicyError", "PolicyLike", "run_policy"]

#: Added to the instant of each action as often as there were actions: in a timeline it has to come
#: after what it answers, and what it answers comes later by what was added before.
_AFTER_S = 1e-6
_PACKAGE = str(Path(__file__).resolve().parents[1])
_PIECE_BYTES = 65_536
_WITHOUT_END = "needs a duration: a policy that looks at the clock would go on for ever"


@dataclass(frozen=True)
class Event:
    """Something that a policy hears of.

    Attributes
    ----------
    kind
        What it is: ``start``; ``tick``; ``state`` and every kind of the table of events, such as
        ``link_down`` or ``power_lost``; ``job_started``, ``job_succeeded``, ``job_failed``,
        ``job_cancelled``; ``rpo_breach`` and ``rpo_restored``.
    t_s
        When, in simulated seconds.
    subject
        Name of the machine, link or other thing that it is about.
    detail
        What more there is to say: the new state, the operation of a job, the RPO in seconds.
    job
        Number of the job, where it is about one.
    """

    kind: str
    t_s: float
    subject: str = ""
    detail: str = ""
    job: int | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.subject, self.detail) if part)


class Policy:
    """A base for policies as classes: a method ``on_KIND`` for each kind of event it decides on.

    A function of an event and a simulation is a policy, too. A class is made anew for each run.

    Attributes
    ----------
    every
        Also hear a ``tick`` so often (seconds, or a text with a unit); ``None``: never.
    rpo_limit
        Hear ``rpo_breach`` when a machine's RPO is above it at a tick; ``None``: the threshold of
        its policy.

    Examples
    --------
    >>> from landfall.lab import Policy
    >>> class FailOverWhenCutOff(Policy):
    ...     def on_link_down(self, event, sim):
    ...         for item in sim.vault.items.values():
    ...             if "UnplannedFailover" in item.allowed_operations:
    ...                 item.failover(shut_down_source=False)
    """

    every: float | str | None = None
    rpo_limit: float | str | None = None

    def on_event(self, event: Event, sim: simulation.Simulation) -> None:
        """Hear of an event that has no method of its own."""


PolicyLike: TypeAlias = "Policy | type[Policy] | Callable[[Event, simulation.Simulation], object]"


class PolicyError(LandfallError, RuntimeError):
    """A policy raised, or its process died.

    Attributes
    ----------
    cause
        What it raised, in a line.
    where
        Traceback of the policy, or empty.
    refusal
        The operation that the service refused the policy, in the words of a timeline; ``None``
        when it was something else.
    """

    def __init__(self, cause: str, where: str = "", *, refusal: str | None = None) -> None:
        self.cause = cause
        self.where = where
        self.refusal = refusal
        super().__init__(f"{cause}\n{where}".strip())

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuilt, (self.cause, self.where, self.refusal))


def _rebuilt(cause: str, where: str, refusal: str | None) -> PolicyError:
    return PolicyError(cause, where, refusal=refusal)


def run_policy(
    scenario: Scenario,
    policy: PolicyLike,
    *,
    seed: int = 1,
    timeout: float | None = None,
    memory_limit: int | None = None,
) -> tuple[Result, list[dict[str, Any]]]:
    """Run a scenario with a policy; return the result and what the policy did.

    Parameters
    ----------
    scenario, seed
        What to run.
    policy
        Who decides.
    timeout, memory_limit
        Wall time of the whole run in seconds, and most bytes of the simulation.

    Returns
    -------
    Result, list
        The result, and the policy's operations as entries of a timeline.

    Raises
    ------
    PolicyError
        The policy raised, died or did not come to an end in time.
    SimulationError
        The run did not end well.
    """
    if _every(policy) is not None and scenario.duration is None:
        raise ScenarioError(
            [Problem(codes.NO_END, "/duration", None, _WITHOUT_END)], source=scenario.source
        )
    with simulation.open(scenario, seed=seed, memory_limit=memory_limit) as sim:
        told = _apart(lambda: _drive(sim, policy), timeout)
        actions: list[dict[str, Any]] = told["actions"]
        if told["error"] is not None:
            error: PolicyError = told["error"]
            error.actions = actions  # type: ignore[attr-defined]
            raise error
        return sim.finish(), actions


# --- In a process of its own ----------------------------------------------------------------------


def _apart(drive: Callable[[], dict[str, Any]], timeout: float | None) -> dict[str, Any]:
    """Call `drive` in a fork of this process and return what it returns."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # A policy is a function of the user's notebook or test: only a fork has it. The child
        # touches nothing that another thread may hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _child(drive, reading, writing)
    os.close(writing)
    try:
        data = _all_of(reading, timeout)
    finally:
        os.close(reading)
        if sys.exc_info()[0] is not None:
            os.kill(pid, signal.SIGKILL)
    if data is None:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if data is None:
        cause = f"the policy did not come to an end within {timeout:g} s"
        return {"error": PolicyError(cause), "actions": []}
    if not data:
        code = os.waitstatus_to_exitcode(status)
        how = f"by {signal_name(-code)}" if code < 0 else f"with exit code {code}"
        return {"error": PolicyError(f"the policy's process ended {how}"), "actions": []}
    told: dict[str, Any] = pickle.loads(data)
    return told


def _child(drive: Callable[[], dict[str, Any]], reading: int, writing: int) -> None:
    """Leave by _exit, whatever happens: nothing of the parent's is to be cleaned up here."""
    code = 1
    try:
        os.close(reading)
        data = pickle.dumps(drive())
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(data)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _all_of(pipe: int, timeout: float | None) -> bytes | None:
    """Return all that comes through a pipe; ``None`` when it takes too long."""
    from time import monotonic

    deadline = None if timeout is None else monotonic() + timeout
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    pieces: list[bytes] = []
    while True:
        left = None if deadline is None else max(0.0, deadline - monotonic())
        if not poll.poll(None if left is None else int(left * 1000) + 1):
            return None
        piece = os.read(pipe, _PIECE_BYTES)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def _every(policy: PolicyLike) -> float | None:
    every = getattr(policy, "every", None)
    return None if every is None else float(parse(every, DURATION))


def _drive(sim: simulation.Simulation, policy: PolicyLike) -> dict[str, Any]:
    driver = _Driver(sim, policy)
    error = None
    try:
        driver.drive()
    except OperationRefused as raised:
        driver.mark_refusal()
        error = PolicyError(str(raised), _where(), refusal=raised.operation)
    except _OverError:
        pass
    except Exception as raised:
        error = PolicyError(f"{type(raised).__name__}: {raised}", _where())
    return {"error": error, "actions": driver.actions}


def _where() -> str:
    """Return the traceback without landfall's own way to the policy and from there."""
    _, raised, trace = sys.exc_info()
    frames = traceback.extract_tb(trace)
    own = [frame for frame in frames if not frame.filename.startswith(_PACKAGE)]
    told = traceback.format_list(own or list(frames))
    return "".join([*told, *traceback.format_exception_only(raised)]).rstrip()


class _OverError(Exception):
    """The run's process came to its end: the parent knows why."""


class _Driver:
    """Steps a simulation from event to event and shows each to a policy."""

    def __init__(self, sim: simulation.Simulation, policy: PolicyLike) -> None:
        self._sim = sim
        self._policy = policy() if isinstance(policy, type) else policy
        self._every_s = _every(policy)
        self.actions: list[dict[str, Any]] = []
        self._events = 0
        self._states: dict[int, str] = {}
        self._breached: set[str] = set()
        self._tell = sim._session.ask
        sim._session.ask = self._ask  # type: ignore[method-assign]

    # --- What the policy does ---------------------------------------------------------------------

    def _ask(self, command: str, **members: Any) -> dict[str, Any]:
        answer = self._tell(command, **members)
        if command == "start":
            entry = dict(members["entry"])
            entry["at"] = round(self._sim.now + _AFTER_S * (len(self.actions) + 1), 9)
            if answer.get("refused"):
                entry["refused"] = "either"
            self.actions.append(entry)
        return answer

    def mark_refusal(self) -> None:
        """Make the last action that was refused fail the run: its policy did not expect it."""
        for entry in reversed(self.actions):
            if entry.get("refused") == "either":
                entry["refused"] = False
                return

    # --- What the policy hears --------------------------------------------------------------------

    def drive(self) -> None:
        self._show(Event("start", self._sim.now))
        next_tick = self._every_s
        news = 0
        while True:
            goal: dict[str, Any] = {"news": news}
            if next_tick is not None:
                goal["until"] = next_tick
            told = self._sim._ask("run", **goal)
            self._sim._now_s = float(told["now"])
            news = int(told["news"])
            for event in self._news():
                self._show(event)
            if told["paused"] in ("end", "nothing_left"):
                return
            if next_tick is not None and self._sim.now >= next_tick:
                self._tick()
                next_tick += self._every_s or 0.0

    def _news(self) -> Iterator[Event]:
        told = self._sim._ask("events", **{"from": self._events})["events"]
        self._events += len(told)
        for each in told:
            yield Event(
                str(each["kind"]), float(each["t_s"]), str(each["subject"]), str(each["detail"])
            )
        first = min((n for n, state in self._states.items() if state == "InProgress"), default=None)
        begin = len(self._states) if first is None else first
        for job in self._sim._ask("jobs", **{"from": begin})["jobs"]:
            yield from self._about_job(job)

    def _about_job(self, job: dict[str, Any]) -> Iterator[Event]:
        number, state = int(job["job"]), str(job["state"])
        if number not in self._states:
            self._states[number] = "InProgress"
            yield self._event_of("job_started", job, float(job["start_s"]))
        if state != self._states[number]:
            self._states[number] = state
            yield self._event_of(f"job_{state.lower()}", job, self._sim.now)

    def _event_of(self, kind: str, job: dict[str, Any], t_s: float) -> Event:
        return Event(kind, t_s, str(job["machine"]), str(job["operation"]), int(job["job"]))

    def _tick(self) -> None:
        self._show(Event("tick", self._sim.now))
        for item in self._sim._ask("items")["items"]:
            machine, rpo_s = str(item["machine"]), item["rpo_s"]
            above = rpo_s is not None and rpo_s > self._limit_of(machine)
            if above and machine not in self._breached:
                self._breached.add(machine)
                self._show(Event("rpo_breach", self._sim.now, machine, f"{rpo_s:g}"))
            elif not above and machine in self._breached:
                self._breached.discard(machine)
                self._show(Event("rpo_restored", self._sim.now, machine))

    def _limit_of(self, machine: str) -> float:
        limit = getattr(self._policy, "rpo_limit", None)
        if limit is not None:
            return float(parse(limit, DURATION))
        scenario = self._sim.scenario
        thresholds = {policy.name: policy.rpo_threshold for policy in scenario.policies}
        for group in scenario.machines:
            if machine == group.name or machine.startswith(f"{group.name}-"):
                return float(thresholds.get(str(group.policy)) or float("inf"))
        return float("inf")

    def _show(self, event: Event) -> None:
        if not isinstance(self._policy, Policy):
            self._policy(event, self._sim)
            return
        handler = getattr(self._policy, f"on_{event.kind}", None) or self._policy.on_event
        handler(event, self._sim)


# --- In the lab -----------------------------------------------------------------------------------


class PolicyBench(ResultBench):
    """Runs cases with a policy."""

    def __init__(
        self,
        scenario: Scenario,
        document: Document,
        policy: PolicyLike,
        invariants: Sequence[Invariant],
        *,
        expectations: bool,
        settled_s: float | None,
        timeout: float | None,
        memory_limit: int | None,
    ) -> None:
        super().__init__(
            scenario,
            document,
            invariants,
            expectations=expectations,
            settled_s=settled_s,
            timeout=timeout,
            memory_limit=memory_limit,
        )
        self._policy = policy

    def run(self, case: Case, *, drill: str | None = None) -> Verdict:  # noqa: ARG002
        """Run a case."""
        scenario = self.scenario_of(case)
        try:
            result, actions = run_policy(
                scenario,
                self._policy,
                seed=case.seed,
                timeout=self._timeout,
                memory_limit=self._memory_limit,
            )
        except PolicyError as error:
            return self._broken(case, error)
        except Exception as error:
            return failed(error, scenario)
        verdict = self._judged(result, self._invariants)
        verdict.actions = actions
        return verdict

    def _broken(self, case: Case, error: PolicyError) -> Verdict:
        """Return the verdict on a policy that raised; what it did is run again for the story."""
        actions = getattr(error, "actions", [])
        verdict = Verdict()
        told = [{**entry, "refused": "either"} for entry in actions if "at" in entry]
        whole = {**self._document, **dict(case.changes)}
        timeline = [*whole.get("timeline", []), *(_plain(entry) for entry in told)]
        again = replace(case, changes={**case.changes, "timeline": timeline})
        with contextlib.suppress(LandfallError):
            result = self.scenario_of(again).run(
                seed=case.seed, progress=False, timeout=self._timeout, allow_large=True
            )
            verdict = verdict_of(result, (), expectations=False)
        invariant = "policy_error" if error.refusal is None else refused(error.refusal)
        at_s = float(actions[-1]["at"]) if actions else None
        machine = _machine_of(actions[-1]) if actions else ""
        lines = [line.strip() for line in error.where.splitlines() if 'File "' in line]
        place = f" ({lines[-1]})" if lines else ""
        verdict.violations.insert(
            0, Violation(invariant, "safety", error.cause + place, at_s, machine)
        )
        verdict.actions = actions
        return verdict


def _machine_of(entry: dict[str, Any]) -> str:
    chosen = entry.get("machines")
    return str(chosen[0]) if isinstance(chosen, list | tuple) and chosen else ""


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as a timeline may have it: an event of the world cannot be refused."""
    from ..timeline import EVENTS

    return {**entry, "refused": False} if entry["do"] in EVENTS else entry

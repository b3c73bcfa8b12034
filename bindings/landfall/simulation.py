"""A simulation that is stepped: a runbook as a script, with decisions in Python between steps."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from . import formatting
from .errors import GoalNotReached, OperationRefused, ScenarioError
from .jobs import Job, Jobs
from .quantities import DURATION, SIZE, parse
from .session import Session
from .timeline import Step, When

if TYPE_CHECKING:
    from .result import Result
    from .scenario import Scenario
    from .vault import SimulatedVault

__all__ = ["Simulation", "open"]


class Simulation:
    """A run that stands still between commands.

    Simulated time moves only in :meth:`run_until`, :meth:`run_for`, :meth:`wait` and
    :meth:`finish`. All times are in seconds since the start of the run; where one is given, a text
    with a unit does as well ("2 d", "90 min"). Use it as a context manager: at the end of the block
    the run is over, with a result only if :meth:`finish` or :meth:`stop` was called.

    What is started here at an instant and what a timeline has at the same instant are the same run:
    both give equal tables.

    Attributes
    ----------
    scenario
        What is simulated.
    seed
        Seed of every random stream.

    Examples
    --------
    >>> import landfall as lf
    >>> with lf.open("gallery:first-migration", timeline=False) as sim:
    ...     enabling = sim.vault.enable("web")
    ...     sim.run_until(when="protected", machines="web")
    ...     item = sim.vault.items["web"]
    ...     item.protection_state
    'Protected'
    """

    def __init__(self, scenario: Scenario, session: Session, *, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self._session = session
        self._now_s = float(session.began["now"])
        self._jobs = Jobs(self)
        self._vault: SimulatedVault | None = None
        self._result: Result | None = None

    # --- Time -------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Simulated time, in seconds since the start of the run."""
        return self._now_s

    def run_until(
        self,
        at: float | str | None = None,
        *,
        when: When | str | Mapping[str, Any] | None = None,
        machines: str | Iterable[str] = "all",
        timeout: float | str | None = None,
    ) -> float:
        """Let time go on to an instant, or until machines are in a state.

        Parameters
        ----------
        at
            The instant, in seconds since the start of the run.
        when
            A state, as in a timeline: ``"protected"``, or ``{"state": "protected", "of": "each"}``
            for the first machine that reaches it; of all machines if nothing is said.
            Of a recovery plan: ``{"plan": "web-tier", "state": "failed_over"}``.
        machines
            Names or patterns of the machines that `when` is about.
        timeout
            Most simulated seconds to wait for `when`.

        Returns
        -------
        float
            Simulated time then, in seconds.

        Raises
        ------
        GoalNotReached
            The state was not reached within `timeout`, or will not be.
        ScenarioError
            The instant is in the past, or there is no such machine or state.
        """
        if (at is None) == (when is None):
            raise ValueError("give either an instant or when=")
        if at is not None:
            if timeout is not None:
                raise ValueError("a timeout goes with when=")
            at_s = _seconds(at)
            if self._go("run", until=at_s) == "end" and self._now_s < at_s:
                raise GoalNotReached(f"run until {formatting.duration(at_s)}", "end", self._now_s)
            return self._now_s
        condition = _condition(when)
        limit = None if timeout is None else _seconds(timeout)
        selected = machines if isinstance(machines, str) else list(machines)
        reached = self._go("run", when=condition, machines=selected, **{"for": limit})
        if reached != "state":
            of = selected if isinstance(selected, str) else ", ".join(selected)
            of = condition["plan"] or of
            raise self._not_reached(f'run until {of} is "{condition["state"]}"', reached)
        return self._now_s

    def run_for(self, duration: float | str) -> float:
        """Let time go on by `duration` (seconds, or a text with a unit); return the time then.

        Raises
        ------
        GoalNotReached
            The scenario's duration was over before.
        """
        length = _seconds(duration)
        if self._go("run", **{"for": length}) == "end":
            raise GoalNotReached(f"run for {formatting.duration(length)}", "end", self._now_s)
        return self._now_s

    def wait(self, jobs: Job | Iterable[Job], *, timeout: float | str | None = None) -> None:
        """Let time go on until a job, or each of several, has ended or waits for its user.

        Parameters
        ----------
        jobs
            The job or jobs.
        timeout
            Most simulated seconds to wait, for all of them together.

        Raises
        ------
        GoalNotReached
            A job has not ended within `timeout`, or will not end.
        """
        deadline = None if timeout is None else self._now_s + _seconds(timeout)
        for job in [jobs] if isinstance(jobs, Job) else list(jobs):
            reached = self._go("run", job=job.number, until=deadline)
            if reached != "job":
                raise self._not_reached(f"wait for {job}", reached)

    def _go(self, command: str, **goal: Any) -> str:
        """Give a command that moves time; return why it stands again."""
        answer = self._ask(command, **goal)
        self._now_s = float(answer["now"])
        self._waiting = [str(name) for name in answer.get("waiting") or ()]
        return str(answer["paused"])

    def _not_reached(self, goal: str, reason: str) -> GoalNotReached:
        return GoalNotReached(goal, reason, self._now_s, self._waiting)

    def _ask(self, command: str, **members: Any) -> dict[str, Any]:
        try:
            return self._session.ask(command, **members)
        except ScenarioError as error:
            raise ScenarioError(error.problems, source=f"command {command!r}") from None

    # --- What can be done -------------------------------------------------------------------------

    @property
    def vault(self) -> SimulatedVault:
        """The Recovery Services vault: items, jobs, events."""
        from .vault import SimulatedVault

        if self._vault is None:
            self._vault = SimulatedVault(self)
        return self._vault

    def do(
        self, operation: str, machines: str | Iterable[str] = "all", **options: Any
    ) -> list[Job]:
        """Start an operation in the words of a timeline, on all machines that are selected.

        Parameters
        ----------
        operation
            What a timeline has as ``do``: "failover", "power_off", …
        machines
            Names or patterns of machines.
        **options
            The further keys of a timeline entry, such as ``shutdown=False``; ``plan="web-tier"``
            does it to a recovery plan.

        Returns
        -------
        list of Job
            The jobs that were started, by machine; events of the world have none.

        Raises
        ------
        OperationRefused
            A machine's state, or its kind, does not allow it. On the other machines it was started.
        ScenarioError
            There is no such operation, machine or option.
        """
        selected = machines if isinstance(machines, str) else list(machines)
        values = {"at": 0, "do": operation, "machines": selected, **options}
        if machines == "all":
            del values["machines"]  # its default, which goes with a plan as well
        entry = Step(**values).canonical()
        answer = self._ask("start", entry=entry)
        started = [
            self._jobs.of_number(int(each["job"]))
            for each in answer["started"]
            if each["job"] is not None
        ]
        for refused in answer["refused"]:
            raise OperationRefused(
                operation,
                refused["machine"],
                refused["state"],
                refused["allowed"],
                refused["why"],
            )
        return started

    # --- Branching --------------------------------------------------------------------------------

    def branch(self) -> Simulation:
        """Return a copy of the run as it stands, to go on differently.

        The two know nothing of each other from here on: each goes on as a run of its own would,
        and the result of a branch is the one of a run that did the same from its start. A branch
        ends at the latest when the run that it came from does.

        Raises
        ------
        SessionClosed
            The simulation was closed or has finished.

        Examples
        --------
        >>> import landfall as lf
        >>> with lf.open("gallery:first-migration") as sim:
        ...     _ = sim.run_until("20 h")
        ...     with sim.branch() as other:
        ...         _ = other.do("power_off", "db")
        ...         lost = other.finish()
        ...     kept = sim.finish()
        >>> len(lost.events) > len(kept.events)
        True
        """
        made = Simulation(self.scenario, self._session.branch(), seed=self.seed)
        made._now_s = self._now_s
        return made

    # --- The end ----------------------------------------------------------------------------------

    def finish(self) -> Result:
        """Let the run come to its end and return its result; the simulation is closed then.

        The end is the scenario's duration; without one, when nothing is under way any more.

        Raises
        ------
        SimulationError
            The run did not end well.
        SessionClosed
            It was closed before.
        """
        return self._end("finish")

    def stop(self) -> Result:
        """End the run now and return its result; the simulation is closed then."""
        return self._end("stop")

    def _end(self, command: Literal["finish", "stop"]) -> Result:
        result = self._session.finish(command)
        self._now_s = result.simulated_s
        self._result = result
        return result

    @property
    def is_open(self) -> bool:
        """Whether the simulation takes commands."""
        return self._session.is_open

    def close(self) -> None:
        """End the run without a result; nothing happens if it has ended."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- Display ----------------------------------------------------------------------------------

    def __repr__(self) -> str:
        state = "open" if self.is_open else "closed"
        at = formatting.duration(self._now_s)
        return f"<Simulation of {self.scenario.name!r}, seed {self.seed}: at {at}, {state}>"

    def _repr_html_(self) -> str:
        head = f"<p>{html.escape(repr(self)[1:-1])}</p>"
        return head + self.vault._repr_html_() if self.is_open else head


def open(  # noqa: A001 - read as lf.open(scenario)
    scenario: Scenario | str | os.PathLike[str],
    *,
    seed: int = 1,
    timeline: bool = True,
    timeout: float | str | None = None,
    memory_limit: int | str | None = None,
) -> Simulation:
    """Start a simulation that is stepped from Python.

    Parameters
    ----------
    scenario
        A scenario, or what :func:`landfall.load` takes.
    seed
        Seed of all random draws.
    timeline
        Carry out the scenario's own timeline too. ``False``: only what the script starts happens.
    timeout
        Most seconds of wall time that one command may take, or a text such as ``"1 min"``.
    memory_limit
        Most bytes of memory, or a text such as ``"2 GiB"``.

    Returns
    -------
    Simulation
        At simulated time 0; nothing has happened yet.

    Raises
    ------
    ScenarioError
        When something does not fit together.
    SimulationCrashed, SimulationOutOfMemory, WorkerDied, WorkerNotFound
        The run could not be started.

    Examples
    --------
    >>> import landfall as lf
    >>> with lf.open("gallery:first-migration", timeline=False) as sim:
    ...     sim.run_until("2 h")
    7200.0
    """
    from .scenario import Scenario, load

    if not isinstance(scenario, Scenario):
        scenario = load(scenario)
    try:
        session = Session(
            scenario,
            seed=seed,
            timeout=None if timeout is None else float(parse(timeout, DURATION)),
            memory_limit=None if memory_limit is None else int(parse(memory_limit, SIZE)),
            timeline=timeline,
        )
    except ScenarioError as error:
        raise ScenarioError(scenario.placed(error.problems), source=scenario.source) from None
    return Simulation(scenario, session, seed=seed)


def _seconds(value: float | str) -> float:
    return float(parse(value, DURATION))


def _condition(when: When | str | Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(when, When):
        return when.canonical()
    if isinstance(when, str):
        when = {"state": when}
    given = dict(when or {})
    if given.get("plan") is None:
        given.setdefault("of", "all")
    return When(**given).canonical()

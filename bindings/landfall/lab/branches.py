"""Branching: a run up to an instant once, then many continuations from there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .. import simulation

if TYPE_CHECKING:
    from ..result import Result
    from ..scenario import Scenario

__all__ = ["Trunk"]

#: What a continuation does with the simulation it gets; one that does not end it lets it run on.
Continuation = Callable[["simulation.Simulation"], Any]


class Trunk:
    """A run that stands at an instant, to go on from in many ways.

    Parameters
    ----------
    scenario
        What is simulated, with its timeline.
    at
        The instant, in simulated seconds or as a text with a unit.
    seed
        Seed of the run.

    Examples
    --------
    >>> from landfall.lab import Lab
    >>> with Lab("gallery:first-migration").branch_at("20 h") as trunk:
    ...     results = trunk.try_many({
    ...         "nothing": lambda sim: None,
    ...         "power": lambda sim: sim.do("power_off", "db"),
    ...     })
    >>> sorted(results)
    ['nothing', 'power']
    """

    def __init__(self, scenario: Scenario, at: float | str, *, seed: int = 1) -> None:
        self._simulation = simulation.open(scenario, seed=seed)
        try:
            self._simulation.run_until(at)
        except BaseException:
            self._simulation.close()
            raise

    @property
    def now(self) -> float:
        """Where it stands, in simulated seconds."""
        return self._simulation.now

    def branch(self) -> simulation.Simulation:
        """Return a run of its own that stands here."""
        return self._simulation.branch()

    def try_many(
        self,
        continuations: Mapping[str, Continuation] | Iterable[Continuation],
        *,
        jobs: int | None = None,
    ) -> dict[str, Result]:
        """Go on from here in many ways, each in a branch of its own, and run each to its end.

        Parameters
        ----------
        continuations
            Functions of a simulation, by name; without names they are called by their own.
        jobs
            Branches at the same time; as many as there are cores by default.

        Returns
        -------
        dict
            Results by name, in the order of the continuations. What one raises is raised.
        """
        named = (
            dict(continuations)
            if isinstance(continuations, Mapping)
            else {_name(each, k): each for k, each in enumerate(continuations)}
        )
        with ThreadPoolExecutor(jobs or len(os.sched_getaffinity(0)), "landfall-branch") as pool:
            futures = {name: pool.submit(self._try, each) for name, each in named.items()}
            return {name: future.result() for name, future in futures.items()}

    def _try(self, continuation: Continuation) -> Result:
        with self.branch() as sim:
            continuation(sim)
            return sim._result or sim.finish()

    def close(self) -> None:
        """End the run and its branches."""
        self._simulation.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _name(continuation: Continuation, place: int) -> str:
    name = getattr(continuation, "__name__", "<lambda>")
    return f"{place}" if name == "<lambda>" else name

"""What the board of planted bugs is made of: a hunt is where to look, a row a bug and its hunts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import landfall as lf
from landfall.lab import Lab
from landfall.lab.bench import Invariant
from landfall.lab.policy import PolicyLike


@dataclass(frozen=True)
class Hunt:
    """A scenario and how the lab explores it. Many rows may share one: it is surveyed once.

    Attributes
    ----------
    name
        Shown on the board.
    scenario
        Makes the scenario; ``gallery:NAME`` and paths do as well.
    explorer
        One of :data:`landfall.lab.EXPLORERS`.
    faults
        Kinds of faults; all that the scenario has a target for when ``None``, none when empty.
    invariants, expectations, settle, policy
        As :class:`landfall.lab.Lab` takes them.
    """

    name: str
    scenario: Callable[[], lf.Scenario] | str
    explorer: str = "swarm"
    faults: tuple[str, ...] | None = None
    invariants: tuple[Invariant, ...] = ()
    expectations: bool = False
    settle: str | None = None
    policy: PolicyLike | None = None

    @cached_property
    def lab(self) -> Lab:
        """The lab, made when it is asked for."""
        scenario = self.scenario if isinstance(self.scenario, str) else self.scenario()
        return Lab(
            scenario,
            faults=self.faults,
            invariants=self.invariants,
            expectations=self.expectations,
            settle=self.settle,
            policy=self.policy,
        )


@dataclass(frozen=True)
class Row:
    """A planted bug and the hunts that find it, the likeliest first.

    Attributes
    ----------
    mutant
        Its name, as ``mutant-board --list`` prints it.
    hunts
        Explored one after the other until one of `by` fails.
    by
        The invariants that name this bug; another one that fails does not count.
    seeds
        Most runs of each hunt.
    quick
        Whether it is in the sample that every test run makes.
    """

    mutant: str
    hunts: tuple[Hunt, ...]
    by: tuple[str, ...]
    seeds: int = 40
    quick: bool = False

"""Hypothesis strategies and a state machine over the operations of a stepped simulation.

Needs Hypothesis, which landfall itself does without: ``pip install hypothesis``.

::

    from hypothesis import given
    from landfall.lab.strategies import fault_lists

    @given(faults=fault_lists("our-plan.json"))
    def test_no_disaster_breaks_an_oracle(faults):
        ...

    class OurMachine(VaultMachine):
        scenario = "our-plan.json"

    TestOurs = OurMachine.TestCase
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, ClassVar

try:
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
except ImportError as error:  # pragma: no cover - where Hypothesis is not installed
    raise ImportError(
        "landfall.lab.strategies needs Hypothesis, which is not installed: pip install hypothesis"
    ) from error

from .. import simulation
from ..errors import OperationRefused
from ..faults import ASKED as OPERATIONS
from .cases import survivable
from .faults import Fault
from .streams import Stream

if TYPE_CHECKING:
    from ..scenario import Scenario
    from .cases import Ground

__all__ = ["VaultMachine", "fault_lists", "faults_of", "operation_sequences"]

_DAY_S = 86_400.0
_PAUSES_S = (60.0, 600.0, 3600.0, 6 * 3600.0)


def _ground(scenario: Scenario | str | os.PathLike[str]) -> Ground:
    from .lab import Lab

    return _known(scenario, Lab) if isinstance(scenario, str) else Lab(scenario).ground


@functools.lru_cache(maxsize=16)
def _known(scenario: str, make: Any) -> Ground:
    ground: Ground = make(scenario).ground
    return ground


def faults_of(scenario: Scenario | str | os.PathLike[str]) -> st.SearchStrategy[Fault]:
    """Return a strategy for one fault of a scenario; it shrinks to early, short ones."""
    ground = _ground(scenario)

    def made(entity: int, at_s: float, draw: int) -> Fault:
        kind, target = ground.entities[entity]
        stream = Stream(draw, kind.name, target)
        return kind.draw(ground.document, target, round(at_s, 3), ground.horizon_s, stream)

    instants = st.floats(0.0, ground.horizon_s, allow_nan=False)
    if ground.instants:
        instants = st.sampled_from(ground.instants) | instants
    return st.builds(made, st.integers(0, len(ground.entities) - 1), instants, st.integers(0, 1000))


def fault_lists(
    scenario: Scenario | str | os.PathLike[str], *, max_size: int = 6
) -> st.SearchStrategy[tuple[Fault, ...]]:
    """Return a strategy for lists of faults, in the order in which they happen."""
    lists = st.lists(faults_of(scenario), max_size=max_size, unique=True)
    return lists.map(survivable)


def operation_sequences(
    machines: list[str], *, max_size: int = 10
) -> st.SearchStrategy[list[tuple[float, str, str]]]:
    """Return a strategy for sequences of (seconds to wait, operation, machine)."""
    step = st.tuples(
        st.sampled_from(_PAUSES_S), st.sampled_from(OPERATIONS), st.sampled_from(machines)
    )
    return st.lists(step, max_size=max_size)


class VaultMachine(RuleBasedStateMachine):
    """Does any operation in any order to a stepped simulation; what the service refuses is no bug.

    Set `scenario` in a subclass and add rules and invariants of your own; `sim` is the simulation.
    At the end the run is finished and :meth:`judge` looks at the result.
    """

    scenario: ClassVar[Any] = None
    seed: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__()
        self.sim: simulation.Simulation
        self.refused = 0

    @initialize()
    def begin(self) -> None:
        """Open the simulation."""
        if self.scenario is None:
            raise ValueError("set `scenario` in your subclass of VaultMachine")
        self.sim = simulation.open(self.scenario, seed=self.seed)

    @rule(
        machine=st.integers(0, 63),
        operation=st.sampled_from(OPERATIONS),
        pause_s=st.sampled_from(_PAUSES_S),
    )
    def operate(self, machine: int, operation: str, pause_s: float) -> None:
        """Start an operation on a machine and let some time go by."""
        names = list(self.sim.vault.items)
        try:
            self.sim.do(operation, [names[machine % len(names)]])
        except OperationRefused:
            self.refused += 1
        self.wait(pause_s)

    @rule(pause_s=st.sampled_from(_PAUSES_S))
    def wait(self, pause_s: float) -> None:
        """Let time go by, as far as the scenario lasts."""
        duration = self.sim.scenario.duration
        left_s = _DAY_S if duration is None else duration - self.sim.now
        if left_s > 0:
            self.sim.run_for(min(pause_s, left_s))

    @invariant()
    def rpo_is_sane(self) -> None:
        """Hold that no RPO is negative, or above the time that has gone by."""
        if not hasattr(self, "sim"):
            return
        for item in self.sim.vault.items.values():
            rpo = item.rpo
            assert rpo is None or 0.0 <= rpo <= self.sim.now + 1e-6, f"{item.name}: RPO {rpo} s"

    def judge(self, result: Any) -> None:
        """Look at the result of the run; every oracle has to hold."""
        from .assertions import assert_no_violations

        assert_no_violations(result)

    def teardown(self) -> None:
        """Let the run come to its end and judge it."""
        if not hasattr(self, "sim"):
            return
        with self.sim:
            self.judge(self.sim.stop())

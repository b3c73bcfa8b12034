"""A run that branches: each branch is the run it would have been from the start, and its own."""

from __future__ import annotations

import os
import signal
from typing import Any

import landfall as lf
import pytest
from landfall import worker
from landfall.lab import Lab
from python.lab_samples import shop, tiny
from python.run_samples import children_of, eventually
from python.test_stepped import values

pytestmark = pytest.mark.usefixtures("built")
HOUR = 3600.0


def straight(scenario: lf.Scenario, seed: int, power_off: tuple[float, str] | None = None) -> Any:
    """Return the values of a stepped run that never branched."""
    with lf.open(scenario, seed=seed) as sim:
        if power_off is not None:
            sim.run_until(power_off[0])
            sim.do("power_off", power_off[1])
        return values(sim.finish())


@pytest.mark.parametrize("make", [shop, tiny])
def test_a_branch_is_the_run_that_did_the_same_from_its_start(make: Any) -> None:
    scenario = make()
    end_s = scenario.duration
    machine = scenario.machines[0].name + "-1"
    with lf.open(scenario, seed=3) as sim:
        sim.run_until(end_s / 2)
        with sim.branch() as same, sim.branch() as other:
            other.do("power_off", machine)
            assert values(other.finish()) == straight(scenario, 3, (end_s / 2, machine))
            assert values(same.finish()) == straight(scenario, 3)
        assert values(sim.finish()) == straight(scenario, 3)


def test_a_branch_branches() -> None:
    with lf.open(shop()) as sim:
        sim.run_until("2 h")
        with sim.branch() as first:
            first.run_until("3 h")
            with first.branch() as second:
                assert (sim.now, first.now, second.now) == (2 * HOUR, 3 * HOUR, 3 * HOUR)
                second.run_for("1 h")
                assert second.vault.items["web-1"].protection_state == "Protected"
            assert first.run_for("1 h") == 4 * HOUR


def test_continuations_are_tried_from_one_instant() -> None:
    with Lab(shop()).branch_at("3 h", seed=2) as trunk:
        results = trunk.try_many(
            {
                "nothing": lambda sim: None,
                "power": lambda sim: sim.do("power_off", "db-1"),
                "later": lambda sim: (sim.run_for("1 h"), sim.do("power_off", "db-1")),
                "ended": lambda sim: sim.stop(),
            }
        )
        assert trunk.now == 3 * HOUR
    assert list(results) == ["nothing", "power", "later", "ended"]
    assert values(results["nothing"]) == straight(shop(), 2)
    lost = {
        name: list(r.events[r.events["kind"] == "power_lost"]["t_s"]) for name, r in results.items()
    }
    assert lost == {"nothing": [], "power": [3 * HOUR], "later": [4 * HOUR], "ended": []}
    assert results["ended"].simulated_s == 3 * HOUR


def test_what_a_continuation_raises_is_raised() -> None:
    def wrong(sim: lf.Simulation) -> None:
        sim.vault.items["nobody"].failover()

    with Lab(shop()).branch_at("1 h") as trunk, pytest.raises(lf.UnknownName, match="nobody"):
        trunk.try_many([wrong])


def test_a_branch_that_dies_says_how_and_the_trunk_goes_on() -> None:
    with lf.open(shop()) as sim:
        sim.run_until("1 h")
        with sim.branch() as branch:
            (trunk,) = children_of(worker.current().pid)
            (pid,) = children_of(trunk)
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(lf.SimulationCrashed, match="SIGKILL"):
                branch.run_for("1 h")
        assert sim.run_for("1 h") == 2 * HOUR


def test_branches_end_with_the_run_that_they_came_from() -> None:
    with lf.open(shop()) as sim:
        sim.run_until("1 h")
        branch = sim.branch()
    with pytest.raises(lf.SessionClosed):
        branch.run_for("1 h")
    assert eventually(lambda: not children_of(worker.current().pid))
    with pytest.raises(lf.SessionClosed):
        sim.branch()

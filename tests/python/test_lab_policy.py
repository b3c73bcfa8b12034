"""Policies in Python: they hear, they act, they are isolated; what is wrong with one is found."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from landfall.lab import Case, Event, Fault, Lab, Policy, PolicyError
from landfall.lab.corpus import read
from landfall.lab.policy import run_policy
from landfall.lab.replay import replayed
from python.lab_samples import AllAtOnce, HomeAgain, TooHasty, office, one_failover_at_a_time, shop
from python.test_stepped import values

pytestmark = pytest.mark.usefixtures("built")
HOUR = 3600.0
CUT = {"/links/0/outages": [{"at": "4 h", "lasts": "1 h"}]}


def heard_by(scenario: lf.Scenario, tmp_path: Path, **attributes: Any) -> list[str]:
    """Return the events that a policy hears; it lives elsewhere, so it writes them down."""
    path = tmp_path / "heard"

    class Listener(Policy):
        def on_event(self, event: Event, sim: lf.Simulation) -> None:
            assert sim.now == event.t_s or event.kind not in ("tick", "start")
            with path.open("a") as file:
                print(f"{event.t_s:g} {event}", file=file)

    for name, value in attributes.items():
        setattr(Listener, name, value)
    run_policy(scenario, Listener)
    return path.read_text().splitlines()


# --- What a policy hears --------------------------------------------------------------------------


def test_a_policy_hears_what_happens_when_it_happens(tmp_path: Path) -> None:
    heard = heard_by(shop(duration="6 h").with_(CUT), tmp_path)
    assert heard[0] == "0 start"
    assert "0 job_started web-1 Enable protection" in heard
    assert "421.6 job_succeeded web-1 Enable protection" in heard
    assert "14400 link_down backbone" in heard
    assert "18000 link_up backbone" in heard
    times = [float(line.split()[0]) for line in heard]
    assert times == sorted(times)


def test_a_policy_hears_of_an_rpo_above_its_limit_once_and_when_it_is_over(tmp_path: Path) -> None:
    heard = heard_by(office(duration="8 h").with_(CUT), tmp_path, every="5 min", rpo_limit="20 min")
    breaches = [line for line in heard if "rpo_breach web-1" in line]
    (breach,) = breaches
    assert 4 * HOUR + 900 <= float(breach.split()[0]) <= 4 * HOUR + 1500
    (restored,) = [line for line in heard if "rpo_restored web-1" in line]
    assert 5 * HOUR <= float(restored.split()[0]) <= 5.5 * HOUR
    assert sum(line.endswith(" tick") for line in heard) == 8 * 12


def test_a_policy_that_only_listens_changes_nothing() -> None:
    scenario = shop().with_(CUT)
    result, actions = run_policy(scenario, lambda event, sim: None, seed=4)
    assert actions == []
    with lf.open(scenario, seed=4) as sim:
        assert values(sim.finish()) == values(result)


def test_a_policy_acts_and_does_the_same_each_time() -> None:
    scenario = shop().with_(CUT)
    result, actions = run_policy(scenario, HomeAgain, seed=2)
    again, _ = run_policy(scenario, HomeAgain, seed=2)
    assert result.blob == again.blob
    assert [entry["do"] for entry in actions] == ["failover"] * 4 + ["commit", "reprotect"] * 4 or (
        sorted(entry["do"] for entry in actions)
        == ["commit"] * 4 + ["failover"] * 4 + ["reprotect"] * 4
    )
    assert list(result.jobs["operation"]).count("Reverse replicate") == 4


def test_what_a_policy_did_is_a_timeline_that_does_the_same() -> None:
    scenario = shop().with_(CUT)
    result, actions = run_policy(scenario, HomeAgain, seed=2)
    timeline = [*scenario.canonical()["timeline"], *actions]
    told = scenario.with_(timeline=timeline).run(seed=2, progress=False)
    columns = ["machine", "operation", "state"]
    assert told.jobs[columns].equals(result.jobs[columns])
    assert (told.jobs["end_s"] - result.jobs["end_s"]).abs().max() < 1e-3


# --- What goes wrong in a policy ------------------------------------------------------------------


def test_what_a_policy_raises_comes_with_its_place() -> None:
    def wrong(event: Event, sim: lf.Simulation) -> None:
        if event.detail == "Protected":
            raise RuntimeError("no idea what to do")

    with pytest.raises(PolicyError, match="RuntimeError: no idea what to do") as caught:
        run_policy(shop(), wrong)
    assert "test_lab_policy.py" in caught.value.where
    assert "raise RuntimeError" in caught.value.where
    assert "lab/policy.py" not in caught.value.where
    assert caught.value.refusal is None


def test_a_refusal_that_a_policy_does_not_catch_is_its_error() -> None:
    def hasty(event: Event, sim: lf.Simulation) -> None:
        sim.vault.items["web-1"].commit()

    with pytest.raises(PolicyError, match="commit of web-1 is refused") as caught:
        run_policy(shop(), hasty)
    assert caught.value.refusal == "commit"


@pytest.mark.parametrize(
    ("do", "says"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "SIGKILL"),
        (lambda: os._exit(3), "exit code 3"),
    ],
)
def test_a_policy_that_dies_hurts_nobody_else(do: Any, says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        run_policy(shop(), lambda event, sim: do())
    run_policy(shop(duration="1 h"), lambda event, sim: None)


def test_a_policy_that_hangs_ends_at_its_timeout() -> None:
    def forever(event: Event, sim: lf.Simulation) -> None:
        while True:
            pass

    with pytest.raises(PolicyError, match=r"within 0\.3 s"):
        run_policy(shop(), forever, timeout=0.3)


def test_what_a_policy_does_to_its_memory_stays_with_the_run() -> None:
    seen: list[str] = []

    def remembers(event: Event, sim: lf.Simulation) -> None:
        assert len(seen) < 2 or seen[0] == "start"
        seen.append(event.kind)

    run_policy(shop(duration="1 h"), remembers)
    run_policy(shop(duration="1 h"), remembers)
    assert seen == []


def test_a_policy_that_looks_at_the_clock_needs_an_end() -> None:
    class Ticking(Policy):
        every = "1 min"

    with pytest.raises(lf.ScenarioError, match="needs a duration"):
        run_policy(lf.load("gallery:first-migration"), Ticking)


# --- In the lab -----------------------------------------------------------------------------------


def test_a_policy_that_is_right_holds_every_rule() -> None:
    lab = Lab(shop())
    report = lab.explore(policy=HomeAgain, seeds=25, twice=0.2, progress=False)
    assert lab.policy is None
    assert report.ok, report.text()
    assert report.compared > 2


@pytest.mark.slow
def test_failing_back_before_reprotect_has_finished_is_caught_and_made_small(
    tmp_path: Path,
) -> None:
    lab = Lab(shop(), policy=TooHasty)
    report = lab.explore(seeds=60, stop_at=1, corpus=tmp_path, progress=False)
    (failure,) = report.failures
    assert failure.violation.invariant == "operation_refused/failback"
    assert "failback" in failure.violation.text
    assert "lab_samples.py" in failure.violation.text
    assert len(failure.smallest.faults) <= 3
    assert len(failure.plain["machines"]) <= 3
    # The kept case needs no policy: what it did stands in the timeline.
    assert failure.path is not None
    assert [step["do"] for step in failure.plain["timeline"]][-1] == "failback"
    assert replayed(read(failure.path)).failing("operation_refused/failback") is not None


@pytest.mark.slow
def test_two_failovers_of_a_group_at_once_are_caught_and_made_small(tmp_path: Path) -> None:
    lab = Lab(shop(), policy=AllAtOnce, invariants=[one_failover_at_a_time])
    report = lab.explore(seeds=60, stop_at=1, corpus=tmp_path, progress=False)
    (failure,) = report.failures
    assert failure.violation.invariant == "one_failover_at_a_time"
    assert len(failure.smallest.faults) <= 3
    assert len(failure.plain["machines"]) == 2
    assert failure.path is not None
    verdict = replayed(read(failure.path), [one_failover_at_a_time])
    assert verdict.failing("one_failover_at_a_time") is not None


def test_an_error_in_a_policy_is_found_as_its_error() -> None:
    def careless(event: Event, sim: lf.Simulation) -> None:
        if event.kind == "power_lost":
            sim.vault.items["web"].resynchronize()

    lab = Lab(shop(), policy=careless, faults=["power_loss"])
    verdict = lab.run(Case(1, (Fault(HOUR, "power_loss", "db-1"),)))
    violation = verdict.failing("policy_error")
    assert violation is not None
    assert 'UnknownName: there is no item "web"' in violation.text
    assert lab.run(Case(1)).ok


def test_a_policy_that_leaves_things_to_chance_is_found() -> None:
    def gambler(event: Event, sim: lf.Simulation) -> None:
        if event.detail == "Protected" and os.urandom(1)[0] < 128:
            sim.do("power_off", event.subject)

    report = Lab(shop(), policy=gambler).explore(seeds=12, twice=1.0, progress=False, shrink=False)
    assert {failure.violation.kind for failure in report.failures} == {"determinism"}
    assert report.exit_code == 4

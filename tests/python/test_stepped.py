"""A run that is stepped from Python: same tables as a timeline's, refusals, waits, its end."""

from __future__ import annotations

import gc
import json
import os
import pickle
import signal
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import landfall as lf
import pytest
from python.run_samples import eventually, first, is_running

HOUR = 3600.0
#: The operations of a migration, one machine after the other, at dates that are known before.
DATED: list[dict[str, Any]] = [
    {"at": "1 h", "do": "enable_replication", "machines": "web"},
    {"at": "1 h", "do": "enable_replication", "machines": ["app", "db"]},
    {"at": "20 h", "do": "power_off", "machines": "db"},
    {"at": "30 h", "do": "failover", "machines": "web", "recovery_point": "latest_processed"},
    {"at": "31 h", "do": "complete_migration", "machines": "web"},
    {"at": "32 h", "do": "disable_replication", "machines": "app"},
]


def dated(**changes: Any) -> lf.Scenario:
    return first().with_(timeline=DATED, expect=[], **changes)


def values(result: lf.Result) -> dict[str, Any]:
    """Every value of every table, NaN as text, to be compared."""
    return {
        name: {
            column: [repr(value) for value in cells]
            for column, cells in result.to_arrow(name).to_pydict().items()
        }
        for name in result.tables
    }


def as_script(sim: lf.Simulation, timeline: list[dict[str, Any]]) -> None:
    """Do by hand what a timeline of dated entries says."""
    for entry in timeline:
        rest = {key: value for key, value in entry.items() if key not in ("at", "do")}
        sim.run_until(entry["at"])
        sim.do(entry["do"], **rest)


@pytest.fixture
def sim() -> Iterator[lf.Simulation]:
    with lf.open(first(), timeline=False) as opened:
        yield opened


# --- Determinism ----------------------------------------------------------------------------------


@pytest.mark.parametrize("duration", [None, "40 h"])
def test_a_script_and_a_timeline_of_the_same_operations_give_equal_tables(
    duration: str | None,
) -> None:
    scenario = dated(duration=duration)
    told = scenario.run(seed=3, progress=False)
    with lf.open(scenario, seed=3, timeline=False) as sim:
        as_script(sim, DATED)
        stepped = sim.finish()
    assert values(stepped) == values(told)
    assert stepped.simulated_s == told.simulated_s
    assert stepped.scenario_hash == told.scenario_hash


def test_conditions_and_delays_are_the_same_in_both() -> None:
    timeline = [
        {"at": 0, "do": "enable_replication", "machines": "web"},
        {"when": {"state": "protected"}, "do": "failover", "delay": "90 min", "machines": "web"},
        {"when": {"state": "failed_over"}, "do": "complete_migration", "machines": "web"},
    ]
    told = first().with_(timeline=timeline, expect=[]).run(progress=False)
    with lf.open(first(), timeline=False) as sim:
        item = sim.vault.items["web"]
        sim.vault.enable("web")
        sim.run_until(when="protected", machines="web")
        sim.run_for("90 min")
        item.failover()
        sim.run_until(when="failed_over", machines="web")
        item.complete_migration()
        stepped = sim.finish()
    assert values(stepped) == values(told)


def test_the_timeline_of_the_scenario_is_carried_out_unless_it_is_left_out() -> None:
    told = first().run(progress=False)
    with lf.open(first()) as sim:
        stepped = sim.finish()
    assert values(stepped) == values(told)
    with lf.open(first(), timeline=False) as sim:
        assert sim.finish().jobs.empty


def test_looking_changes_nothing() -> None:
    scenario = dated()
    told = scenario.run(progress=False)
    with lf.open(scenario) as sim:
        for hour in range(1, 30):
            sim.run_until(hour * HOUR)
            assert len(sim.vault.items) == 3
            assert [item.rpo for item in sim.vault.items.values()]
        watched = sim.finish()
    assert values(watched) == values(told)


# --- Time -----------------------------------------------------------------------------------------


def test_time_stands_but_for_run_and_wait(sim: lf.Simulation) -> None:
    assert sim.now == 0
    job = sim.vault.enable("web")
    assert sim.now == 0
    assert (job.state, job.machine) == ("InProgress", "web")
    assert sim.run_until("1 h") == HOUR
    assert sim.run_for(0.5) == HOUR + 0.5
    assert sim.run_until(when="protected", machines="web") == sim.now
    assert sim.vault.items["web"].protection_state == "Protected"
    reached = sim.now
    assert sim.run_until(when="protected", machines="web") == reached


def test_simulated_time_does_not_go_back(sim: lf.Simulation) -> None:
    sim.run_until("2 h")
    with pytest.raises(lf.ScenarioError, match="goes forward only"):
        sim.run_until("1 h")
    assert sim.now == 2 * HOUR


def test_any_of_several_machines_or_all(sim: lf.Simulation) -> None:
    sim.do("enable_replication")
    sim.run_until(when={"state": "protected", "of": "each"})
    states = [item.protection_state for item in sim.vault.items.values()]
    assert states.count("Protected") == 1
    sim.run_until(when=lf.When(state="protected", of="all"))
    assert {item.protection_state for item in sim.vault.items.values()} == {"Protected"}


def test_a_wait_ends_with_the_job_or_its_timeout(sim: lf.Simulation) -> None:
    job = sim.vault.enable("web")
    with pytest.raises(lf.GoalNotReached, match="not within the time") as short:
        sim.wait(job, timeout="1 min")
    assert (short.value.reason, sim.now) == ("time", 60.0)
    sim.wait(job)
    assert job.state == "Succeeded"
    assert job.end_s == sim.now
    sim.wait([job, job], timeout=0)


def test_a_state_that_cannot_come_is_told(sim: lf.Simulation) -> None:
    with pytest.raises(lf.GoalNotReached, match="nothing is under way") as stuck:
        sim.run_until(when="protected", machines="web")
    assert stuck.value.reason == "nothing_left"
    sim.vault.enable("web")  # it goes on
    sim.run_until(when="protected", machines="web")


def test_the_duration_of_the_scenario_ends_it() -> None:
    with lf.open(first().with_(duration="3 h", timeline=[], expect=[]), timeline=False) as sim:
        with pytest.raises(lf.GoalNotReached, match="duration was over") as over:
            sim.run_until("4 h")
        assert (over.value.reason, sim.now) == ("end", 3 * HOUR)
        with pytest.raises(lf.GoalNotReached):
            sim.run_for(1)
        assert sim.finish().simulated_s == 3 * HOUR


def test_stop_ends_here(sim: lf.Simulation) -> None:
    sim.vault.enable("web")
    sim.run_until("1 min")
    result = sim.stop()
    assert result.simulated_s == 60
    assert list(result.jobs.state) == ["InProgress"]


# --- Refusals and wrong names ---------------------------------------------------------------------


def test_a_refusal_tells_state_and_alternatives_and_changes_nothing(sim: lf.Simulation) -> None:
    item = sim.vault.items["web"]
    with pytest.raises(lf.OperationRefused, match="web") as refused:
        item.failover()
    error = refused.value
    assert (error.operation, error.machine) == ("failover", "web")
    assert error.state == "UnprotectedStatesBegin"
    assert "EnableReplication" in error.allowed or "enable" in " ".join(error.allowed).lower()
    assert error.why
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert len(sim.vault.jobs) == 0


def test_wrong_names_are_told_with_the_nearest(sim: lf.Simulation) -> None:
    with pytest.raises(lf.UnknownName, match='Did you mean "web"') as unknown:
        sim.vault.items["wev"]
    assert (unknown.value.nearest, unknown.value.known) == ("web", ["web", "app", "db"])
    assert str(pickle.loads(pickle.dumps(unknown.value))) == str(unknown.value)
    with pytest.raises(lf.ScenarioError, match='"failover"') as operation:
        sim.do("failovr", "web")
    assert operation.value.problems[0].nearest == "failover"
    with pytest.raises(lf.ScenarioError, match="selects no machine"):
        sim.do("failover", "wb-*")
    with pytest.raises(lf.ScenarioError) as state:
        sim.run_until(when="protectd")
    assert state.value.problems[0].nearest == "protected"
    with pytest.raises(lf.ScenarioError, match="no such disk"):
        sim.do("resize_disk", "web", disk="no", size="1 TiB")
    assert sim.now == 0


def test_a_scenario_that_is_wrong_does_not_open() -> None:
    wrong = first().with_({"/machines/0/process_server": "nowhere"})
    with pytest.raises(lf.ScenarioError, match="nowhere"):
        lf.open(wrong)


# --- Jobs -----------------------------------------------------------------------------------------


def test_a_job_tells_its_tasks_and_is_exported(sim: lf.Simulation) -> None:
    job = sim.vault.enable("web")
    sim.wait(job)
    names = [task.name for task in job.tasks]
    assert names
    assert {task.state for task in job.tasks} <= {"Succeeded", "Skipped"}
    assert json.loads(job.export())["tasks"][0]["task"] == names[0]
    xml = ElementTree.fromstring(job.export("xml"))
    assert [task.get("task") for task in xml.iter("Task")] == names
    assert len(job.export("csv").splitlines()) == 1 + len(names)
    with pytest.raises(ValueError, match="json"):
        job.export("pdf")  # type: ignore[arg-type]
    assert sim.vault.jobs[0] == job
    assert sim.vault.jobs[-1] in sim.vault.jobs[:]
    assert "Succeeded" in repr(job)
    result = sim.stop()
    assert result.jobs.set_index("job_id").loc[job.number, "state"] == "Succeeded"


def test_everything_shows_itself(sim: lf.Simulation) -> None:
    job = sim.vault.enable("web")
    sim.run_until("1 h")
    item = sim.vault.items["web"]
    for shown in (sim, sim.vault, sim.vault.items, item, sim.vault.jobs, job):
        assert "<" in repr(shown)
        assert "web" in shown._repr_html_()
    assert set(sim.vault.events.columns) == {"t_s", "kind", "subject", "detail"}
    assert "Protected" in set(sim.vault.events.detail)
    assert len(item.recovery_points) > 0
    sim.close()
    for shown in (sim, item, sim.vault.jobs, job):
        assert "<" in repr(shown)


# --- The end of the process -----------------------------------------------------------------------


def test_a_closed_simulation_takes_no_commands(sim: lf.Simulation) -> None:
    job = sim.vault.enable("web")
    sim.finish()
    with pytest.raises(lf.SessionClosed, match="finished"):
        sim.run_for(1)
    with pytest.raises(lf.SessionClosed):
        _ = job.state
    with pytest.raises(lf.SessionClosed):
        sim.finish()
    sim.close()


def test_a_run_that_dies_is_an_exception_with_its_cause(sim: lf.Simulation) -> None:
    process = sim._session._process
    assert eventually(lambda: process.pid)
    os.kill(process.pid, signal.SIGSEGV)
    with pytest.raises(lf.SimulationCrashed, match="SIGSEGV"):
        sim.run_for("1 d")
    with pytest.raises(lf.SessionClosed):
        sim.run_for("1 d")
    assert first().run(progress=False).ok  # nobody else is hurt


def test_a_command_that_takes_too_long_is_ended() -> None:
    with lf.open(first(), timeline=False, timeout=0.2) as sim:
        process = sim._session._process
        assert eventually(lambda: process.pid)
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(lf.SimulationTimeout, match="killed"):
            sim.run_for("1 d")
        assert eventually(lambda: not is_running(process.pid))


def test_memory_is_limited() -> None:
    hungry = first().with_({"/machines/0/count": 3000})
    with pytest.raises(lf.SimulationOutOfMemory):
        lf.open(hungry, memory_limit="1 MiB")


def test_nothing_is_left_behind_when_nobody_closes_it() -> None:
    sim = lf.open(first(), timeline=False)
    process = sim._session._process
    assert eventually(lambda: process.pid)
    pid = process.pid
    del sim
    gc.collect()
    assert eventually(lambda: not is_running(pid))


def test_several_at_a_time_do_not_touch_one_another() -> None:
    with lf.open(first(), timeline=False) as one, lf.open(first(), timeline=False) as other:
        one.vault.enable("web")
        other.run_until("5 h")
        one.run_until("1 h")
        assert len(one.vault.jobs) > 0
        assert len(other.vault.jobs) == 0
        assert (one.now, other.now) == (HOUR, 5 * HOUR)

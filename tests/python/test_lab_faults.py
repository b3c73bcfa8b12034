"""Faults are data: drawn from named streams, written into scenarios, chosen by explorers."""

from __future__ import annotations

import itertools
import json

import landfall as lf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landfall.lab import EXPLORERS, Case, Fault, Lab, kinds
from landfall.lab.cases import Ground, applicable, changes_of, document_of
from landfall.lab.coverage import Coverage, moments, phase_of
from landfall.lab.explorers import _CRASHES, Explorer, explorer_named
from landfall.lab.faults import machine_names, written
from landfall.lab.streams import Stream
from python.lab_samples import shop, tiny

HOUR = 3600.0


@pytest.fixture(scope="module")
def ground(built: None) -> Ground:
    return Lab(shop()).ground


def first(explorer: Explorer, count: int) -> list[Case]:
    return list(itertools.islice(explorer.cases(), count))


# --- Streams --------------------------------------------------------------------------------------


def test_a_stream_is_named_and_its_draws_never_change() -> None:
    assert [Stream(7, "a").below(1000) for _ in range(2)] == [Stream(7, "a").below(1000)] * 2
    assert Stream(7, "a", "b").bits() != Stream(7, "ab").bits()
    # Pinned: a change would give every seed of a corpus another meaning.
    stream = Stream(1, "link", "wan")
    assert [stream.below(100) for _ in range(5)] == [88, 65, 16, 37, 15]


@given(st.integers(0, 2**64 - 1), st.lists(st.integers(), min_size=1, max_size=9))
def test_samples_and_shuffles_keep_what_they_are_of(seed: int, items: list[int]) -> None:
    stream = Stream(seed, "x")
    assert sorted(stream.shuffled(items)) == sorted(items)
    chosen = stream.sample(range(len(items)), len(items) // 2)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == len(items) // 2
    assert all(0 <= stream.below(len(items)) < len(items) for _ in range(5))
    assert 2.0 <= stream.between(2.0, 3.0) < 3.0


# --- Faults ---------------------------------------------------------------------------------------


def test_a_fault_is_the_same_after_json() -> None:
    for kind in kinds():
        document = json.loads(tiny().to_json())
        for target in kind.targets(document)[:1]:
            fault = kind.draw(document, target, 60.0, HOUR, Stream(1, kind.name))
            told = json.loads(json.dumps(fault.to_dict()))
            assert Fault.from_dict(told) == fault
            assert told["kind"] == kind.name


def test_an_unknown_kind_is_told_with_the_nearest() -> None:
    with pytest.raises(lf.ScenarioError, match='Did you mean "link_outage"') as caught:
        Fault.from_dict({"kind": "link_outtage", "at": 0, "link": "wan"})
    assert "power_loss" in caught.value.problems[0].allowed
    with pytest.raises(lf.UnknownName, match='Did you mean "power_loss"'):
        Lab(shop(), faults=["powerloss"])


def test_a_fault_on_what_does_not_exist_is_told_with_the_nearest() -> None:
    document = json.loads(shop().to_json())
    with pytest.raises(lf.UnknownName, match='there is no link for link_outage "backbon"'):
        written(document, [Fault(0.0, "link_outage", "backbon", 5.0)])
    with pytest.raises(lf.UnknownName, match='Did you mean "web-1"'):
        written(document, [Fault(0.0, "power_loss", "web-11")])


def test_a_fault_is_over_before_the_run_is() -> None:
    document = json.loads(shop().to_json())
    for kind in kinds():
        for target in kind.targets(document)[:1]:
            for at_s in (0.0, 43_000.0, 43_199.9):
                fault = kind.draw(document, target, at_s, 43_200.0, Stream(1, kind.name))
                assert 0.0 <= fault.at_s <= fault.end_s < 43_200.0


def test_every_kind_makes_a_right_scenario_of_every_target_that_it_has(built: None) -> None:
    for scenario in (shop(), tiny()):
        document = json.loads(scenario.to_json())
        entities = applicable(scenario)
        assert {"link_outage", "power_loss", "operator"} <= {kind.name for kind, _ in entities}
        for kind, target in entities:
            fault = kind.draw(document, target, HOUR, 3 * HOUR, Stream(1, target))
            made = lf.Scenario.from_dict(document_of(document, Case(faults=(fault,))))
            assert made.check() == [], kind.name


def test_a_crash_of_the_replica_side_is_for_machines_at_block_fidelity(built: None) -> None:
    assert "replica_crash" not in {kind.name for kind, _ in applicable(shop())}
    assert "replica_crash" in {kind.name for kind, _ in applicable(tiny())}


def test_operations_that_meet_a_fault_may_be_refused_and_no_others() -> None:
    document = json.loads(shop().to_json())
    assert changes_of(document, Case()) == {}
    (first_step, *_) = changes_of(document, Case(faults=(Fault(5.0, "power_loss", "web-1"),)))[
        "timeline"
    ]
    assert first_step["refused"] == "either"
    assert document["timeline"][0]["refused"] is False


def test_members_of_a_group_have_padded_numbers() -> None:
    assert machine_names({"machines": [{"name": "a", "count": 10}, {"name": "b"}]})[:2] == [
        "a-01",
        "a-02",
    ]


# --- Explorers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_gives_equal_cases_for_equal_seeds(name: str, ground: Ground) -> None:
    make = explorer_named(name)
    cases = first(make(ground, 1), 20)
    assert cases == first(make(ground, 1), 20)
    assert len({case.faults for case in cases}) > 15
    if name not in ("exhaustive", "crash", "pairwise"):
        assert first(make(ground, 2), 19) == cases[1:]
    for case in cases:
        assert case.faults, "each case has a fault"
        assert all(0.0 <= fault.at_s <= ground.horizon_s + 1.0 for fault in case.faults)


def test_a_machine_more_does_not_move_the_faults_of_others(ground: Ground) -> None:
    fewer = Ground(
        ground.document,
        tuple(entity for entity in ground.entities if not entity[1].startswith("db-2")),
        ground.horizon_s,
        ground.instants,
        ground.log,
        ground.points,
    )
    explorer, other = (explorer_named("random")(each, 1) for each in (ground, fewer))
    shared = 0
    for whole, part in zip(first(explorer, 60), first(other, 60), strict=True):
        drawn = {(fault.kind, fault.target): fault for fault in reversed(part.faults)}
        for fault in reversed(whole.faults):
            twin = drawn.get((fault.kind, fault.target))
            if len(part.faults) > 1 and twin is not None:  # one fault alone is drawn otherwise
                shared += 1
                assert fault in part.faults or twin in whole.faults
    assert shared > 20


def test_a_swarm_leaves_out_half_of_the_kinds(ground: Ground) -> None:
    count = len(ground.kinds)
    seen = set()
    for case in first(explorer_named("swarm")(ground, 1), 400):
        met = {fault.kind for fault in case.faults}
        assert len(met) <= (count + 1) // 2
        seen |= met
    assert seen == {kind.name for kind in ground.kinds}


def test_crashes_come_at_and_just_after_every_instant(ground: Ground) -> None:
    cases = list(explorer_named("crash")(ground, 1).cases())
    targets = [e for e in ground.entities if e[0].name in _CRASHES]
    points = sorted({*ground.instants, *ground.points})
    assert len(cases) == 2 * len(points) * len(targets)
    instants = {fault.at_s for case in cases for fault in case.faults}
    for at_s in points:
        assert at_s in instants
        assert at_s + 1e-6 in instants


def test_pairs_of_faults_and_phases_are_all_there(ground: Ground) -> None:
    phases = {"enabling", "initial copy", "journal", "publish"}
    machines = machine_names(ground.document)
    cells = set()
    for case in first(explorer_named("pairwise")(ground, 1), 9 * len(ground.kinds)):
        for fault in case.faults:
            own = fault.target
            for machine in [own] if own in machines else machines:
                cells.add((fault.kind, phase_of(ground.log, machine, fault.at_s)))
                for phase, spans in moments(ground.log, machine).items():
                    if any(begin <= fault.at_s <= end for begin, end in spans):
                        cells.add((fault.kind, phase))
    assert {(kind.name, phase) for kind in ground.kinds for phase in phases} <= cells


def test_exhausting_ends_and_repeats_nothing(built: None) -> None:
    ground = Lab(tiny(), faults=["power_loss"]).ground
    cases = list(explorer_named("exhaustive")(ground, 1).cases())
    singles = [case for case in cases if len(case.faults) == 1]
    count = len(singles)
    assert count == 2 * len(ground.instants[:: max(1, -(-len(ground.instants) // 8))])
    assert len(cases) == count + count * (count - 1) // 2
    assert len({case.faults for case in cases}) == len(cases)


def test_coverage_follows_what_was_new(ground: Ground) -> None:
    explorer = explorer_named("coverage")(ground, 1)
    cases = explorer.cases()
    parent = next(cases)
    explorer.learn(parent, new=True)
    children = [next(cases) for _ in range(40)]
    related = [case for case in children if set(case.faults) & set(parent.faults)]
    assert len(related) > 10
    assert any(case not in related for case in children)


def test_an_unknown_explorer_is_told_with_the_nearest(built: None) -> None:
    with pytest.raises(lf.UnknownName, match='Did you mean "swarm"'):
        Lab(shop()).explore(explorer="swarn", progress=False)


# --- Coverage -------------------------------------------------------------------------------------


def test_a_cell_or_a_new_order_of_magnitude_is_new() -> None:
    coverage = Coverage()
    assert coverage.add({("power_loss", "idle"): 1}, {"event/x": 1})
    assert not coverage.add({("power_loss", "idle"): 5}, {"event/x": 1})
    assert coverage.add({}, {"event/x": 2})
    assert not coverage.add({}, {"event/x": 3})
    assert coverage.hits("power_loss", "idle") == 6


def test_what_is_under_way_comes_before_the_state() -> None:
    log = {
        "events": [[0.0, "state", "vm", "EnablingProtection"], [50.0, "state", "vm", "Protected"]],
        "jobs": [
            ["Enable protection", "vm", 0.0, 20.0, "Succeeded"],
            ["Failover", "vm", 90.0, None, "InProgress"],
        ],
        "copies": [["initial copy", "vm", 20.0, 40.0]],
    }
    found = [phase_of(log, "vm", t) for t in (10.0, 30.0, 45.0, 60.0, 95.0)]
    assert found == ["enabling", "initial copy", "idle", "journal", "failover"]

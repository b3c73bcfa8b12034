"""Engines, fidelities, groups, block workloads and disk events: what fits, and what does not.

The scenario with a machine for every engine is shared with the C++ tests.
"""

from __future__ import annotations

import copy
import json
from itertools import product
from pathlib import Path
from typing import Any, get_args

import landfall as lf
import pytest
from jsonschema import Draft202012Validator
from landfall import machines, pointers
from python.scenario_samples import drop, put

ENGINES: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "support" / "engines.json").read_text("utf-8")
)
KINDS = get_args(machines.MachineKind)

#: What is wrong, the change, code and pointer, and what the message says. Told when it is loaded.
WRONG_ALONE: list[tuple[str, str, Any, str, str, str]] = [
    ("engine of other kinds", "/machines/1/replication", "failback", "SCN017", "", "kind \"aws\""),
    ("unknown engine", "/machines/1/replication", "inmage", "SCN006", "", ""),
    ("unknown kind", "/machines/2/kind", "hyperv", "SCN006", "", ""),
    ("no process server", "/machines/1/process_server", None, "SCN005", "", "replication needs it"),
    ("server for Hyper-V", "/machines/2/process_server", "ps-up", "SCN008", "", "does not go with"),
    ("no host", "/machines/2/host", None, "SCN005", "", ""),
    ("no account", "/machines/2/storage_account", None, "SCN005", "", ""),
    ("no target site", "/machines/3/target_site", None, "SCN005", "", ""),
    ("no target region", "/machines/4/target_region", None, "SCN005", "", ""),
    ("no failover", "/machines/7/failed_over", None, "SCN005", "", ""),
    ("failover elsewhere", "/machines/1/failed_over", {}, "SCN008", "", ""),
    ("new machine", "/machines/7/failed_over/location", "alternate", "SCN008", "", "full-download"),
    ("zones of VMware", "/machines/1/zone_to_zone", True, "SCN008", "", ""),
    ("disks shipped to Azure", "/machines/2/initial_copy", "offline", "SCN008", "", "no disk"),
    ("no time for shipping", "/machines/3/offline_takes", None, "SCN005", "", ""),
    ("no shipping", "/machines/3/initial_copy", "network", "SCN008", "/machines/3/offline_takes",
     ""),
    ("group of Hyper-V", "/machines/2/consistency_group", "shop", "SCN008", "", ""),
    ("server to nowhere", "/process_servers/0/storage_account", None, "SCN005", "", ""),
    ("server to two", "/process_servers/0/master_target", "mt-hq", "SCN008", "", "one of them"),
    ("three threads", "/sites/0/hosts/0/upload_threads", 3, "SCN007", "", "at least 4"),
    ("33 threads", "/sites/0/hosts/0/upload_threads", 33, "SCN007", "", "at most 32"),
    ("every 45 s", "/policies/0/replication_interval", "45 s", "SCN007", "",
     "30 seconds, 5 minutes or 15 minutes"),
    ("sectors of 1024", "/machines/0/sector_size", 1024, "SCN006", "", ""),
    ("sectors at volume fidelity", "/machines/1/sector_size", 512, "SCN008", "", "block"),
    ("key of another pattern", "/machines/2/churn/zipf_alpha", 1, "SCN008", "", "zipf"),
    ("no window", "/machines/3/churn/window", None, "SCN005", "", ""),
    ("no period", "/machines/4/churn/period", None, "SCN005", "", ""),
    ("unknown pattern", "/machines/3/churn/pattern", "flood", "SCN006", "", ""),
    ("no writes", "/machines/2/churn/writes_per_second", 0, "SCN007", "", "more than 0"),
    ("share above one", "/machines/2/churn/trim_share", 1.5, "SCN007", "", "at most 1"),
    ("falling fold", "/machines/1/disks/0/fold", [["1 MiB", 5], ["2 MiB", 4]], "SCN007", "",
     "must rise"),
    ("fold above written", "/machines/1/disks/0/fold", [[5, 6]], "SCN007", "", ""),
    ("fold and set", "/machines/1/disks/0/working_set", 4096, "SCN008", "/machines/1/disks/0/fold",
     "working_set"),
    ("fold of one", "/machines/1/disks/0/fold", [[5]], "SCN004", "/machines/1/disks/0/fold/0",
     "two sizes"),
    ("event without a disk", "/timeline/3/disk", None, "SCN005", "", ""),
    ("event without a size", "/timeline/2/size", None, "SCN005", "", ""),
    ("size elsewhere", "/timeline/3/size", "1 GiB", "SCN008", "", "resize_disk"),
    ("disk of an operation", "/timeline/0/disk", "os", "SCN008", "", "replace_disk"),
    ("negative hold", "/consistency_groups/0/hold", -1, "SCN007", "", ""),
    ("hold in bytes", "/consistency_groups/0/hold", "50 MB", "SCN003", "", "duration"),
    ("oracles as text", "/oracles", "yes", "SCN004", "", "true or false"),
]  # fmt: skip

#: The same for what only shows against the rest of the file. Told by `check`.
WRONG_TOGETHER: list[tuple[str, str, Any, str, str, str]] = [
    ("Azure machine in a site", "/machines/4/site", "hq", "SCN010", "", "live in a region"),
    ("Scout to Azure", "/machines/6/process_server", "ps-up", "SCN017", "", "master target"),
    ("account elsewhere", "/machines/4/storage_account", "cache-we", "SCN014", "", "machine"),
    ("own site", "/machines/3/target_site", "hq", "SCN014", "", "must be in another"),
    ("17 members", "/machines/0/count", 17, "SCN045", "/consistency_groups/0", "allows 16"),
    ("two engines", "/machines/4/consistency_group", "shop", "SCN045", "", "all members"),
    ("half a sector", "/machines/0/disks/0/size", 67108865, "SCN024", "", "512 bytes"),
    ("65 GiB", "/machines/2/disks/0/size", "65 GiB", "SCN020", "", "at most 64 GiB"),
    ("bytes for writes", "/machines/2/churn", {"kind": "constant", "rate": 5}, "SCN025",
     "/machines/2/churn/kind", "block fidelity needs"),
    ("premium every 30 s", "/machines/2/disks/0/target", "premium_ssd", "SCN032", "", "5 minutes"),
    ("no such disk", "/timeline/3/disk", "oz", "SCN010", "", "no such disk"),
    ("shrinking disk", "/timeline/2/size", "1 MiB", "SCN007", "", "grow only"),
    ("restart at volume fidelity", "/timeline/1/machines", "ec2", "SCN025", "/timeline/1/do",
     "volume fidelity"),
]  # fmt: skip


def changed(pointer: str, value: Any) -> dict[str, Any]:
    """Return the scenario with `value` at `pointer`, or without that key when it is None."""
    document = copy.deepcopy(ENGINES)
    (drop(pointer) if value is None else put(pointer, value))(document)
    if pointer == "/machines/0/count":
        document["timeline"][1]["machines"] = "web-01"
    return document


def test_a_machine_for_every_engine_survives_the_round_trip() -> None:
    scenario = lf.Scenario.from_dict(ENGINES)
    assert {machine.engine for machine in scenario.machines} == set(machines.RULES)
    again = lf.Scenario.from_json(scenario.to_json())
    assert again == scenario
    assert again.hash == scenario.hash
    canonical = scenario.canonical()
    assert canonical["policies"][0]["replication_interval"] == 300
    assert canonical["machines"][1]["disks"][0]["fold"][1] == [2**30, 500_000_000]
    assert canonical["oracles"] is False
    block = canonical["machines"][0]["churn"]
    assert (block["kind"], block["zipf_alpha"], block["write_size"]) == ("block", 1.2, 4096)


def test_the_schema_accepts_it_as_written_and_in_canonical_form() -> None:
    validator = Draft202012Validator(lf.scenario_schema())
    assert list(validator.iter_errors(ENGINES)) == []
    canonical = lf.Scenario.from_dict(ENGINES).canonical()
    assert list(validator.iter_errors(canonical)) == []


def test_people_write_units() -> None:
    document = changed("/policies/0/replication_interval", "15 min")
    document["machines"][0]["disks"][0]["size"] = "64 MiB"
    document["machines"][1]["disks"][0]["fold"] = [["1 MiB", "0.9 MiB"], ["1 GiB", "0.5 GiB"]]
    document["consistency_groups"][0]["hold"] = "80 ms"
    scenario = lf.Scenario.from_dict(document)
    assert scenario.policies[0].replication_interval == 900
    assert scenario.machines[1].disks[0].fold[1] == (2**30, 2**29)
    assert scenario.consistency_groups[0].hold == 0.08
    assert not list(Draft202012Validator(lf.scenario_schema()).iter_errors(document))


@pytest.mark.parametrize("case", WRONG_ALONE, ids=lambda case: case[0])
def test_what_is_wrong_by_itself(case: tuple[str, str, Any, str, str, str]) -> None:
    _, pointer, value, code, at, says = case
    with pytest.raises(lf.ScenarioError) as caught:
        lf.Scenario.from_dict(changed(pointer, value))
    (problem,) = caught.value.problems
    assert (problem.code, problem.pointer) == (code, at or pointer)
    assert says in problem.message


@pytest.mark.parametrize("case", WRONG_ALONE, ids=lambda case: case[0])
def test_the_simulator_says_the_same(case: tuple[str, str, Any, str, str, str]) -> None:
    model = pytest.importorskip("landfall._model")
    _, pointer, value, code, at, _ = case
    if isinstance(value, str) and code in ("SCN007", "SCN003"):
        pytest.skip("the canonical form has no units")
    if pointer.endswith("/fold"):
        value = [[2**20 if size == "1 MiB" else size for size in pair] for pair in value]
        value = [[2**21 if size == "2 MiB" else size for size in pair] for pair in value]
    if value == "1 GiB":
        value = 2**30
    problems = model.check(json.dumps(changed(pointer, value)))
    assert (code, at or pointer) in {(found["code"], found["pointer"]) for found in problems}


@pytest.mark.parametrize("case", WRONG_TOGETHER, ids=lambda case: case[0])
def test_what_does_not_fit_together(case: tuple[str, str, Any, str, str, str]) -> None:
    pytest.importorskip("landfall._model")
    _, pointer, value, code, at, says = case
    (problem,) = lf.Scenario.from_dict(changed(pointer, value)).check()
    assert (problem.code, problem.pointer) == (code, at or pointer)
    assert says in problem.message


def test_nothing_is_wrong_with_the_sample() -> None:
    pytest.importorskip("landfall._model")
    assert lf.Scenario.from_dict(ENGINES).check() == []


@pytest.mark.parametrize(("kind", "engine"), list(product(KINDS, machines.RULES)))
def test_models_and_simulator_agree_on_kinds_and_engines(kind: str, engine: str) -> None:
    model = pytest.importorskip("landfall._model")
    document = copy.deepcopy(ENGINES)
    found = {
        place: _code_at(document | {"machines": [_of(engine, kind)]}, place, model)
        for place in ("python", "simulator")
    }
    fits = kind in machines.RULES[engine].kinds
    assert found == dict.fromkeys(found, None if fits else "SCN017")


@pytest.mark.parametrize("engine", machines.RULES)
def test_models_and_simulator_agree_on_the_keys_of_an_engine(engine: str) -> None:
    model = pytest.importorskip("landfall._model")
    values = {
        "process_server": "ps-up", "host": "hv-1", "storage_account": "cache-we",
        "target_site": "branch", "target_region": "westeurope", "failed_over": {},
        "consistency_group": "bank",
    }  # fmt: skip
    machine = _of(engine)
    for key in values:
        entry = {name: value for name, value in machine.items() if name != key}
        if key not in machine:
            entry[key] = values[key]
        codes = {
            place: _code_at(ENGINES | {"machines": [entry]}, place, model, key)
            for place in ("python", "simulator")
        }
        assert len(set(codes.values())) == 1, (key, codes)


def _of(engine: str, kind: str | None = None) -> dict[str, Any]:
    """Return the machine of `engine`, called one of `kind`."""
    names = {machine["name"]: machine for machine in copy.deepcopy(ENGINES)["machines"]}
    (machine,) = [
        names[machine.name]
        for machine in lf.Scenario.from_dict(ENGINES).machines
        if machine.engine == engine and machine.name not in ("zone", "ec2")
    ]
    made: dict[str, Any] = machine | {"replication": engine}
    return made | ({"kind": kind} if kind else {})


def _code_at(document: dict[str, Any], place: str, model: Any, key: str = "replication") -> Any:
    """Return the code of the problem with `key` of the only machine, or None."""
    pointer = pointers.join(["machines", 0, key])
    document = document | {"timeline": [], "duration": 60}
    if place == "simulator":
        problems = [lf.Problem.from_dict(p) for p in model.check(json.dumps(document))]
    else:
        try:
            lf.Scenario.from_dict(document)
        except lf.ScenarioError as error:
            problems = list(error.problems)
        else:
            return None
    codes = [p.code for p in problems if p.pointer == pointer]
    return next((code for code in codes if code in ("SCN005", "SCN008", "SCN017")), None)

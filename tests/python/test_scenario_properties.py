"""Scenarios under Hypothesis: what is dumped loads again, and nothing does worse than a problem."""

from __future__ import annotations

from typing import Any

import landfall as lf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landfall import pointers
from python.scenario_samples import small

_names = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="*?{}"),
    min_size=1,
    max_size=12,
)


def _quantity(units: str, most: int = 10**6) -> st.SearchStrategy[str | int | float]:
    numbers = st.integers(1, most) | st.decimals(1, most, places=3).map(str)
    return st.integers(8, most) | st.builds(
        lambda number, unit: f"{number} {unit}", numbers, st.sampled_from(units.split())
    )


_sizes = _quantity("B kB KB MB GB TB KiB MiB GiB", 10**5)
_durations = _quantity("s ms min h d", 10**3) | st.sampled_from(["2 d 3 h", "PT15M", "1h30min"])
_rates = _quantity("B/s KB/s MB/s MiB/s Mbit/s Mbps GB/h", 10**4)
_times = st.integers(0, 86_400) | st.times().map(lambda time: f"{time:%H:%M}")
_churn = st.one_of(
    st.just({"kind": "none"}),
    st.fixed_dictionaries({"kind": st.just("constant"), "rate": _rates}),
    st.fixed_dictionaries(
        {"kind": st.just("diurnal"), "mean": _rates},
        optional={
            "amplitude": st.floats(0, 1),
            "peak_at": _times,
            "noise": st.floats(0, 5),
            "step": _durations,
            "backups": st.lists(
                st.fixed_dictionaries({"from": _times, "to": _times, "rate": _rates}), max_size=2
            ),
        },
    ),
    st.fixed_dictionaries(
        {"kind": st.just("trace"), "file": _names, "column": _names},
        optional={
            "unit": st.sampled_from(["KiB/s", "MB/s", "8 Mbit/s", 1024]),
            "repeat": st.booleans(),
            "scale": st.floats(0, 100),
            "separator": st.sampled_from([",", ";\t"]),
        },
    ),
)
_disks = st.fixed_dictionaries(
    {"name": _names, "size": st.just("200 PiB"), "used": _sizes},
    optional={"churn": st.none() | _churn, "churn_share": st.floats(0, 100), "working_set": _sizes},
)
_machines = st.fixed_dictionaries(
    {"name": _names, "disks": st.lists(_disks, min_size=1, max_size=2)},
    optional={
        "count": st.integers(1, 1000),
        "os": st.sampled_from(["windows", "linux"]),
        "initial_state": st.sampled_from([None, "protected", "unprotected"]),
        "churn": _churn,
    },
).map(lambda machine: {"site": "dc", "process_server": "ps", "policy": "daily", **machine})
_steps = st.fixed_dictionaries(
    {"do": st.sampled_from(["failover", "commit", "power_off"])},
    optional={"machines": st.just("all") | _names | st.lists(_names, min_size=1, max_size=2)},
).flatmap(
    lambda step: st.one_of(
        _durations.map(lambda at: step | {"at": at}),
        st.tuples(st.sampled_from(["protected", "committed"]), _durations).map(
            lambda when: step | {"when": {"state": when[0], "of": "all"}, "delay": when[1]}
        ),
    )
)
_expectations = st.one_of(
    st.builds(lambda limit: {"metric": "rpo_s_max", "at_most": limit}, _durations),
    st.builds(lambda limit: {"metric": "wan_bytes", "at_least": limit, "of": "total"}, _sizes),
    st.builds(lambda limit: {"metric": "resyncs", "equals": limit}, st.integers(0, 10)),
    st.builds(
        lambda limit: {"metric": "state", "equals": limit},
        st.sampled_from(["migrated", "Protected"]),
    ),
)
_documents = st.fixed_dictionaries(
    {
        "name": _names,
        "machines": st.lists(_machines, min_size=1, max_size=3),
        "timeline": st.lists(_steps, min_size=1, max_size=3),
    },
    optional={
        "description": st.text(st.characters(codec="utf-8"), max_size=30),
        "duration": _durations,
        "expect": st.lists(_expectations, max_size=3),
        "routers": st.lists(_names, max_size=2),
    },
).map(lambda document: small() | {"templates": {}} | document)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(_documents)
def test_loading_what_was_dumped_gives_the_same_scenario(document: dict[str, Any]) -> None:
    scenario = lf.Scenario.from_dict(document)
    again = lf.Scenario.from_json(scenario.to_json())
    assert again == scenario
    assert again.canonical() == scenario.canonical()
    assert again.hash == scenario.hash
    assert lf.Scenario.from_json(scenario.to_json(indent=2)) == scenario
    assert scenario.with_() == scenario


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_json_anywhere_is_a_scenario_or_a_scenario_error(data: st.DataObject) -> None:
    """Whatever stands wherever: problems, with pointers that lead into the document."""
    document = small()
    places = [place for place, _ in _walk(document)]
    place = data.draw(st.sampled_from(places))
    junk = data.draw(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
            | st.sampled_from(["5 min", "5 GiB", "5 MB/s", "08:00", "all", "server"]),
            lambda inner: st.lists(inner, max_size=2)
            | st.dictionaries(st.text(max_size=4) | st.just("kind"), inner, max_size=2),
            max_leaves=4,
        )
    )  # fmt: skip
    pointers.assign(document, place, junk)
    try:
        lf.Scenario.from_dict(document).to_json()
    except lf.ScenarioError as error:
        for problem in error.problems:
            *parent, _ = pointers.split(problem.pointer) or [""]
            assert pointers.find(document, parent)[0], problem
            str(problem).encode()


def _walk(node: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str, Any]]:
    children: list[tuple[str | int, Any]] = []
    if isinstance(node, dict):
        children = list(node.items())
    elif isinstance(node, list):
        children = list(enumerate(node))
    found = [(pointers.join((*place, key)), child) for key, child in children]
    for key, child in children:
        found += _walk(child, (*place, key))
    return found

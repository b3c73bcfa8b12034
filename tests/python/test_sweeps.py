"""Sweeps: what varies, designs, seeds, metrics, and what is told before anything runs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import landfall as lf
import numpy as np
import pytest
from landfall.progress import Progress
from landfall.sweeps import Change, Choice, Precision, Range, designs, keys
from landfall.sweeps.metrics import metrics_of
from landfall.sweeps.parameters import Parameter, parameters
from python.run_samples import first

BANDWIDTH = "/links/internet/bandwidth"


def places(name: str) -> tuple[str, ...]:
    (found,) = parameters(first(), {name: ["1 h"]})
    return found.places


def problems_of(over: dict[str, Any], **options: Any) -> list[lf.Problem]:
    with pytest.raises(lf.ScenarioError) as caught:
        lf.sweep(first(), over, progress=False, **options)
    return caught.value.problems


# --- What varies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (BANDWIDTH, ("/links/0/bandwidth",)),
        ("links.internet.bandwidth", ("/links/0/bandwidth",)),
        ("/links/0/bandwidth", ("/links/0/bandwidth",)),
        ("/machines/*/policy", tuple(f"/machines/{k}/policy" for k in range(3))),
        ("/machines/[aw]*/policy", ("/machines/0/policy", "/machines/1/policy")),
        ("/machines/app/disks/data/used", ("/machines/1/disks/1/used",)),
        ("/profile/override/commit_time", ("/profile/override/commit_time",)),
    ],
)
def test_a_place_goes_by_name_number_or_pattern(name: str, expected: tuple[str, ...]) -> None:
    assert places(name) == expected


@pytest.mark.parametrize(
    ("name", "pointer", "nearest"),
    [
        ("/links/internt/bandwidth", "/links/internt", "internet"),
        ("/link/internet/bandwidth", "/link", "links"),
        ("/links/internet/bandwith", "/links/0/bandwith", "bandwidth"),
        ("/machines/wbe/policy", "/machines/wbe", "web"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(name: str, pointer: str, nearest: str) -> None:
    (problem,) = problems_of({name: ["1 Gbit/s"]})
    assert (problem.pointer, problem.nearest) == (pointer, nearest)


def test_all_that_is_wrong_is_told_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lf.sweeps.experiment.Runner, "run", None)
    found = problems_of(
        {BANDWIDTH: ["200 Mbit/s", "fast"], "/machines/*/policy": ["24-hours", "no such"]}
    )
    assert {p.found for p in found} == {'"fast"', '"no such"'}
    assert all(p.code in ("SCN003", "SCN010") for p in found)


@pytest.mark.parametrize(
    ("over", "options", "words"),
    [
        ({BANDWIDTH: "200 Mbit/s"}, {}, "takes a list"),
        ({BANDWIDTH: []}, {}, "at least one value"),
        ({BANDWIDTH: Range(1, 2)}, {}, "a grid takes a list"),
        ({BANDWIDTH: [1], "links.0.bandwidth": [2]}, {}, "is set by"),
        ({BANDWIDTH: Range(1, 2)}, {"design": "lhs"}, "takes n"),
        ({}, {"design": "lhs", "n": 4}, "at least one parameter"),
        ({BANDWIDTH: Range(1, 2)}, {"design": "saltelli", "n": 3}, "power of two"),
        ({BANDWIDTH: [1]}, {"replications": 0}, "from 1 on"),
        ({"x": Change(lambda s, v: 3, [1])}, {}, "not a scenario"),
        ({"/machines/0/count": [3_000_000]}, {}, "machine"),
        ({"seed": Change(lambda s, v: s, [1])}, {}, "column of the table"),
    ],
)
def test_bad_input_says_where(over: Any, options: Any, words: str) -> None:
    assert any(words in problem.message for problem in problems_of(over, **options))


def test_a_problem_elsewhere_says_which_values_made_it() -> None:
    slow = Change(lambda s, v: s.with_({"/links/0/bandwidth": v}), ["1 Gbit/s", "never"])
    (problem,) = problems_of({"speed": slow})
    assert problem.pointer == "/links/0/bandwidth"
    assert 'speed = "never"' in problem.message


@pytest.mark.parametrize("design", ["gird", ""])
def test_an_unknown_design_is_told_with_the_nearest(design: str) -> None:
    with pytest.raises(lf.UnknownName, match="there is no design"):
        lf.sweep(first(), {BANDWIDTH: ["1 Gbit/s"]}, design=design, progress=False)


def test_an_unknown_metric_is_told_before_anything_runs() -> None:
    with pytest.raises(lf.UnknownName, match='Did you mean "rpo_s_p95"'):
        lf.sweep(first(), metrics="rpo_p95", progress=False)
    with pytest.raises(lf.UnknownName, match="there is no metric"):
        lf.sweep(first(), until=Precision("rpo", relative=0.1), progress=False)


@pytest.mark.parametrize(
    "arguments",
    [(2, 1), (1, 1), (0, 1, None, True), (float("nan"), 1), (0, math.inf)],
)
def test_a_range_that_is_none_is_refused(arguments: Any) -> None:
    with pytest.raises(ValueError, match="a Range"):
        Range(*arguments)


# --- Designs --------------------------------------------------------------------------------------


def two() -> list[Parameter]:
    return [Parameter("a", Range(0, 10)), Parameter("b", Choice("x", "y"))]


def test_a_latin_hypercube_has_one_point_in_each_slice() -> None:
    drawn = designs.design("lhs", two(), 20, entropy=7)
    slices = sorted(int(value * 2) for value, _ in drawn.points)
    assert slices == list(range(20))  # 20 slices of width 0.5
    assert sorted(choice for _, choice in drawn.points) == ["x"] * 10 + ["y"] * 10


def test_a_sobol_sequence_is_balanced() -> None:
    drawn = designs.design("sobol", two(), 16, entropy=7)
    quarters = [(value >= 5, choice == "y") for value, choice in drawn.points]
    assert all(quarters.count(quarter) == 4 for quarter in set(quarters))


@pytest.mark.parametrize("kind", ["lhs", "sobol", "saltelli", "morris"])
def test_the_same_entropy_draws_the_same_design(kind: str) -> None:
    points = [designs.design(kind, two(), 8, entropy).points for entropy in (3, 3, 4)]
    assert points[0] == points[1] != points[2]


def test_a_grid_is_the_product() -> None:
    over = [Parameter("a", Choice(1, 2)), Parameter("b", Range(0, 4))]
    assert designs.design("grid", over, 3, 1).points == [
        *[(1, 0.0), (1, 2.0), (1, 4.0), (2, 0.0), (2, 2.0), (2, 4.0)]
    ]


def test_seeds_do_not_depend_on_how_many_there_are_and_differ() -> None:
    seeds = [keys.seed_of(5, r) for r in range(200)]
    children = np.random.SeedSequence(5).spawn(200)
    assert seeds == [int(c.generate_state(1, np.uint64)[0] >> 11) for c in children]
    own = [keys.seed_of(5, r, v) for r in range(20) for v in range(20)]
    assert len({*seeds, *own}) == 600


# --- Runs -----------------------------------------------------------------------------------------


def test_the_table_has_what_a_single_run_has() -> None:
    sweep = lf.sweep(first(), {BANDWIDTH: ["100 Mbit/s", "1 Gbit/s"]}, progress=False)
    for row in sweep.table.to_dict("records"):
        scenario = first().with_({"/links/0/bandwidth": row[BANDWIDTH]})
        result = scenario.run(seed=row["seed"], progress=False)
        assert row["rpo_s_p95"] == result.totals["rpo_s_p95"]
        assert row["downtime_s_max"] == result.machines["downtime_s"].max()
        assert row["cost_total"] == pytest.approx(result.machines["cost_total"].sum())
        carried = result.links.set_index(["link", "direction"])["bytes"]
        assert row["link_bytes[internet forward]"] == carried["internet", "forward"]
        assert row["status"] == "ok"
    assert sweep.scenario(1).hash == first().with_({"/links/0/bandwidth": "1 Gbit/s"}).hash


def test_common_random_numbers_make_differences_narrow() -> None:
    """The same noise in both variants cancels; independent noise adds up."""
    over = {BANDWIDTH: ["200 Mbit/s", "205 Mbit/s"]}
    common, independent = (
        lf.sweep(first(), over, replications=10, common_random_numbers=kind, progress=False)
        for kind in (True, False)
    )
    assert len(set(common.table["seed"])) == 10
    assert len(set(independent.table["seed"])) == 20
    paired, apart = (s.compare(0, 1, "wan_bytes") for s in (common, independent))
    assert paired.difference.half_width < 0.3 * apart.difference.half_width
    assert paired.difference.half_width < 0.3 * paired.independent_half_width
    assert paired.correlation > 0.9


def test_the_same_scenario_twice_runs_once() -> None:
    sweep = lf.sweep(first(), {BANDWIDTH: ["1 Gbit/s", "1000 Mbit/s", 10**9]}, progress=False)
    assert (sweep.made, len(sweep.table)) == (1, 3)
    assert sweep.table["rpo_s_p95"].nunique() == 1


def test_a_function_changes_what_paths_cannot() -> None:
    def shifted(scenario: lf.Scenario, policy: str) -> lf.Scenario:
        return scenario.with_({"/policies/0/retention": policy})

    sweep = lf.sweep(first(), {"keep": Change(shifted, ["24 h", "48 h"])}, progress=False)
    assert list(sweep.table["keep"]) == ["24 h", "48 h"]
    assert sweep.made == 2
    with pytest.raises(lf.LandfallError, match="a function changed"):
        sweep.scenario(0)


def test_values_of_numpy_and_of_any_kind_are_told(tmp_path: Path) -> None:
    class Tier:
        def __str__(self) -> str:
            return "gold"

    same = Change(lambda scenario, tier: scenario, [Tier()])
    over = {
        BANDWIDTH: np.linspace(10**8, 10**9, 2),
        "tier": same,
        "/machines/0/count": np.arange(1, 3),
    }
    sweep = lf.sweep(first(), over, store=tmp_path / "s", progress=False)
    assert sweep.made == 4
    again = lf.sweeps.Sweep.load(tmp_path / "s").table
    assert list(again["tier"]) == ["gold"] * 4
    assert list(again["/machines/0/count"]) == [1, 2, 1, 2]


def test_metrics_of_the_users_own_are_kept_and_their_errors_recorded() -> None:
    def waits(result: lf.Result) -> dict[str, float]:
        if result.scenario_name == "broken":
            raise ZeroDivisionError("no jobs")
        return {"jobs": len(result.jobs)}

    over = {"/name": ["fine", "broken"]}
    table = lf.sweep(first(), over, metrics=["rpo_s_max", waits], progress=False).table
    assert list(table["status"]) == ["ok", "failed"]
    assert table["jobs"][0] > 0
    assert math.isnan(table["jobs"][1])
    assert (table["failure"][1], table["message"][1]) == ("metrics", "ZeroDivisionError: no jobs")


def test_the_signature_moves_with_the_code_of_a_metric() -> None:
    def counting(factor: int) -> Any:
        return lambda result: {"n": factor * len(result.jobs)}

    one, again, other = (metrics_of(counting(k)).signature for k in (1, 1, 2))
    assert one == again != other
    assert metrics_of(lambda r: {"a": 1.0}).signature != metrics_of(lambda r: {"a": 2.0}).signature
    assert metrics_of(None).signature != metrics_of(None, "2").signature


def test_each_way_to_fail_is_a_row() -> None:
    over = {"/machines/0/count": [1, 2, 3, 4, 5]}
    drill: Any = {1: "crash", 2: "hang", 3: "memory", 4: "deadlock"}
    sweep = lf.sweep(first(), over, timeout="2 s", drill=drill, progress=False)
    assert list(sweep.table["failure"]) == ["", "crash", "timeout", "out_of_memory", "deadlock"]
    assert "SIGABRT" in sweep.table["message"][1]
    assert sweep.table["message"][2] == "not done after 2 s and killed"
    assert sweep.failed_count == 4
    assert "1 crash" in repr(sweep)


def test_an_invalid_variant_is_a_row_when_asked_for() -> None:
    over = {BANDWIDTH: ["200 Mbit/s", "fast"]}
    sweep = lf.sweep(first(), over, on_invalid="record", progress=False)
    assert list(sweep.table["failure"]) == ["", "bad_input"]
    assert "/links/0/bandwidth" in sweep.table["message"][1]
    assert sweep.made == 1


def test_memory_is_limited() -> None:
    over = {"/machines/0/count": [1, 3000]}
    sweep = lf.sweep(first(), over, memory_limit="1 MiB", progress=False)
    assert sweep.table["failure"][1] == "out_of_memory"


def test_progress_counts_runs_and_tells_the_time_left() -> None:
    seen: list[Progress] = []
    lf.sweep(first(), {BANDWIDTH: ["1 Gbit/s"]}, replications=4, progress=seen.append)
    assert [p.fraction for p in seen] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert seen[0].eta_s is not None
    assert (seen[-1].phase, seen[-1].scenario) == ("done", "4 runs")


# --- Until an interval is narrow ------------------------------------------------------------------


def test_runs_go_on_until_the_interval_is_narrow() -> None:
    until = Precision("wan_bytes", relative=0.001, min_n=4, max_n=60)
    sweep = lf.sweep(first(), {BANDWIDTH: ["100 Mbit/s", "1 Gbit/s"]}, until=until, progress=False)
    for variant in range(2):
        values = sweep.values("wan_bytes", variant)
        assert len(values) % 4 == 0
        assert until.reached(values)
        assert all(not until.reached(values[:k]) for k in range(4, len(values), 4))
        assert len(values) > 4


def test_runs_end_at_the_most_and_a_variant_that_always_fails_is_left() -> None:
    until = Precision("wan_bytes", half_width=1e-9, min_n=2, max_n=5)
    sweep = lf.sweep(
        first(), {BANDWIDTH: [10**8, 10**9]}, until=until, drill={1: "crash"}, progress=False
    )
    assert [len(sweep.values("wan_bytes", v)) for v in range(2)] == [5, 2]


@pytest.mark.parametrize(
    "options",
    [{}, {"half_width": 1, "relative": 1}, {"relative": 0}, {"relative": 0.1, "min_n": 1}],
)
def test_a_precision_that_is_none_is_refused(options: Any) -> None:
    with pytest.raises(ValueError, match="Precision"):
        Precision("rpo_s_p95", **options)

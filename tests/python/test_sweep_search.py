"""Sensitivity by SALib and search by Optuna."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import landfall as lf
import numpy as np
import pandas as pd
import pytest
from landfall.sweeps import Change, Choice, Range, Search, Sweep, plot, search
from python.run_samples import first

BANDWIDTH = "/links/internet/bandwidth"


def made_up_metric(weights: tuple[float, ...]) -> Any:
    """Return parameters that stand in the scenario's description, and a metric that adds them."""

    def writing(place: int) -> Any:
        def write(scenario: lf.Scenario, value: float) -> lf.Scenario:
            known = scenario.description if scenario.description.startswith("#") else "#"
            return scenario.with_(description=f"{known} {value!r}")

        return Change(write, Range(0.0, 1.0))

    def total(result: lf.Result) -> dict[str, float]:
        import json

        words = json.loads(result.scenario_json)["description"].split()[1:]
        return {"y": sum(w * float(x) for w, x in zip(weights, words, strict=True))}

    return {f"x{k}": writing(k) for k in range(len(weights))}, total


def test_sobol_indices_of_a_sum_are_the_shares_of_its_variance() -> None:
    # y = 4 x0 + 2 x1 of independent uniforms: variances 16 : 4, no interaction.
    over, metric = made_up_metric((4.0, 2.0))
    sweep = lf.sweep(first(), over, design="saltelli", n=32, metrics=metric, progress=False)
    assert len(sweep.table) == 32 * (2 + 2)
    found = sweep.sensitivity("y").table.set_index("parameter")
    assert list(found.index) == ["x0", "x1"]
    assert found["ST"].tolist() == pytest.approx([0.8, 0.2], abs=0.08)
    assert found["S1"].tolist() == pytest.approx([0.8, 0.2], abs=0.08)


def test_elementary_effects_of_a_sum_are_its_weights() -> None:
    over, metric = made_up_metric((1.0, -3.0))
    sweep = lf.sweep(first(), over, design="morris", n=6, metrics=metric, progress=False)
    found = sweep.sensitivity("y")
    table = found.table.set_index("parameter")
    assert table["mu_star"].to_dict() == pytest.approx({"x1": 3.0, "x0": 1.0}, rel=1e-4)
    assert table["mu"]["x1"] == pytest.approx(-3.0, rel=1e-4)
    bars = [bar.get_width() for bar in found.plot().axes.patches]
    assert bars == pytest.approx([3.0, 1.0], rel=1e-4)
    assert "Morris" in repr(found)


def test_a_long_place_is_named_by_its_end() -> None:
    assert doctest.testmod(plot).failed == 0


def test_a_latin_hypercube_tells_what_matters_too() -> None:
    over = {BANDWIDTH: Range(50, 500, unit="Mbit/s"), "/machines/*/churn/noise": Range(0, 1)}
    sweep = lf.sweep(first(), over, design="lhs", n=48, progress=False)
    table = sweep.sensitivity("migration_duration_s").table
    assert table["parameter"][0] == BANDWIDTH
    assert table["S1"][0] > 0.9
    points = sweep.plot("migration_duration_s", BANDWIDTH, by="/machines/*/churn/noise")
    assert len(points.axes.collections[0].get_offsets()) == 48  # type: ignore[arg-type]


def test_sensitivity_says_what_it_lacks() -> None:
    grid = lf.sweep(first(), {BANDWIDTH: [10**8, 10**9]}, progress=False)
    with pytest.raises(lf.LandfallError, match=r'needs a design.*not "grid"'):
        grid.sensitivity("rpo_s_p95")
    over, metric = made_up_metric((1.0, 1.0))
    holed = lf.sweep(
        first(), over, design="lhs", n=8, metrics=metric, drill={5: "crash"}, progress=False
    )
    with pytest.raises(lf.LandfallError, match=r"1 of 8 points have no y \(variant 5"):
        holed.sensitivity("y")
    few = lf.sweep(first(), over, design="lhs", n=8, metrics=metric, progress=False)
    with pytest.raises(lf.LandfallError, match="from 8 points says nothing"):
        few.sensitivity("y")


# --- Search ---------------------------------------------------------------------------------------


def searched(**options: Any) -> Search:
    over = {BANDWIDTH: Range(50, 1000, unit="Mbit/s", log=True)}
    options = {"minimise": "wan_bytes", "n_trials": 14, "progress": False} | options
    return search(first(), over, **options)


def test_a_search_finds_the_cheapest_that_keeps_the_constraint() -> None:
    """A wider link costs more here, and 8 h need at least some 230 Mbit/s."""

    def priced(result: lf.Result) -> dict[str, float]:
        import json

        return {"price": json.loads(result.scenario_json)["links"][0]["bandwidth"] / 1e6}

    found = searched(
        minimise="price",
        metrics=["migration_duration_s", priced],
        constraints={"migration_duration_s": 8 * 3600},
        n_trials=40,
    )
    best = found.best
    assert best["migration_duration_s"] <= 8 * 3600
    slower = found.trials[found.trials["price"] < best["price"]]
    assert len(slower) > 3
    assert (slower["migration_duration_s"] > 8 * 3600).all()
    assert 200 < best["price"] < 300
    assert found.scenario(int(best["trial"])).links[0].bandwidth == best["price"] * 1e6


@pytest.mark.parametrize("batch", [1, 4])
def test_the_same_seed_makes_the_same_trials(batch: int) -> None:
    one, again = (searched(batch=batch, seed=3, max_workers=w) for w in (1, 2))
    pd.testing.assert_frame_equal(one.trials, again.trials)
    assert not one.trials.equals(searched(batch=batch, seed=4).trials)


def test_several_objectives_have_a_front() -> None:
    found = searched(minimise=["cost_total", "migration_duration_s"], batch=2)
    front = found.front[["cost_total", "migration_duration_s"]].to_numpy()
    every = found.trials[["cost_total", "migration_duration_s"]].to_numpy()
    for own in front:
        assert not ((every <= own).all(axis=1) & (every < own).any(axis=1)).any()
    assert len(front) >= 1
    with pytest.raises(lf.LandfallError, match=r"see \.front"):
        _ = found.best


def test_trials_are_kept_in_the_store_and_not_run_again(tmp_path: Path) -> None:
    found = searched(store=tmp_path, n_trials=6)
    assert found.sweep.made == 6
    longer = searched(store=tmp_path, n_trials=9)
    assert longer.sweep.made == 3
    pd.testing.assert_frame_equal(longer.trials[:6], found.trials)
    kept = Sweep.load(tmp_path)
    assert len(kept.manifest["search"]["trials"]) == len(kept.table) == 9


def test_a_trial_that_fails_is_told_and_the_search_goes_on() -> None:
    found = searched(drill={2: "crash"}, n_trials=6, constraints={"rpo_s_p95": 900})
    assert list(found.trials["state"]) == ["complete"] * 2 + ["failed"] + ["complete"] * 3
    assert np.isnan(found.trials["wan_bytes"][2])
    assert list(found.sweep.failures["failure"]) == ["crash"]


def test_a_point_that_is_no_scenario_is_a_failed_trial() -> None:
    over = {"/machines/0/policy": Choice("24-hours", "no such policy")}
    found = search(first(), over, minimise="wan_bytes", n_trials=6, progress=False)
    assert set(found.trials["state"]) == {"complete", "failed"}
    assert found.best["/machines/0/policy"] == "24-hours"


def test_bad_input_is_told_before_anything_runs() -> None:
    with pytest.raises(lf.UnknownName, match='Did you mean "wan_bytes"'):
        searched(minimise="wan_byte")
    with pytest.raises(lf.ScenarioError, match="from 1 on"):
        searched(n_trials=0)
    with pytest.raises(lf.ScenarioError, match="takes a metric"):
        searched(minimise=[])
    with pytest.raises(lf.ScenarioError, match="Did you mean"):
        search(first(), {"/links/internt/bandwidth": [1]}, minimise="wan_bytes")

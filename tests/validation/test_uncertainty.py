"""Bootstrap intervals: laws, and what they are worth on a month of 500 real machines."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest
from landfall import planning, uncertainty
from landfall.uncertainty import (
    FleetPercentileOf,
    RequiredBandwidth,
    Statistic,
    WithinRpo,
    confidence_interval,
    prediction_interval,
)
from validation.fluid_reference import SLOT_S, Array
from validation.shared_data import shared_data

QUARTER = RequiredBandwidth(900)
#: Not those that the method was chosen with.
SEED = 20130801


@pytest.fixture(scope="module")
def churn() -> Array:
    """Bytes per slot, a column per machine."""
    cells = pd.read_csv(shared_data("bitbrains/write_kbps_5min_2013-8.csv.gz")).to_numpy(float)
    return np.ascontiguousarray(cells[:, 1:] * 1024.0 * SLOT_S)


def made_up(days: int, machines: int = 3) -> Array:
    random = np.random.default_rng(5)
    day = 1 + np.sin(np.arange(24) / 24 * 2 * np.pi)
    return np.tile(day, days)[:, None] * random.lognormal(20, 0.5, (24 * days, machines))


def test_same_seed_same_interval_and_another_seed_another() -> None:
    for interval in (confidence_interval, prediction_interval):
        one, same, other = (
            interval(made_up(10), QUARTER, slot_s=3600, replicates=50, seed=seed)
            for seed in (1, 1, 2)
        )
        assert one.replicates.tolist() == same.replicates.tolist()
        assert one.replicates.tolist() != other.replicates.tolist()
        assert one.estimate == other.estimate


@pytest.mark.parametrize("scheme", ["moving", "stationary"])
def test_days_that_are_all_alike_leave_no_doubt(scheme: uncertainty.Scheme) -> None:
    # The time of day is kept, so every drawn trace is the trace itself.
    same = np.tile(made_up(1), (10, 1))
    churn = same.sum(axis=1)
    statistics: list[Statistic] = [QUARTER, FleetPercentileOf(95), WithinRpo(900, 3e6)]
    for statistic in statistics:
        found = confidence_interval(
            churn, statistic, slot_s=3600, block_days=2, scheme=scheme, replicates=40
        )
        assert found.replicates == pytest.approx(found.estimate, rel=1e-12)
        ahead = prediction_interval(same, statistic, slot_s=3600, scheme=scheme, replicates=40)
        assert ahead.replicates == pytest.approx(found.estimate, rel=1e-12)


def test_estimates_are_those_of_planning() -> None:
    churn = made_up(7)
    whole = churn.sum(axis=1)
    options = {"slot_s": 3600, "replicates": 5}
    assert confidence_interval(churn, RequiredBandwidth(900, 0.9), **options).estimate == (
        planning.required_bandwidth(whole, slot_s=3600, rpo_s=900, share=0.9)
    )
    lag = planning.fluid_lag(whole, slot_s=3600, bits_per_second=8e6)
    within = confidence_interval(churn, WithinRpo(900, 8e6), **options)
    assert within.estimate == np.mean(lag <= 900)
    found = confidence_interval(churn, FleetPercentileOf(90), **options)
    assert found.estimate == pytest.approx(planning.fleet_percentile(churn, 90).fleet)


def test_more_days_say_more_and_prediction_is_the_wider() -> None:
    def width(interval: uncertainty.Interval) -> float:
        return interval.high / interval.low

    few, many = (
        confidence_interval(made_up(days), FleetPercentileOf(50), slot_s=3600, replicates=300)
        for days in (5, 80)
    )
    assert width(many) < 0.5 * (width(few) - 1) + 1
    assert few.estimate in few
    ahead = prediction_interval(made_up(80), FleetPercentileOf(50), slot_s=3600, replicates=300)
    assert width(ahead) > width(many)


def test_machines_that_changed_their_level_may_do_it_again() -> None:
    # Half of the machines write twice as much from the middle on, and each day is like the other.
    steps = np.where(np.arange(20) < 10, 1.0, 2.0).repeat(24)
    churn = np.stack([steps if k % 2 else np.full(480, 1.5) for k in range(40)], axis=1)
    found = prediction_interval(churn, FleetPercentileOf(50), slot_s=3600, replicates=400, seed=3)
    calm = prediction_interval(
        np.full((480, 40), 1.5), FleetPercentileOf(50), slot_s=3600, replicates=50
    )
    assert calm.low == calm.high
    assert found.high / found.low > 1.1


@pytest.mark.parametrize("share", [1.0, 0.99, 0.9])
def test_the_first_half_of_the_month_predicts_the_second(
    churn: Array, share: float, capsys: pytest.CaptureFixture[str]
) -> None:
    # 50 random sub-fleets of 20 to 400 machines. Were they independent, 90 % +- 2 standard errors
    # would be at least 40 of 50; they share one month, whose second half happened to be calm.
    random = np.random.default_rng(SEED)
    half = churn.shape[0] // 2
    hits, plain, widths = 0, 0, []
    for fleet in range(50):
        machines = np.sort(random.choice(500, (20, 50, 100, 200, 400)[fleet % 5], replace=False))
        statistic = RequiredBandwidth(900, share)
        first = np.ascontiguousarray(churn[:half, machines])
        later = planning.required_bandwidth(
            planning.fleet_churn(churn[half:, machines]), slot_s=SLOT_S, rpo_s=900, share=share
        )
        options = {"slot_s": SLOT_S, "replicates": 150, "level": 0.9, "seed": fleet}
        found = prediction_interval(first, statistic, **options)
        hits += later in found
        plain += later in confidence_interval(first, statistic, **options)
        widths.append(found.high / found.low)
    with capsys.disabled():
        print(
            f"\nsecond half within the 90 % interval of the first, 15 min at {share:.0%}: "
            f"{hits} of 50, {plain} within its confidence interval; "
            f"median high / low {np.median(widths):.1f}",
            end="",
        )
    assert hits >= 40
    # Not by being as wide as the world: and an interval that only redraws days is too narrow.
    assert np.median(widths) < 8
    assert plain < 40


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"level": 1.0}, "level must be between 0 and 1, found 1"),
        ({"replicates": 0}, "at least one replicate"),
        ({"block_days": 0}, "a block must have"),
        ({"scheme": "random"}, "'random', allowed: moving, stationary"),
        ({"slot_s": 7000}, "divide a day"),
        ({"churn": np.ones(30)}, "at least two days"),
        ({"churn": np.ones((2, 2, 2))}, "one dimension, or two"),
        ({"statistic": RequiredBandwidth(-1)}, "target_s"),
        ({"statistic": WithinRpo(900, 0)}, "greater than 0"),
        ({"statistic": FleetPercentileOf(101)}, "from 0 to 100"),
    ],
)
def test_bad_arguments_say_the_rule(arguments: dict[str, object], rule: str) -> None:
    given: dict[str, object] = {"churn": np.ones(72), "statistic": QUARTER, "slot_s": 3600}
    for interval in (confidence_interval, prediction_interval):
        with pytest.raises(ValueError, match=rule):
            interval(**{**given, **arguments})  # type: ignore[arg-type]


def test_the_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(uncertainty).failed == 0

"""The fluid link: the published figures of the real trace, and the laws every trace must obey."""

from __future__ import annotations

import landfall as lf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from validation.fluid_reference import SLOT_S, Array, fleet_bytes_per_slot, lag_at_slot_ends
from validation.shared_data import shared_data

MEGABIT = 1e6
TRACES = st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def arrivals() -> Array:
    """Bytes per slot of the whole fleet."""
    return fleet_bytes_per_slot(shared_data("bitbrains/write_kbps_5min_2013-8.csv.gz"))


@pytest.mark.parametrize(
    ("rpo_min", "whole", "most", "nine_tenths"),
    [(5, 1873, 1332, 825), (15, 1663, 1214, 769), (30, 1475, 1128, 730), (60, 1300, 1008, 701)],
)
def test_required_bandwidth_of_the_fleet(
    arrivals: Array, rpo_min: int, whole: int, most: int, nine_tenths: int
) -> None:
    for share, expected in [(1.0, whole), (0.99, most), (0.90, nine_tenths)]:
        found = lf.required_bandwidth(arrivals, slot_s=SLOT_S, rpo_s=60.0 * rpo_min, share=share)
        assert round(found / MEGABIT) == expected, (rpo_min, share)


@pytest.mark.parametrize(
    ("mbit_per_s", "worst_min", "share"),
    [(500, 1886.4, 24.95), (600, 465.7, 62.37), (800, 226.2, 92.67), (1000, 139.3, 98.02)],
)
def test_lag_of_the_fleet(arrivals: Array, mbit_per_s: int, worst_min: float, share: float) -> None:
    lag = lf.fluid_lag(arrivals, slot_s=SLOT_S, bits_per_second=mbit_per_s * 1e6)
    assert round(lag.max() / 60, 1) == worst_min
    assert round(100 * float(np.mean(lag <= 900)), 2) == share


@given(TRACES, st.floats(1, 1e7))
def test_agrees_with_the_independent_reference(trace: list[float], rate: float) -> None:
    found = lf.fluid_lag(trace, slot_s=SLOT_S, bits_per_second=8 * rate)
    expected = lag_at_slot_ends(np.asarray(trace), rate)
    assert found == pytest.approx(expected, abs=1e-3, rel=1e-6)


@given(TRACES, st.floats(1, 1e6), st.floats(1.1, 10))
def test_more_bandwidth_never_lags_more(trace: list[float], rate: float, factor: float) -> None:
    slow = lf.fluid_lag(trace, slot_s=SLOT_S, bits_per_second=rate)
    fast = lf.fluid_lag(trace, slot_s=SLOT_S, bits_per_second=rate * factor)
    assert (fast <= slow + 1e-3).all()


@given(TRACES, st.floats(0, 7200), st.floats(1.1, 10))
def test_growth_scales_the_required_bandwidth(
    trace: list[float], rpo_s: float, growth: float
) -> None:
    plain = lf.required_bandwidth(trace, slot_s=SLOT_S, rpo_s=rpo_s)
    grown = lf.required_bandwidth([growth * x for x in trace], slot_s=SLOT_S, rpo_s=rpo_s)
    assert grown == pytest.approx(growth * plain, rel=1e-6, abs=1e-2)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"arrivals": [-1.0], "rpo_s": 1.0}, "not negative"),
        ({"arrivals": [float("nan")], "rpo_s": 1.0}, "finite"),
        ({"arrivals": [], "rpo_s": 1.0}, "at least one slot"),
        ({"arrivals": [1.0], "rpo_s": -1.0}, "target_s"),
        ({"arrivals": [1.0], "rpo_s": 1.0, "share": 0.0}, "share"),
        ({"arrivals": [[1.0]], "rpo_s": 1.0}, "one dimension"),
    ],
)
def test_bad_arguments_say_the_rule(arguments: dict[str, object], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        lf.required_bandwidth(slot_s=SLOT_S, **arguments)  # type: ignore[arg-type]

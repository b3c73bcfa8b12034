"""Churn that is shipped cycle by cycle: laws, closed forms, and the fold curve of a real disk."""

from __future__ import annotations

import doctest

import landfall as lf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landfall import cycles, rpo_laws
from validation.fluid_reference import SLOT_S, Array, fleet_bytes_per_slot
from validation.shared_data import shared_data

COARSE = st.lists(st.just(0) | st.integers(10**6, 10**9), min_size=4, max_size=60)
#: A real disk at 512 B: unique over written bytes by window (the data's own README).
WINDOWS_S = [1, 5, 60, 300, 900, 1800, 3600, 7200]
RATIOS = [0.991, 0.973, 0.837, 0.751, 0.743, 0.742, 0.645, 0.351]


@pytest.fixture(scope="module")
def arrivals() -> Array:
    """Bytes per slot of the whole fleet."""
    return fleet_bytes_per_slot(shared_data("bitbrains/write_kbps_5min_2013-8.csv.gz"))


def test_the_curve_of_a_real_disk_over_a_real_month(arrivals: Array) -> None:
    # At each of its points the curve is what it was measured as; between two it lies between them.
    shipped = {
        period: cycles.cycle_deltas(
            arrivals, slot_s=SLOT_S, period_s=period, curve=(WINDOWS_S, RATIOS)
        )
        for period in (30, 300, 900, 3600, 14_400)
    }
    assert [round(shipped[period].ratio, 3) for period in (300, 900, 3600)] == [0.751, 0.743, 0.645]
    assert 0.837 < shipped[30].ratio < 0.973
    assert shipped[14_400].ratio == pytest.approx(0.351)
    for deltas in shipped.values():
        assert deltas.written.sum() == pytest.approx(arrivals.sum())

    # What folding is worth to the link that keeps an hour. With 30 s cycles next to what a
    # continuous link needs; at 300 s a quarter less is shipped.
    def required(period: float, *, folded: bool) -> float:
        curve = (WINDOWS_S, RATIOS) if folded else None
        deltas = cycles.cycle_deltas(arrivals, slot_s=SLOT_S, period_s=period, curve=curve)
        return cycles.cycle_bandwidth(deltas.unique, period_s=period, rpo_s=3600)

    whole = lf.required_bandwidth(arrivals, slot_s=SLOT_S, rpo_s=3600)
    assert required(30, folded=False) == pytest.approx(whole, rel=0.02)
    assert required(300, folded=True) == pytest.approx(0.751 * required(300, folded=False))
    # A longer cycle leaves less of the target for sending.
    plain = [required(period, folded=False) for period in (30, 300, 900, 1800)]
    assert plain == sorted(plain)


@given(COARSE, st.floats(100, 2000), st.floats(1, 5000), st.floats(0.05, 1))
def test_the_required_rate_is_enough_and_a_little_less_is_not(
    trace: list[int], period_s: float, slack_s: float, share: float
) -> None:
    deltas = cycles.cycle_deltas(trace, slot_s=SLOT_S, period_s=period_s).unique
    if deltas.size == 0:
        return
    rpo_s = period_s + slack_s
    rate = cycles.cycle_bandwidth(deltas, period_s=period_s, rpo_s=rpo_s, share=share)
    if rate == 0:
        return

    def met(factor: float) -> float:
        worst = cycles.cycle_rpo(deltas, period_s=period_s, bits_per_second=rate * factor)
        return float(np.mean(worst <= rpo_s))

    assert met(1 + 1e-9) >= share
    assert met(1 - 1e-6) < share


@given(COARSE, st.floats(1, 2000))
def test_whole_cycles_hold_what_was_written(trace: list[int], period_s: float) -> None:
    deltas = cycles.cycle_deltas(trace, slot_s=SLOT_S, period_s=period_s)
    ends = np.arange(deltas.written.size + 1) * period_s
    whole = np.concatenate([[0.0], np.cumsum(trace)])
    expected = np.interp(ends, np.arange(whole.size) * SLOT_S, whole)
    assert np.concatenate([[0.0], np.cumsum(deltas.written)]) == pytest.approx(expected, rel=1e-9)
    folded = cycles.cycle_deltas(trace, slot_s=SLOT_S, period_s=period_s, working_set_bytes=1e9)
    assert (folded.unique <= np.minimum(folded.written, 1e9) * (1 + 1e-12)).all()


def test_constant_churn_is_the_closed_form() -> None:
    # Periodic: transfer s, RPO from s to T + s. Gaps: worst RPO 2 s + gap once it has settled.
    steady = np.full(500, 300e6)  # 1 MB/s
    deltas = cycles.cycle_deltas(steady, slot_s=300, period_s=900)
    worst = cycles.cycle_rpo(deltas.unique, period_s=900, bits_per_second=8 * 5e6)
    assert worst == pytest.approx(rpo_laws.periodic_cycle(180, period_s=900).worst_rpo_s)
    found = cycles.gap_cycles(steady, slot_s=300, bits_per_second=8 * 5e6)
    # s = churn (s + gap) / rate = (s + 3600) / 5, so s = 900.
    assert found.end_s[-1] - found.start_s[-1] == pytest.approx(900, rel=1e-4)
    assert found.rpo_s[-1] == pytest.approx(rpo_laws.gap_scheduled_cycle(900).worst_rpo_s, rel=1e-4)


def test_gap_cycles_of_the_fleet_and_the_link_they_need(arrivals: Array) -> None:
    options = {"slot_s": SLOT_S, "curve": (WINDOWS_S, RATIOS)}
    rate = cycles.gap_bandwidth(arrivals, rpo_s=4 * 3600, share=0.9, **options)
    found = cycles.gap_cycles(arrivals, bits_per_second=rate, **options)
    assert np.mean(found.rpo_s <= 4 * 3600) >= 0.9
    less = cycles.gap_cycles(arrivals, bits_per_second=rate * 0.9, **options)
    assert np.mean(less.rpo_s <= 4 * 3600) < 0.9
    gaps = found.start_s[1:] - found.end_s[:-1]
    transfers = (found.end_s - found.start_s)[:-1]
    assert gaps == pytest.approx(np.clip(transfers / 2, 3600, 43_200))
    assert (found.unique < found.written).all()
    assert cycles.gap_bandwidth(arrivals, rpo_s=3600, **options) == np.inf


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"period_s": 0}, "period_s"),
        ({"arrivals": [-1.0]}, "not negative"),
        ({"curve": ([5, 1], [0.5, 0.5])}, "and rise"),
        ({"curve": ([1, 5], [0.5])}, "as many ratios"),
        ({"curve": ([1], [1.5])}, "at most 1"),
        ({"working_set_bytes": 0}, "working_set must be"),
        ({"working_set_bytes": 1, "curve": ([1], [1])}, "not both"),
    ],
)
def test_bad_arguments_say_the_rule(arguments: dict[str, object], rule: str) -> None:
    given: dict[str, object] = {"arrivals": [1.0], "slot_s": 300, "period_s": 300}
    with pytest.raises(ValueError, match=rule):
        cycles.cycle_deltas(**{**given, **arguments})  # type: ignore[arg-type]


def test_targets_that_cannot_be_kept() -> None:
    assert cycles.cycle_bandwidth([1.0], period_s=300, rpo_s=300) == np.inf
    with pytest.raises(ValueError, match="share"):
        cycles.cycle_bandwidth([1.0], period_s=300, rpo_s=400, share=0)
    with pytest.raises(ValueError, match="at least one cycle"):
        cycles.cycle_bandwidth([], period_s=300, rpo_s=400)
    with pytest.raises(ValueError, match="as long as the least gap"):
        cycles.gap_bandwidth([1.0], slot_s=300, rpo_s=7200)
    with pytest.raises(ValueError, match="gaps must be"):
        cycles.gap_cycles([1.0], slot_s=300, bits_per_second=1, gaps_s=(0, 1))


def test_the_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(cycles).failed == 0

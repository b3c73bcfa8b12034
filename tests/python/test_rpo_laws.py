"""RPO in closed form from Python: the published figures, names, units and refusals."""

from __future__ import annotations

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from landfall import rpo_laws

#: 12.5 MB/s.
LINK = 100e6


def test_the_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(rpo_laws).failed == 0


def test_a_periodic_cycle() -> None:
    cycle = rpo_laws.periodic_cycle(120, period_s=300)
    assert cycle._asdict() == {
        "period_s": 300,
        "transfer_s": 120,
        "mean_rpo_s": 270,
        "worst_rpo_s": 420,
    }


@pytest.mark.parametrize(
    ("transfer_h", "worst_h"), [(1 / 6, 4 / 3), (0.5, 2), (2, 5), (4, 10), (30, 72)]
)
def test_a_gap_scheduled_cycle_with_the_documented_bounds(
    transfer_h: float, worst_h: float
) -> None:
    found = rpo_laws.gap_scheduled_cycle(3600 * transfer_h)
    assert found.worst_rpo_s / 3600 == pytest.approx(worst_h)


@pytest.mark.parametrize(
    ("churn", "transfer_s"), [(1, 24.0), (5, 119.1), (12, 282.9), (20, 5135.9)]
)
def test_a_cycle_settles(churn: float, transfer_s: float) -> None:
    found = rpo_laws.self_consistent_cycle(
        churn_bytes_per_s=churn * 1e6, working_set_bytes=100e9, bits_per_second=LINK, interval_s=300
    )
    assert round(found.transfer_s, 1) == transfer_s
    assert found.period_s == max(300, found.transfer_s)


def test_an_outage_with_a_journal_and_with_a_bitmap() -> None:
    journal = rpo_laws.journal_after_outage(600, churn_bytes_per_s=5e6, bits_per_second=LINK)
    assert tuple(journal) == (3000e6, 400, 600, -1.5)
    bitmap = rpo_laws.bitmap_after_outage(
        600, churn_bytes_per_s=5e6, working_set_bytes=2e9, bits_per_second=LINK, stop_bytes=3e6
    )
    assert (bitmap.passes, round(bitmap.first_bytes / 1e6, 1)) == (8, 1553.7)
    assert round(bitmap.total_s, 1) == 193.7


@pytest.mark.parametrize(
    ("churn", "rounds", "total_s", "digits"),
    [(5, 10, 13_330, -1), (10, 41, 40_000, -1), (11.5, 108, 100_000, -2)],
)
def test_a_full_copy_under_churn(churn: float, rounds: int, total_s: int, digits: int) -> None:
    found = rpo_laws.pre_copy(
        100e9, churn_bytes_per_s=churn * 1e6, bits_per_second=LINK, stop_bytes=12.5e6
    )
    assert found.converges
    assert found.passes - 1 == rounds
    assert round(found.total_s, digits) == total_s


def test_a_copy_that_never_ends_says_so() -> None:
    found = rpo_laws.pre_copy(
        100e9, churn_bytes_per_s=12.5e6, bits_per_second=LINK, stop_bytes=12.5e6
    )
    assert tuple(found) == (False, 0, math.inf, math.inf, math.inf, math.inf)


def test_queues() -> None:
    assert [rpo_laws.sojourn_mm1(load) for load in (0.5, 0.8)] == pytest.approx([2, 5])
    assert [rpo_laws.sojourn_md1(load) for load in (0.5, 0.8)] == pytest.approx([1.5, 3])
    queue = rpo_laws.burst_queue(
        burst_bytes_per_s=50e6, bits_per_second=LINK, burst_s=10, pause_s=90
    )
    assert queue.load == pytest.approx(0.4)
    assert queue.mean_bytes == pytest.approx(225e6)
    assert queue.exceeds(80e6) == pytest.approx(0.347, abs=5e-4)


@given(st.floats(1e3, 1e9), st.floats(1e6, 1e10), st.floats(1, 1e5))
def test_no_cycle_is_longer_than_the_whole_working_set_takes(
    churn: float, bits_per_second: float, interval_s: float
) -> None:
    found = rpo_laws.self_consistent_cycle(
        churn_bytes_per_s=churn,
        working_set_bytes=50e9,
        bits_per_second=bits_per_second,
        interval_s=interval_s,
    )
    assert found.period_s <= max(interval_s, 8 * 50e9 / bits_per_second) * (1 + 1e-9)
    assert found.period_s == max(interval_s, found.transfer_s)


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="transfer_s must be from 0 to period_s"):
        rpo_laws.periodic_cycle(301, period_s=300)
    with pytest.raises(ValueError, match="load must be from 0 to below 1"):
        rpo_laws.sojourn_mm1(1.0)
    with pytest.raises(ValueError, match="bandwidth must be finite"):
        rpo_laws.journal_after_outage(1, churn_bytes_per_s=1, bits_per_second=0)

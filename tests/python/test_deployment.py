"""Planner arithmetic: properties, and the documents' own examples."""

from __future__ import annotations

import landfall as lf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landfall import _model
from landfall.deployment import CopyDemand, copy_batches, process_servers

TIB = 2**40


def test_documented_rows_of_churn_in_a_day() -> None:
    # The planner's table prints 168, 421 and 1,684 (4 x 421) GB for 2, 5 and 20 MB/s.
    found = [lf.deployment.gigabytes_per_day(rate * 2**20) for rate in (2, 5, 20)]
    assert found == [168.75, 421.875, 1687.5]


@given(st.integers(1, 2000), st.floats(0, 40 * TIB))
def test_process_servers_are_enough_and_one_fewer_is_not(machines: int, churn: float) -> None:
    count, size = process_servers(machines, churn)
    assert machines <= count * size.machines
    assert churn <= count * size.daily_churn
    if count > 1:
        assert machines > (count - 1) * 225 or churn > (count - 1) * 2 * TIB


def test_a_configuration_server_is_one_and_says_when_it_is_not_enough() -> None:
    assert process_servers(200, 0, role="combined")[1].cores == 16
    with pytest.raises(ValueError, match="200 machines"):
        process_servers(201, 0, role="combined")
    with pytest.raises(ValueError, match="not be negative"):
        process_servers(-1, 0)


@pytest.mark.parametrize("profile", ["asr-2018", "asr-2024"])
def test_what_planners_read_has_sources(profile: str) -> None:
    figures = _model.profile(profile)
    for entry in [*figures["planning"].values(), *figures["server_sizes"]]:
        assert entry["source"].startswith(("SR/", "articles/migrate/", "docs.aws.amazon.com/"))


demands = st.lists(
    st.builds(CopyDemand, st.just("m"), st.floats(1e9, 1e12), st.floats(0, 1e4)), min_size=1
)


@given(demands, st.floats(1e8, 1e9))
def test_batches_keep_the_order_the_goal_and_what_earlier_ones_leave(
    machines: list[CopyDemand], bandwidth: float
) -> None:
    batches = copy_batches(machines, bandwidth)
    assert sum(len(batch.machines) for batch in batches) == len(machines)
    left, place = bandwidth, 0
    for batch in batches:
        members = machines[place : place + len(batch.machines)]
        place += len(members)
        assert batch.bandwidth == pytest.approx(left)
        assert batch.seconds <= 72 * 3600
        assert batch.copy_bandwidth == pytest.approx(left - sum(each.churn for each in members))
        left -= sum(each.churn for each in members)


def test_a_machine_that_no_batch_can_hold_is_named() -> None:
    with pytest.raises(ValueError, match=r"db cannot be copied within 72 h"):
        copy_batches([CopyDemand("db", 1e15, 0)], 1e6)
    with pytest.raises(ValueError, match="0 bytes per second are left"):
        copy_batches([CopyDemand("db", 1, 2e6)], 1e6)


@given(st.floats(0, 1e15), st.floats(0, 1e15))
def test_free_space_is_never_taken_away(disks: float, free: float) -> None:
    needed = lf.deployment.free_space_needed(disks, free)
    assert needed["to_add"] >= 0
    assert needed["initial"] == pytest.approx(disks)
    assert needed["delta"] == pytest.approx(disks / 2)


def test_the_example_of_reprotection() -> None:
    # SR/azure-to-azure-how-to-reprotect.md: about 55 min for 45 GB at 60 MB/s, about 3 h in all.
    found = lf.deployment.reprotect_time(72 * 60, 45e9, 60e6)
    assert found["transfer_s"] / 60 == pytest.approx(55, abs=1)
    assert found["most_s"] - found["least_s"] == 600
    slow = lf.deployment.reprotect_time(72 * 60, 45e9, 60e6, temporary_disk=False)
    assert slow["transfer_s"] / found["transfer_s"] == pytest.approx(23 / 16)

"""What a run says happened: jobs in order, told together where they are one step; refusals."""

from __future__ import annotations

import landfall as lf
import pytest
from landfall import formatting
from landfall.happenings import Happening, happenings


@pytest.fixture(scope="module")
def flavours() -> list[Happening]:
    return happenings(lf.load("gallery:story-migration-flavours").run(progress=False))


def named(told: list[Happening], what: str) -> list[Happening]:
    return [each for each in told if each.what == what]


def test_they_stand_in_order_of_time(flavours: list[Happening]) -> None:
    starts = [each.start_s for each in flavours]
    assert starts == sorted(starts)
    assert [each.what for each in flavours[:4]] == [
        "Enable protection",
        "Finalize protection",
        "Test failover",
        "Test failover cleanup",
    ]


def test_jobs_that_overlap_are_one_step(flavours: list[Happening]) -> None:
    (enabled,) = named(flavours, "Enable protection")
    assert enabled.machines == ("hyper-v", "vmware", "physical", "aws")
    assert enabled.state == "Succeeded"
    # Complete Migration comes to each at its own time.
    completed = named(flavours, "Complete migration")
    assert [each.machines for each in completed] == [("hyper-v",), ("aws",), ("vmware",)]
    for each in completed:
        assert each.end_s is not None
        assert 60 < each.end_s - each.start_s < 70


def test_refusals_are_told_with_their_reason(flavours: list[Happening]) -> None:
    refused = [each for each in flavours if each.state == "Refused"]
    assert [(each.what, each.machines) for each in refused] == [
        ("Failback", ("aws",)),
        ("Failback", ("hyper-v",)),
        ("Failback", ("vmware",)),
        ("Reverse replicate", ("physical",)),
    ]
    assert "there is no way back" in refused[0].detail
    assert "the item is gone" in refused[1].detail


def test_a_second_turn_is_a_step_of_its_own() -> None:
    told = happenings(lf.load("gallery:story-vmm-to-vmm").run(progress=False))
    planned = named(told, "Planned failover")
    assert [each.machines for each in planned] == [("erp-1", "erp-2")] * 2
    assert planned[0].end_s is not None
    assert planned[0].end_s < planned[1].start_s


def test_mishaps_are_told() -> None:
    told = happenings(lf.load("gallery:engine-inmage-to-azure").run(progress=False))
    assert [each.machines for each in named(told, "Power loss")] == [("app-2",)]
    assert [each.machines for each in named(told, "Restart of the replica's side")] == [("app-1",)]
    assert [each.machines for each in named(told, "Link down wan")] == [(), ()]


def test_a_fleet_is_told_in_a_page() -> None:
    told = happenings(lf.load("gallery:fleet-500").run(progress=False))
    assert len(told) <= 40
    (enabled,) = named(told, "Enable protection")
    assert len(enabled.machines) == 500


def test_what_has_not_ended_says_so() -> None:
    cut = lf.load("gallery:first-migration").with_(duration="8 h 30 min", expect=[])
    told = happenings(cut.run(progress=False))
    assert told[0].what == "Enable protection"
    short = lf.load("gallery:first-migration").with_(duration="8 h 3 min", expect=[])
    (enabled,) = happenings(short.run(progress=False))
    assert (enabled.state, enabled.end_s) == ("InProgress", None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00:00"),
        (86_399.4, "23:59:59"),
        (86_399.6, "1 d 00:00:00"),
        (184_500, "2 d 03:15:00"),
    ],
)
def test_instants_are_days_and_a_time_of_day(seconds: float, text: str) -> None:
    assert formatting.clock(seconds) == text

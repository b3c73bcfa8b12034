"""The worked numbers of planners' documents, one test each, with its source.

The numbers 1 to 14 are those of a list that was collected from the documents; they are computed
with the planner's own functions and the figures of the service profile.
"""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from landfall import deployment
from landfall.planner import arithmetic
from landfall.planning import LinkWindow, link_calendar

GIB = 2**30
TIB = 2**40


def test_1_free_space_of_a_volume() -> None:
    # hyper-v-deployment-planner-analyze-report.md: 500 GB free, two machines need 300 GB each.
    assert arithmetic.free_before_each(500, [300, 300]) == [500, 200, -100]


def test_2_gigabytes_a_day() -> None:
    # site-recovery-vmware-deployment-planner-analyze-report.md: Standard and P10/P15, P20-P50.
    found = [arithmetic.daily_limit_gigabytes(2, times=times) for times in (1, 2, 4)]
    assert found == [168, 336, 672]
    assert [arithmetic.daily_limit_gigabytes(5, times=times) for times in (1, 4)] == [421, 1684]


def test_3_delta_schedule() -> None:
    # concepts-vmware-agentless-migration.md: after 4 h in 2 h; the bounds are 1 h and 12 h.
    found = [arithmetic.next_delta_after(60 * minutes) / 60 for minutes in (240, 30, 1800)]
    assert found == [120, 60, 720]


def test_4_comfort_factor() -> None:
    # concepts-assessment-calculation.md: 10 cores at 20 % need 2, with a factor of 2.0 it is 4.
    assert arithmetic.comfortable_size(10, 20) == 2
    assert arithmetic.comfortable_size(10, 20, comfort_factor=2.0) == 4


def test_5_confidence_stars() -> None:
    # confidence-ratings.md: 0-20 one star, 21-40 two, ..., 81-100 five.
    edges = {0: 1, 20: 1, 21: 2, 40: 2, 41: 3, 60: 3, 61: 4, 80: 4, 81: 5, 100: 5}
    assert {share: arithmetic.confidence_stars(share) for share in edges} == edges


def test_6_process_servers() -> None:
    # site-recovery-plan-capacity-vmware.md: 200 machines and 1.5 TB a day need one large process
    # server of 24 GB (its text says 16 cores, its table 12) or two of 8 cores and 12 GB.
    choices = arithmetic.process_server_choices(200, 1.5 * TIB)
    found = [(count, size.cores, size.memory // GIB) for count, size in choices]
    assert found[:2] == [(1, 12, 24), (2, 8, 12)]
    assert deployment.process_servers(200, 1.5 * TIB)[1].memory == 24 * GIB
    # The same of 2017: 220 machines are too many for one configuration server, and 135 on one of 12
    # cores leave 85 for a process server, which the smallest takes.
    with pytest.raises(ValueError, match="200 machines"):
        deployment.process_servers(220, 0, role="combined")
    assert deployment.process_servers(135, 0, role="combined")[1].cores == 12
    assert deployment.process_servers(85, 0) == (1, deployment.process_servers(1, 0)[1])


def test_7_iops_of_disks_and_accounts() -> None:
    # site-recovery-capacity-planning-for-hyper-v-replication.md: five disks of 120 IOPS (8 KB) each
    # are within 500 a disk. site-recovery-capacity-planner.md: accounts = total IOPS / 20,000.
    assert arithmetic.iops_fit(5 * 120, 5)
    assert not arithmetic.iops_fit(5 * 501, 5)
    assert [arithmetic.storage_accounts(iops) for iops in (0, 20_000, 40_001)] == [0, 1, 3]


def test_8_capacity_planner() -> None:
    # site-recovery-capacity-planner.md: 65 disks are an error, at most 64; 3 x 500 GB = 1,500 GB.
    assert arithmetic.iops_fit(0, 64)
    with pytest.raises(ValueError, match="from 1 to 64 disks, found 65"):
        arithmetic.iops_fit(0, 65)
    assert deployment.free_space_needed(3 * 500, 0)["initial"] == 1500


def test_9_drills() -> None:
    # site-recovery-vmware-deployment-planner-cost-estimation.md: 4 drills of 7 days.
    assert arithmetic.drill_days() == 28
    assert arithmetic.drill_days(12, 1) == 12


def test_10_initial_replication() -> None:
    # common-questions-server-migration.md: T = size x 0.7 / B; 10 TB at 500 Mbit/s.
    assert arithmetic.first_copy_time(10e12, 500e6 / 8) == pytest.approx(112_000)
    assert arithmetic.first_copy_time(10e12, 500e6 / 8) / 3600 == pytest.approx(31.1, abs=0.05)


def test_11_blackout_windows() -> None:
    # concepts-vmware-agentless-migration.md, its own sample: Tuesday's ends on Wednesday at 15:00,
    # an hour before Wednesday's begins, which ends on Thursday at 16:00.
    sample = (
        "Monday;7:00;7h | Tuesday;8:00;1d7h | Wednesday;16:00;1d | Thursday;18:00;5h "
        "| Friday;13:00;8m"
    )
    minutes = link_calendar(
        arithmetic.blackout_windows(sample), slots=7 * 1440, slot_s=60, otherwise=1
    )
    dark = np.zeros(7 * 24 * 60 + 1)
    hours = [(7, 14), (32, 63), (64, 88), (90, 95)]  # from Monday's midnight
    for begin, end in hours:
        dark[begin * 60 : end * 60] = 1
    dark[(4 * 24 + 13) * 60 : (4 * 24 + 13) * 60 + 8] = 1
    assert (minutes == 1 - dark[:-1]).all()
    # Sunday night goes on into Monday.
    sunday = link_calendar(
        arithmetic.blackout_windows("Sunday;23:00;2h"), slots=168, slot_s=3600, otherwise=1
    )
    assert np.flatnonzero(sunday == 0).tolist() == [0, 167]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Monday;7:00;7h | Tuesday 8:00 1d", "window 2: found 'Tuesday 8:00 1d'"),
        ("Mon;7:00;7h", "window 1: found 'Mon', allowed: Monday"),
        ("Monday;24:00;7h", "window 1: no such time as 24:00"),
        ("Monday;7:00;", "window 1: a length is more than 0"),
        ("Monday;7:00;8d", "at most 7d"),
        ("", "window 1: found ''"),
    ],
)
def test_11_bad_blackout_windows_say_which(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        arithmetic.blackout_windows(text)


def test_12_throttles() -> None:
    # Set-OBMachineSetting's sample: Monday and Tuesday from 9 to 18 h 512 x 1,024 bit/s, else
    # 2,048 x 1,024; and the script for Azure Migrate: weekdays, 10 MB/s from 8 h, 1,000 from 18 h.
    work = [LinkWindow((0, 1), 9 * 3600, 18 * 3600, 512 * 1024)]
    found = link_calendar(work, slots=168, slot_s=3600, otherwise=2048 * 1024)
    assert (found == 524_288).sum() == 2 * 9
    assert found[[8, 9, 17, 18, 33, 57]].tolist() == [
        *(2_097_152, 524_288, 524_288, 2_097_152, 524_288, 2_097_152)
    ]
    script = [
        LinkWindow(range(5), 8 * 3600, 18 * 3600, 10e6),
        LinkWindow(range(5), 18 * 3600, 8 * 3600, 1000e6),
    ]
    rates = link_calendar(script, slots=168, slot_s=3600, otherwise=np.inf)
    assert rates[[7, 8, 17, 18, 31, 32]].tolist() == [np.inf, 10e6, 10e6, 1000e6, 1000e6, 10e6]
    assert rates[4 * 24 + 18 : 5 * 24 + 8].tolist() == [1000e6] * 14


def test_13_aws() -> None:
    # docs.aws drs comm-bandwidth-planning: 5 + 7 MB/s; 20 % more; iostat's 5,120 and 3,072 KB/s.
    assert arithmetic.aws_bandwidth([5, 7]) == 12
    assert arithmetic.aws_bandwidth([5, 7], headroom=True) == pytest.approx(14.4)
    assert arithmetic.aws_bandwidth([5120 / 1024, 3072 / 1024]) == 8


def test_14_zerto() -> None:
    # zerto.com's bandwidth FAQ and its administrators' guides: 20 TB x 5 % = 1 TB a day = 92.6
    # Mbit/s; 200 MB/s at 40 % compression are 120, 33 at 99 % are 0.33; 4 MB/s at 50 % need 2, of
    # which a link of 1 shows 1, while 1 MB waits more every second.
    rate = arithmetic.daily_change_rate(20e12, 5)
    assert rate * 86_400 == pytest.approx(1e12)
    assert 8 * rate / 1e6 == pytest.approx(92.6, abs=0.05)
    assert arithmetic.wan_rate(200, 40) == pytest.approx(120)
    assert arithmetic.wan_rate(33, 99) == pytest.approx(0.33)
    assert arithmetic.wan_rate(4, 50) == 2
    assert arithmetic.backlog_growth(4, 50, 1) == 1
    assert arithmetic.backlog_growth(4, 50, 3) == 0


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: arithmetic.first_copy_time(1, 0), "greater than 0"),
        (lambda: arithmetic.first_copy_time(1, 1, compression_percent=100), "below 100"),
        (lambda: arithmetic.first_copy_time(-1, 1), "size must not be negative, found -1"),
        (lambda: arithmetic.next_delta_after(-1), "previous_s must not be negative"),
        (lambda: arithmetic.confidence_stars(101), "from 0 to 100, found 101"),
        (lambda: arithmetic.wan_rate(1, 101), "from 0 to 100, found 101"),
        (lambda: arithmetic.process_server_choices(-1, 0), "machines must not be negative"),
    ],
)
def test_bad_arguments_say_the_rule(call: object, rule: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=rule):
        call()


def test_the_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(arithmetic).failed == 0

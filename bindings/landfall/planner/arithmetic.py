"""The planners' rules of thumb as functions: what documents compute by hand.

Documented figures come from a service profile (``model/profile/*.json``, ``planning``). Bytes,
seconds and bytes per second throughout, unless a name says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import ceil, floor

from .. import _model
from ..deployment import ServerSize
from ..planning import LinkWindow

__all__ = [
    "aws_bandwidth",
    "backlog_growth",
    "blackout_windows",
    "comfortable_size",
    "confidence_stars",
    "daily_change_rate",
    "daily_limit_gigabytes",
    "drill_days",
    "first_copy_time",
    "free_before_each",
    "iops_fit",
    "next_delta_after",
    "process_server_choices",
    "storage_accounts",
    "wan_rate",
]

_PROFILE = "asr-2024"
_DAY_S = 86_400
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _planning(profile: str, name: str) -> float:
    return float(_model.profile(profile)["planning"][name]["value"])


def _not_negative(**values: float) -> None:
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"{name} must not be negative, found {value}")


# --- Space and churn ------------------------------------------------------------------------------


def free_before_each(free: float, needs: Sequence[float]) -> list[float]:
    """Return what each machine finds free on a volume, after those before it; then what is left.

    Examples
    --------
    >>> free_before_each(500, [300, 300])
    [500, 200, -100]
    """
    return list(accumulate(needs, lambda left, need: left - need, initial=free))


def daily_limit_gigabytes(base_megabytes_per_s: float, *, times: int = 1) -> int:
    """Return a churn limit in GB (of 1,024 MB) a day, as documents print it.

    They round the row for 8 KB writes down, and then multiply it for larger ones.

    Examples
    --------
    >>> daily_limit_gigabytes(2), daily_limit_gigabytes(2, times=4)
    (168, 672)
    """
    return floor(base_megabytes_per_s * _DAY_S / 1024) * times


def daily_change_rate(size: float, change_percent: float) -> float:
    """Return the bytes per second of a daily change in percent of a size.

    Examples
    --------
    >>> round(8 * daily_change_rate(20e12, 5) / 1e6, 1)
    92.6
    """
    _not_negative(size=size, change_percent=change_percent)
    return size * change_percent / 100 / _DAY_S


# --- Copies ---------------------------------------------------------------------------------------


def first_copy_time(
    size: float,
    bytes_per_second: float,
    *,
    compression_percent: float | None = None,
    profile: str = _PROFILE,
) -> float:
    """Return the seconds that a first copy takes: size x (1 - compression) / bandwidth.

    Parameters
    ----------
    size
        Bytes; where a tool copies only what is used, of those.
    bytes_per_second
        What the copies have of the link.
    compression_percent
        The profile's (30) where it is not given.

    Examples
    --------
    >>> round(first_copy_time(10e12, 500e6 / 8) / 3600, 1)
    31.1
    """
    saved = compression_percent
    if saved is None:
        saved = _planning(profile, "first_copy_compression_percent")
    if not (bytes_per_second > 0 and 0 <= saved < 100):
        raise ValueError(
            f"bytes_per_second must be greater than 0 and compression_percent from 0 to below 100, "
            f"found {bytes_per_second} and {saved}"
        )
    _not_negative(size=size)
    return size * (1 - saved / 100) / bytes_per_second


def next_delta_after(previous_s: float, *, profile: str = _PROFILE) -> float:
    """Return the seconds from the end of an agentless cycle to the start of the next.

    Examples
    --------
    >>> [next_delta_after(3600 * hours) / 3600 for hours in (4, 0.5, 30)]
    [2.0, 1.0, 12.0]
    """
    _not_negative(previous_s=previous_s)
    least, most = (_planning(profile, f"delta_gap_{end}") for end in ("least", "most"))
    return min(max(least, previous_s / 2), most)


# --- Assessments ----------------------------------------------------------------------------------


def comfortable_size(size: float, used_percent: float, *, comfort_factor: float = 1.0) -> float:
    """Return what an assessment sizes for: what is used, times a comfort factor.

    Examples
    --------
    >>> comfortable_size(10, 20), comfortable_size(10, 20, comfort_factor=2)
    (2.0, 4.0)
    """
    _not_negative(size=size, used_percent=used_percent, comfort_factor=comfort_factor)
    return size * used_percent / 100 * comfort_factor


def confidence_stars(data_points_percent: float) -> int:
    """Return an assessment's stars: a fifth of the data points each. No statistical confidence.

    Examples
    --------
    >>> [confidence_stars(share) for share in (0, 20, 21, 80, 81, 100)]
    [1, 1, 2, 4, 5, 5]
    """
    if not 0 <= data_points_percent <= 100:
        raise ValueError(f"data_points_percent must be from 0 to 100, found {data_points_percent}")
    return max(1, ceil(data_points_percent / 20))


# --- Servers and accounts -------------------------------------------------------------------------


def process_server_choices(
    machines: int, daily_churn: float, *, profile: str = _PROFILE
) -> list[tuple[int, ServerSize]]:
    """Return every way to have enough process servers of one size: fewest of each, largest first.

    Parameters
    ----------
    machines, daily_churn
        Machines that replicate, and the bytes that all of them write in a day.

    Examples
    --------
    >>> [(count, size.cores) for count, size in process_server_choices(200, 1.5 * 2**40)]
    [(1, 12), (2, 8), (7, 4)]
    """
    _not_negative(machines=machines, daily_churn=daily_churn)
    sizes = [
        ServerSize(**entry)
        for entry in _model.profile(profile)["server_sizes"]
        if entry["role"] == "scale-out"
    ]
    return [
        (max(1, ceil(machines / size.machines), ceil(daily_churn / size.daily_churn)), size)
        for size in sorted(sizes, key=lambda size: -size.machines)
    ]


def iops_fit(total_iops: float, disks: int, *, profile: str = _PROFILE) -> bool:
    """Whether IOPS of 8 KB, spread over standard disks, stay within what one disk does.

    Raises
    ------
    ValueError
        If there is no disk, or there are more than a machine may have.

    Examples
    --------
    >>> iops_fit(5 * 120, 5), iops_fit(5 * 120, 1)
    (True, False)
    """
    most = int(_planning(profile, "machine_disks_max"))
    if not 1 <= disks <= most:
        raise ValueError(f"a machine has from 1 to {most} disks, found {disks}")
    _not_negative(total_iops=total_iops)
    return total_iops / disks <= _planning(profile, "standard_disk_iops")


def storage_accounts(total_iops: float, *, profile: str = _PROFILE) -> int:
    """Return how many standard storage accounts so many IOPS need.

    Examples
    --------
    >>> [storage_accounts(iops) for iops in (1, 20_000, 20_001)]
    [1, 1, 2]
    """
    _not_negative(total_iops=total_iops)
    return ceil(total_iops / _planning(profile, "storage_account_iops"))


def drill_days(
    drills_per_year: float | None = None, days: float | None = None, *, profile: str = _PROFILE
) -> float:
    """Return the days a year that drills run; a month's cost of them is a twelfth of a year's.

    Examples
    --------
    >>> drill_days()
    28.0
    """
    times = _planning(profile, "drills_per_year") if drills_per_year is None else drills_per_year
    length = _planning(profile, "drill_days") if days is None else days
    _not_negative(drills_per_year=times, days=length)
    return times * length


# --- Links ----------------------------------------------------------------------------------------


def aws_bandwidth(
    write_rates: Sequence[float], *, headroom: bool = False, profile: str = _PROFILE
) -> float:
    """Return the least bandwidth by AWS: the sum of average write speeds, and headroom if wanted.

    Examples
    --------
    >>> aws_bandwidth([5, 7]), round(aws_bandwidth([5, 7], headroom=True), 1)
    (12.0, 14.4)
    """
    extra = _planning(profile, "aws_headroom_percent") if headroom else 0
    return float(sum(write_rates)) * (1 + extra / 100)


def wan_rate(write_rate: float, compression_percent: float) -> float:
    """Return what a write rate comes to on the wire.

    Examples
    --------
    >>> round(wan_rate(200, 40)), round(wan_rate(33, 99), 2)
    (120, 0.33)
    """
    if not 0 <= compression_percent <= 100:
        raise ValueError(f"compression_percent must be from 0 to 100, found {compression_percent}")
    return write_rate * (1 - compression_percent / 100)


def backlog_growth(write_rate: float, compression_percent: float, link_rate: float) -> float:
    """Return by how much per second what waits for a link grows, in bytes on the wire.

    Examples
    --------
    >>> backlog_growth(4, 50, 1)
    1.0
    """
    return max(0.0, wan_rate(write_rate, compression_percent) - link_rate)


# --- Windows --------------------------------------------------------------------------------------


def blackout_windows(text: str) -> list[LinkWindow]:
    """Read the blackout windows of agentless migration: ``Day;HH:MM;length | ...``.

    Parameters
    ----------
    text
        A length is days, hours and minutes, as in ``1d7h`` or ``8m``.

    Returns
    -------
    list of LinkWindow
        A window for each day that a blackout touches, of value 0; they may be given to
        `planning.link_calendar` as an availability.

    Raises
    ------
    ValueError
        Says which window is wrong, and how.

    Examples
    --------
    >>> blackout_windows("Tuesday;8:00;1d7h")[-1]
    LinkWindow(days=(2,), from_s=0, to_s=54000, value=0.0)
    """
    windows = []
    for number, part in enumerate(text.split("|"), start=1):
        day, begin, end = _blackout(part.strip(), number)
        while begin < end:
            until = min(end, _DAY_S)
            windows.append(LinkWindow((day % 7,), begin, until, 0.0))
            day, begin, end = day + 1, 0, end - _DAY_S
    return windows


def _blackout(part: str, number: int) -> tuple[int, int, int]:
    """Return day, start and end in seconds from its midnight."""
    found = re.fullmatch(
        r"(?P<day>[A-Za-z]+);(?P<hour>\d{1,2}):(?P<minute>\d{2});"
        r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?",
        part,
    )
    if found is None:
        raise ValueError(f"window {number}: found {part!r}, allowed: Day;HH:MM;1d2h3m")
    words: Mapping[str, str | None] = found.groupdict()
    day = str(words["day"]).lower()
    if day not in _DAYS:
        raise ValueError(f"window {number}: found {words['day']!r}, allowed: Monday to Sunday")
    hour, minute = int(words["hour"] or 0), int(words["minute"] or 0)
    if hour > 23 or minute > 59:
        raise ValueError(f"window {number}: no such time as {hour}:{minute:02}")
    scales = (("d", _DAY_S), ("h", 3600), ("m", 60))
    length = sum(int(words[unit] or 0) * scale for unit, scale in scales)
    if not 0 < length <= 7 * _DAY_S:
        raise ValueError(f"window {number}: a length is more than 0 and at most 7d, found {part!r}")
    begin = hour * 3600 + minute * 60
    return _DAYS.index(day), begin, begin + length

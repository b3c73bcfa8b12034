"""Quantities: what is accepted, exactly converted, and how the rest is refused."""

from __future__ import annotations

import math
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from landfall.quantities import (
    BANDWIDTH,
    DATA_RATE,
    DURATION,
    RATE_UNIT,
    SIZE,
    TIME_OF_DAY,
    Dimension,
    parse,
)
from pydantic_core import PydanticCustomError

ACCEPTED: list[tuple[Dimension, object, int | float]] = [
    # Sizes: decimal and binary prefixes apart
    (SIZE, "1 B", 1),
    (SIZE, "1 byte", 1),
    (SIZE, "3 bytes", 3),
    (SIZE, "1 kB", 1000),
    (SIZE, "1 KB", 1000),
    (SIZE, "1 KiB", 1024),
    (SIZE, "500 GB", 500 * 10**9),
    (SIZE, "100 GiB", 100 * 2**30),
    (SIZE, "100GiB", 100 * 2**30),
    (SIZE, " 1.5 TiB ", 3 * 2**39),
    (SIZE, "0.1 GB", 10**8),
    (SIZE, "1.1 TiB", round(Fraction(11, 10) * 2**40)),
    (SIZE, "1e3 MB", 10**9),
    (SIZE, "8 PiB", 2**53),
    (SIZE, 12345, 12345),
    (SIZE, 1e9, 10**9),
    (SIZE, 0, 0),
    # Durations: compound, ISO 8601, down to the nanosecond
    (DURATION, "5 min", 300),
    (DURATION, "1.5 h", 5400),
    (DURATION, "2 d 3 h", 183_600),
    (DURATION, "2d3h", 183_600),
    (DURATION, "1 h 30 min 5 s", 5405),
    (DURATION, "90 s", 90),
    (DURATION, "90 seconds", 90),
    (DURATION, "2 weeks", 1_209_600),
    (DURATION, "200 ms", 0.2),
    (DURATION, "15 us", 15e-6),
    (DURATION, "15 µs", 15e-6),
    (DURATION, "7 ns", 7e-9),
    (DURATION, "PT15M", 900),
    (DURATION, "P1DT2H", 93_600),
    (DURATION, "PT0.5S", 0.5),
    (DURATION, timedelta(minutes=5), 300),
    (DURATION, timedelta(milliseconds=1), 0.001),
    (DURATION, 0.25, 0.25),
    (DURATION, 300.0, 300),
    # Rates: bits and bytes apart, per second or longer
    (BANDWIDTH, "200 Mbit/s", 200 * 10**6),
    (BANDWIDTH, "200 Mb/s", 200 * 10**6),
    (BANDWIDTH, "1 Gbps", 10**9),
    (BANDWIDTH, "1 Gibit/s", 2**30),
    (BANDWIDTH, "25 MB/s", 200 * 10**6),
    (BANDWIDTH, "25 MBps", 200 * 10**6),
    (BANDWIDTH, "1 KiB/s", 8192),
    (BANDWIDTH, 10**9, 10**9),
    (DATA_RATE, "5 MB/s", 5 * 10**6),
    (DATA_RATE, "20 MiB/s", 20 * 2**20),
    (DATA_RATE, "80 Mbit/s", 10**7),
    (DATA_RATE, "36 GB/h", 10**7),
    (DATA_RATE, "86.4 GB/day", 10**6),
    (DATA_RATE, "60 MB/min", 10**6),
    (RATE_UNIT, "KiB/s", 1024),
    (RATE_UNIT, "MB/s", 10**6),
    (RATE_UNIT, "4 KiB/s", 4096),
    (TIME_OF_DAY, "00:00", 0),
    (TIME_OF_DAY, "08:30", 30_600),
    (TIME_OF_DAY, "23:59:59", 86_399),
    (TIME_OF_DAY, "24:00", 86_400),
    (TIME_OF_DAY, 3600, 3600),
]

REFUSED: list[tuple[Dimension, object, str]] = [
    (SIZE, "5 min", 'must be a size such as "100 GiB" or "500 GB", or a number of bytes; this'),
    (SIZE, "5 min", "; this is a duration"),
    (SIZE, "5 MB/s", "this is a data rate"),
    (SIZE, "08:00", "this is a time of day"),
    (SIZE, "100 Gb", "counts bits"),
    (SIZE, "100 GBit", "must be a size"),
    (SIZE, "100 gb", "must be a size"),
    (SIZE, "100 KiB KiB", "must be a size"),
    (SIZE, "1 GiB 5 MiB", "must be a size"),
    (SIZE, "1,5 GiB", "must be a size"),
    (SIZE, "100", "no unit"),
    (SIZE, "GiB", "must be a size"),
    (SIZE, "", "must be a size"),
    (SIZE, "1" * 200 + " GiB", "must be a size"),
    (SIZE, "9**9**9 B", "must be a size"),
    (SIZE, "__import__('os') B", "must be a size"),
    (SIZE, True, "must be a size"),
    (SIZE, None, "must be a size"),
    (SIZE, [1], "must be a size"),
    (SIZE, timedelta(1), "must be a size"),
    (SIZE, -1, "must not be negative"),
    (SIZE, "-1 GiB", "must not be negative"),
    (SIZE, math.nan, "finite"),
    (SIZE, math.inf, "finite"),
    (SIZE, 2**63, "at most 9223372036854775807 bytes"),
    (SIZE, "9e99 PiB", "at most"),
    (DURATION, "5 GiB", "this is a size"),
    (DURATION, "5 m", "must be a duration"),
    (DURATION, "5 months", "must be a duration"),
    (DURATION, "h", "must be a duration"),
    (DURATION, "P", "must be a duration"),
    (DURATION, "P1Y", "must be a duration"),
    (DURATION, "08:00", "this is a time of day"),
    (DURATION, "300 years", "must be a duration"),
    (DURATION, "P999999999999D", "must be a duration"),
    (DURATION, 1e10, "at most 9223372036 seconds"),
    (DURATION, -0.5, "must not be negative"),
    (BANDWIDTH, "200 Mbit", "must be a bandwidth"),
    (BANDWIDTH, "200 mbit/s", "must be a bandwidth"),
    (BANDWIDTH, "200 MB", "this is a size"),
    (DATA_RATE, "KiB/s", "must be a data rate"),
    (RATE_UNIT, "KiB", "must be a unit of a data rate"),
    (TIME_OF_DAY, "8:00", "must be a time of day"),
    (TIME_OF_DAY, "24:01", "must be a time of day"),
    (TIME_OF_DAY, "12:60", "must be a time of day"),
    (TIME_OF_DAY, "5 h", "this is a duration"),
    (TIME_OF_DAY, 86_401, "at most 86400 seconds after midnight"),
]  # fmt: skip


@pytest.mark.parametrize(("dimension", "value", "number"), ACCEPTED, ids=str)
def test_a_quantity_becomes_the_number_in_its_canonical_unit(
    dimension: Dimension, value: object, number: float
) -> None:
    parsed = parse(value, dimension)
    assert parsed == number
    assert type(parsed) is type(number)


@pytest.mark.parametrize(
    ("dimension", "value", "says"), REFUSED, ids=[f"{d.name} {str(v)[:20]}" for d, v, _ in REFUSED]
)
def test_what_is_no_such_quantity_is_refused_with_what_is_allowed(
    dimension: Dimension, value: object, says: str
) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse(value, dimension)
    assert says in caught.value.message()


@pytest.mark.parametrize(
    "dimension", [SIZE, DURATION, BANDWIDTH, DATA_RATE, RATE_UNIT, TIME_OF_DAY]
)
def test_the_examples_of_a_dimension_are_of_it(dimension: Dimension) -> None:
    for example in dimension.examples:
        assert parse(example, dimension) > 0


@given(st.integers(0, 2**63 - 1))
def test_whole_bytes_stay_exact(count: int) -> None:
    assert parse(count, SIZE) == count
    assert parse(f"{count} B", SIZE) == count


@given(st.integers(0, 10**15))
def test_durations_are_whole_nanoseconds_and_stable(nanoseconds: int) -> None:
    seconds = parse(nanoseconds / 10**9, DURATION)
    assert abs(Fraction(seconds) - Fraction(nanoseconds, 10**9)) < Fraction(1, 10**9)
    assert parse(seconds, DURATION) == seconds


@given(st.text(max_size=70))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    for dimension in (SIZE, DURATION, BANDWIDTH, RATE_UNIT, TIME_OF_DAY):
        try:
            number, message = parse(text, dimension), ""
        except PydanticCustomError as error:
            number, message = 0, error.message()
        assert number >= 0
        assert not message or message.startswith("must ")

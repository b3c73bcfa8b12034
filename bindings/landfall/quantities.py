"""Quantities of a scenario file: sizes, durations, rates and times of day, with or without units.

A quantity is either a JSON number in its canonical unit or a text with a unit ("1.5 TiB",
"200 Mbit/s", "2 d 3 h", "PT15M", "14:30"). What comes out is always the number in the canonical
unit: bytes, seconds, bits per second (links), bytes per second (everything else) or seconds after
midnight. Units are case-sensitive, so that "Mb" (megabit) and "MB" (megabyte), "KB" (1000 bytes)
and "KiB" (1024 bytes) stay apart. Conversion is exact (decimal), by pint.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from numbers import Integral, Real
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic_core import PydanticCustomError, core_schema

if TYPE_CHECKING:
    import pint
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

#: Key under which the JSON Schema of a quantity carries the name of its type.
SCHEMA_NAME = "quantity"
#: Longest text that is read as a quantity.
TEXT_LENGTH_MAX = 64
#: The most bytes, or bytes per second, that the simulator counts (63 bits).
COUNT_MAX = 2**63 - 1
#: The most seconds that the simulator counts (63 bits of nanoseconds, about 292 years).
SECONDS_MAX = COUNT_MAX // 10**9

_NUMBER = r"[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?"
_PREFIX = r"(?:k|[KMGTP]i?)?"
_SIZE_UNIT = rf"{_PREFIX}(?:B|bytes?)"
_RATE_UNIT = (
    rf"{_PREFIX}(?:(?:b|bits?|B|bytes?)/(?:s|sec|second|min|minute|h|hr|hour|d|day)|[bB]ps)"
)
_TIME_UNIT = r"(?:ns|us|µs|ms|s|secs?|seconds?|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)"
_TIME_PART = rf"{_NUMBER}\s*{_TIME_UNIT}"
_ISO_DURATION = (
    r"P(?=[0-9]|T[0-9])(?:[0-9]+W)?(?:[0-9]+D)?"
    r"(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?"
)
_TIME_OF_DAY = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?|24:00"

#: What pint may know here: only information and time, so that "5 min" can never pass for a size.
_UNIT_DEFINITIONS = """
nano- = 1e-9 = n-
micro- = 1e-6 = µ- = u-
milli- = 1e-3 = m-
kilo- = 1e3 = k- = K-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
peta- = 1e15 = P-
kibi- = 1024 = Ki-
mebi- = 1048576 = Mi-
gibi- = 1073741824 = Gi-
tebi- = 1099511627776 = Ti-
pebi- = 1125899906842624 = Pi-
bit = [information] = b
byte = 8 * bit = B
second = [time] = s = sec
minute = 60 * second = min
hour = 60 * minute = h = hr
day = 24 * hour = d
week = 7 * day = w
bps = bit / second
Bps = byte / second
"""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A kind of quantity: its canonical unit, the texts it accepts and how to talk about it."""

    name: str
    unit: str
    unit_words: str
    pattern: str
    examples: tuple[str, ...]
    maximum: int

    def matches(self, text: str) -> bool:
        """Whether `text` has the shape of this dimension (a sign in front is let through)."""
        return re.fullmatch(rf"\s*[+-]?(?:{self.pattern})\s*", text) is not None

    def advice(self) -> str:
        """Say what is allowed, with examples."""
        shown = " or ".join(f'"{example}"' for example in self.examples[:2])
        return f"must be a {self.name} such as {shown}, or a number of {self.unit_words}"

    def text_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the texts of this dimension."""
        return {
            "type": "string",
            "maxLength": TEXT_LENGTH_MAX,
            "pattern": rf"^\s*(?:{self.pattern})\s*$",
            "examples": list(self.examples),
        }


SIZE = Dimension(
    "size", "byte", "bytes", rf"{_NUMBER}\s*{_SIZE_UNIT}", ("100 GiB", "500 GB", "1.5 TiB"),
    COUNT_MAX,
)  # fmt: skip
DURATION = Dimension(
    "duration", "second", "seconds", rf"{_TIME_PART}(?:\s*{_TIME_PART})*|{_ISO_DURATION}",
    ("5 min", "2 d 3 h", "200 ms", "PT15M"), SECONDS_MAX,
)  # fmt: skip
BANDWIDTH = Dimension(
    "bandwidth", "bit/second", "bits per second", rf"{_NUMBER}\s*{_RATE_UNIT}",
    ("200 Mbit/s", "1 Gbps", "25 MB/s"), COUNT_MAX,
)  # fmt: skip
DATA_RATE = Dimension(
    "data rate", "byte/second", "bytes per second", rf"{_NUMBER}\s*{_RATE_UNIT}",
    ("5 MB/s", "20 MiB/s", "80 Mbit/s"), COUNT_MAX,
)  # fmt: skip
RATE_UNIT = Dimension(
    "unit of a data rate", "byte/second", "bytes per second", rf"(?:{_NUMBER}\s*)?{_RATE_UNIT}",
    ("KiB/s", "MB/s", "Mbit/s"), COUNT_MAX,
)  # fmt: skip
TIME_OF_DAY = Dimension(
    "time of day", "second", "seconds after midnight", _TIME_OF_DAY, ("08:00", "17:30"), 86_400,
)  # fmt: skip

_DIMENSIONS = (SIZE, DURATION, DATA_RATE, TIME_OF_DAY)


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint  # costs more than the rest of the package: only when a text is met

    return pint.UnitRegistry(_UNIT_DEFINITIONS.splitlines(), non_int_type=Decimal)


@lru_cache(maxsize=4096)
def _converted(text: str, unit: str) -> Fraction:
    """Return the sum of the number-unit pairs of `text` in `unit`, exactly."""
    registry = _registry()
    sign = -1 if text.lstrip().startswith("-") else 1
    pairs = re.findall(rf"({_NUMBER})?\s*([A-Za-zµ]+(?:/[A-Za-z]+)?)", text)
    factors = [
        (Fraction(number or "1"), registry.Quantity(Decimal(1), word).to(unit.split("/")[0])
         if "/" not in unit else registry.Quantity(Decimal(1), word))
        for number, word in pairs
    ]  # fmt: skip
    return sign * sum((n * Fraction(q.to(unit).magnitude) for n, q in factors), Fraction(0))


def parse(value: object, dimension: Dimension) -> int | float:
    """Return `value` as a number in the canonical unit of `dimension`.

    Parameters
    ----------
    value
        A number in the canonical unit, a text with a unit, or (durations) a ``timedelta``.
    dimension
        What the value has to be; one of the constants of this module.

    Returns
    -------
    int or float
        Whole bytes, bits or bytes per second; seconds to the nanosecond (an ``int`` when whole).

    Raises
    ------
    PydanticCustomError
        When the value is of another kind or dimension, not finite, negative or too large.
    """
    exact: Fraction
    if isinstance(value, bool):
        raise _wrong(dimension, "")
    if isinstance(value, Real):
        if not math.isfinite(value):
            raise PydanticCustomError("quantity_range", "must be a finite number")
        exact = Fraction(int(value)) if isinstance(value, Integral) else Fraction(float(value))
    elif isinstance(value, timedelta) and dimension is DURATION:
        exact = Fraction(value // timedelta(microseconds=1), 10**6)
    elif isinstance(value, str):
        exact = _from_text(value, dimension)
    else:
        raise _wrong(dimension, "")
    if exact < 0:
        raise PydanticCustomError("quantity_range", "must not be negative")
    if exact > dimension.maximum:
        limit = {"limit": f"{dimension.maximum} {dimension.unit_words}"}
        raise PydanticCustomError("quantity_range", "must be at most {limit}", limit)
    return _rounded(exact, dimension)


def _rounded(exact: Fraction, dimension: Dimension) -> int | float:
    if dimension.unit != "second":
        return round(exact)
    nanoseconds = round(exact * 10**9)
    whole, rest = divmod(nanoseconds, 10**9)
    return nanoseconds / 10**9 if rest else whole


def _from_text(text: str, dimension: Dimension) -> Fraction:
    if len(text) > TEXT_LENGTH_MAX or not dimension.matches(text):
        raise _wrong(dimension, _explain(text[:TEXT_LENGTH_MAX]))
    if dimension is TIME_OF_DAY:
        hours, minutes, *rest = (int(part) for part in text.strip().lstrip("+-").split(":"))
        return Fraction(hours * 3600 + minutes * 60 + (rest[0] if rest else 0))
    if dimension is DURATION and "P" in text:
        return _from_iso(text)
    return _converted(text.strip(), dimension.unit)


def _from_iso(text: str) -> Fraction:
    from pydantic import TypeAdapter, ValidationError

    try:
        span = TypeAdapter(timedelta).validate_python(text.strip())
    except (ValidationError, OverflowError):
        raise _wrong(DURATION, "") from None
    return Fraction(span // timedelta(microseconds=1), 10**6)


def _explain(text: str) -> str:
    """Say what `text` looks like instead, or return an empty text."""
    for dimension in _DIMENSIONS:
        if dimension.matches(text):
            return f"; this is a {dimension.name}"
    if re.fullmatch(rf"\s*[+-]?{_NUMBER}\s*", text):
        return "; this text has no unit"
    if re.fullmatch(rf"\s*{_NUMBER}\s*{_PREFIX}(?:b|bits?)\s*", text):
        return '; this counts bits ("b"), bytes are written "B"'
    return ""


def _wrong(dimension: Dimension, remark: str) -> PydanticCustomError:
    return PydanticCustomError(
        "quantity",
        "{advice}{remark}",
        {"advice": dimension.advice(), "remark": remark},
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """Pydantic annotation: a number of a `Dimension`, at least `minimum`."""

    #: Name of the type in the JSON Schema.
    name: str
    dimension: Dimension
    minimum: int = 0
    positive: bool = False

    def validate(self, value: object) -> int | float:
        """Return the canonical number, or raise what `parse` raises, or a range error."""
        number = parse(value, self.dimension)
        if self.positive and number <= 0:
            raise PydanticCustomError("quantity_range", "must be more than 0")
        if number < self.minimum:
            limit = {"limit": f"{self.minimum} {self.dimension.unit_words}"}
            raise PydanticCustomError("quantity_range", "must be at least {limit}", limit)
        return number

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        bound: dict[str, Any] = {"type": "number", "maximum": self.dimension.maximum}
        bound["exclusiveMinimum" if self.positive else "minimum"] = self.minimum
        bound["description"] = f"In {self.dimension.unit_words}."
        # landfall.schema makes one definition of every name that stands under SCHEMA_NAME.
        return {SCHEMA_NAME: self.name, "anyOf": [bound, self.dimension.text_schema()]}


if TYPE_CHECKING:
    # A text, number or timedelta goes in, a number comes out: no static type says both.
    Size: TypeAlias = Any
    PositiveSize: TypeAlias = Any
    Duration: TypeAlias = Any
    PositiveDuration: TypeAlias = Any
    Bandwidth: TypeAlias = Any
    DataRate: TypeAlias = Any
    PositiveDataRate: TypeAlias = Any
    RateUnit: TypeAlias = Any
    TimeOfDay: TypeAlias = Any
else:
    Size = Annotated[int, Measured("Size", SIZE)]
    PositiveSize = Annotated[int, Measured("PositiveSize", SIZE, positive=True)]
    Duration = Annotated[float, Measured("Duration", DURATION)]
    PositiveDuration = Annotated[float, Measured("PositiveDuration", DURATION, positive=True)]
    Bandwidth = Annotated[int, Measured("Bandwidth", BANDWIDTH, minimum=8)]
    DataRate = Annotated[int, Measured("DataRate", DATA_RATE)]
    PositiveDataRate = Annotated[int, Measured("PositiveDataRate", DATA_RATE, positive=True)]
    RateUnit = Annotated[int, Measured("RateUnit", RATE_UNIT, positive=True)]
    TimeOfDay = Annotated[int, Measured("TimeOfDay", TIME_OF_DAY)]

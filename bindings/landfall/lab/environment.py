"""What the environment says of explorations: seeds, budget, jobs, how much is run twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic_core import PydanticCustomError

from .. import codes
from ..errors import Problem, ScenarioError
from ..quantities import DURATION, parse

__all__ = ["Environment", "read"]

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Environment:
    """Defaults of an exploration.

    Attributes
    ----------
    seed
        LANDFALL_SEED: the first seed.
    num
        LANDFALL_NUM: how many.
    jobs
        LANDFALL_JOBS: runs at the same time.
    time_limit_s
        LANDFALL_TIME_LIMIT: most wall time, such as "60 s".
    check_determinism
        LANDFALL_CHECK_DETERMINISM: share of the runs that are made twice, 0 to 1.
    """

    seed: int
    num: int
    jobs: int
    time_limit_s: float | None
    check_determinism: float


def read() -> Environment:
    """Return what the environment says, and the defaults where it says nothing.

    Raises
    ------
    ScenarioError
        A variable cannot be understood.
    """
    return Environment(
        seed=_given("SEED", _seed, 1, "must be a whole number of 0 or more"),
        num=_given("NUM", _count, 200, "must be a whole number of 1 or more"),
        jobs=_given("JOBS", _count, len(os.sched_getaffinity(0)), "must be 1 or more"),
        time_limit_s=_given("TIME_LIMIT", _time, None, 'must be a duration such as "60 s"'),
        check_determinism=_given(
            "CHECK_DETERMINISM", _share, 0.05, "must be a share of the runs, 0 to 1"
        ),
    )


def _given(name: str, convert: Callable[[str], _Value], default: _Value, rule: str) -> _Value:
    text = os.environ.get(f"LANDFALL_{name}", "").strip()
    if not text:
        return default
    try:
        return convert(text)
    except (ValueError, PydanticCustomError):
        problem = Problem(codes.OUT_OF_RANGE, f"LANDFALL_{name}", f'"{text}"', rule)
        raise ScenarioError([problem], source="environment") from None


def _seed(text: str) -> int:
    seed = int(text, 0)
    if not 0 <= seed < 2**64:
        raise ValueError(text)
    return seed


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def _share(text: str) -> float:
    share = float(text)
    if not 0.0 <= share <= 1.0:
        raise ValueError(text)
    return share


def _time(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return float(parse(text, DURATION))

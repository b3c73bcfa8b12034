"""Stable codes of the problems that Python finds; those of ``sim/scenario/problem.hpp``."""

from __future__ import annotations

NOT_JSON = "SCN001"
UNKNOWN_KEY = "SCN002"
WRONG_UNIT = "SCN003"
WRONG_TYPE = "SCN004"
MISSING_KEY = "SCN005"
UNKNOWN_CHOICE = "SCN006"
OUT_OF_RANGE = "SCN007"
KEYS_CLASH = "SCN008"
#: More than a run should take on without being asked twice. Python alone says it.
TOO_LARGE = "SCN009"
UNKNOWN_NAME = "SCN010"
EMPTY_LIST = "SCN012"
BAD_NAME = "SCN013"
REPLICATION = "SCN017"
NO_END = "SCN041"

"""Stable codes of what is wrong with a file that is imported."""

from __future__ import annotations

UNREADABLE = "INV001"
UNKNOWN_KIND = "INV002"
TOO_LARGE = "INV003"
MISSING_COLUMN = "INV004"
BAD_CELL = "INV005"
#: Something that the file does not say and that is not guessed.
UNSTATED = "INV006"
NAMES_DIFFER = "INV007"
NOTHING_LEFT = "INV008"
HOSTILE = "INV009"

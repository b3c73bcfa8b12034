"""Stable codes of the problems that the lab finds, beside those of scenarios."""

from __future__ import annotations

#: A rule that no run can meet, since it fails without any fault.
CANNOT_BE_MET = "LAB001"
#: A file of the corpus of another version.
CASE_VERSION = "LAB002"

"""Planted bugs of the data path: what is tracked, sent, applied and published."""

from __future__ import annotations

from mutants.hunts import Hunt, Row
from python.lab_samples import tiny

TINY = Hunt("tiny", tiny)

ROWS: tuple[Row, ...] = (Row("marker-before-pending-data", (TINY,), by=("S1",), quick=True),)

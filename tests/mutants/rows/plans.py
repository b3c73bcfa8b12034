"""Planted bugs of recovery plans."""

from __future__ import annotations

from mutants.hunts import Row

ROWS: tuple[Row, ...] = ()

"""Planted bugs of the control plane: states, jobs, leases, copies of the vault."""

from __future__ import annotations

from mutants.hunts import Row

ROWS: tuple[Row, ...] = ()

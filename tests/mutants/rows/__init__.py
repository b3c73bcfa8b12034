"""The rows of the board, by area."""

from __future__ import annotations

from mutants.hunts import Row

from . import billing, control_plane, data_path, plans

ROWS: tuple[Row, ...] = (*data_path.ROWS, *control_plane.ROWS, *plans.ROWS, *billing.ROWS)

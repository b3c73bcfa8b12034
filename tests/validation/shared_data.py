"""Where the real traces are: beside the checkout, never inside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def shared_data(name: str) -> Path:
    """Return the path of a reference file; skip where there is none, but fail under CI.

    The folder is ``$LANDFALL_SHARED_DATA``, else ``../shared/data`` beside the checkout.
    """
    default = REPOSITORY.parent / "shared" / "data"
    path = Path(os.environ.get("LANDFALL_SHARED_DATA", default)) / name
    if path.exists():
        return path
    reason = f"reference data {name} not found; set LANDFALL_SHARED_DATA to its folder"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)

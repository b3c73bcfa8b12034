"""The version of the installed package."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path


@cache
def version() -> str:
    """Return the version, such as "0.1.0"; in a checkout that is not installed, that of CMake."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed_version

    try:
        return installed_version("landfall")
    except PackageNotFoundError:
        listfile = Path(__file__).resolve().parents[2] / "CMakeLists.txt"
        text = listfile.read_text(encoding="utf-8") if listfile.is_file() else ""
        found = re.search(r"project\(landfall VERSION ([0-9.]+)", text)
        return found.group(1) if found else "0+unknown"

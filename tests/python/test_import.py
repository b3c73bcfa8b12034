"""`import landfall`: quick, light, and complete all the same."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import landfall
import pytest

#: From the start of the interpreter's work on `import landfall` to its end, in milliseconds.
BUDGET_MS = 150
HEAVY = ("numpy", "pandas", "pydantic", "pyarrow", "matplotlib", "pint", "rich", "typer", "tqdm")


def python(code: str) -> str:
    # The package that these tests see, wherever it is.
    path = os.pathsep.join([str(Path(folder).parent) for folder in landfall.__path__])
    environment = os.environ | {"PYTHONPATH": path + os.pathsep + os.environ.get("PYTHONPATH", "")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip()


def test_the_import_keeps_to_its_budget() -> None:
    measure = (
        "import time; start = time.perf_counter(); import landfall; "
        "print((time.perf_counter() - start) * 1000)"
    )
    best_ms = min(float(python(measure)) for _ in range(5))
    assert best_ms < BUDGET_MS


def test_the_import_brings_nothing_heavy() -> None:
    loaded = python("import sys, landfall; print(*sys.modules)").split()
    assert [name for name in HEAVY if name in loaded] == []


def test_neither_import_nor_scenario_loads_simgrid() -> None:
    maps = python(
        "import landfall; landfall.Scenario; landfall.run_many; landfall.Result; "
        "print(open('/proc/self/maps').read())"
    )
    assert "libsimgrid" not in maps


@pytest.mark.parametrize("name", landfall.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(landfall, name) is not None
    assert name in dir(landfall)


def test_the_names_for_type_checkers_are_those_at_run_time() -> None:
    tree = ast.parse(Path(str(landfall.__file__)).read_text(encoding="utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    names = {
        alias.name
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert names | {"__version__"} == set(landfall.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        landfall.nonsense  # noqa: B018


def test_the_version_is_that_of_the_build() -> None:
    assert landfall.__version__[0].isdigit()
    assert landfall.__version__ != "0+unknown"


def test_completion_offers_what_is_there_for_users_and_nothing_else() -> None:
    offered = python("import landfall as lf, landfall.errors; print(*dir(lf))").split()
    public = {name for name in offered if not name.startswith("__")}
    assert public == {name for name in landfall.__all__ if not name.startswith("__")}

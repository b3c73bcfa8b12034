"""The pytest plugin of landfall: fixtures and a marker. Loads nothing before a test asks for it.

Fixtures:

- ``landfall_run``: a function that runs a scenario and returns its result.
- ``landfall_lab``: a function that explores faults in a scenario and fails the test with a report,
  made small, when a rule does not hold.
- ``landfall_open``: a function that opens a stepped simulation; it is closed after the test.

Marker: ``@pytest.mark.landfall(seeds=..., budget=..., explorer=..., ...)`` sets the defaults of
``landfall_lab`` in a test. The environment comes before: LANDFALL_SEED, LANDFALL_NUM,
LANDFALL_JOBS, LANDFALL_TIME_LIMIT, LANDFALL_CHECK_DETERMINISM.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..result import Result
    from ..scenario import Scenario
    from ..simulation import Simulation
    from .report import Report

_MARKER = (
    "landfall(seeds, budget, explorer, ...): defaults of the fixture landfall_lab in this test"
)
_OF_THE_LAB = (
    *("faults", "invariants", "expectations", "policy", "settle", "timeout"),
    *("memory_limit", "jobs"),
)
_FEW = 50
_VARIABLES = {
    "seeds": "LANDFALL_NUM",
    "first_seed": "LANDFALL_SEED",
    "budget": "LANDFALL_TIME_LIMIT",
    "twice": "LANDFALL_CHECK_DETERMINISM",
    "jobs": "LANDFALL_JOBS",
}


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker."""
    config.addinivalue_line("markers", _MARKER)


def _scenario(source: Any, request: pytest.FixtureRequest) -> Scenario:
    """Return a scenario: as it is, from a dictionary, or a file beside the test."""
    from ..scenario import Scenario, load

    if isinstance(source, Scenario):
        return source
    folder = request.path.parent
    if isinstance(source, dict):
        return Scenario.from_dict(source, folder=folder)
    name = os.fspath(source)
    beside = folder / name
    return load(str(beside) if not name.startswith("gallery:") and beside.exists() else name)


@pytest.fixture
def landfall_run(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Return a function that runs a scenario (one, its dictionary or file) and returns its result.

    Its keywords are those of :meth:`landfall.Scenario.run`.
    """

    def run(source: Any, **options: Any) -> Result:
        __tracebackhide__ = True
        options.setdefault("progress", False)
        return _scenario(source, request).run(**options)

    return run


@pytest.fixture
def landfall_open(request: pytest.FixtureRequest) -> Iterator[Callable[..., Simulation]]:
    """Return a function that opens a stepped simulation of a scenario.

    Its keywords are those of :func:`landfall.open`.
    """
    from ..simulation import open as open_simulation

    with ExitStack() as stack:

        def opened(source: Any, **options: Any) -> Simulation:
            return stack.enter_context(open_simulation(_scenario(source, request), **options))

        yield opened


@pytest.fixture
def landfall_lab(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """Return a function that explores faults in a scenario; the test fails with what it found.

    Its keywords are those of :class:`landfall.lab.Lab` and its :meth:`~landfall.lab.Lab.explore`;
    ``check=False`` returns a report with failures instead of failing.
    """

    def explore(source: Any, *, check: bool = True, **options: Any) -> Report:
        __tracebackhide__ = True
        from .lab import Lab

        marker = request.node.get_closest_marker("landfall")
        given = {"seeds": _FEW, "progress": False, **(marker.kwargs if marker else {}), **options}
        for option, variable in _VARIABLES.items():
            if os.environ.get(variable):
                given.pop(option, None)
        of_the_lab = {name: given.pop(name) for name in _OF_THE_LAB if name in given}
        given.setdefault("corpus", _corpus(request))
        report = Lab(_scenario(source, request), **of_the_lab).explore(**given)
        if check and not report.ok:
            pytest.fail(report.text(), pytrace=False)
        return report

    return explore


def _corpus(request: pytest.FixtureRequest) -> Path:
    """Return where failures of a test are kept: beside it, by its name."""
    return request.path.parent / "corpus"

"""Fixtures that several files share: the made-up simulator, and the real one."""

from __future__ import annotations

import os

import landfall as lf
import pytest
from landfall import worker
from python.fake_simulator import Simulator, install


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Simulator:
    return install(monkeypatch)


@pytest.fixture(scope="session")
def built() -> None:
    """Skip where landfall is not built; in CI that is a failure."""
    try:
        import landfall._model

        assert landfall._model.profiles()
        worker.find()
    except (ImportError, lf.WorkerNotFound) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"landfall is not built: {error}")

"""A trace that ends before a run does is an input error, also where no duration says so ahead."""

from __future__ import annotations

from pathlib import Path

import landfall as lf
import pytest


def scenario(trace: Path, *, repeat: bool) -> lf.Scenario:
    """Return the first migration with a short trace under one machine, and no duration."""
    churn = {
        "kind": "trace",
        "file": str(trace),
        "column": "web",
        "unit": "KiB/s",
        "step": "5 min",
        "repeat": repeat,
    }
    return lf.load("gallery:first-migration").with_({"/machines/0/churn": churn, "/duration": None})


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Twelve samples: an hour."""
    file = tmp_path / "churn.csv"
    file.write_text("t,web\n" + "".join(f"{300 * k},{k}\n" for k in range(12)))
    return file


def test_an_open_run_past_the_end_of_a_trace_is_refused(trace: Path) -> None:
    with pytest.raises(lf.ScenarioError) as caught:
        scenario(trace, repeat=False).run(progress=False)
    [problem] = caught.value.problems
    assert (problem.code, problem.pointer) == ("SCN052", "/machines/0/churn")
    assert "ends after 3600 s, before the run did" in problem.message


def test_a_trace_that_repeats_has_no_end(trace: Path) -> None:
    assert scenario(trace, repeat=True).run(progress=False).ok

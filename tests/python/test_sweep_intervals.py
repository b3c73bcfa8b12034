"""Intervals, comparisons and pictures of sweeps: against formulas, and by how often they hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from landfall.sweeps import Sweep
from landfall.sweeps.intervals import (
    bootstrap_interval,
    compared,
    interval,
    quantile_interval,
    t_interval,
)
from landfall.sweeps.keys import run_key, seed_of
from landfall.sweeps.store import row


def test_the_t_interval_is_that_of_the_book() -> None:
    # mean 3, s = sqrt(2.5), t(0.975, 4) = 2.776445: half width 2.776445 * sqrt(2.5 / 5)
    found = t_interval([1, 2, 3, 4, 5])
    assert found.estimate == 3
    assert found.half_width == pytest.approx(2.776445 * math.sqrt(0.5), rel=1e-6)


def test_the_quantile_interval_is_that_of_the_book() -> None:
    # Median of 10: ranks 2 and 9, of coverage 0.979 (Conover, table A3).
    found = quantile_interval(range(1, 11))
    assert (found.low, found.high) == (2, 9)
    assert quantile_interval(range(5)).low == -math.inf  # five are too few for 95 %


@pytest.mark.parametrize("method", ["t", "bootstrap", "quantile"])
def test_an_interval_holds_as_often_as_it_says(method: str) -> None:
    rng = np.random.default_rng(1)
    trials = 60 if method == "bootstrap" else 400
    held = 0
    for _ in range(trials):
        found = interval(rng.normal(5.0, 2.0, 30), method, 0.9)
        held += found.low <= 5.0 <= found.high
    # Three standard deviations of the count; the bootstrap of 30 values loses a point or two.
    assert abs(held / trials - 0.9) < 0.03 + 3 * math.sqrt(0.9 * 0.1 / trials)


def test_few_or_equal_values_give_no_nonsense() -> None:
    assert math.isnan(t_interval([]).estimate)
    assert math.isnan(t_interval([7.0]).low)
    same = bootstrap_interval([2.0, 2.0, 2.0])
    assert (same.low, same.estimate, same.high) == (2, 2, 2)
    assert t_interval([1.0, math.nan, 3.0]).n == 2


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        t_interval([1, 2], level)


def test_a_comparison_is_paired() -> None:
    noise = np.array([5.0, -3.0, 8.0, 1.0, -6.0])
    shift = np.array([1.0, 1.1, 0.9, 1.05, 0.95])
    found = compared("x", 0, 1, noise, noise + shift, 0.95)
    assert found.difference.estimate == pytest.approx(1.0)
    assert found.differs
    assert found.difference.half_width < 0.2 < found.independent_half_width
    missing = compared("x", 0, 1, [1.0, math.nan, 3.0], [2.0, 9.0, 4.0], 0.95)
    assert (missing.difference.n, missing.mean_b) == (2, 3.0)


# --- The outcome of a made-up sweep ---------------------------------------------------------------


def made_up(
    over: dict[str, list[Any]], values: dict[tuple[Any, ...], list[float]], kind: str = "grid"
) -> Sweep:
    """Return a sweep that nobody ran; a NaN is a run that crashed."""
    variants, rows = [], {}
    for number, (point, numbers) in enumerate(values.items()):
        variants.append(
            {
                "values": list(point),
                "numbers": [p if isinstance(p, int | float) else None for p in point],
                "hash": f"h{number}",
                "problem": "",
                "replications": len(numbers),
            }
        )
        for replication, value in enumerate(numbers):
            key = run_key(f"h{number}", seed_of(1, replication), "s")
            rows[key] = row(key, f"h{number}", "", seed_of(1, replication))
            if math.isnan(value):
                rows[key] |= {"failure": "crash"}
            else:
                rows[key] |= {"status": "ok", "metrics": {"rpo_s_p95": value}}
    manifest = {
        "scenario": {"name": "made up", "hash": "", "canonical": {}},
        "design": {"kind": kind, "n": 0, "parameters": [{"name": n, "places": []} for n in over]},
        "entropy": 1,
        "common_random_numbers": True,
        "metrics": {"signature": "s"},
        "variants": variants,
    }
    return Sweep(manifest, rows)


def links() -> Sweep:
    nan = math.nan
    return made_up(
        {"/links/wan/bandwidth": [], "/policy": []},
        {
            ("50 Mbit/s", "a"): [900.0, 1000.0, 950.0],
            ("50 Mbit/s", "b"): [1000.0, 1110.0, 1055.0],
            ("100 Mbit/s", "a"): [300.0, 330.0, 310.0],
            ("100 Mbit/s", "b"): [nan, nan, nan],
        },
    )


def test_the_summary_has_a_row_for_each_variant() -> None:
    summary = links().summary("rpo_s_p95")
    assert list(summary["n"]) == [3, 3, 3, 0]
    assert list(summary["failed"]) == [0, 0, 0, 3]
    assert summary["estimate"][0] == pytest.approx(950)
    assert list(links().summary("rpo_s_p95", method="quantile")["estimate"][:2]) == [950, 1055]


def test_the_best_comes_first_and_says_what_cannot_be_told_from_it() -> None:
    found = links().best("rpo_s_p95")
    assert list(found["variant"]) == [2, 0, 1]
    assert found["worse"][1] == pytest.approx(950 - 940 / 3)
    assert (found["worse_low"][1:] > 0).all()
    assert list(links().best("rpo_s_p95", maximise=True)["variant"]) == [1, 0, 2]


def test_variants_go_by_their_values() -> None:
    sweep = links()
    a, b = {"/links/wan/bandwidth": "50 Mbit/s", "/policy": "a"}, 2
    assert sweep.compare(a, b, "rpo_s_p95").difference.estimate < -600
    with pytest.raises(ValueError, match="2 variants with"):
        sweep.variant({"/policy": "a"})
    with pytest.raises(KeyError, match="no parameter"):
        sweep.variant({"policy": "a"})
    with pytest.raises(ValueError, match="no 9"):
        sweep.values("rpo_s_p95", 9)
    with pytest.raises(KeyError, match="no metric"):
        sweep.summary("rpo")


def test_pictures_show_the_numbers() -> None:
    sweep = links()
    axes = sweep.plot("rpo_s_p95", "/links/wan/bandwidth", by="/policy").axes
    line = axes.get_lines()[0]
    assert list(line.get_xdata()) == [50, 100]  # type: ignore[arg-type]
    assert list(line.get_ydata()) == pytest.approx(  # type: ignore[arg-type]
        [950 / 60, 940 / 3 / 60]
    )
    assert axes.get_xlabel() == "links wan bandwidth (Mbit/s)"
    assert axes.get_ylabel() == "RPO p95 (minutes)"
    heat = sweep.plot("rpo_s_p95").axes
    texts = {text.get_text() for text in heat.texts}
    assert texts == {"15.8", "17.6", "5.22", "failed"}
    assert sweep.plot("rpo_s_p95")._repr_png_()
    assert "RPO" in repr(sweep.plot("rpo_s_p95"))


def test_its_display_is_escaped_and_says_what_failed() -> None:
    sweep = made_up({"/name": []}, {("<b>",): [1.0, 2.0], ("y",): [math.nan, 2.0]})
    text = sweep._repr_html_()
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
    assert "1 crash" in text

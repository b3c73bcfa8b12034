"""Pictures: what the lines say is what the tables say."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import landfall as lf
import numpy as np
import pytest
from landfall.plot_rpo import envelope, sawtooth
from landfall.plot_style import active_span, outages
from landfall.plots import Picture
from matplotlib.figure import Figure
from python.run_samples import HOUR, first, made_up, python

NAN = float("nan")
#: Protected from 100 s to 1000 s, points at 400 s and 700 s that lag by 60 s and 90 s.
STEPS = [(100, NAN, 20), (400, 320, 60), (700, 360, 90), (1000, 390, NAN)]


def regular(count: int, *, start: float = 0.0) -> list[tuple[float, float, float]]:
    """Return a sawtooth with a point every 5 min that lags by 30 s."""
    body = [(start + 300.0 * k, 330.0, 30.0) for k in range(1, count)]
    return [(start, NAN, 30.0), *body, (start + 300.0 * count, 330.0, NAN)]


def labels(picture: Picture) -> list[str]:
    legend = picture.axes.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


def curve(picture: Picture, label: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    (line,) = [line for line in picture.axes.lines if line.get_label() == label]
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


# --- RPO ------------------------------------------------------------------------------------------


def test_the_rpo_rises_with_slope_one_and_drops_at_each_point() -> None:
    result = made_up(["a"], {"a": STEPS}, end_s=1000.0)
    x, y = curve(result.plot.rpo(), "a")
    minutes = x * 60.0  # a run of 1000 s is shown in minutes
    np.testing.assert_allclose(minutes, [100, 400, 400, 700, 700, 1000])
    np.testing.assert_allclose(y, [20, 320, 60, 360, 90, 390])


def test_nothing_is_drawn_while_a_machine_is_not_protected() -> None:
    again = [*STEPS, (2000, NAN, 40), (2200, 240, NAN)]
    result = made_up(["a"], {"a": again}, end_s=2300.0)
    x, y = curve(result.plot.rpo(), "a")
    gap = int(np.flatnonzero(np.isnan(y))[0])
    np.testing.assert_allclose(x[[gap - 1, gap + 1]] * 60.0, [1000, 2000])
    np.testing.assert_allclose(y[-2:], [40, 240])


def test_steps_that_do_not_follow_from_each_other_are_not_joined() -> None:
    result = made_up(["a"], {"a": [(100, NAN, 20), (400, 999, 60), (500, 160, NAN)]}, end_s=600.0)
    teeth = sawtooth(result, 0)
    np.testing.assert_allclose(teeth.stop - teeth.start, [0, 100])


def test_a_table_without_an_end_of_protection_is_drawn_to_its_last_step() -> None:
    result = made_up(["a"], {"a": STEPS[:-1]}, end_s=1000.0)
    np.testing.assert_allclose(sawtooth(result, 0).stop, [400, 700, 700])


def test_machines_do_not_mix() -> None:
    result = made_up(["a", "b"], {"a": STEPS, "b": regular(3)}, end_s=1000.0)
    np.testing.assert_allclose(curve(result.plot.rpo(), "a")[1].max(), 390)
    np.testing.assert_allclose(curve(result.plot.rpo(), "b")[1].max(), 330)


def test_teeth_too_fine_to_see_become_a_band_that_hides_no_peak() -> None:
    steps = regular(2000)
    steps[1000] = (steps[1000][0], 330.0, 330.0)  # one point missing: RPO up to 630 s
    steps[1001] = (steps[1001][0], 630.0, 30.0)
    result = made_up(["a"], {"a": steps}, end_s=300.0 * 2000)
    picture = result.plot.rpo()
    x, y = curve(picture, "a")
    assert len(x) < 4000
    assert np.nanmax(y) == 630.0
    assert "down to its lowest" in labels(picture)


@pytest.mark.parametrize("bins", [1, 7, 64, 500])
def test_the_band_is_the_exact_range_of_the_line(bins: int) -> None:
    rng = np.random.default_rng(5)
    instants = np.sort(rng.choice(np.arange(500.0, 9_000.0), 200, replace=False))
    after = rng.uniform(10, 100, 200)
    before = np.append(NAN, after[:-1] + np.diff(instants))
    after[80], before[81] = NAN, NAN  # not protected in between
    after[-1] = NAN
    steps = list(zip(instants.tolist(), before.tolist(), after.tolist(), strict=True))
    teeth = sawtooth(made_up(["a"], {"a": steps}, end_s=10_000.0), 0)
    edges, least, greatest = envelope(teeth, 0.0, 10_000.0, bins)

    # By brute force: the RPO at very many instants.
    t = np.linspace(0.0, 10_000.0, 400_001)
    of = np.searchsorted(teeth.start, t, side="right") - 1
    inside = (of >= 0) & (t < teeth.stop[np.maximum(of, 0)])
    value = np.where(inside, teeth.low[of] + t - teeth.start[of], np.nan)
    for k in range(bins):
        seen = value[(t >= edges[k]) & (t < edges[k + 1])]
        seen = seen[np.isfinite(seen)]
        if seen.size < 4:
            continue
        assert least[k] == pytest.approx(seen.min(), abs=0.1)
        assert greatest[k] == pytest.approx(seen.max(), abs=0.1)
    assert np.nanmax(greatest) == pytest.approx(teeth.high.max())
    assert np.nanmin(least) == pytest.approx(teeth.low[teeth.stop > teeth.start].min())


def fleet_of(count: int, **more: Any) -> lf.Result:
    t = np.arange(0.0, 10 * HOUR, 300.0)
    fleet = {
        "t_s": t,
        "protected_machines": np.full(len(t), count),
        "rpo_s_worst": 300.0 + 60.0 * np.sin(t / 5000.0),
        "rpo_s_mean": np.full(len(t), 180.0),
    }
    names = [f"vm-{k}" for k in range(count)]
    return made_up(names, {name: regular(3) for name in names}, fleet=fleet, **more)


def test_up_to_twelve_machines_have_a_line_each_and_more_are_a_fleet() -> None:
    assert labels(fleet_of(12).plot.rpo())[:12] == sorted(f"vm-{k}" for k in range(12))
    picture = fleet_of(13).plot.rpo()
    assert labels(picture) == ["worst of 13", "mean"]
    np.testing.assert_allclose(curve(picture, "mean")[1], 180.0)


def test_twelve_lines_can_all_be_told_apart() -> None:
    lines = fleet_of(12).plot.rpo().axes.lines[:12]
    assert len({(line.get_color(), str(line.get_linestyle())) for line in lines}) == 12


def test_without_steps_the_fleet_is_drawn() -> None:
    result = fleet_of(3, rpo={"t_s": np.empty(0), "machine": []})
    assert labels(result.plot.rpo()) == ["worst of 3", "mean"]


@pytest.mark.parametrize(
    ("threshold_s", "label"),
    [(900.0, "threshold 15 min"), (86_400.0, "threshold 1 d: far above"), (None, "")],
)
def test_the_threshold_is_shown_where_it_fits(threshold_s: float | None, label: str) -> None:
    picture = made_up(["a"], {"a": STEPS}, end_s=1000.0, threshold_s=threshold_s).plot.rpo()
    words = [*labels(picture), *(text.get_text() for text in picture.axes.texts)]
    assert [text for text in words if "threshold" in text] == ([label] if label else [])
    assert picture.axes.get_ylim()[1] < 3_600


def test_a_logarithmic_scale_names_durations() -> None:
    picture = made_up(["a"], {"a": STEPS}, end_s=1000.0).plot.rpo(scale="log")
    assert picture.axes.get_yscale() == "log"
    assert "1 min" in [tick.get_text() for tick in picture.axes.get_yticklabels()]
    with pytest.raises(ValueError, match="scale must be"):
        made_up(["a"]).plot.rpo(scale="cubic")  # type: ignore[arg-type]


def test_a_run_in_which_nothing_was_protected_says_so() -> None:
    picture = made_up(["a"]).plot.rpo()
    assert [text.get_text() for text in picture.axes.texts] == ["no machine was protected"]


def test_a_name_that_the_font_cannot_write_is_no_warning(tmp_path: Path) -> None:
    picture = made_up(["a"], {"a": regular(4)}, name="移行計画").plot.rpo()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert picture.png().startswith(b"\x89PNG")
        assert picture.save(tmp_path / "rpo.png").exists()


# --- Time -----------------------------------------------------------------------------------------


def test_a_picture_shows_the_time_in_which_something_happens() -> None:
    late = regular(12, start=20 * HOUR)
    assert active_span(made_up(["a"], {"a": late}, end_s=48 * HOUR)) == pytest.approx(
        (19.96 * HOUR, 21.04 * HOUR)
    )
    assert active_span(made_up(["a"], {"a": late}, end_s=1.2 * HOUR + 300)) == pytest.approx(
        (0.0, 1.2 * HOUR + 300)
    )
    assert active_span(made_up(["a"], end_s=HOUR)) == (0.0, HOUR)


def test_outages_come_from_the_events_and_overlaps_are_one() -> None:
    rows = [("link_down", 10), ("link_down", 10), ("link_up", 30), ("link_down", 20)]
    rows += [("link_up", 40), ("link_up", 30), ("link_down", 90)]
    events = {
        "t_s": np.array([t for _, t in rows], float),
        "kind": [kind for kind, _ in rows],
        "subject": ["wan"] * len(rows),
        "detail": [None] * len(rows),
    }
    result = made_up(["a"], {"a": STEPS}, end_s=100.0, events=events)
    assert outages(result) == [(10.0, 40.0), (90.0, 100.0)]
    assert "link outage" in labels(result.plot.rpo())


# --- Timeline and backlog -------------------------------------------------------------------------


def timeline_tables() -> dict[str, Any]:
    jobs = {
        "job_id": np.array([0, 1, 2]),
        "machine": ["a", "b", "a"],
        "operation": ["Enable protection", "Enable protection", "Failover"],
        "state": ["Succeeded", "Failed", "InProgress"],
        "start_s": np.array([0.0, 0.0, 5 * HOUR]),
        "end_s": np.array([2 * HOUR, HOUR, NAN]),
        "cause": [None, "no reply", None],
    }
    tasks = {
        "job_id": np.array([0, 0, 1]),
        "task": ["one", "two", "one"],
        "state": ["Succeeded"] * 3,
        "start_s": np.array([0.0, HOUR, 0.0]),
        "end_s": np.array([HOUR, 2 * HOUR, HOUR]),
    }
    events = {
        "t_s": np.array([0.0, 2 * HOUR, 5 * HOUR]),
        "kind": ["state"] * 3,
        "subject": ["a"] * 3,
        "detail": ["EnablingProtection", "Protected", "UnplannedFailoverInitiated"],
    }
    return {"jobs": jobs, "tasks": tasks, "events": events}


def boxes(picture: Picture, colour: str) -> list[tuple[float, float, float]]:
    """Return (left, right, middle) of the bars of a colour."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_hex

    found = []
    for collection in picture.axes.collections:
        if not isinstance(collection, PolyCollection) or not len(collection.get_facecolor()):
            continue
        if to_hex(collection.get_facecolor()[0]) == colour.lower():
            for path in collection.get_paths():
                box = path.get_extents()
                found.append((box.x0, box.x1, (box.y0 + box.y1) / 2))
    return found


def test_jobs_are_bars_on_the_row_of_their_machine() -> None:
    picture = made_up(["a", "b"], **timeline_tables()).plot.timeline()
    assert boxes(picture, "#0072B2") == [pytest.approx((0.0, 2.0, 0.0))]
    assert boxes(picture, "#D55E00") == [pytest.approx((5.0, 10.0, 0.0))]  # open: to the end
    assert boxes(picture, "#ffffff") == [pytest.approx((0.0, 1.0, 1.0))]  # failed: hatched
    assert boxes(picture, "#d5ece3") == [pytest.approx((2.0, 5.0, 0.0))]  # protected
    assert labels(picture) == ["Enable protection", "Failover", "failed", "protected"]
    assert [tick.get_text() for tick in picture.axes.get_yticklabels()] == ["a", "b"]


def test_machines_that_are_only_protected_have_a_timeline_too() -> None:
    tables = timeline_tables()
    for name in ("jobs", "tasks"):
        tables[name] = {key: values[:0] for key, values in tables[name].items()}
    picture = made_up(["a", "b"], **tables).plot.timeline()
    assert labels(picture) == ["protected"]
    assert [tick.get_text() for tick in picture.axes.get_yticklabels()] == ["a", "b"]


def test_a_bar_too_short_to_be_seen_can_be_seen() -> None:
    tables = timeline_tables()
    tables["jobs"]["end_s"] = np.array([0.0, HOUR, NAN])
    (bar,) = boxes(made_up(["a", "b"], **tables).plot.timeline(), "#0072B2")
    assert bar[1] - bar[0] == pytest.approx(0.04)


def test_tasks_are_marked_inside_their_job() -> None:
    from matplotlib.collections import LineCollection

    picture = made_up(["a", "b"], **timeline_tables()).plot.timeline()
    (marks,) = [c for c in picture.axes.collections if isinstance(c, LineCollection)]
    assert [segment[0][0] for segment in marks.get_segments()] == [1.0]


def test_the_backlog_is_the_sum_over_process_servers() -> None:
    t = np.repeat(np.array([0.0, HOUR, 2 * HOUR]), 2)
    zero = np.zeros(6, int)
    backlog = {
        "t_s": t,
        "process_server": ["ps-1", "ps-2"] * 3,
        "source_bytes": np.array([1, 2, 3, 4, 5, 6]) << 30,
        "process_server_bytes": np.array([4, 4, 4, 4, 4, 4]) << 30,
        "logs_waiting_bytes": zero,
        "copy_bytes": np.array([0, 3, 0, 3, 0, 3]) << 30,  # a part of what is in the cache
        "cache_free_percent": np.array([100.0, 90, 50, 80, 70, 60]),
        "health": ["healthy"] * 6,
    }
    picture = made_up(["a"], backlog=backlog, end_s=2 * HOUR).plot.backlog()
    assert picture.axes.get_ylabel() == "waiting (GiB)"
    tops = [c.get_paths()[0].get_extents().y1 for c in picture.axes.collections]
    assert max(tops) == pytest.approx(5.0 + 6.0 + 4.0 + 4.0)
    cache = picture.figure.axes[1].lines[0]
    np.testing.assert_allclose(np.asarray(cache.get_ydata()), [90, 50, 60])


def test_pictures_of_a_result_without_tables_say_that_there_is_nothing() -> None:
    result = lf.Result.from_tables({"scenario": "empty", "simulated_s": 0.0}, {})
    for picture in (result.plot.rpo(), result.plot.timeline(), result.plot.backlog()):
        assert picture.png().startswith(b"\x89PNG")
        assert picture.axes.texts


# --- Files and notebooks --------------------------------------------------------------------------


def test_every_picture_of_a_real_run_draws(tmp_path: Path) -> None:
    result = first().run(progress=False)
    for name in ("rpo", "timeline", "backlog"):
        picture = getattr(result.plot, name)()
        for ending in ("png", "svg", "pdf"):
            file = picture.save(tmp_path / f"{name}.{ending}")
            assert file.stat().st_size > 2_000
        assert picture._repr_png_().startswith(b"\x89PNG")
        assert "first-migration" in repr(picture)


def test_axes_of_the_callers_are_drawn_on_and_not_shown_twice() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    result = made_up(["a"], {"a": STEPS}, end_s=1000.0)
    picture = result.plot.rpo(left)
    assert picture.figure is figure
    assert picture.axes is left
    assert picture._repr_png_() is None
    assert result.plot.timeline(right).axes is right


def test_names_are_not_taken_for_formulas() -> None:
    name = "pay_$roll_and$_a_very_long_name_indeed"
    picture = made_up([name], {name: STEPS}, end_s=1000.0, name="a $x^2$ b").plot.rpo()
    assert picture.png().startswith(b"\x89PNG")
    assert len(labels(picture)[0]) < 30


def test_pyplot_is_not_loaded() -> None:
    done = python(
        """
import sys
from python.run_samples import first
first().run(progress=False).plot.rpo().png()
print("matplotlib.pyplot" in sys.modules)
"""
    )
    assert done.stdout.strip() == "False", done.stderr

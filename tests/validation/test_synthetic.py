"""Synthetic traces: laws, and what a synthetic month keeps of a real one of 500 machines."""

from __future__ import annotations

import doctest
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import landfall as lf
import numpy as np
import pytest
from landfall import _model, planning, synthetic
from landfall.inventory import Trace, trace_from_wide
from landfall.synthetic import ChurnModel
from validation.fluid_reference import SLOT_S, Array
from validation.shared_data import shared_data

SEEDS = range(1, 21)
WIDE = "bitbrains/write_kbps_5min_2013-8.csv.gz"
#: A Monday, 2024-01-01 00:00 UTC.
MONDAY = 1_704_067_200.0


@pytest.fixture(scope="module")
def month() -> Trace:
    return trace_from_wide(shared_data(WIDE), unit="KiB/s")


@pytest.fixture(scope="module")
def model(month: Trace) -> ChurnModel:
    return synthetic.fit(month)


@dataclass(frozen=True)
class Month:
    """What is looked at of a synthetic month."""

    fleet: Array
    p95: Array
    p99: Array
    peak: Array


@pytest.fixture(scope="module")
def months(model: ChurnModel) -> list[Month]:
    made = []
    for seed in SEEDS:
        written = model.generate(30, seed=seed).written
        p95, p99 = np.percentile(written, [95, 99], axis=0)
        made.append(Month(written.sum(axis=1), p95, p99, written.max(axis=0)))
    return made


def made_up(days: int = 14, machines: int = 4, start: float | None = MONDAY) -> Trace:
    """Return hourly churn with a daily rhythm, some of it missing."""
    random = np.random.default_rng(7)
    hours = np.arange(24 * days)
    level = 1 + 0.8 * np.sin(2 * np.pi * hours / 24)[:, None]
    written = 1e6 * np.exp(level + 0.5 * random.standard_normal((hours.size, machines)))
    missing = random.random(written.shape) < 0.05
    written[missing] = 0
    names = tuple(f"vm{k}" for k in range(machines))
    return Trace(written, names, 3600.0, start, missing)


# --- A real month ---------------------------------------------------------------------------------


def required(fleet: Array, share: float) -> float:
    return planning.required_bandwidth(fleet, slot_s=SLOT_S, rpo_s=900, share=share)


#: What a month is told by, and how far it may be off, relative: the mean of months, and each.
NUMBERS: dict[str, tuple[Callable[[Array], float], float, float]] = {
    "mean": (lambda fleet: float(fleet.mean()), 0.03, 0.20),
    "p95": (lambda fleet: float(np.percentile(fleet, 95)), 0.10, 0.30),
    "p99": (lambda fleet: float(np.percentile(fleet, 99)), 0.10, 0.40),
    "15 min at 90 %": (lambda fleet: required(fleet, 0.9), 0.10, 0.40),
    "15 min at 99 %": (lambda fleet: required(fleet, 0.99), 0.10, 0.45),
    "15 min at all": (lambda fleet: required(fleet, 1), 0.15, 0.50),
    "variance of hours": (lambda fleet: float(fleet.reshape(-1, 12).sum(1).var()), 0.25, 0.90),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_synthetic_months_keep_level_tail_and_required_bandwidth(
    name: str, month: Trace, months: list[Month], capsys: pytest.CaptureFixture[str]
) -> None:
    # Ten machines write 60 %, at levels that last for hours to weeks (one of them writes 25 times
    # less in the second half): months differ by 7 % in their mean, of one model. So the mean of
    # months says what the model is off by, and each month what one seed may be off by.
    number, on_average, each = NUMBERS[name]
    measured = number(month.fleet())
    ratios = np.array([number(made.fleet) for made in months]) / measured
    with capsys.disabled():
        print(
            f"\nsynthetic / measured over {len(months)} months, {name}: mean {ratios.mean():.2f}, "
            f"deviation {ratios.std():.2f}, {ratios.min():.2f} to {ratios.max():.2f}",
            end="",
        )
    assert ratios.mean() == pytest.approx(1, abs=on_average)
    assert np.abs(ratios - 1).max() < each


def test_memory_of_bytes_is_what_required_bandwidth_depends_on(
    month: Trace, model: ChurnModel
) -> None:
    # With no memory, bursts last a slot: a fifth less bandwidth is enough than was measured.
    fleeting = replace(model, persistence=np.zeros(500), correlation=np.eye(500))
    assert required(fleeting.generate(30).fleet(), 0.9) < 0.9 * required(month.fleet(), 0.9)


def test_synthetic_months_have_the_hours_of_the_day_of_the_measured_one(
    month: Trace, months: list[Month], capsys: pytest.CaptureFixture[str]
) -> None:
    def hours(fleet: Array) -> Array:
        return np.asarray(fleet.reshape(30, 24, 12).mean(axis=(0, 2)))  # the first is 22:00 UTC

    measured = hours(month.fleet())
    likeness = [float(np.corrcoef(measured, hours(made.fleet))[0, 1]) for made in months]
    with capsys.disabled():
        print(
            f"\ncorrelation of the hours of the day: mean {np.mean(likeness):.3f}, "
            f"least {min(likeness):.3f}",
            end="",
        )
    assert np.mean(likeness) > 0.9
    assert min(likeness) > 0.85


def test_machines_keep_their_own_percentiles(
    month: Trace, months: list[Month], capsys: pytest.CaptureFixture[str]
) -> None:
    measured = np.where(month.missing, np.nan, month.written)
    for percent, tolerance in ((95, 0.02), (99, 0.05)):
        own = np.nanpercentile(measured, percent, axis=0)
        writes = own > 0
        made = [each.p95 if percent == 95 else each.p99 for each in months]
        errors = [np.median(np.abs(each[writes] / own[writes] - 1)) for each in made]
        with capsys.disabled():
            print(f"\nmedian error of machines' p{percent}: {np.mean(errors):.1%}", end="")
        assert np.mean(errors) < tolerance


def test_what_machines_do_together_is_kept_and_no_machine_exceeds_its_peak(
    month: Trace, model: ChurnModel, months: list[Month]
) -> None:
    assert 0.01 < model.shrinkage < 0.5
    assert 0.7 < model.attained <= 1
    assert np.linalg.eigvalsh(model.correlation)[0] > 0
    for made in months:
        assert (made.peak <= month.written.max(axis=0) * (1 + 1e-12)).all()
    # Without it the fleet is smoother than it is: the part of the variance that machines share.
    apart = replace(model, correlation=np.eye(500))
    alone = np.mean([apart.generate(30, seed=seed).fleet().var() for seed in SEEDS[:8]])
    assert np.mean([made.fleet.var() for made in months]) > 1.1 * alone


def test_a_month_of_500_machines_is_fitted_and_made_in_seconds(month: Trace) -> None:
    begin = time.process_time()
    synthetic.fit(month).generate(30)
    assert time.process_time() - begin < 20  # 2.5 s on an idle core


# --- Laws -----------------------------------------------------------------------------------------


def test_same_seed_same_bytes_another_seed_another_trace() -> None:
    model = synthetic.fit(made_up())
    one, same, other = (model.generate(7, seed=seed) for seed in (3, 3, 4))
    assert one.written.tobytes() == same.written.tobytes()
    assert one.written.tobytes() != other.written.tobytes()
    longer = model.generate(20, seed=3)
    assert longer.written[: one.slots].tobytes() == one.written.tobytes()
    assert one.names == ("vm0", "vm1", "vm2", "vm3")
    assert (one.written >= 0).all()
    assert "not measured" in str(one.notes[0])


def test_scaled_churn_makes_a_scaled_trace_and_so_does_growth() -> None:
    trace = made_up()
    once = synthetic.fit(trace).generate(5, seed=2).written
    scaled = replace(trace, written=2.5 * trace.written)
    assert synthetic.fit(scaled).generate(5, seed=2).written == pytest.approx(2.5 * once, rel=1e-9)
    grown = synthetic.fit(trace).generate(5, seed=2, growth_percent=30).written
    assert grown == pytest.approx(1.3 * once, rel=1e-12)


def test_the_phase_of_another_start_is_kept() -> None:
    model = synthetic.fit(made_up(28))
    # Written most at 6 h, least at 18 h; from noon on, that is the 18th slot and the 6th.
    made = model.generate(100, start_unix_s=MONDAY + 12 * 3600)
    day = made.fleet().reshape(100, 24).mean(axis=0)
    assert abs(int(day.argmax()) - 18) <= 1
    assert abs(int(day.argmin()) - 6) <= 1
    assert made.start_unix_s == MONDAY + 12 * 3600


def test_subsets_and_copies_are_named_and_draw_from_streams_of_their_own() -> None:
    model = synthetic.fit(made_up())
    whole = model.generate(3, seed=5)
    first = model.generate(3, seed=5, machines=["vm0"])
    assert first.written[:, 0].tobytes() == whole.written[:, 0].tobytes()
    assert model.generate(3, machines=["vm2", "vm1"]).names == ("vm2", "vm1")
    twice = model.generate(3, seed=5, copies=2)
    assert twice.names[4:] == ("vm0~2", "vm1~2", "vm2~2", "vm3~2")
    assert twice.written[:, :4].tobytes() == whole.written.tobytes()
    assert (twice.written[:, 4:] != whole.written).all()


def test_a_missing_sample_is_one_whether_masked_or_no_number() -> None:
    masked = made_up()
    unknown = np.where(masked.missing, np.nan, masked.written)
    none = np.zeros(masked.missing.shape, dtype=bool)
    one = synthetic.fit(masked)
    other = synthetic.fit(replace(masked, written=unknown, missing=none))
    assert one.coefficients.tobytes() == other.coefficients.tobytes()
    assert one.marginals.tobytes() == other.marginals.tobytes()


def test_neither_the_measured_nor_the_synthetic_matrix_is_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = made_up()
    seen: list[int] = []
    made: list[Array] = []
    fit_churn, synthetic_trace = _model.fit_churn, _model.synthetic_trace

    def spy_fit(churn: Array, *arguments: object) -> object:
        seen.append(_model.address_of(churn))
        return fit_churn(churn, *arguments)  # type: ignore[arg-type]

    def spy_trace(*arguments: object, **named: object) -> Array:
        made.append(synthetic_trace(*arguments, **named))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(_model, "fit_churn", spy_fit)
    monkeypatch.setattr(_model, "synthetic_trace", spy_trace)
    result = synthetic.fit(trace).generate(2)
    assert seen == [trace.written.ctypes.data]
    # Not a copy of what C++ made, either: it is kept by a capsule.
    assert result.written is made[0]
    assert type(result.written.base).__name__ == "PyCapsule"
    with pytest.raises(TypeError):
        fit_churn(trace.written.T, trace.missing, 0.0, None)  # type: ignore[arg-type]


# --- Files, pictures, refusals --------------------------------------------------------------------


@pytest.mark.parametrize("start", [MONDAY, None])
def test_a_saved_model_is_the_model(tmp_path: Path, start: float | None) -> None:
    model = synthetic.fit(made_up(start=start))
    again = ChurnModel.load(model.save(tmp_path / "model.npz"))
    assert again.names == model.names
    assert again.start_unix_s == start
    assert repr(again) == repr(model)
    assert again.generate(4).written.tobytes() == model.generate(4).written.tobytes()
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    model = synthetic.fit(made_up())
    model.save(path)
    raw = path.read_bytes()
    with np.load(path) as arrays:
        values = dict(arrays)
    broken = {
        "is no .npz": raw[:2000],
        "is no churn model": None,
        "must hold": {key: each for key, each in values.items() if key != "marginals"},
        "persistence must be": values | {"persistence": np.ones(4)},
        "correlation must be": values | {"correlation": np.eye(3)},
        "one name": values | {"names": np.array(["a"])},
        "that can be read": values | {"names": np.array([{}], dtype=object)},
    }
    for rule, content in broken.items():
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            np.savez(path, **(content or {"format": np.array("another")}))
        with pytest.raises(lf.ScenarioError, match=rule):
            ChurnModel.load(path)
    with pytest.raises(lf.ScenarioError, match="no such file"):
        ChurnModel.load(tmp_path / "nothing.npz")
    path.write_bytes(raw)
    with pytest.raises(lf.ScenarioError, match="unpacks to more"):
        ChurnModel.load(path, limits=lf.inventory.Limits(unpacked_bytes=1000))


def test_bad_arguments_say_the_rule() -> None:
    trace = made_up()
    model = synthetic.fit(trace)
    for arguments, rule in (
        ({"days": 0}, "at least one slot, found 0"),
        ({"days": float("nan")}, "finite"),
        ({"days": 1, "copies": 0}, "at least 1, found 0"),
        ({"days": 1, "growth_percent": -101}, "at least -100"),
        ({"days": 1, "seed": -1}, "from 0"),
        ({"days": 1, "machines": []}, "at least one machine"),
    ):
        with pytest.raises(ValueError, match=rule):
            model.generate(**arguments)  # type: ignore[arg-type]
    with pytest.raises(lf.UnknownName, match="vm9"):
        model.generate(1, machines=["vm9"])
    with pytest.raises(ValueError, match="no clock"):
        synthetic.fit(made_up(start=None)).generate(1, start_unix_s=MONDAY)
    with pytest.raises(ValueError, match="longest cycle"):
        synthetic.fit(made_up(days=3), weekly=1)
    with pytest.raises(ValueError, match="must not be negative"):
        synthetic.fit(trace, daily=-1)
    with pytest.raises(ValueError, match="finite and not negative"):
        synthetic.fit(replace(trace, written=-trace.written))


def test_harmonics_of_cycles_that_a_trace_does_not_hold_twice_are_left_out() -> None:
    assert (synthetic.fit(made_up(days=14)).daily, synthetic.fit(made_up(days=14)).weekly) == (
        24,
        3,
    )
    assert (synthetic.fit(made_up(days=13)).daily, synthetic.fit(made_up(days=13)).weekly) == (
        24,
        0,
    )
    assert (synthetic.fit(made_up(days=1)).daily, synthetic.fit(made_up(days=1)).weekly) == (0, 0)


def churn_of_any_kind(random: np.random.Generator, slots: int, machines: int) -> Array:
    shape = (slots, machines)
    kinds: list[Callable[[], Array]] = [
        lambda: random.random(shape),
        lambda: random.lognormal(0, 8, shape),
        lambda: (random.random(shape) < 0.02) * 1e9,
        lambda: np.full(shape, 7.0),
        lambda: np.repeat(random.random((slots, 1)), machines, axis=1),
        lambda: random.choice([0.0, 1e-300, 1e-12, 1e100], shape),
    ]
    return kinds[random.integers(len(kinds))]()


def test_any_trace_has_a_model_and_any_model_a_trace() -> None:
    random = np.random.default_rng(1)
    for seed in range(150):
        slots, machines = int(random.integers(1, 200)), int(random.integers(1, 25))
        written = churn_of_any_kind(random, slots, machines)
        missing = random.random(written.shape) < random.choice([0, 0.1, 0.9, 1])
        step = float(random.choice([1, 300, 3600, 43_200, 86_400, 604_800]))
        names = tuple(f"vm{k}" for k in range(machines))
        trace = Trace(written, names, step, None, missing)
        model = synthetic.fit(trace)
        made = model.generate(50 * step / 86_400, seed=seed).written
        seen = np.where(missing, 0, written).max(axis=0)
        assert made.shape == (50, machines)
        assert (made >= 0).all(), f"seed {seed}"
        assert (made.max(axis=0) <= seen * (1 + 1e-9)).all(), f"seed {seed}"
        assert np.linalg.eigvalsh(model.correlation)[0] > 0, f"seed {seed}"


def test_the_picture_has_both_traces_and_leaves_them_alone() -> None:
    trace = made_up()
    picture = synthetic.fit(trace).plot(trace)
    week, hours, shares = picture.figure.axes
    assert [line.get_label() for line in week.get_lines()] == ["measured", "synthetic"]
    measured = hours.get_lines()[0].get_ydata()
    # Axes count in MiB/s.
    rate = trace.fleet().reshape(14, 24).mean(axis=0) / 3600 / 1024
    unit = rate[0] / np.asarray(measured)[0]
    assert np.asarray(measured)[:24] * unit == pytest.approx(rate)
    assert len(shares.get_lines()) == 2
    assert picture.png().startswith(b"\x89PNG")


def test_the_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(synthetic).failed == 0

"""Churn that was never measured, of the kind of a trace that was.

::

    model = lf.synthetic.fit(trace)
    year = model.generate(365, seed=1, growth_percent=30)
    model.save("churn.npz")

Numerics in C++ (``analysis/churn_model.hpp``, ``synthetic_trace.hpp``): each machine has a rhythm,
a marginal and a memory of its own, and machines are correlated beyond their rhythms. What is kept
and what is not: ``docs/synthetic-traces.md``.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _model, formatting
from .errors import UnknownName
from .inventory.model import Note
from .inventory.reading import Limits, PathLike, read_bytes, refuse
from .inventory.trace import Trace
from .writing import whole_file

if TYPE_CHECKING:
    from .plots import Picture

__all__ = ["ChurnModel", "fit"]

_Array: TypeAlias = npt.NDArray[np.float64]
_HOUR_S, _DAY_S = 3_600, 86_400
_HOURLY, _DAILY, _WEEKLY = 6, 24, 3
_FORMAT = "landfall-churn-model-1"


@dataclass(frozen=True, eq=False, repr=False)
class ChurnModel:
    """The rhythm of machines, and what lies around it; made by `fit`.

    Bytes in slot t are ``marginal(rhythm(t) + deviation u(t))``, with u AR(1) in time and
    correlated between machines, on the scale of each machine's normal scores.

    Attributes
    ----------
    names
        Names of the machines.
    slot_s
        Length of a slot in seconds.
    start_unix_s
        Start of the measured trace; None where it has no clock.
    hourly, daily, weekly
        Numbers of harmonics.
    coefficients
        Constant, cosines and sines of each machine, shape ``(columns, machines)``.
    deviation
        Of scores around the rhythm, shape ``(machines,)``.
    persistence
        AR(1) coefficient per slot, shape ``(machines,)``; that with which bytes keep the
        autocorrelation of their first hour.
    correlation
        Of u, stationary, shape ``(machines, machines)``; positive definite.
    marginals
        Bytes per slot at scores from -6 to 6, shape ``(knots, machines)``.
    explained
        Share of the variance of scores that the rhythm explains, shape ``(machines,)``.
    shrinkage
        Weight of the mean correlation in `correlation` (Ledoit and Wolf), 0 to 1.
    attained
        Part of the shrunk correlation that is kept: machines of lasting and of fleeting churn
        cannot be as alike as they were measured with an AR(1) each.
    """

    names: tuple[str, ...]
    slot_s: float
    start_unix_s: float | None
    hourly: int
    daily: int
    weekly: int
    coefficients: _Array
    deviation: _Array
    persistence: _Array
    correlation: _Array
    marginals: _Array
    explained: _Array
    shrinkage: float
    attained: float
    _compiled: _model.ChurnModel = field(init=False)

    def __post_init__(self) -> None:
        if self.explained.shape != (len(self.names),) or self.deviation.shape != (len(self.names),):
            raise ValueError("there must be one name for each machine")
        if len(set(self.names)) != len(self.names):
            raise ValueError("the names of machines must be unique")
        if self.start_unix_s is not None and not math.isfinite(self.start_unix_s):
            raise ValueError("start_unix_s must be finite")
        object.__setattr__(self, "_compiled", self._part(None))
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def _part(self, columns: list[int] | None) -> _model.ChurnModel:
        part: Any = slice(None) if columns is None else columns
        rows = part if columns is None else np.array(columns)[:, None]
        return _model.ChurnModel(
            rhythm=_model.Rhythm(
                slot_s=self.slot_s, hourly=self.hourly, daily=self.daily, weekly=self.weekly
            ),
            coefficients=np.ascontiguousarray(self.coefficients[:, part]),
            deviation=np.ascontiguousarray(self.deviation[part]),
            persistence=np.ascontiguousarray(self.persistence[part]),
            correlation=np.ascontiguousarray(
                self.correlation if columns is None else self.correlation[rows, part]
            ),
            marginals=np.ascontiguousarray(self.marginals[:, part]),
        )

    def generate(
        self,
        days: float,
        *,
        seed: int = 1,
        machines: Sequence[str] | None = None,
        copies: int = 1,
        start_unix_s: float | None = None,
        growth_percent: float = 0.0,
    ) -> Trace:
        """Return a synthetic trace.

        Parameters
        ----------
        days : float
            Length, in whole slots.
        seed : int
            From 0; same seed, same bytes. A longer trace begins with the shorter one.
        machines : sequence of str, optional
            Which machines, in this order; all by default.
        copies : int
            Fleets of these machines. The second has names that end in ``~2``, and so on. Copies of
            a machine share rhythm and marginal and are otherwise independent, which no measurement
            says of a real estate that grows: where new machines do what old ones do in the same
            minutes, use `growth_percent`.
        start_unix_s : float, optional
            Start of the first slot, which fixes hour and day of week; as measured by default.
        growth_percent : float
            By how much all churn grows, at least -100.

        Returns
        -------
        Trace
            Shape ``(slots, copies * machines)``, no sample missing.

        Raises
        ------
        UnknownName
            There is no such machine.
        ValueError
            An argument is out of range, or a start is given and the measured trace had no clock.

        Examples
        --------
        >>> import numpy as np
        >>> from landfall.inventory import Trace
        >>> day = np.tile([[1.0, 5.0], [3.0, 5.0]], (4, 1))
        >>> measured = Trace(day, ("a", "b"), 43200.0, None, np.isnan(day))
        >>> made = fit(measured).generate(2, seed=7)
        >>> made.names, made.slots, made.written[:, 1].tolist()
        (('a', 'b'), 4, [5.0, 5.0, 5.0, 5.0])
        """
        slots = self._slots(days)
        if copies < 1:
            raise ValueError(f"copies must be at least 1, found {copies}")
        if not growth_percent >= -100:
            raise ValueError(f"growth_percent must be at least -100, found {growth_percent}")
        if not 0 <= seed < 2**64:
            raise ValueError(f"seed must be from 0 to below 2**64, found {seed}")
        if start_unix_s is not None and self.start_unix_s is None:
            raise ValueError("the measured trace has no clock: leave start_unix_s out")
        names = self.names if machines is None else tuple(machines)
        if not names:
            raise ValueError("there must be at least one machine")
        compiled = self._compiled if machines is None else self._part(self._columns(names))
        every = [f"{name}~{k}" if k > 1 else name for k in range(1, copies + 1) for name in names]
        start = self.start_unix_s if start_unix_s is None else start_unix_s
        written = _model.synthetic_trace(
            compiled,
            start_s=start or 0.0,
            slots=slots,
            seed=seed,
            names=every,
            factor=1 + growth_percent / 100,
        )
        note = Note(text=f"synthetic, seed {seed}, growth {growth_percent:g} %; not measured")
        missing = np.zeros(written.shape, dtype=np.bool_)
        return Trace(written, tuple(every), self.slot_s, start, missing, notes=(note,))

    def _slots(self, days: float) -> int:
        slots = round(days * _DAY_S / self.slot_s) if math.isfinite(days) else 0
        if slots < 1:
            raise ValueError(f"days must be finite and at least one slot, found {days}")
        return slots

    def _columns(self, names: Sequence[str]) -> list[int]:
        known = {name: index for index, name in enumerate(self.names)}
        for name in names:
            if name not in known:
                raise UnknownName("machine of the churn model", name, self.names)
        return [known[name] for name in names]

    # --- Files ------------------------------------------------------------------------------------

    def save(self, path: PathLike) -> Path:
        """Write an ``.npz`` file that `load` reads, wholly or not at all."""
        file = Path(path)
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.init}
        values["start_unix_s"] = math.nan if self.start_unix_s is None else self.start_unix_s
        values["names"] = np.array(self.names, dtype=np.str_)
        with whole_file(file) as written, written.open("wb") as stream:
            np.savez_compressed(stream, format=np.array(_FORMAT), **values)
        return file

    @classmethod
    def load(cls, path: PathLike, *, limits: Limits | None = None) -> ChurnModel:
        """Return the model that `save` wrote.

        Raises
        ------
        ScenarioError
            The file cannot be read, is of another kind, or holds what is no model.
        """
        label = str(path)
        values = _arrays(path, limits or Limits())
        if str(values.pop("format", "")) != _FORMAT:
            refuse(label, "is no churn model", allowed=(_FORMAT,))
        wanted = {each.name for each in fields(cls) if each.init}
        if set(values) != wanted:
            refuse(label, f"must hold {', '.join(sorted(wanted))}", found=", ".join(values))
        try:
            return cls(**_typed(values))
        except (TypeError, ValueError) as error:
            refuse(label, f"is no churn model: {error}")

    # --- How it shows itself ----------------------------------------------------------------------

    def summary(self) -> list[tuple[str, str]]:
        """Return what it holds, as texts."""
        low, middle, high = np.percentile(self.explained, [10, 50, 90]) if self.names else [0.0] * 3
        cycles = f"{self.hourly} of the hour, {self.daily} of the day, {self.weekly} of the week"
        off = ~np.eye(len(self.names), dtype=np.bool_)
        mean = float(self.correlation[off].mean()) if off.any() else 0.0
        made = (
            f"{mean:.3f} on average, shrunk by {self.shrinkage:.0%}, {self.attained:.0%} attained"
        )
        return [
            ("machines", f"{len(self.names):,}"),
            ("slots of", formatting.duration(self.slot_s)),
            ("harmonics", cycles),
            ("explained", f"{middle:.0%} of a machine's variance (p10 {low:.0%}, p90 {high:.0%})"),
            ("correlation", made),
        ]

    def plot(self, measured: Trace, *, seed: int = 1) -> Picture:
        """Draw a synthetic trace beside the measured one: a week, hours of the day, all slots.

        The week is the first that starts at a midnight of UTC, or with the trace without a clock.
        """
        from .plot_synthetic import draw_synthetic
        from .plots import Picture

        days = measured.duration_s / _DAY_S
        made = self.generate(
            days, seed=seed, machines=measured.names, start_unix_s=measured.start_unix_s
        )
        return Picture(draw_synthetic(measured, made), borrowed=False)

    def _repr_html_(self) -> str:
        from .inventory.present import table_html

        return table_html(("churn model", ""), self.summary())

    def __repr__(self) -> str:
        machines = formatting.plural(len(self.names), "machine")
        explained = 100 * float(np.median(self.explained)) if self.names else 0.0
        step = formatting.duration(self.slot_s)
        return (
            f"<churn model: {machines}, slots of {step}, {explained:.0f} % of variance explained>"
        )


def _arrays(path: PathLike, limits: Limits) -> dict[str, Any]:
    label = str(path)
    raw = io.BytesIO(read_bytes(path, limits, unpack=False))
    try:
        with zipfile.ZipFile(raw) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > limits.unpacked_bytes:
            refuse(label, f"unpacks to more than {limits.unpacked_bytes:,} bytes")
        with np.load(raw, allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        refuse(label, f"is no .npz file that can be read: {error}")


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for each in fields(ChurnModel):
        if not each.init:
            continue
        value = values[each.name]
        if each.name == "names":
            made["names"] = tuple(str(name) for name in np.atleast_1d(value))
        elif each.name in ("hourly", "daily", "weekly"):
            made[each.name] = int(value)
        elif value.ndim == 0:
            number = float(value)
            made[each.name] = None if each.name == "start_unix_s" and number != number else number
        else:
            made[each.name] = np.ascontiguousarray(value, dtype=np.float64)
    return made


def fit(
    trace: Trace,
    *,
    hourly: int | None = None,
    daily: int | None = None,
    weekly: int | None = None,
) -> ChurnModel:
    """Return the churn model of a trace.

    Parameters
    ----------
    trace : Trace
        What was measured. Missing samples take no part; nor do cells that are not a number.
    hourly, daily, weekly : int, optional
        Harmonics of an hour (jobs at fixed minutes), a day and a week; 6, 24 and 3 by default, but
        none of a cycle that the trace does not hold twice. Harmonics of less than two slots are
        left out.

    Raises
    ------
    ValueError
        Churn is negative or infinite, a number of harmonics is negative, or the trace is shorter
        than a cycle that is asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from landfall.inventory import Trace
    >>> hours = np.arange(14 * 24)
    >>> day = 10.0 + np.sin(2 * np.pi * hours / 24)[:, None]
    >>> fit(Trace(day, ("web",), 3600.0, None, np.isnan(day)))
    <churn model: 1 machine, slots of 1 h, 99 % of variance explained>
    """
    hourly = _usual(hourly, _HOURLY, _HOUR_S, trace)
    daily = _usual(daily, _DAILY, _DAY_S, trace)
    weekly = _usual(weekly, _WEEKLY, 7 * _DAY_S, trace)
    parts = _model.fit_churn(
        np.ascontiguousarray(trace.written, dtype=np.float64),
        np.ascontiguousarray(trace.missing),
        trace.start_unix_s or 0.0,
        _model.Rhythm(slot_s=trace.slot_s, hourly=hourly, daily=daily, weekly=weekly),
    )
    return ChurnModel(
        names=trace.names,
        slot_s=trace.slot_s,
        start_unix_s=trace.start_unix_s,
        hourly=hourly,
        daily=daily,
        weekly=weekly,
        **parts,
    )


def _usual(given: int | None, usual: int, cycle_s: float, trace: Trace) -> int:
    if given is not None:
        return given
    return usual if trace.duration_s >= 2 * cycle_s else 0

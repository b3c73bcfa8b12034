"""Designs: which points of the parameters' space a sweep visits. Drawn by SciPy and SALib."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import codes
from ..errors import LandfallError, Problem, ScenarioError, UnknownName
from .parameters import Parameter, Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DESIGNS", "POINTS_MAX", "Design", "design", "problem_of", "salib"]

#: More points than this are a mistake in a design, not a sweep.
POINTS_MAX = 1_000_000
#: The part of the seed that designs draw from; replications take 0, 1, 2, …
_STREAM = 2**32 - 1


@dataclass(frozen=True)
class Design:
    """Points to visit.

    Attributes
    ----------
    kind
        Name of the design.
    n
        What it was asked for: points, or for designs of SALib the base sample.
    points
        For each point the values of the parameters, in their order.
    units
        The same in the unit cube, (points, parameters); ``None`` for grids.
    """

    kind: str
    n: int
    points: list[tuple[Any, ...]]
    units: NDArray[np.float64] | None = None


def design(kind: str, over: Sequence[Parameter], n: int | None, entropy: int) -> Design:
    """Return the design of a name; raise ScenarioError when the values do not suit it."""
    if kind not in DESIGNS:
        raise UnknownName("design", kind, DESIGNS)
    if kind == "grid":
        return _grid(over, n)
    if n is None or isinstance(n, bool) or not 1 <= n <= POINTS_MAX:
        raise _wrong("n", n, f'the design "{kind}" takes n, a whole number from 1 on')
    if not over:
        raise _wrong("over", None, f'the design "{kind}" takes at least one parameter')
    rng = np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(_STREAM,)))
    units = DESIGNS[kind](over, n, rng)
    if len(units) > POINTS_MAX:
        raise _wrong("n", n, f"makes {len(units):,} points; at most {POINTS_MAX:,} are sensible")
    units = np.clip(units, 0.0, 1.0)
    points = [tuple(p.values.at(float(u)) for p, u in zip(over, row, strict=True)) for row in units]
    return Design(kind, n, points, units)


def _grid(over: Sequence[Parameter], n: int | None) -> Design:
    ranges = [p for p in over if isinstance(p.values, Range)]
    if ranges and n is None:
        message = 'a grid takes a list, or n, the levels of a Range; design="lhs" draws from it'
        raise ScenarioError([Problem(codes.WRONG_TYPE, p.name, "Range", message) for p in ranges])
    if n is not None and (isinstance(n, bool) or not 2 <= n <= POINTS_MAX):
        raise _wrong("n", n, "a grid takes n, the levels of a Range, from 2 on")
    levels = [
        [p.values.at(k / (n - 1)) for k in range(n)]
        if isinstance(p.values, Range) and n is not None
        else list(p.values.values)  # type: ignore[union-attr] # a Range comes with n
        for p in over
    ]
    count = int(np.prod([len(values) for values in levels], dtype=float))
    if count > POINTS_MAX:
        message = f"makes {count:,} points; at most {POINTS_MAX:,} are sensible"
        raise ScenarioError([Problem(codes.TOO_LARGE, "over", None, message)])
    return Design("grid", count, list(itertools.product(*levels)))


def _lhs(over: Sequence[Parameter], n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(d=len(over), rng=rng).random(n))


def _sobol(over: Sequence[Parameter], n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    from scipy.stats import qmc

    with warnings.catch_warnings():
        # "balance properties": a number that is no power of two is the caller's choice.
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(qmc.Sobol(d=len(over), rng=rng).random(n))


def salib() -> Any:
    """Return SALib, or say which extra brings it."""
    try:
        import SALib.analyze
        import SALib.sample
    except ImportError as error:
        message = "sensitivity needs SALib; install it with: pip install 'landfall[explore]'"
        raise LandfallError(message) from error
    return SALib


def problem_of(over: int) -> dict[str, Any]:
    """Return SALib's description of a unit cube of so many parameters."""
    return {
        "num_vars": over,
        "names": [f"x{k}" for k in range(over)],
        "bounds": [[0.0, 1.0]] * over,
    }


def _saltelli(over: Sequence[Parameter], n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    salib()
    from SALib.sample import sobol

    if n & (n - 1):
        raise _wrong("n", n, 'the design "saltelli" takes a power of two: n * (parameters + 2) run')
    seed = int(rng.integers(2**31))
    return np.asarray(
        sobol.sample(problem_of(len(over)), n, calc_second_order=False, scramble=True, seed=seed)
    )


def _morris(over: Sequence[Parameter], n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    salib()
    from SALib.sample import morris

    seed = int(rng.integers(2**31))
    return np.asarray(morris.sample(problem_of(len(over)), n, num_levels=4, seed=seed))


_Sampler = Callable[[Sequence[Parameter], int, np.random.Generator], "NDArray[np.float64]"]


def _unused(_over: Sequence[Parameter], _n: int, _rng: np.random.Generator) -> NDArray[np.float64]:
    raise AssertionError("a grid is not drawn")


#: Every design by its name. "saltelli" and "morris" are made for sensitivity analysis.
DESIGNS: dict[str, _Sampler] = {
    "grid": _unused,
    "lhs": _lhs,
    "sobol": _sobol,
    "saltelli": _saltelli,
    "morris": _morris,
}


def _wrong(argument: str, found: object, message: str) -> ScenarioError:
    shown = None if found is None else str(found)
    return ScenarioError([Problem(codes.OUT_OF_RANGE, argument, shown, message)], source="sweep")

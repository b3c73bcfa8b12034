"""Planning arithmetic that needs no simulation: one link as a fluid (analysis/fluid_queue.hpp)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from . import _model

__all__ = ["fluid_lag", "required_bandwidth"]

_Array = npt.NDArray[np.float64]


def _as_bytes(arrivals: _Array | Sequence[float]) -> _Array:
    return np.ascontiguousarray(arrivals, dtype=np.float64)


def fluid_lag(
    arrivals: _Array | Sequence[float], *, slot_s: float, bits_per_second: float
) -> _Array:
    """Return the lag at the end of each slot over one link of constant rate.

    Parameters
    ----------
    arrivals : array of float
        Bytes written in each slot, shape ``(slots,)``. A contiguous float64 array is not copied.
    slot_s : float
        Length of a slot in seconds.
    bits_per_second : float
        Rate of the link.

    Returns
    -------
    array of float
        Age in seconds of the oldest byte unsent at each slot's end, shape ``(slots,)``.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> fluid_lag([100.0, 0.0, 0.0], slot_s=10, bits_per_second=8 * 5).tolist()
    [5.0, 10.0, 0.0]
    """
    return _model.fluid_lag(_as_bytes(arrivals), slot_s, bits_per_second / 8)


def required_bandwidth(
    arrivals: _Array | Sequence[float], *, slot_s: float, rpo_s: float, share: float = 1.0
) -> float:
    """Return the least rate, in bits per second, that keeps the lag within a target.

    Parameters
    ----------
    arrivals : array of float
        Bytes written in each slot, shape ``(slots,)``.
    slot_s, rpo_s : float
        Length of a slot and the target, in seconds.
    share : float
        Part of the slots (0..1] that must end within the target.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(required_bandwidth([100.0, 0.0], slot_s=10, rpo_s=0.0))
    80
    """
    return 8 * _model.required_rate(_as_bytes(arrivals), slot_s, rpo_s, share)

"""An independent reference: one fluid FIFO queue behind one link, in forty lines of NumPy.

It shares nothing with landfall: no deltas, no process server, no markers. Bytes arrive evenly
over each slot and leave at a constant rate; the lag at a slot's end is the age of the oldest byte
that is unsent.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt

SLOT_S = 300.0
Array = npt.NDArray[np.float64]


def fleet_bytes_per_slot(trace: Path) -> Array:
    """Return the bytes that all machines of a wide KB/s trace write in each slot."""
    with gzip.open(trace, "rt") as lines:
        cells = np.genfromtxt(lines, delimiter=",", skip_header=1, dtype=np.float64)
    # 1 KB is 1,024 B there, and an empty cell counts as nothing written.
    return np.asarray(np.nansum(cells[:, 1:], axis=1) * 1024.0 * SLOT_S)


def lag_at_slot_ends(arrivals: Array, bytes_per_second: float) -> Array:
    """Return the lag in seconds at the end of each slot, shape as `arrivals`."""
    arrived = np.concatenate([[0.0], np.cumsum(arrivals)])
    backlog = 0.0
    lags = np.empty_like(arrivals)
    oldest = 0
    for slot, amount in enumerate(arrivals):
        backlog = max(0.0, backlog + amount - bytes_per_second * SLOT_S)
        sent = arrived[slot + 1] - backlog
        if backlog <= 1e-6:
            lags[slot] = 0.0
            continue
        while arrived[oldest + 1] <= sent:
            oldest += 1
        share = (sent - arrived[oldest]) / arrivals[oldest]
        lags[slot] = (slot + 1 - oldest - share) * SLOT_S
    return lags

# The compiled module (bindings/model_module.cpp): checks and facts, without a simulator.
from typing import Any

import numpy as np
import numpy.typing as npt

# The problems of a canonical scenario: code, pointer, found, message, and allowed, nearest if any.
def check(canonical_json: str) -> list[dict[str, Any]]: ...

# The expected cost of a run: machines, disks, deltas, seconds, memory_bytes.
def estimate(canonical_json: str) -> dict[str, Any]: ...

# The names of the service profiles.
def profiles() -> list[str]: ...

# A service profile: each field with its value, unit and source.
def profile(name: str) -> dict[str, Any]: ...

# Lag in seconds at the end of each slot of one link; shapes (slots,).
def fluid_lag(
    arrivals: npt.NDArray[np.float64], slot_s: float, bytes_per_second: float
) -> npt.NDArray[np.float64]: ...

# Least rate in bytes per second that keeps the lag within a target.
def required_rate(
    arrivals: npt.NDArray[np.float64], slot_s: float, target_s: float, share: float
) -> float: ...

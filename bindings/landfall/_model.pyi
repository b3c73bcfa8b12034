# The compiled module (bindings/model_module.cpp): checks and facts, without a simulator.
from typing import Any

import numpy as np
import numpy.typing as npt

# The problems of a canonical scenario: code, pointer, found, message, and allowed, nearest if any.
def check(canonical_json: str) -> list[dict[str, Any]]: ...

# The expected cost of a run: machines, disks, deltas, seconds, memory_bytes.
def estimate(canonical_json: str) -> dict[str, Any]: ...

# The names of the price books.
def price_books() -> list[str]: ...

# A price book: each price with its unit, standing, date and source.
def price_book(name: str) -> dict[str, Any]: ...

# The names of the service profiles.
def profiles() -> list[str]: ...

# Kinds, rows (feature, operations, cells) and version switches of the support matrix.
def support_matrix(profile: str) -> dict[str, Any]: ...

# Every rule of what may be done to an item: state, active, kinds, operation, condition, listed,
# source.
def operation_rules() -> list[dict[str, Any]]: ...

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

# Closed forms of RPO and copy times, see rpo_laws.py; bytes, seconds, bytes per second.
def distinct_bytes(written: float, working_set: float) -> float: ...

# period_s, transfer_s, mean_rpo_s, worst_rpo_s.
def periodic_cycle(transfer_s: float, period_s: float) -> tuple[float, float, float, float]: ...
def gap_scheduled_cycle(
    transfer_s: float, least_gap_s: float, most_gap_s: float
) -> tuple[float, float, float, float]: ...
def self_consistent_cycle(
    churn: float, working_set: float, bandwidth: float, interval_s: float
) -> tuple[float, float, float, float]: ...

# backlog_bytes, catch_up_s, worst_rpo_s, rpo_per_s.
def journal_after_outage(
    outage_s: float, churn: float, bandwidth: float
) -> tuple[float, float, float, float]: ...

# converges, passes, first_bytes, bytes, total_s, last_s.
def pre_copy(
    size: float, churn: float, working_set: float, bandwidth: float, stop_bytes: float
) -> tuple[bool, int, float, float, float, float]: ...
def bitmap_after_outage(
    outage_s: float, churn: float, working_set: float, bandwidth: float, stop_bytes: float
) -> tuple[bool, int, float, float, float, float]: ...

# Mean time in a queue and its server, in units of the service.
def sojourn_mm1(load: float) -> float: ...
def sojourn_md1(load: float) -> float: ...

# load, decay, mean_bytes; and the chance that more than `queued` bytes wait.
def burst_queue(
    burst_rate: float, bandwidth: float, burst_s: float, pause_s: float
) -> tuple[float, float, float]: ...
def burst_exceeds(load: float, decay: float, queued: float) -> float: ...

# Machines that move together: bundle of each machine, level of each bundle, needs of bundles.
def bundle(
    machines: int, together: list[tuple[int, int]], needs: list[tuple[int, int]]
) -> tuple[list[int], list[int], list[tuple[int, int]]]: ...

# Rules of the logic, asked one question at a time (bindings/validation_probes.hpp).
def judge_process_server(
    profile: str,
    *,
    cache_free_percent: int = 100,
    busy_percent: int = 0,
    memory_percent: int = 0,
    backlog_s: float = 0.0,
    silent_s: float = 0.0,
) -> list[str]: ...
def discovered_at(profile: str, appeared_s: float) -> float: ...
def plan_action_timeouts(canonical_json: str) -> list[float]: ...

# The compiled module (bindings/model_module.cpp): checks and facts, without a simulator.
import enum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

_Array: TypeAlias = npt.NDArray[np.float64]

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

# Demand of a fleet; churn of shape (slots, machines), bytes per slot, without a copy.
class PercentileKind(enum.Enum):
    linear = 0
    nearest_rank = 1

class Clip(enum.Enum):
    none = 0
    machines = 1
    fleet = 2

def percentile(samples: _Array, percent: float, kind: PercentileKind) -> float: ...
def machine_percentiles(churn: _Array, percent: float, kind: PercentileKind) -> _Array: ...
def fleet_demand(
    churn: _Array, factor: float, clip: Clip, percent: float, kind: PercentileKind
) -> _Array: ...

# The fluid queue; series of shape (slots,), bytes per second, without a copy.
def link_rates(
    rate: float, slots: int, availability: _Array | None = None, ceiling: _Array | None = None
) -> _Array: ...
def fluid_lag(arrivals: _Array, slot_s: float, rates: _Array) -> _Array: ...
def rates_by_slot(
    arrivals: _Array, slot_s: float, target_s: float, availability: _Array | None = None
) -> _Array: ...
def required_rate(
    arrivals: _Array,
    slot_s: float,
    target_s: float,
    share: float,
    availability: _Array | None = None,
    ceiling: _Array | None = None,
) -> float: ...

# Violations, peak lags and slots above the target, each of shape (days,).
def breach_days(
    lags: _Array, target_s: float, slots_per_day: int, first: int = 0
) -> tuple[npt.NDArray[np.int32], _Array, npt.NDArray[np.int32]]: ...

# Where the functions above see an array's first element.
def address_of(array: _Array) -> int: ...

# Bootstrap over whole days (analysis/block_bootstrap.hpp).
class StatisticKind(enum.Enum):
    required_rate = 0
    within_target = 1
    percentile = 2

class Statistic:
    def __init__(
        self,
        kind: StatisticKind,
        *,
        target_s: float = 0.0,
        share: float = 1.0,
        rate: float = 0.0,
        percent: float = 95.0,
        percentile: PercentileKind = ...,
    ) -> None: ...

class Resampling:
    def __init__(
        self, *, slots_per_day: int, replicates: int, block_days: int, stationary: bool, seed: int
    ) -> None: ...

def measure(demand: _Array, slot_s: float, statistic: Statistic) -> float: ...
def replicates(
    demand: _Array, slot_s: float, statistic: Statistic, resampling: Resampling
) -> _Array: ...
def predictions(
    churn: _Array, slot_s: float, statistic: Statistic, resampling: Resampling, horizon_days: int
) -> _Array: ...

# Networks (analysis/network_cuts.hpp): sites and links by number, whole bits per second.
_Indices: TypeAlias = npt.NDArray[np.int64]

# flow, links of the cut, sites on the source's side.
def bottleneck(
    sites: int, from_: _Indices, to: _Indices, capacity: _Indices, source: int, target: int
) -> tuple[int, _Indices, _Indices]: ...
def remaining_flow(
    sites: int,
    from_: _Indices,
    to: _Indices,
    capacity: _Indices,
    source: int,
    target: int,
    failures: _Indices,
    together: int,
) -> _Indices: ...
def flow_without_each_link(
    sites: int, from_: _Indices, to: _Indices, capacity: _Indices, pairs: _Indices
) -> _Indices: ...

# sites, links.
def weak_points(
    sites: int,
    from_: _Indices,
    to: _Indices,
    capacity: _Indices,
    source: int | None = None,
    target: int | None = None,
) -> tuple[_Indices, _Indices]: ...

# Churn models and synthetic traces (analysis/churn_model.hpp, synthetic_trace.hpp).
class Rhythm:
    def __init__(self, *, slot_s: float, hourly: int, daily: int, weekly: int) -> None: ...
    def cycles_per_week(self) -> _Array: ...

class ChurnModel:
    def __init__(
        self,
        *,
        rhythm: Rhythm,
        coefficients: _Array,
        deviation: _Array,
        persistence: _Array,
        correlation: _Array,
        marginals: _Array,
    ) -> None: ...

# The parts of a ChurnModel; explained of shape (machines,), shrinkage, attained.
def fit_churn(
    churn: _Array, missing: npt.NDArray[np.bool_], start_s: float, rhythm: Rhythm
) -> dict[str, Any]: ...
def synthetic_trace(
    model: ChurnModel,
    *,
    start_s: float,
    slots: int,
    seed: int,
    names: list[str],
    factor: float,
) -> _Array: ...

# Churn shipped cycle by cycle (analysis/cycle_deltas.hpp).
class Fold:
    def __init__(self) -> None: ...
    @staticmethod
    def curve(windows_s: _Array, ratios: _Array) -> Fold: ...
    @staticmethod
    def working_set(size: float) -> Fold: ...

# written, unique.
def cycle_deltas(
    arrivals: _Array, slot_s: float, period_s: float, fold: Fold
) -> tuple[_Array, _Array]: ...
def rates_by_cycle(deltas: _Array, period_s: float, target_s: float) -> _Array: ...
def rpo_by_cycle(deltas: _Array, period_s: float, rate: float) -> _Array: ...

# start_s, end_s, written, unique, rpo_s.
def gap_cycles(
    arrivals: _Array,
    slot_s: float,
    rate: float,
    least_gap_s: float,
    most_gap_s: float,
    fold: Fold,
) -> tuple[_Array, _Array, _Array, _Array, _Array]: ...

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

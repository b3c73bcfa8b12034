"""Real churn: 500 machines of August 2013 over one link, held against the fluid reference.

The reference figures are those of the data's own README; the fluid queue is computed here again, so
that a wrong figure cannot hide behind a wrong landfall.
"""

from __future__ import annotations

from dataclasses import dataclass

import landfall as lf
import numpy as np
import pytest
from validation.fluid_reference import SLOT_S, Array, fleet_bytes_per_slot, lag_at_slot_ends
from validation.shared_data import shared_data

MARKER_S = 300.0
TARGET_S = 15 * 60.0
TRACE = "bitbrains/write_kbps_5min_2013-8.csv.gz"


@dataclass(frozen=True)
class Row:
    """One bandwidth: what two independent fluid computations agree on."""

    mbit_per_s: int
    worst_lag_min: float
    share_within_15_min: float


ROWS = [
    Row(500, 1886.4, 24.95),
    Row(600, 465.7, 62.37),
    Row(800, 226.2, 92.67),
    Row(1000, 139.3, 98.02),
    Row(1500, 27.7, 99.64),
    Row(1663, 15.0, 100.0),
]


@pytest.fixture(scope="module")
def arrivals() -> Array:
    """Bytes per slot of the whole fleet."""
    return fleet_bytes_per_slot(shared_data(TRACE))


def protected_fleet(mbit_per_s: int) -> lf.Scenario:
    """Return the 500 machines, already protected, behind one process server and one link."""
    return lf.Scenario.from_dict(
        {
            "version": 1,
            "name": f"bitbrains-{mbit_per_s}",
            # Nothing but the link may limit: the reference knows no buffers.
            "profile": {"name": "asr-2024", "override": {"source_buffer": "1000 TiB"}},
            "initial_state": "protected",
            "duration": "30 d",
            "network": {"bandwidth_factor": 1.0},
            "detail": {"capture_step": "5 min", "sample_every": "1 h"},
            "sites": [{"name": "hq", "lan": {"bandwidth": "100 Gbit/s", "latency": "0.1 ms"}}],
            "regions": [
                {"name": "weu", "storage_accounts": [{"name": "cache", "ingress": "100 Gbit/s"}]}
            ],
            "links": [
                {
                    "name": "wan",
                    "from": "hq",
                    "to": "weu",
                    "bandwidth": f"{mbit_per_s} Mbit/s",
                    "latency": "1 ms",
                    "tcp_window": "1 GiB",
                }
            ],
            "vault": {"name": "vault", "region": "weu"},
            "process_servers": [
                {
                    "name": "ps",
                    "site": "hq",
                    "storage_account": "cache",
                    "cores": 64,
                    "cache": "1000 TiB",
                    "cache_rate": "10 GB/s",
                }
            ],
            "policies": [{"name": "24h", "retention": "24 h"}],
            "machines": [
                {
                    "name": "vm",
                    "count": 500,
                    "site": "hq",
                    "process_server": "ps",
                    "policy": "24h",
                    "os": "windows",
                    "disks": [{"name": "disk", "size": "500 GiB", "used": "250 GiB"}],
                    "churn": {
                        "kind": "trace",
                        "file": str(shared_data(TRACE)),
                        "column": "vm{index}",
                        "unit": "KiB/s",
                        "step": "5 min",
                    },
                }
            ],
        }
    )


def upload_lag_per_slot(result: lf.Result) -> Array:
    """Return, for each slot, the worst upload lag in s of the markers that fall into it."""
    steps = result.tables["rpo"]
    lag = np.asarray(steps["rpo_s_after"])
    marker = np.asarray(steps["t_s"]) - lag
    published = ~np.isnan(lag) & (marker > 0)
    slot = np.rint(marker[published] / SLOT_S).astype(int)
    worst = np.zeros(slot.max() + 1)
    np.maximum.at(worst, slot, lag[published])
    return worst[1:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.mbit_per_s}Mbit")
def test_fleet_meets_the_fluid_reference(
    row: Row, arrivals: Array, capsys: pytest.CaptureFixture[str]
) -> None:
    fluid = lag_at_slot_ends(arrivals, row.mbit_per_s * 1e6 / 8)
    fluid_share = 100 * float(np.mean(fluid <= TARGET_S))
    assert fluid.max() / 60 == pytest.approx(row.worst_lag_min, abs=0.06)
    assert fluid_share == pytest.approx(row.share_within_15_min, abs=0.006)

    result = protected_fleet(row.mbit_per_s).run(seed=1, progress=False)
    lag = upload_lag_per_slot(result)
    share = 100 * float(np.mean(lag <= TARGET_S))
    share_with_marker = 100 * float(np.mean(lag <= TARGET_S + MARKER_S))
    with capsys.disabled():
        print(
            f"\n{row.mbit_per_s:5d} Mbit/s   worst lag, min: fluid {fluid.max() / 60:8.1f}  "
            f"landfall {lag.max() / 60:8.1f}    slots within 15 min, %: fluid {fluid_share:6.2f}  "
            f"landfall {share:6.2f} ({share_with_marker:.2f} with one marker interval)",
            end="",
        )

    assert result.summary["deltas"] == pytest.approx(500 * 8640, rel=0.001)
    assert abs(lag.max() - fluid.max()) <= 0.02 * fluid.max() + MARKER_S
    # A marker covers up to one interval more than the byte it follows: the share lies between.
    assert share - 1 <= fluid_share <= share_with_marker + 1


def test_every_byte_of_the_trace_is_captured(arrivals: Array) -> None:
    result = protected_fleet(2000).run(seed=1, progress=False)
    written = float(np.sum(result.tables["machines"]["written_bytes"]))
    assert written == pytest.approx(float(arrivals.sum()), rel=1e-4)
    empty_s = np.asarray(result.tables["machines"]["no_sample_s"])
    assert empty_s.max() > 0, "empty cells stay visible as time without a sample"

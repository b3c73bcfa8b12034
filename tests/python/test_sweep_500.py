"""Five hundred runs with a crash and a hang: here, resumed, and on a cluster of two workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import landfall as lf
import pandas as pd
import pytest
from landfall import client
from landfall.sweeps import Sweep
from landfall.sweeps.store import read_rows
from python.run_samples import first

BANDWIDTH = "/links/internet/bandwidth"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the seeds of the runs that the simulator is really asked for."""
    seeds: list[int] = []
    run = client.run

    def counting(scenario: Any, **options: Any) -> lf.Result:
        seeds.append(options["seed"])
        return run(scenario, **options)

    monkeypatch.setattr(client, "run", counting)
    return seeds


def five_hundred(**options: Any) -> Sweep:
    """100 variants, 5 replications; variant 3 crashes, variant 7 hangs."""
    over = {BANDWIDTH: [f"{100 + 5 * k} Mbit/s" for k in range(100)]}
    options = {"timeout": 2, "drill": {3: "crash", 7: "hang"}, "progress": False} | options
    return lf.sweep(first(), over, replications=5, **options)


@pytest.mark.slow
def test_500_runs_with_a_crash_and_a_hang_here_and_on_a_cluster(
    tmp_path: Path, counted: list[int]
) -> None:
    here = five_hundred(store=tmp_path / "here", max_workers=2)
    assert (here.made, len(counted), len(here.table)) == (500, 500, 500)
    failed = here.failures.groupby(["variant", "failure"]).size().to_dict()
    assert failed == {(3, "crash"): 5, (7, "timeout"): 5}

    # Nothing runs again; what failed does when it is asked for, and now it works.
    again = five_hundred(store=tmp_path / "here", max_workers=2)
    assert (again.made, len(counted)) == (0, 500)
    pd.testing.assert_frame_equal(again.table, here.table)
    retried = five_hundred(store=tmp_path / "here", max_workers=2, retry="failed", drill=None)
    assert (retried.made, len(counted), retried.failed_count) == (10, 510, 0)

    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as cluster_client,
    ):
        executor = cluster_client.get_executor()
        there = five_hundred(store=tmp_path / "there", executor=executor)
        assert there.made == 500
        assert len(counted) == 510  # none of them in this process
        own = lf.sweep(
            first(), metrics=lambda r: {"jobs": len(r.jobs)}, executor=executor, progress=False
        )
        assert own.table["jobs"][0] > 0, own.table["message"][0]
    by = ["variant", "replication"]
    tables = [sweep.table.sort_values(by).to_csv(index=False) for sweep in (here, there)]
    assert tables[0] == tables[1]
    assert len(read_rows(tmp_path / "there")) == 500

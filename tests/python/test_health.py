"""Health of a run: steps, codes, alerts."""

from __future__ import annotations

from typing import Any

import landfall as lf
from landfall.validation import worlds


def test_an_outage_shows_in_the_health_of_items_and_vault_and_goes_away() -> None:
    result = lf.load("gallery:wan-outage").run(progress=False)
    health = result.health
    items = health[health["kind"] == "item"]
    assert set(items["subject"].astype(str)) == set(result.machines["machine"].astype(str))
    breached = items[items["message"].astype(str).str.contains("RPO")]
    assert len(breached) > 0
    assert (breached["since_s"] <= breached["t_s"]).all()
    # The last word on every machine: nothing is wrong.
    last = items.groupby("subject", observed=True).tail(1)
    assert set(last["health"].astype(str)) == {"Normal"}
    vault = health[health["kind"] == "vault"]
    assert {"Warning"} <= set(vault["health"].astype(str)) | {"Warning"}
    assert vault["health"].astype(str).iloc[-1] == "Normal"


def test_every_critical_step_was_mailed() -> None:
    result = lf.load("gallery:cache-pressure").run(progress=False)
    critical = result.health[result.health["health"] == "Critical"]
    critical = critical[critical["kind"] != "vault"]
    mailed = result.alerts[result.alerts["alert"] == "critical_health"]
    assert set(critical["subject"].astype(str)) == set(mailed["subject"].astype(str))


def test_a_machine_that_was_migrated_has_no_health() -> None:
    result = lf.load("gallery:first-migration").run(progress=False)
    items = result.health[result.health["kind"] == "item"]
    last = items.groupby("subject", observed=True).tail(1)
    assert set(last["health"].astype(str)) <= {"None", "Normal"}


def rows(result: lf.Result, message: str) -> Any:
    health = result.health
    return health[health["message"].astype(str) == message]


def test_a_server_that_the_service_loses_is_told_and_mailed_once() -> None:
    result = lf.load("gallery:wan-outage").run(progress=False)
    lost = rows(result, "the service has lost the connection to the server")
    assert list(lost["kind"].astype(str)) == ["registration"]
    mails = result.alerts[result.alerts["alert"].astype(str) == "connection_lost"]
    assert list(mails["subject"].astype(str)) == list(lost["subject"].astype(str))
    down = result.events[result.events["kind"].astype(str) == "link_down"]["t_s"].iloc[0]
    # 15 minutes, and at most one look (5 minutes) later.
    assert 900 < lost["t_s"].iloc[0] - down <= 1200


def test_a_process_server_out_of_reach_takes_its_machines_with_it() -> None:
    line = {**worlds.link(outages=[{"at": "1 h", "lasts": "1 h"}])}
    result = worlds.run(
        [worlds.vmware(site="branch", rate=1e5), worlds.vmware("beside", process_server="ps-dc")],
        "4 h",
        sites=[{"name": "dc"}, {"name": "branch"}],
        links=[worlds.link(), {**line, "name": "line", "from": "branch", "to": "dc"}],
        process_servers=[
            {"name": "ps", "site": "branch", "storage_account": "cache"},
            {"name": "ps-dc", "site": "dc", "storage_account": "cache"},
        ],
    )
    told = result.health[result.health["code"].astype(str) == "806"]
    assert set(told["subject"].astype(str)) == {"ps", "vm"}
    last = result.health.groupby(result.health["subject"].astype(str)).tail(1)
    assert set(last["health"].astype(str)) == {"Normal"}


def test_missed_cycles_of_a_hyper_v_machine_are_counted_and_healthy_ones_are_not() -> None:
    outage = [{"at": "6 h", "lasts": "40 min"}]
    for outages, expected in (([], 0), (outage, 1)):
        machine = worlds.hyper_v(rate=1e4)
        result = worlds.run([machine], "12 h", links=[worlds.link(outages=outages)])
        missed = rows(result, "too many replication cycles were missed")
        assert (len(missed) > 0) == bool(expected)
        if expected:
            assert missed["t_s"].min() > 6 * 3600
            assert rows(result, "")["t_s"].max() > missed["t_s"].max(), "it heals"


def test_a_copy_that_will_miss_the_goal_is_slow_and_told_with_its_progress() -> None:
    machine = worlds.vmware(disks=[worlds.disk(size="2 TiB", used="1 TiB")])
    result = worlds.run(
        [machine],
        "6 h",
        initial_state="unprotected",
        links=[worlds.link("20 Mbit/s")],  # 1 TiB takes five days
        timeline=[{"at": 0, "do": "enable_replication"}],
    )
    assert len(rows(result, "a disk is copied more slowly than expected")) > 0
    progress = result.copy_progress
    assert set(progress["health"].astype(str)) == {"SlowProgress"}
    assert progress["transferred_bytes"].is_monotonic_increasing
    assert progress["percent"].is_monotonic_increasing
    rate = progress["recent_bytes"] / 900
    assert rate.between(2.3e6, 2.5e6).all(), "20 Mbit/s, of which 96.5 % are payload"

"""Health of a run: steps, codes, alerts."""

from __future__ import annotations

import landfall as lf


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

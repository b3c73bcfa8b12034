"""The bill of a run: lines that add up, free days, overrides, and an end with the migration."""

from __future__ import annotations

import landfall as lf
import pytest
from python.scenario_samples import small

DAY = 86_400
MICROS = 1_000_000


def one_machine(**changes: object) -> lf.Scenario:
    data = small()
    data.update(
        {
            "duration": "40 days",
            "initial_state": "protected",
            "detail": {"capture_step": "5 min", "sample_every": "1 day"},
            "timeline": [],
        }
        | changes
    )
    return lf.Scenario.from_dict(data)


@pytest.fixture(scope="module")
def protected() -> lf.Result:
    return one_machine().run(progress=False)


def test_the_licence_is_free_for_31_days(protected: lf.Result) -> None:
    licence = protected.billing.query("meter == 'licence'")
    paid = licence[licence["unit_price"] > 0]
    count = len(protected.machines)
    assert paid["from_s"].min() == 31 * DAY
    assert protected.totals["licence_days"] == pytest.approx(count * 9)
    # 9 days of a month of 30, at 25 USD.
    assert paid["amount_micros"].sum() == count * 25 * MICROS * 9 // 30


def test_lines_add_up_to_the_totals(protected: lf.Result) -> None:
    billing = protected.billing
    total = billing["amount_micros"].sum() / MICROS
    assert protected.totals["cost_total"] == pytest.approx(total)
    assert protected.machines["cost_total"].sum() == pytest.approx(total)
    summary = protected.summary["billing"]
    assert sum(summary["by_meter"].values()) == pytest.approx(total)
    assert sum(month["cost"] for month in summary["by_month"]) == pytest.approx(total)
    assert (billing["to_s"] > billing["from_s"]).all()
    assert billing["to_s"].max() <= protected.simulated_s


def test_every_line_says_what_its_price_rests_on(protected: lf.Result) -> None:
    assert set(protected.billing["standing"].astype(str)) <= {
        *("documented", "third_party", "contradicted", "assumed")
    }
    assert (protected.billing["source"].astype(str) != "").all()


def test_a_scenario_overrides_prices_and_what_came_before() -> None:
    prices = {"override": {"licence_to_azure": 30}, "protected_before": "31 days"}
    result = one_machine(duration="30 days", prices=prices).run(progress=False)
    licence = result.billing.query("meter == 'licence'")
    assert licence["amount_micros"].sum() == len(result.machines) * 30 * MICROS
    assert set(licence["standing"].astype(str)) == {"scenario"}


def test_nothing_is_billed_after_the_migration() -> None:
    result = lf.load("gallery:first-migration").run(progress=False)
    jobs = result.jobs.query("operation == 'Complete migration' and state == 'Succeeded'")
    ended = jobs.groupby("machine", observed=True)["end_s"].max()
    last = result.billing.groupby("machine", observed=True)["to_s"].max()
    assert len(ended) > 0
    for machine, end_s in ended.items():
        assert last[machine] <= end_s


def test_a_failed_over_machine_is_billed_while_it_runs() -> None:
    result = lf.load("gallery:unplanned-failover").run(progress=False)
    runs = result.billing.query("meter == 'recovery_machine'")
    assert len(runs) == len(result.machines.query("rto_s == rto_s"))
    assert (runs["unit"] == "machine-hour").all()


def test_expectations_can_be_on_cost() -> None:
    expect = [
        {"metric": "cost_total", "of": "total", "at_most": 100_000},
        {"metric": "licence_days", "equals": 9},
    ]
    assert one_machine(expect=expect).run(progress=False).ok


# --- What the invariants of the bill (B1 to B5) hold ----------------------------------------------


def accused(result: lf.Result) -> list[str]:
    assert {f"B{k}" for k in range(1, 6)} <= set(result.oracles["oracle"].astype(str))
    return list(result.violations["text"])


@pytest.mark.parametrize("retention", ["0 h", "30 min", "25 h", "47 h", "3 days"])
def test_points_are_billed_for_the_whole_retention(retention: str) -> None:
    data = small()
    policies = [policy | {"retention": retention} for policy in data["policies"]]
    assert accused(one_machine(duration="9 days", policies=policies).run(progress=False)) == []


def test_a_disk_that_has_grown_is_billed_by_its_new_tier() -> None:
    data = small()
    machine = data["machines"][0] | {
        "count": 1,
        "disks": [{"name": "os", "size": "64 GiB", "used": "1 GiB", "target": "premium_ssd"}],
    }
    grown = {"at": "10 days", "do": "resize_disk", "disk": "os", "size": "100 GiB"}
    changes = {"machines": [machine], "timeline": [grown], "expect": []}
    result = one_machine(**changes, duration="20 days").run(progress=False)
    disks = result.billing.query("meter == 'replica_disks'").set_index("price")
    assert disks.loc["premium_disk_p6", "to_s"] == 10 * DAY
    assert disks.loc["premium_disk_p10", "from_s"] == 10 * DAY
    assert accused(result) == []

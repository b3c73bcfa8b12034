"""What each machine needs, why it cannot have it, what it costs: by documents and formulas."""

from __future__ import annotations

import math
from typing import Any

import landfall as lf
import pytest
from landfall.planner import PlanOptions, plan
from python.plan_samples import (
    GIB,
    MIB,
    TIB,
    bursts,
    disk,
    one,
    plain,
    row,
    server,
    servers,
    trace,
)

pytestmark = pytest.mark.usefixtures("built")

# --- Machines -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "rate", "tier", "verdict"),
    [
        (100, 1.0, "S10", "Yes"),  # 2 MB/s: standard
        (100, 3.0, "P10", "Yes"),  # P10-P15: 8 MB/s for large writes
        (100, 9.0, "P20", "Yes*"),  # P20 and larger: 20 MB/s; the size maps to P10
        (300, 9.0, "P20", "Yes"),
        (300, 21.0, "P20", "No"),
    ],
)
def test_tiers_follow_size_and_churn(size: int, rate: float, tier: str, verdict: str) -> None:
    made = one(server("a", disk(size=size)), rate, write_size="32 KiB")
    found = row(made, "disks", "machine", "a")
    assert (found["tier"] or "") == tier
    assert made.machines[0].verdict == verdict
    assert (found["starred"] == "*") == (verdict == "Yes*")


@pytest.mark.parametrize(("write", "rate", "fits"), [
    ("8 KiB", 4.9, True), ("8 KiB", 5.1, False), ("16 KiB", 19.9, True), ("16 KiB", 20.1, False),
])  # fmt: skip
def test_churn_limits_go_by_the_average_write(write: str, rate: float, fits: bool) -> None:
    # Table of limits: P20-P50 5 MB/s at 8 KB, 20 MB/s at 16 KB and more.
    made = one(server("a", disk(size=500)), rate, write_size=write, limits="deployment-planner")
    assert (made.machines[0].verdict != "No") == fits


def test_iops_decide_the_tier_as_well() -> None:
    # S10 and P10 do 500 IOPS, P15 1,100, P20 2,300.
    for iops, tier, star in ((400, "S10", ""), (900, "P15", "*"), (1_500, "P20", "*")):
        made = one(server("a", disk(size=100, write_iops=float(iops))), 0.5)
        found = row(made, "disks", "machine", "a")
        assert (found["tier"], found["starred"]) == (tier, star)


TOOL = {"limits": "deployment-planner"}


@pytest.mark.parametrize(
    ("machine", "rate", "options", "rule"),
    [
        (server("a", disk(size=0.5)), 0.1, {}, "disk size"),
        (server("a", *(disk(str(k)) for k in range(66))), 0.1, {}, "disks, Azure size"),
        (server("a", *(disk(str(k)) for k in range(65))), 0.1, TOOL, "disks"),
        (server("a", disk(write_iops=1_250.0)), 0.1, TOOL, "write IOPS"),
        (server("a", disk(read_iops=7_600.0)), 0.1, TOOL, "disk IOPS"),
        (server("a", disk(size=300)), 18.0, {"retention": "9 d", **TOOL}, "snapshot storage"),
        (server("it's"), 0.1, {"kind": "hyper-v"}, "name"),
        (server("a", disk(size=301), os_family="windows"), 0.1, {"kind": "hyper-v"}, ""),
        (server("a", disk(size=2_100)), 0.1, {"kind": "hyper-v"}, "disk size"),
        (server("a", disk(write_iops=1_190.0)), 0.1, TOOL, ""),
    ],
)
def test_each_rule_holds_alone(
    machine: Any, rate: float, options: dict[str, Any], rule: str
) -> None:
    # 840 effective write IOPS are 1,200 of which 30 % overlap; 18 MiB/s are 13.3 TiB in nine days.
    made = one(machine, rate, **options)
    assert ", ".join(made.tables["reasons"].values("rule")) == rule


def test_every_reason_is_told_and_nothing_is_counted() -> None:
    bad = server(
        "bad", disk("os", 5000), disk("data", 40_000), disk("shared", 100, shared=True),
        write_iops=90_000.0,
    )  # fmt: skip
    made = plan(
        servers(bad, server("good")),
        trace({"bad": 60.0, "good": 0.5}),
        options=plain(limits="deployment-planner"),
    )
    found = row(made, "incompatible", "machine", "bad")
    for text in (
        "disk os: OS disk size 4.88 TiB above 4 TiB",
        "disk data: disk size 39.1 TiB",
        "disk shared: other machines write to it",
        "machine: peak churn 60 MB/s above 54 MB/s",
        "machine: churn a day 4.94 TiB above 2 TiB",
        "machine: replica and test failover 88.1 TiB above 35 TiB",
        "machine: IOPS 90,000 above 80,000",
    ):
        assert text in found["reasons"], found["reasons"]
    assert [each.name for each in made.planned] == ["good"]
    assert len(made.tables["cost_machines"]) == 1
    assert row(made, "servers", "what", "Azure cores")["count"] == 2


def test_what_an_incompatible_machine_would_add_is_what_it_adds() -> None:
    inventory = servers(server("big", disk(size=300), cores=4), server("small"))
    churn = trace({"big": bursts(10, 30, days=8), "small": 1.0}, days=8)
    without = plan(inventory, churn, options=plain(percentile=99))
    found = row(without, "incompatible", "machine", "big")
    planned_in = plan(inventory, churn, options=plain(percentile=99, overrides=["big"]))
    assert found["adds_100"] == pytest.approx(planned_in.bandwidth() - without.bandwidth())
    assert found["adds_90"] == pytest.approx(
        planned_in.bandwidth(share=0.9) - without.bandwidth(share=0.9)
    )
    cores = [row(each, "servers", "what", "Azure cores")["count"] for each in (without, planned_in)]
    assert found["adds_cores"] == cores[1] - cores[0] == 4
    totals = [
        row(each, "cost", "component", "Total as the tool counts")["monthly"]
        for each in (without, planned_in)
    ]
    assert found["adds_cost"] == pytest.approx(totals[1] - totals[0])
    kept = row(planned_in, "incompatible", "machine", "big")
    assert kept["compatibility"] == "No, planned in"
    assert "churn" in kept["reasons"]


def test_a_machine_without_data_comes_last() -> None:
    inventory = servers(server("never"), server("hot", disk(size=300)), server("ok"))
    churn = trace({"never": math.nan, "hot": 40.0, "ok": 1.0})
    made = plan(inventory, churn, options=plain())
    rows = made.tables["incompatible"].rows
    assert [each["machine"] for each in rows] == ["hot", "never"]
    assert rows[-1]["compatibility"] == "Data not found"
    assert rows[-1].get("adds_100") is None


def test_the_azure_size_is_the_smallest_that_fits() -> None:
    sizes = [
        ({"cores": 2, "memory_bytes": 4 * GIB}, "Standard_F2s_v2"),
        ({"cores": 2, "memory_bytes": 5 * GIB}, "Standard_D2s_v3"),
        ({"cores": 3, "memory_bytes": 5 * GIB}, "Standard_F4s_v2"),
        ({"cores": 2, "memory_bytes": GIB, "nic_count": 3}, "Standard_F8s_v2"),
    ]  # fmt: skip
    for values, name in sizes:
        made = one(server("a", **values))
        assert row(made, "compatible", "machine", "a")["size"] == name
    disks = [disk(str(number)) for number in range(6)]  # five data disks: more than two cores take
    assert row(one(server("a", *disks)), "compatible", "machine", "a")["size"] == "Standard_F4s_v2"
    made = one(server("a", cores=500))
    assert "no size has 500 cores" in row(made, "incompatible", "machine", "a")["reasons"]


def test_what_is_unknown_is_said_and_only_assumed_when_asked() -> None:
    bare = lf.inventory.Server(name="a", cores=2, memory_bytes=GIB, disk_count=1)
    made = one(bare)
    assert row(made, "disks", "machine", "a")["size"] is None
    assert "disk sizes" in row(made, "compatible", "machine", "a")["unknown"]
    assert row(made, "cost", "component", "Storage of replicas")["monthly"] is None
    assert any("Unknown of 1 machine: disk sizes" in note for note in made.notes)
    assert len(made.tables["batches"]) == 0
    made = one(bare, assume_disk="128 GiB", assume_used_percent=50, bandwidth="1 Gbit/s")
    assert row(made, "disks", "machine", "a")["assumed"] == "assumed"
    # 128 GiB of standard disk at 0.04 USD.
    assert row(made, "cost", "component", "Storage of replicas")["monthly"] == pytest.approx(5.12)
    assert len(made.tables["batches"]) == 1


def test_placement_is_even_and_its_names_are_valid() -> None:
    from landfall.planner.sheets import placement_table

    names = [f"m{k}" for k in range(40)]
    made = plan(servers(*map(server, names)), trace(dict.fromkeys(names, 0.5)), options=plain())
    table = placement_table(made.planned, 4)
    accounts = table.values("log_account")
    assert sorted(accounts.count(each) for each in set(accounts)) == [10] * 4
    # Storage account names: 3 to 24 lower-case letters and digits.
    assert all(each.isalnum() and each.islower() and len(each) <= 24 for each in accounts)


# --- Servers and cost -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machines", "rate", "more"), [(80, 0.02, 0), (200, 0.1, 0), (220, 0.05, 1), (100, 0.35, 2)]
)
def test_process_servers_follow_the_table(machines: int, rate: float, more: int) -> None:
    # 8 cores <= 500 GB; 16 cores <= 2 TB and 200 machines; else scale-out of 2 TB, 225 machines.
    names = [f"m{k}" for k in range(machines)]
    made = plan(servers(*map(server, names)), trace(dict.fromkeys(names, rate)), options=plain())
    assert row(made, "servers", "what", "additional process servers")["count"] == more
    expected = math.ceil(machines / 200)
    assert row(made, "servers", "what", "configuration servers")["count"] == expected


def test_replicas_in_storage_accounts_are_counted_by_iops_disks_and_size() -> None:
    # 20,000 IOPS and 40 disks (at 500 IOPS) a standard account; 35 TB a premium one.
    names = [f"m{k}" for k in range(41)]
    big = server("big", disk(), disk("data", 30_000), disk("more", 30_000))
    rates = {**dict.fromkeys(names, 0.1), "big": 20.0}
    options = plain(managed_disks=False)
    made = plan(servers(*map(server, names), big), trace(rates), options=options)
    assert row(made, "servers", "what", "replica storage accounts (standard)")["count"] == 2
    assert row(made, "servers", "what", "replica storage accounts (premium)")["count"] == 2


def test_cost_is_the_sum_of_its_documented_parts() -> None:
    machine = server("a", disk(size=128), cores=4, memory_bytes=16 * GIB, os_family="windows")
    made = one(machine, 3.0, discount_percent=10, always_on=["a"], network_price=100.0)
    # P10 at 19.71; D4s at 0.19 an hour; 4 drills of 7 days; licence 25; all less 10 %.
    expected = {
        "Site Recovery licence": 25.0,
        "Storage of replicas": 19.71,
        "Network": 100.0,
        "Compute in drills": 0.19 * 28 * 24 / 12,
        "Storage in drills": 19.71 * 28 / 30 / 12,
        "Always on": 0.19 * 730,
        "Recovery points": 3 * MIB * 86_400 / GIB * 0.05,
        "Transactions": 3 * MIB * 86_400 * 30 / 2**18 / 10_000 * 0.0005,
        "Cache storage": 0.02 * 500 * MIB / GIB,
    }
    for name, amount in expected.items():
        found = row(made, "cost", "component", name)
        assert found["monthly"] == pytest.approx(0.9 * amount), name
        assert found["yearly"] == pytest.approx(12 * 0.9 * amount)
    tool = sum(list(expected.values())[:6])
    assert row(made, "cost", "component", "Total as the tool counts")["monthly"] == pytest.approx(
        0.9 * tool
    )
    once = row(made, "cost", "component", "Egress of a failback")
    assert once["monthly"] is None
    assert once["yearly"] == pytest.approx(0.9 * 0.087 * 0.4 * 128)


def test_options_of_cost_change_what_they_say() -> None:
    machine = server("a", disk(size=100), cores=4, memory_bytes=16 * GIB, os_family="windows")

    def part(name: str, **options: Any) -> float:
        return float(row(one(machine, 0.5, **options), "cost", "component", name)["monthly"])

    drill = "Compute in drills"
    assert part(drill, hybrid_benefit=False) == pytest.approx(part(drill) * 0.37 / 0.19)
    assert part(drill, drills_per_year=2) == pytest.approx(part(drill) / 2)
    assert part(drill, size_prices={"Standard_D4s_v3": 1.0}) == pytest.approx(28 * 24 / 12)
    assert part("Site Recovery licence", prices={"licence_to_azure": 16}) == 16
    storage = "Storage of replicas"
    assert part(storage, redundancy="GRS", redundancy_factor=2) == pytest.approx(2 * part(storage))


def test_limits_of_the_tool_are_older_than_the_services() -> None:
    big = server("a", disk(size=4000), disk("data", 8000))
    assert one(big).machines[0].verdict == "Yes"
    assert one(big, limits="deployment-planner").machines[0].verdict == "No"
    assert 8000 * GIB > 4 * TIB
    assert PlanOptions().limits == "service"

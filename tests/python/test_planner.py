"""The planner's numbers: bandwidths, machines, cost, copies, network; each from a formula."""

from __future__ import annotations

import math
from typing import Any

import landfall as lf
import numpy as np
import pytest
from landfall.planner import plan
from python.plan_samples import (
    DAY,
    GIB,
    MIB,
    SLOT_S,
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


def two() -> tuple[Any, Any]:
    return servers(server("web"), server("db")), trace({"web": bursts(1, 4), "db": 2.0}, days=8)


# --- Bandwidth ------------------------------------------------------------------------------------


def test_a_constant_fleet_needs_its_rate() -> None:
    made = plan(servers(server("a")), trace({"a": 3.0}), options=plain())
    # The oldest byte at the end T was written at T C / r: T - T C / r <= 15 min.
    end = 2 * DAY * SLOT_S
    least = 3 * MIB * 8 * (end - 900) / end
    assert made.bandwidth() == pytest.approx(least, rel=1e-6)
    assert made.bandwidth(rpo=0.0) == pytest.approx(3 * MIB * 8)


def test_growth_compression_payload_and_processing_are_applied_once() -> None:
    inventory, churn = two()
    bare = plan(inventory, churn, options=plain(), rpo="10 min").bandwidth()
    # Scale law: x 1.3, / 2, / 0.9; 15 min less 5 min of processing are the 10 min of the bare one.
    full = plain(growth_percent=30, compression_ratio=2, payload_share=0.9, processing="5 min")
    assert plan(inventory, churn, options=full).bandwidth() == pytest.approx(bare * 1.3 / 2 / 0.9)


def test_bandwidth_falls_with_the_rpo_and_with_the_share() -> None:
    made = plan(*two(), options=plain(shares=[1, 0.99, 0.9]))
    for share in (100.0, 99.0, 90.0):
        rows = [each for each in made.tables["bandwidth"].rows if each["share"] == share]
        rates = [each["bandwidth"] for each in rows]
        assert rates == sorted(rates, reverse=True)
        assert [each["rpo_s"] for each in rows] == [900, 1800, 3600]
    for rpo in (900, 1800, 3600):
        rates = [e["bandwidth"] for e in made.tables["bandwidth"].rows if e["rpo_s"] == rpo]
        assert rates == sorted(rates, reverse=True)


def test_the_bandwidth_of_a_row_gives_its_rpo_back() -> None:
    made = plan(*two(), options=plain(processing="5 min", rpos=["15 min"]))
    whole = row(made, "bandwidth", "share", 100.0)
    assert whole["worst_rpo_s"] == pytest.approx(900, abs=1e-3)
    most = row(made, "bandwidth", "share", 90.0)
    assert made.demand.within(most["bandwidth"] * (1 + 1e-9), 900) >= 0.9
    assert made.demand.within(most["bandwidth"] * 0.99, 900) < 0.9


def test_a_share_and_a_ceiling_of_a_throttle_are_felt() -> None:
    inventory, churn = servers(server("a")), trace({"a": 3.0})
    rate = 3 * MIB * 8
    half = {"from": "00:00", "to": "00:00", "share": 0.5}
    made = plan(inventory, churn, options=plain(throttles=[half]), rpo=1e-9)
    assert made.bandwidth() == pytest.approx(2 * rate)
    low = {"from": "08:00", "to": "18:00", "bandwidth": round(0.9 * rate)}
    made = plan(inventory, churn, options=plain(throttles=[low]))
    # Ten hours at 90 % leave an hour's worth: more than 15 min late, whatever the link.
    assert made.bandwidth() == math.inf
    assert made.page().html()


def test_a_throttle_knows_the_day_of_the_week_and_the_zone() -> None:
    inventory, churn = servers(server("a")), trace({"a": 3.0}, days=7)
    # The trace begins on a Thursday; at UTC+3 its first slot is at 03:00.
    options = plain(
        throttles=[{"days": ["sat"], "from": "06:00", "to": "07:00", "share": 0}],
        utc_offset_hours=3,
    )
    available = plan(inventory, churn, options=options).demand.availability
    assert available is not None
    begin = 2 * DAY + 3 * 12
    assert np.flatnonzero(available == 0).tolist() == list(range(begin, begin + 12))


def test_what_a_given_bandwidth_achieves() -> None:
    made = plan(*two(), options=plain(bandwidth="32 Mbit/s"))
    given = row(made, "achieved", "given", "given")
    assert given["bandwidth"] == 32_000_000
    lag = lf.fluid_lag(
        np.asarray(trace({"x": bursts(1, 4) + 2}, days=8).fleet()),
        slot_s=SLOT_S,
        bits_per_second=32e6,
    )
    assert given["rpo_100_s"] == pytest.approx(lag.max())
    assert given["within"] == pytest.approx(100 * np.mean(lag <= 900))


def test_violations_by_day_are_those_of_the_queue() -> None:
    made = plan(*two(), options=plain())
    days = [each for each in made.tables["what_if"].rows if each["rpo_s"] == 900]
    assert [each["day"] for each in days][:2] == ["Thu 2024-02-01", "Fri 2024-02-02"]
    assert len(days) == 8
    found = made.demand.breaches(made.bandwidth(share=0.9), 900)
    assert [each["violations"] for each in days] == found.violations.tolist()
    assert [each["peak_s"] for each in days] == found.peak_s.tolist()


def test_intervals_hold_their_estimate_and_move_with_the_seed() -> None:
    rng = np.random.default_rng(3)
    noisy = np.repeat(rng.lognormal(0, 0.6, 10), DAY) * bursts(1, 4, days=10)
    args = (servers(server("a")), trace({"a": noisy}, days=10))
    made = [plan(*args, options=plain(seed=seed)) for seed in (1, 1, 2)]
    rows = [[dict(each) for each in each.tables["intervals"].rows] for each in made]
    assert rows[0] == rows[1] != rows[2]
    assert all(each["low"] <= each["high"] for each in rows[0])
    assert {each["question"] for each in rows[0]} == {
        "other days of this kind",
        "as many days to come",
    }


def test_clipping_is_a_choice_and_needs_no_more() -> None:
    whole, machines, fleet = (
        plan(*two(), options=plain(clip=clip)).bandwidth() for clip in ("none", "machines", "fleet")
    )
    assert machines <= whole
    assert fleet <= whole
    assert fleet < whole or machines < whole


# --- Copies ---------------------------------------------------------------------------------------


def fleet_of(count: int, used: float, **options: Any) -> lf.planner.CapacityPlan:
    names = [f"m{k}" for k in range(count)]
    machines = [server(name, disk(size=used / 0.4)) for name in names]
    return plan(servers(*machines), trace(dict.fromkeys(names, 0.1)), options=plain(**options))


def test_batches_are_named_ordered_and_keep_the_goal() -> None:
    made = fleet_of(10, 400, initial_replication_goal="200 h", bandwidth="30 Mbit/s")
    batches = made.tables["batches"].rows
    named = made.tables["batch_machines"].values("machine")
    assert named == [f"m{k}" for k in range(10)]
    assert sum(each["machines"] for each in batches) == 10
    assert all(each["duration_s"] <= each_goal(made) for each in batches)
    # bandwidth(batch n) = bandwidth - changes of the batches before; copies get the rest.
    rate = 30e6 / 8
    assert len(batches) > 1
    for each in batches:
        assert each["bandwidth"] == pytest.approx(8 * rate, abs=1)
        changes = 0.1 * MIB * each["machines"]
        used = each["machines"] * round(0.4 * round(1000 * GIB))
        assert each["duration_s"] == pytest.approx(used / (rate - changes))
        rate -= changes


def each_goal(made: lf.planner.CapacityPlan) -> float:
    title = made.tables["batches"].title
    hours = float(title.partition("within ")[2].removesuffix(" h").replace(",", ""))
    return hours * 3600


def test_a_goal_that_cannot_be_kept_is_stretched_and_said() -> None:
    made = one(server("a", disk(), disk("data", 10_000)), 0.1, bandwidth="20 Mbit/s")
    assert any("cannot be copied within 72 h" in note for note in made.notes)
    assert each_goal(made) > 72 * 3600


def test_batch_order_is_a_choice() -> None:
    machines = [server(f"m{size}", disk(size=size)) for size in (300, 100, 200)]
    churn = trace({each.name: 0.1 for each in machines})
    for order, expected in (
        ("inventory", [300, 100, 200]),
        ("smallest", [100, 200, 300]),
        ("largest", [300, 200, 100]),
    ):
        made = plan(
            servers(*machines), churn, options=plain(batch_order=order, bandwidth="1 Gbit/s")
        )
        assert made.tables["batch_machines"].values("machine") == [f"m{k}" for k in expected]


def test_free_space_gates_batches_as_documented() -> None:
    # hyper-v-deployment-planner-analyze-report: 500 GB free, changes need 300 each:
    # VM1, VM2, VM3 find 500, 200, -100. Changes need 50 % of the disks: 600 GB of disks.
    machines = [server(f"VM{k}", disk(size=600)) for k in (1, 2, 3)]
    volume = {"host": "h", "volume": "D:", "free": 500 * GIB, "machines": ["VM1", "VM2", "VM3"]}
    made = plan(
        servers(*machines),
        trace({each.name: 0.1 for each in machines}),
        options=plain(kind="hyper-v", volumes=[volume], bandwidth="1 Gbit/s"),
    )
    rows = made.tables["batch_machines"].rows
    assert [each["free_bytes"] / GIB for each in rows] == [500, 200, -100]
    # The first copy needs all 600.
    assert [each["deficit_bytes"] / GIB for each in rows] == [100, 400, 700]
    need = made.tables["hyper_v_storage"].rows[0]
    assert (need["needed_bytes"], need["to_add_bytes"]) == (1800 * GIB, 1300 * GIB)


# --- Network --------------------------------------------------------------------------------------


def link(name: str, begin: str, end: str, mbit: int) -> lf.Link:
    return lf.Link(name=name, from_=begin, to=end, bandwidth=mbit * 10**6, latency="5 ms")


def test_the_network_is_judged_by_the_queue() -> None:
    network = [link("a1", "hq", "pop", 100), link("a2", "hq", "pop", 30)]
    network.append(link("b", "pop", "az", 60))
    made = plan(*two(), options=plain(), network=network, between=("hq", "az"))
    rows = [(each["what"], each["names"]) for each in made.tables["network"].rows]
    assert ("bottleneck (link of the minimum cut)", "b") in rows
    assert ("single point of failure (link)", "b") in rows
    assert ("single point of failure (place)", "pop") in rows
    failures = made.tables["link_failures"].rows
    assert len(failures) == 3 + 3
    lost = row(made, "link_failures", "links", "a1")
    assert lost["bandwidth"] == 30e6
    assert lost["rpo_100_s"] == pytest.approx(made.demand.achieved(30e6, 1.0))
    assert lost["within"] == pytest.approx(100 * made.demand.within(30e6, 900))
    gone = row(made, "link_failures", "links", "b")
    assert gone["bandwidth"] == 0
    assert gone["rpo_90_s"] == math.inf


def test_one_link_needs_no_ends() -> None:
    made = plan(*two(), options=plain(), network=[link("wan", "hq", "az", 60)])
    assert made.tables["network"].rows[0]["bandwidth"] == 60e6


# --- Traces of other shapes -----------------------------------------------------------------------


def test_slots_that_do_not_divide_a_day_have_no_days() -> None:
    import dataclasses

    odd = dataclasses.replace(trace({"a": bursts(1, 4)}, days=8), slot_s=420.0)
    made = plan(servers(server("a")), odd, options=plain())
    assert len(made.tables["what_if"]) == len(made.tables["intervals"]) == 0
    assert made.bandwidth() > 0
    assert made.page(interactive=False).html()


def test_a_trace_of_an_hour_is_enough_for_a_bandwidth() -> None:
    short = trace({"a": 3.0}).between(0, 12)
    made = plan(servers(server("a")), short, options=plain())
    assert made.bandwidth() == pytest.approx(3 * MIB * 8 * (3600 - 900) / 3600)
    assert made.required[900.0, 1.0].days_to_come is None


def test_columns_of_the_trace_may_be_in_another_order() -> None:
    inventory, churn = two()
    turned = churn.select(["db", "web"])
    assert plan(inventory, turned, options=plain()).bandwidth() == pytest.approx(
        plan(inventory, churn, options=plain()).bandwidth()
    )
    with pytest.raises(lf.ScenarioError, match="machines, the inventory"):
        plan(inventory, churn.select(["db"]), match="order", options=plain())


# --- Without a trace ------------------------------------------------------------------------------


def test_without_a_trace_machines_write_evenly() -> None:
    busy = server("a", write_bytes_per_s=float(2 * MIB))
    made = plan(servers(busy, server("b")), options=plain(rpos=["15 min"]), rpo="15 min")
    assert made.bandwidth(rpo=0.0) == pytest.approx(2 * MIB * 8)
    assert made.tables["incompatible"].values("machine") == ["b"]
    assert any("There is no trace" in note for note in made.notes)
    assert made.tables["what_if"].rows[0]["day"] == "day 1"


def test_a_daily_change_may_be_assumed() -> None:
    # Capacity Planner: used x change / day; planning.md: 20 TB x 5 % a day are 92.6 Mbit/s.
    big = server("a", *(disk(str(k), size=2000) for k in range(10)))
    used = 10 * round(0.4 * round(2000 * GIB))
    made = plan(servers(big), options=plain(assume_change_percent=5))
    assert made.bandwidth(rpo=0.0) == pytest.approx(8 * used * 0.05 / 86_400)
    assert any("assumed: 5 % of the bytes in use" in note for note in made.notes)


def test_tables_say_what_their_columns_mean_and_become_frames() -> None:
    made = plan(*two(), options=plain())
    for name, table in made.tables.items():
        assert table.name == name
        assert list(table.frame.columns) == list(table.meanings)
        assert all(text.endswith(".") and len(text) >= 5 for text in table.meanings.values()), name
        unknown = {key for each in table.rows for key in each} - set(table.meanings)
        assert not unknown, (name, unknown)
    with pytest.raises(KeyError, match="has no column"):
        made.tables["cost"].values("nothing")


def test_a_plan_has_no_machine_left() -> None:
    made = plan(servers(server("a", disk(size=300))), trace({"a": 60.0}), options=plain())
    assert made.planned == ()
    assert any("nothing to plan for" in note for note in made.notes)
    assert made.page(interactive=False).html()

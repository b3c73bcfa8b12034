"""The report of a plan, its simulation and waves, and the table of docs/planner.md."""

from __future__ import annotations

import re
from pathlib import Path

import landfall as lf
import pytest
from landfall.planner import CapacityPlan, plan
from python.plan_samples import bursts, disk, plain, server, servers, trace

pytestmark = pytest.mark.usefixtures("built")

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "planner.md"


def small(**options: object) -> CapacityPlan:
    churn = trace({"web": bursts(1, 4), "db": 2.0}, days=8)
    machines = servers(server("web", disk(size=50)), server("db", disk(size=50)))
    return plan(machines, churn, options=plain(processing="5 min", **options))


def anchors(made: CapacityPlan, **more: object) -> set[str]:
    page = made.page(interactive=False, **more)  # type: ignore[arg-type]
    return {section.anchor for section in page.sections if section.is_shown}


def test_a_simulation_keeps_the_promise_and_is_in_the_report(tmp_path: Path) -> None:
    made = small()
    run = made.simulate(share=0.9, trace_file=tmp_path / "trace.csv")
    assert run.within >= 0.89
    assert run.within <= run.within_least <= run.within_mean <= 1
    too_little = 0.9 * made.demand.mean_rate() * 8
    starved = made.simulate(bandwidth=too_little, trace_file=tmp_path / "trace.csv")
    assert not starved.ok
    page = made.page(simulated=[run, starved], interactive=False)
    (section,) = [each for each in page.sections if each.anchor == "simulated"]
    table = section.blocks[0]
    assert [row[-1] for row in table.rows] == [True, False]  # type: ignore[union-attr]
    assert "wan was full" in page.html()


def test_the_worst_of_one_and_of_two_failures_are_shown() -> None:
    ring = [
        lf.Link(name=f"l{k}", from_=f"p{k}", to=f"p{(k + 1) % 60}", bandwidth=1e9, latency=0)
        for k in range(60)
    ]
    churn = trace({"web": bursts(1, 4)}, days=8)
    made = plan(servers(server("web")), churn, options=plain(), network=ring, between=("p0", "p9"))
    (section,) = [
        each for each in made.page(interactive=False).sections if each.anchor == "network"
    ]
    captions = [block.caption for block in section.blocks]  # type: ignore[union-attr]
    assert captions[1:] == [
        "What is left when a link is down, worst first",
        "What is left when 2 links are down, worst first",
    ]
    two_down = section.blocks[2]
    # Nine links of one way and 51 of the other: one of each leaves nothing.
    left = [row[1].value for row in two_down.rows]  # type: ignore[union-attr]
    assert left == [0] * (9 * 51) + [10**9] * (500 - 9 * 51)


def test_a_trace_without_a_file_asks_for_one() -> None:
    with pytest.raises(lf.ScenarioError, match="trace_file"):
        small().scenario()


def test_a_throttle_moves_with_the_start_of_the_trace(tmp_path: Path) -> None:
    made = small(throttles=[{"from": "08:00", "to": "18:00", "share": 0.9}], utc_offset_hours=3)
    (throttle,) = made.scenario(trace_file=tmp_path / "t.csv").links[0].throttles
    # The trace begins at 03:00 local time, which is 00:00 of the run.
    assert (throttle.from_, throttle.to) == (5 * 3600, 15 * 3600)
    some = small(throttles=[{"days": ["mon"], "from": "08:00", "to": "18:00", "share": 0.9}])
    with pytest.raises(lf.ScenarioError, match="some days only"):
        some.scenario(trace_file=tmp_path / "t.csv")


def test_windows_give_waves() -> None:
    pytest.importorskip("ortools")
    windows = lf.waves.weekly("12 d 20 h", "30 h", 3)
    made = small(windows=windows, bandwidth="200 Mbit/s")
    assert sorted(made.tables["wave_machines"].values("machine")) == ["db", "web"]
    assert "waves" in anchors(made)


def test_the_same_plan_makes_the_same_page_and_folder(tmp_path: Path) -> None:
    one, two = small(), small()
    assert one.page().html() == two.page().html()
    assert one.to_json() == two.to_json()


def test_a_report_without_a_link_that_is_enough(tmp_path: Path) -> None:
    none = small(throttles=[{"from": "08:00", "to": "18:00", "share": 0}])
    assert "no link meets the RPO" in none.page(interactive=False).html()


@pytest.mark.parametrize("link", re.findall(r"\[`([^`]+)`\]\((\S+)\)", PAGE.read_text()))
def test_every_row_of_the_table_is_shown_where_it_says(link: tuple[str, str]) -> None:
    name, target = link
    file = (PAGE.parent / target).resolve()
    assert file.is_file(), target
    if name.endswith(".py"):
        return
    text = file.read_text()
    if name.startswith("test_"):
        assert f"def {name}(" in text, name
    else:
        assert f'"{name}"' in text, name


def test_every_sheet_of_deployment_planner_is_a_row_and_a_section() -> None:
    text = PAGE.read_text().lower()
    for sheet in (
        "on-premises summary", "recommendations", "what-if", "vm-storage placement",
        "compatible vms", "incompatible vms", "cost estimation", "on-premises storage requirement",
        "initial replication",
    ):  # fmt: skip
        assert f"| {sheet}" in text, sheet
    linked = set(re.findall(r"section \[`([^`]+)`\]", PAGE.read_text()))
    shown = anchors(small()) | {"hyper-v-storage", "waves"}
    assert linked <= shown

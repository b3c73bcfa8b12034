"""The report of a plan in a browser: it asks for nothing, and has every sheet with its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from landfall.planner import CapacityPlan, plan
from landfall.report.page import plotly_script
from python.plan_samples import GIB, bursts, disk, plain, server, servers, trace

pytestmark = [
    pytest.mark.usefixtures("built"),
    pytest.mark.skipif(plotly_script() is None, reason="Plotly is not installed"),
]

#: The sheets of Deployment Planner, and what it lacks, by anchor.
SHEETS = {
    "on-premises-summary": "summary",
    "recommendations": "bandwidth",
    "what-if-by-day": "what_if",
    "placement": "placement",
    "compatible": "compatible",
    "incompatible": "incompatible",
    "cost": "cost",
    "hyper-v-storage": "hyper_v_storage",
    "initial-replication": "batches",
    "achieved-rpo": "achieved",
    "servers": "servers",
    "intervals": "intervals",
    "network": "network",
}
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def made() -> CapacityPlan:
    import landfall as lf

    names = ["web", HOSTILE, "hot", "never"]
    machines = [server(name, disk(size=300), disk("data", 200)) for name in names]
    rates = {
        "web": bursts(1, 4), HOSTILE: 2.0, "hot": bursts(60, 70), "never": float("nan"),
    }  # fmt: skip
    volume = {"host": "h1", "volume": "D:", "free": 400 * GIB, "machines": ["web", HOSTILE]}
    ends = [("hq", "pop", 100), ("hq", "pop", 50), ("pop", "azure", 80)]
    network = [
        lf.Link(name=f"l{k}", from_=a, to=b, bandwidth=m * 10**6, latency="5 ms")
        for k, (a, b, m) in enumerate(ends)
    ]
    options = plain(kind="hyper-v", volumes=[volume], bandwidth="60 Mbit/s")
    return plan(
        servers(*machines), trace(rates, days=8), options=options, network=network,
        between=("hq", "azure"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def report(made: CapacityPlan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.report(tmp_path_factory.mktemp("plan") / "report.html")


def _charts_are_there(page: Any) -> int:
    count: int = page.locator("figure.chart").count()
    page.wait_for_function(
        f"document.querySelectorAll('.live .main-svg').length >= {count}", timeout=30_000
    )
    return count


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_plan_asks_for_nothing_and_complains_of_nothing(
    show: Any, report: Path, scheme: str
) -> None:
    watched = show(report, color_scheme=scheme)
    assert _charts_are_there(watched.page) >= 5
    asked = [url for url in watched.requests if not url.startswith("data:")]
    assert asked == [report.as_uri()]
    assert watched.errors == []
    assert watched.page.locator("img:not(.still)").count() == 0


def test_every_sheet_is_there_and_says_what_the_tables_say(
    show: Any, report: Path, made: CapacityPlan
) -> None:
    page = show(report).page
    for anchor, name in SHEETS.items():
        section = page.locator(f"#{anchor}")
        assert section.count() == 1, anchor
        table = made.tables[name]
        shown = section.locator("tbody tr").count()
        assert shown >= len(table.rows) > 0, anchor
        if name == "summary":
            continue
        heads = section.locator("table").first.locator("thead th").all_text_contents()
        for column in table.columns[1:]:
            if column.kind in ("text", "verdict") or name == "what_if":
                continue
            place = [head.strip() for head in heads].index(column.title) + 1
            cells = section.locator("table").first.locator(f"tbody tr > :nth-child({place})")
            texts = cells.evaluate_all("all => all.map(one => one.dataset.value)")
            for text, value in zip(texts, table.values(column.key), strict=True):
                if value is None or value != value or value == float("inf"):
                    continue
                assert float(text) == pytest.approx(float(value)), (anchor, column.key)


def test_a_plan_is_whole_without_scripts_and_on_paper(show: Any, report: Path) -> None:
    watched = show(report, java_script_enabled=False)
    assert watched.page.locator("img.still").count() >= 5
    for anchor in SHEETS:
        assert watched.page.locator(f"#{anchor}").is_visible()
    watched.page.emulate_media(media="print")
    assert watched.page.locator("#compatible table").first.is_visible()
    assert watched.errors == []

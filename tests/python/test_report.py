"""Reports as text: what is in them, that names stay names, that they stay small."""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.util
import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import landfall as lf
import numpy as np
import pytest
from landfall.report import (
    Cell,
    Chart,
    ChartBlock,
    Column,
    Line,
    ListBlock,
    Page,
    Scale,
    Section,
    TableBlock,
    TextBlock,
    run_page,
)
from landfall.report.blocks import cell_of
from landfall.report.chart import thinned
from landfall.report.chart_plotly import plotly_figure
from landfall.report.chart_static import chart_svg
from landfall.report.estate_drawing import estate_svg
from landfall.report.link_chart import links_chart
from landfall.report.run_charts import rpo_chart, timeline_chart
from landfall.rpo_bands import rpo_bands
from python.report_samples import HOSTILE, HOUR, estate, fleet


class _Tags(HTMLParser):
    """The elements of a page with their attributes, and the texts of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self._into: list[str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._into = [] if tag in ("script", "style") else None

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)

    def handle_endtag(self, tag: str) -> None:
        text = "".join(self._into or ())
        if tag == "script":
            self.scripts.append((self.tags[-1][1], text))
        elif tag == "style":
            self.styles.append(text)
        self._into = None


def _line(name: str = "a", count: int = 3) -> Chart:
    x = np.arange(float(count))
    return Chart("a title", "a line", Scale("x"), Scale("y"), [Line(name, x, x, "#0072B2")])


# --- Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("interactive", [False, True])
def test_hostile_names_make_no_element_and_no_attribute(interactive: bool) -> None:
    plain = _Tags(run_page(fleet([f"vm-{k}" for k in range(7)]), interactive=interactive).html())
    hostile = _Tags(run_page(fleet(list(HOSTILE)), interactive=interactive).html())
    # The same elements in the same order, with the same attributes: names are only text.
    shape = [
        [(tag, sorted(attributes)) for tag, attributes in page.tags] for page in (plain, hostile)
    ]
    inside = [
        [entry for entry in each if entry[0] not in ("circle", "text", "g")] for each in shape
    ]
    assert inside[0] == inside[1]
    assert not [
        tag for tag, attributes in hostile.tags if any(a.startswith("on") for a in attributes)
    ]
    assert not [tag for tag, attributes in hostile.tags if "style" in attributes]


def test_hostile_names_are_readable_in_the_table() -> None:
    text = run_page(fleet(list(HOSTILE)), interactive=False).html()
    for name in HOSTILE[:3]:
        assert (
            html.escape(name, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
            in text
        )
    assert "{{ 7*7 }}" in text
    assert "alert(1)</script>" not in text


def test_data_for_the_script_holds_no_end_of_a_script_and_is_json() -> None:
    page = _Tags(run_page(fleet(list(HOSTILE))).html())
    data = [
        text for attributes, text in page.scripts if attributes.get("type") == "application/json"
    ]
    if not data:
        pytest.skip("Plotly is not installed")
    assert not any("<" in text or ">" in text or "&" in text for text in data)
    names = json.dumps([json.loads(text) for text in data], ensure_ascii=False)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in names  # Plotly reads tags in texts


def test_a_drawing_is_xml_without_style_or_script_whatever_the_names() -> None:
    machines = [{"name": name, "count": 1, "site": HOSTILE[0]} for name in HOSTILE]
    scenario = estate(
        machines,
        sites=[{"name": HOSTILE[0]}, {"name": HOSTILE[3]}],
        routers=[HOSTILE[2]],
        links=[
            {
                "name": HOSTILE[1],
                "from": HOSTILE[0],
                "to": HOSTILE[2],
                "bandwidth": 1,
                "latency": 0,
            },
            {
                "name": HOSTILE[6],
                "from": HOSTILE[0],
                "to": HOSTILE[3],
                "bandwidth": 1e12,
                "latency": 1,
            },
            {"name": "nowhere", "from": "x", "to": "y", "bandwidth": 1, "latency": 0},
        ],
    )
    svg = estate_svg(scenario, {}, {HOSTILE[1]: 5.0})
    tree = ElementTree.fromstring(svg)
    tags = {element.tag for element in tree.iter()}
    assert tags <= {"svg", "title", "g", "rect", "text", "circle", "path"}
    assert not [element for element in tree.iter() if "style" in element.attrib]
    assert len(list(tree.iter("path"))) == 2  # a link that leads nowhere is not drawn


def test_pictures_are_the_same_for_the_same_chart_and_show_any_name() -> None:
    for name in HOSTILE:
        svg = chart_svg(_line(name))
        assert svg == chart_svg(_line(name))
        ElementTree.fromstring(svg)


# --- The file -------------------------------------------------------------------------------------


def test_a_page_allows_what_it_carries_and_nothing_else() -> None:
    page = _Tags(run_page(fleet(["a", "b"])).html())
    policies = [a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a]
    assert len(policies) == 1
    policy = dict(part.strip().split(" ", 1) for part in (policies[0] or "").split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "data:"
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in (policies[0] or "")
    run = [text for attributes, text in page.scripts if "type" not in attributes]
    for source, texts in (("script-src", run), ("style-src", [*page.styles, ""])):
        hashes = [base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in texts]
        assert policy[source].split() == [f"'sha256-{each}'" for each in hashes]
    addresses = [
        value or ""
        for _, attributes in page.tags
        for key, value in attributes.items()
        if key in ("src", "href", "srcset", "action", "data")
    ]
    assert addresses
    assert all(address.startswith(("data:image/svg+xml", "#")) for address in addresses)


def test_a_page_is_the_same_each_time_and_without_plotly_it_has_every_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = fleet(["a", "b", "c"])
    interactive = run_page(result).html()
    assert interactive == run_page(result).html()
    pictures = interactive.count('<img class="still"')
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "plotly" else find(name, *a)
    )
    plain = run_page(result).html()
    assert plain.count('<img class="still"') == pictures >= 4
    assert 'type="application/json"' not in plain
    assert len(plain) < 1_000_000


def test_every_picture_says_what_it_shows_and_headings_have_a_scope() -> None:
    page = _Tags(run_page(fleet(["a", "b"]), interactive=False).html())
    alts = [attributes.get("alt") or "" for tag, attributes in page.tags if tag == "img"]
    assert alts
    assert all(len(alt) > 20 for alt in alts)
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    assert [a["lang"] for tag, a in page.tags if tag == "html"] == ["en"]


def test_sections_without_anything_say_so_or_are_left_out() -> None:
    text = Page(
        "t",
        [
            Section("Empty", empty="nothing here"),
            Section("Left out"),
            Section("A list", [ListBlock(["one", "<b>two</b>"]), TextBlock("warned", "warn")]),
        ],
    ).html()
    assert "nothing here" in text
    assert "Left out" not in text
    assert "<li>&lt;b&gt;two&lt;/b&gt;</li>" in text
    assert 'class="tone-warn"' in text
    assert "Why" not in run_page(fleet(["a"]), interactive=False).html()


def test_causes_are_told_where_an_rpo_was_missed() -> None:
    result = lf.load("gallery:wan-outage").run(progress=False)
    text = run_page(result, interactive=False).html()
    assert "link circuit was down 12:00:00-15:00:00, 97% of the delay" in text


def test_a_file_is_written_wholly_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "deep" / "page.html"
    page = Page("t", [Section("s", [TextBlock("x")])])
    assert page.save(target) == target
    before = target.read_bytes()
    monkeypatch.setattr(Page, "html", lambda self: (_ for _ in ()).throw(OSError("disk is full")))
    with pytest.raises(OSError, match="disk is full"):
        page.save(target)
    assert target.read_bytes() == before
    assert [entry.name for entry in target.parent.iterdir()] == ["page.html"]


def test_a_report_of_500_machines_is_small_and_quick() -> None:
    result = fleet([f"machine-{k:03}" for k in range(500)], teeth=300)
    begun = time.perf_counter()
    text = run_page(result).html()
    assert time.perf_counter() - begun < 10
    assert len(text.encode()) < 15_000_000
    assert text.count('<tr>\n<th scope="row"') > 500


# --- Values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (None, Column("", "size"), "–"),
        (float("nan"), Column("", "duration"), "–"),
        (float("inf"), Column("", "number"), "∞"),
        (90.0, Column("", "duration"), "1 min 30 s"),
        (2.5e9, Column("", "rate"), "2.5 Gbit/s"),
        (1234.5, Column("", "money", "USD"), "1,234.50 USD"),
        (-5.0, Column("", "number", signed=True), "-5"),
        (5, Column("", "count", signed=True), "+5"),
        (0, Column("", "count", signed=True), "0"),
        (12.34, Column("", "percent"), "12.3 %"),
        (False, Column("", "verdict"), "fails"),
        (np.int64(3), Column("", "count"), "3"),
        ("y" * 900, Column(""), "y" * 399 + "…"),
    ],
)
def test_values_are_written_by_the_kind_of_their_column(
    value: object, column: Column, text: str
) -> None:
    assert cell_of(value, column).text == text


def test_a_table_says_how_many_rows_it_leaves_out() -> None:
    table = TableBlock("t", [Column("n", "count")], [[k] for k in range(12)], most=5, rest="See x.")
    assert [cell.value for (cell,) in table.cells] == [0, 1, 2, 3, 4]
    assert table.left_out == "7 more rows not shown here. See x."
    assert TableBlock("t", [Column("n")], [[Cell("a")]]).left_out == ""


# --- Charts ---------------------------------------------------------------------------------------


def test_thinning_keeps_peaks_valleys_ends_and_gaps() -> None:
    random = np.random.default_rng(3)
    for count in (10, 2_000, 2_001, 100_003):
        x, y = np.arange(float(count)), random.normal(size=count)
        y[count // 3] = np.nan
        y[count // 2], y[count // 5] = 1e6, -1e6
        thin_x, thin_y, cut = thinned(x, y, 2_000)
        assert cut == (count > 2_000)
        assert len(thin_x) <= max(2_000 * 5 // 4, 10)
        assert np.nanmax(thin_y) == 1e6
        assert np.nanmin(thin_y) == -1e6
        assert np.isnan(thin_y).any()
        assert (thin_x[0], thin_x[-1]) == (0, count - 1)
        assert (np.diff(thin_x) > 0).all()
        assert np.array_equal(y[thin_x.astype(int)], thin_y, equal_nan=True)


def test_a_page_says_that_lines_were_thinned_and_no_peak_is_lost() -> None:
    few = rpo_chart(fleet(["a", "b"], teeth=40))
    result = fleet(["a", "b"], teeth=4_000)
    many = rpo_chart(result)
    assert few is not None
    assert many is not None
    assert "thinned" not in few.note
    assert "thinned" in many.note
    lines = [line for line in many.series if isinstance(line, Line)]
    assert [line.name for line in lines] == ["a", "b"]
    for line in lines:
        own = result.rpo[result.rpo["machine"] == line.name]
        assert len(line.x) <= 1_000
        assert np.nanmax(line.y) == pytest.approx(own["rpo_s_before"].max())


def test_the_spread_over_machines_is_that_of_their_worst_in_each_span() -> None:
    # Three machines of one protected time each: RPO rises from 0, 100 and 200 s for an hour.
    steps = {"a": 0.0, "b": 100.0, "c": 200.0}
    rows = [(0.0, n, np.nan, low) for n, low in steps.items()]
    rows += [(HOUR, n, low + HOUR, np.nan) for n, low in steps.items()]
    result = lf.Result.from_tables(
        {"simulated_s": HOUR},
        {
            "rpo": {
                "t_s": np.array([t for t, *_ in rows]),
                "machine": [n for _, n, *_ in rows],
                "rpo_s_before": np.array([b for *_, b, _ in rows]),
                "rpo_s_after": np.array([a for *_, a in rows]),
            }
        },
    )
    bands = rpo_bands(result)
    assert bands is not None
    assert bands.machines == 3
    ends = bands.t_s[1:]
    assert bands.median_s == pytest.approx(100.0 + ends)
    assert bands.max_s == pytest.approx(200.0 + ends)
    assert bands.p95_s == pytest.approx(bands.max_s)


def test_both_pictures_of_a_chart_have_the_same_numbers() -> None:
    chart = Chart(
        "t", "a", Scale("time", 3600.0, "hours"), Scale("RPO", 60.0, "minutes"),
        [Line("l", np.array([0.0, 7200.0, 9000.0]), np.array([60.0, np.nan, 90.0]), "#0072B2")],
    )  # fmt: skip
    (trace,) = plotly_figure(chart)["data"]
    assert trace["x"] == [0.0, 2.0, 2.5]
    assert trace["y"] == [1.0, None, 1.5]
    assert "RPO (minutes)" in chart_svg(chart)


def test_bars_of_the_critical_path_are_framed_and_failed_ones_hollow() -> None:
    result = fleet(["a", "b", "c"])
    path = lf.critical_path(result)
    chart = timeline_chart(result, path)
    assert chart is not None
    framed = {
        (chart.names[int(row)], series.name)
        for series in chart.series
        if getattr(series, "framed", False)
        for row in series.rows
    }
    assert {name for name, _ in framed} == {step.machine for step in path}
    hollow = [series for series in chart.series if getattr(series, "hollow", False)]
    assert [(s.name, [chart.names[int(r)] for r in s.rows]) for s in hollow] == [
        ("Failover, failed", ["a"])
    ]


def test_the_use_of_a_link_is_of_what_it_could_carry_since_the_sample_before() -> None:
    chart = links_chart(fleet(["a"]))
    assert chart is not None
    (line,) = [line for line in chart.series if isinstance(line, Line)]  # nothing went backward
    assert line.name == "wan, forward"
    # 144 samples of 300 s: sample k used k/144 of the link.
    assert (line.x[0], line.x[1]) == (0.0, 300.0)
    assert line.y[::2] == pytest.approx(100 * np.arange(144) / 144)
    assert line.y[::2] == pytest.approx(line.y[1::2])


def test_a_chart_of_plotly_is_json_without_nan() -> None:
    chart = rpo_chart(fleet([f"m{k}" for k in range(9)]))
    assert chart is not None
    text = json.dumps(plotly_figure(chart), allow_nan=False)
    assert len(text) > 1000


# --- In notebooks ---------------------------------------------------------------------------------


def test_interactive_pictures_are_those_of_the_report() -> None:
    pytest.importorskip("plotly")
    result = fleet(["a", "b"])
    assert [trace.name for trace in result.iplot.rpo().data][:2] == ["a", "b"]
    for figure in (
        result.iplot.timeline(),
        result.iplot.backlog(),
        result.iplot.links(),
        result.iplot.cost(),
    ):
        assert len(figure.data) >= 1
        assert not re.search(r'"@', figure.to_json())
    empty = lf.Result.from_tables({"simulated_s": 1.0}, {"machines": {"machine": ["a"]}})
    assert len(empty.iplot.rpo().data) == 0
    assert len(empty.iplot.plan().data) == 0


def test_without_plotly_an_interactive_picture_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(lf.LandfallError, match=r"landfall\[iplot\]"):
        fleet(["a"]).iplot.rpo()


def test_a_result_without_any_table_but_machines_has_a_report() -> None:
    empty = lf.Result.from_tables(
        {"scenario": "bare", "simulated_s": 0.0}, {"machines": {"machine": ["a"]}}
    )
    text = run_page(empty, interactive=False).html()
    assert "No machine was protected." in text
    assert "The run had no jobs." in text
    assert isinstance(text, str)


def test_charts_in_a_page_stand_by_their_own_numbers() -> None:
    one, other = _line("one"), _line("other")
    page = _Tags(Page("t", [Section("s", [ChartBlock(one), ChartBlock(other)])]).html())
    data = [json.loads(t) for a, t in page.scripts if a.get("type") == "application/json"]
    if data:
        assert [each["data"][0]["name"] for each in data] == ["one", "other"]
    figures = [a["id"] for tag, a in page.tags if tag == "figure"]
    assert figures == ["chart-0", "chart-1"]

"""Reports in a browser: they ask for nothing, complain of nothing, and show what the data says."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Any

import landfall as lf
import numpy as np
import pytest
from landfall.report import run_page
from landfall.report.page import plotly_script
from landfall.report.run_report import MACHINE_COLUMNS
from python.report_samples import HOSTILE, fleet

HAS_PLOTLY = plotly_script() is not None
NAMES = [*HOSTILE, "vm-1", "vm-2"]
pytestmark = pytest.mark.skipif(not HAS_PLOTLY, reason="Plotly is not installed")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fleet(NAMES).report(tmp_path_factory.mktemp("report") / "report.html")


def _wait_for_charts(page: Any) -> int:
    count: int = page.locator("figure.chart").count()
    page.wait_for_function(
        f"document.querySelectorAll('.live .main-svg').length >= {count}", timeout=30_000
    )
    return count


def _values(page: Any, anchor: str, column: int) -> list[float]:
    cells = page.locator(f"#{anchor} tbody tr > :nth-child({column})")
    texts: list[str] = cells.evaluate_all("all => all.map(one => one.dataset.value)")
    return [float(text) if text else float("nan") for text in texts]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_asks_for_nothing_and_complains_of_nothing(
    show: Any, report: Path, scheme: str
) -> None:
    watched = show(report, color_scheme=scheme)
    assert _wait_for_charts(watched.page) >= 4
    watched.page.mouse.move(500, 400)  # over charts, where Plotly makes labels
    watched.page.locator("figure.chart .live").first.hover()
    watched.page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    watched.page.wait_for_timeout(300)
    asked = [url for url in watched.requests if not url.startswith("data:")]
    assert asked == [report.as_uri()]
    assert watched.errors == []


def test_the_policy_stops_what_is_not_ours(show: Any, report: Path, tmp_path: Path) -> None:
    # A page into which somebody put a script, a style and a picture from elsewhere.
    bad = '<script>window.got = 1</script><img src="http://127.0.0.1:9/x.png">'
    bad += "<p id=p style='color:red'>x</p></main>"
    tampered = tmp_path / "tampered.html"
    tampered.write_text(report.read_text().replace("</main>", bad, 1))
    watched = show(tampered)
    _wait_for_charts(watched.page)
    assert watched.page.evaluate("window.got") is None
    assert watched.page.evaluate("getComputedStyle(p).color") != "rgb(255, 0, 0)"
    assert len([error for error in watched.errors if error.startswith("policy")]) == 3


def test_no_name_is_run_or_becomes_an_element(show: Any, report: Path) -> None:
    watched = show(report)
    dialogs: list[str] = []
    watched.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    _wait_for_charts(watched.page)
    assert dialogs == []
    assert watched.page.locator("img:not(.still)").count() == 0
    assert watched.page.locator("main script").count() == 0
    names = watched.page.locator("#machines tbody th").all_text_contents()
    shown = [name.replace("\x00", "") for name in NAMES]  # as HTML reads it
    assert [" ".join(name.split()) for name in names] == [" ".join(name.split()) for name in shown]


def test_the_numbers_of_the_page_are_those_of_the_tables(show: Any, report: Path) -> None:
    result = fleet(NAMES)
    page = show(report).page
    headings = page.locator("#machines thead th").all_text_contents()
    machines = result.machines
    shown = [(key, column) for key, column in MACHINE_COLUMNS if key in machines]
    assert [heading.strip() for heading in headings] == [column.title for _, column in shown]
    for place, (key, column) in enumerate(shown, start=1):
        if column.is_left:
            continue
        expected = machines[key].astype("Float64").astype(float).to_numpy()
        np.testing.assert_array_equal(_values(page, "machines", place), expected)
    bytes_column = 4
    assert _values(page, "links", bytes_column) == result.links["bytes"].astype(float).tolist()
    (total,) = _values(page, "cost", 4)[-1:]
    assert total == pytest.approx(result.billing["amount_micros"].sum() / 1e6)
    path = lf.critical_path(result)
    assert _values(page, "timeline-and-critical-path", 6) == [step.lasts_s for step in path]
    figures = dict(
        page.locator("#headline .figure").evaluate_all(
            "all => all.map(one => [one.querySelector('dt').textContent,"
            " one.querySelector('.value').dataset.value])"
        )
    )
    assert float(figures["worst RPO"]) == result.totals["rpo_s_max"]
    assert figures["expectations met"] == "0"


def test_charts_draw_the_numbers_of_the_tables(show: Any, report: Path) -> None:
    result = fleet(NAMES)
    page = show(report).page
    _wait_for_charts(page)
    drawn = page.locator("#backlog .live").evaluate(
        "one => one.data.filter(t => t.stackgroup).map(t => [t.name, t.y])"
    )
    source = dict(map(tuple, drawn))["at the source"]
    # 143 MiB in a unit of MiB; six digits are kept.
    np.testing.assert_allclose(
        np.array(source, float) * 2**20 / result.backlog["source_bytes"].max(),
        result.backlog["source_bytes"] / result.backlog["source_bytes"].max(),
        rtol=1e-5,
        atol=1e-6,
    )
    rows = page.locator("#timeline-and-critical-path .live").first.evaluate(
        "one => one.data.filter(t => t.x[0] !== null).reduce((sum, t) => sum + t.x.length, 0)"
    )
    assert rows == len(result.jobs) + len(result.copies)


def test_without_javascript_all_tables_and_pictures_are_there(show: Any, report: Path) -> None:
    watched = show(report, java_script_enabled=False)
    page = watched.page
    pictures = page.locator("img.still")
    assert pictures.count() >= 4
    for number in range(pictures.count()):
        picture = pictures.nth(number)
        assert picture.is_visible()
        assert picture.evaluate("one => one.complete && one.naturalWidth > 500")
    assert page.locator(".live:visible").count() == 0
    assert page.locator("table:visible").count() == page.locator("table").count() >= 6
    assert page.locator(".drawing svg").is_visible()
    assert [url for url in watched.requests if not url.startswith("data:")] == [report.as_uri()]


def test_javascript_puts_a_chart_in_the_place_of_each_picture(show: Any, report: Path) -> None:
    page = show(report).page
    count = _wait_for_charts(page)
    assert page.locator(".live:visible").count() == count
    assert page.locator("img.still:visible").count() == 0
    page.emulate_media(media="print")
    assert page.locator("img.still:visible").count() == count
    assert page.locator(".live:visible").count() == 0
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"


def test_paper_is_light_even_for_readers_of_the_dark(show: Any, report: Path) -> None:
    page = show(report, color_scheme="dark").page
    _wait_for_charts(page)
    page.emulate_media(media="print")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"


def test_a_table_sorts_by_the_heading_that_is_pressed(show: Any, report: Path) -> None:
    page = show(report).page
    column = [c.title for k, c in MACHINE_COLUMNS if k in fleet(NAMES).machines].index("worst RPO")
    values = _values(page, "machines", column + 1)
    button = page.locator("#machines thead button").nth(column)
    for direction, expected in (("ascending", values), ("descending", values[::-1])):
        button.click()
        assert page.locator(f'#machines th[aria-sort="{direction}"]').count() == 1
        assert _values(page, "machines", column + 1) == expected


def test_nothing_is_wider_than_the_page(show: Any, report: Path) -> None:
    page = show(report).page
    _wait_for_charts(page)
    for width in (1200, 760, 380):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


def test_it_prints_to_pages_that_cut_no_picture(show: Any, report: Path, tmp_path: Path) -> None:
    page = show(report).page
    count = _wait_for_charts(page)
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", printed)) or _pages_in_streams(printed)
    assert 3 <= pages <= 20
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})  # the width of A4 within its margins
    heights = page.locator("img.still").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert len(heights) == count
    assert max(heights) < 1017  # A4 less its margins, at 96 dots an inch
    kept = page.locator("figure.chart").evaluate_all(
        "all => all.map(one => getComputedStyle(one).breakInside)"
    )
    assert set(kept) == {"avoid"}


def _pages_in_streams(pdf: bytes) -> int:
    found = 0
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found += len(re.findall(rb"/Type\s*/Page\b", zlib.decompress(stream)))
        except zlib.error:
            continue
    return found


def test_headings_alternatives_and_contrast_are_there_for_everybody(
    show: Any, report: Path
) -> None:
    page = show(report).page
    assert page.locator("h1").count() == 1
    assert page.locator("section:not([aria-labelledby])").count() == 0
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    assert page.locator('.drawing svg[role="img"] > title').count() == 1
    links = page.locator("nav a").evaluate_all(
        "all => all.map(one => !!document.querySelector(one.getAttribute('href')))"
    )
    assert all(links)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for selector in (".note", ".figure dt", ".mark.tone-good, .mark.tone-bad", "nav a"):
            colours = page.locator(selector).first.evaluate(
                "one => [one, document.body].map((each, k) => "
                "getComputedStyle(each)[k ? 'backgroundColor' : 'color'])"
            )
            assert _contrast(*colours) >= 4.5, (scheme, selector, colours)


def _contrast(one: str, other: str) -> float:
    """Return the ratio of WCAG 2.2, 1.4.3."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_a_comparison_asks_for_nothing_and_shows_its_table(show: Any, tmp_path: Path) -> None:
    comparison = lf.compare(fleet(["a", "b"]), fleet(["b", "c"], seed=8), names=["x", "<y>"])
    path = comparison.report(tmp_path / "compare.html")
    watched = show(path)
    assert _wait_for_charts(watched.page) == 2
    assert [url for url in watched.requests if not url.startswith("data:")] == [path.as_uri()]
    assert watched.errors == []
    table = comparison.table.set_index("metric")
    first = _values(watched.page, "headline", 2)
    assert first[0] == table.loc["rpo_s_max", "x"]


def test_a_real_run_is_reported_without_a_complaint(built: None, show: Any, tmp_path: Path) -> None:
    result = lf.load("gallery:recovery-plan-100").run(progress=False)
    path = run_page(result).save(tmp_path / "plan.html")
    watched = show(path)
    assert _wait_for_charts(watched.page) >= 6
    assert watched.errors == []
    assert len(watched.page.locator("#machines tbody tr").all()) == 100

"""The support matrix and the rules of operations, as the command line and the page show them."""

from __future__ import annotations

from pathlib import Path

from landfall import _model, support
from landfall.cli import app
from typer.testing import CliRunner

PAGE = Path(__file__).parents[2] / "docs" / "support-matrix.md"


def test_the_page_is_what_the_program_prints() -> None:
    printed = CliRunner().invoke(app, ["support-matrix", "--markdown"])
    assert printed.exit_code == 0
    assert printed.stdout == PAGE.read_text(encoding="utf-8"), (
        "renew it: landfall support-matrix --markdown > docs/support-matrix.md"
    )


def test_the_page_has_every_row_twice_and_every_rule_once() -> None:
    page = support.page()
    matrices = page[: page.index("## What the version decides")]
    for row in _model.support_matrix("asr-2018")["rows"]:
        assert matrices.count(f"\n| {row['feature']} | ") == len(support.PROFILES)
    rules = page[page.index("## Rules of operations") :]
    lines = [line for line in rules.splitlines() if line.startswith("| ")]
    headings = rules.count("\n### ")
    assert len(lines) == len(_model.operation_rules()) + headings


def test_the_table_shows_what_changed_between_profiles() -> None:
    def complete_migration(profile: str) -> str:
        table = CliRunner().invoke(app, ["support-matrix", "--profile", profile]).stdout
        return next(line for line in table.splitlines() if line.startswith("Complete Migration"))

    # Columns: VMware, physical, AWS, Azure through a configuration server, Hyper-V, VMM, Azure.
    assert complete_migration("asr-2018").split()[2:] == ["yes"] * 7 + ["no"] * 3
    assert complete_migration("asr-2024").split()[2:] == ["yes"] * 6 + ["no"] * 4


def test_an_unknown_profile_is_bad_input() -> None:
    outcome = CliRunner().invoke(app, ["support-matrix", "--profile", "asr-1999"])
    assert outcome.exit_code == 2

"""The numbers of the documents: every one that can be is reproduced, and the page says the same."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from landfall import validation
from landfall.cli import app
from landfall.validation import Outcome
from landfall.validation.expected import (
    all_near,
    all_within,
    between,
    bracket,
    brackets,
    exactly,
    near,
)
from typer.testing import CliRunner

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
#: Seconds of one core that the whole table may take.
BUDGET_S = 60


@pytest.fixture(scope="module")
def outcomes() -> Sequence[Outcome]:
    begun = time.process_time()
    found = validation.measure()
    assert time.process_time() - begun < BUDGET_S
    return found


def test_every_number_is_reproduced_or_says_why_not(outcomes: Sequence[Outcome]) -> None:
    wrong = {
        (outcome.number.key, outcome.number.quantity): outcome.found
        for outcome in outcomes
        if outcome.verdict != "reproduced" and not outcome.number.exception
    }
    assert wrong == {}
    # An exception that holds is no exception any more.
    assert [
        outcome.number.quantity
        for outcome in outcomes
        if outcome.verdict == "reproduced" and outcome.number.exception
    ] == []


def test_the_page_is_what_was_measured(outcomes: Sequence[Outcome]) -> None:
    assert validation.page(outcomes) == PAGE.read_text(encoding="utf-8"), (
        "renew it: landfall validation --markdown > docs/validation.md"
    )


def test_no_number_of_the_lists_is_left_out() -> None:
    keys = {number.key for number in validation.NUMBERS}
    assert keys == {f"V{k}" for k in range(1, 27)} | {"10"}
    for number in validation.NUMBERS:
        assert number.source
        assert number.expected


def test_a_number_that_is_not_reproduced_is_told_and_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = validation.NUMBERS[0]
    bad = replace(good, quantity="made up", measure=lambda: 3, accepts=exactly(4), show=str)
    broken = replace(bad, quantity="falls over", measure=lambda: [][1])
    known = replace(bad, quantity="known", exception="nobody knows how")

    monkeypatch.setattr(
        validation, "measure", lambda: list(map(validation._measured, (bad, known)))
    )
    outcome = CliRunner().invoke(app, ["validation"])
    assert outcome.exit_code == 1
    assert "0 of 2 numbers are reproduced" in outcome.stdout
    assert "nobody knows how" in outcome.stdout

    monkeypatch.setattr(validation, "measure", lambda: [validation._measured(known)])
    assert CliRunner().invoke(app, ["validation"]).exit_code == 0
    assert not validation._measured(broken).passes
    assert "IndexError" in validation._measured(broken).found


@pytest.mark.parametrize(
    ("accepts", "right", "wrong"),
    [
        (exactly((1, 2)), (1, 2), (1, 3)),
        (near(100, 0.01), 101, 102),
        (all_within((1, 2), 0.1), (1.05, 1.95), (1.2, 2)),
        (all_within((1, 2), 0.1), (1, 2), (1,)),
        (between(8, 10), (8, 10), (7.9,)),
        (between(8, 10), 9, 11),
        (between(8, 10), (9,), ()),
        (all_near((100, 10), 0.05), (105, 9.5), (106, 10)),
        (bracket(60), ((59, 61),), ((61, 62),)),
        (bracket(60), ((60, 61),), ((60, 60),)),
        (brackets((30, 25)), ((31, 29), (26, 25)), ((31, 29),)),
    ],
)
def test_what_is_accepted(accepts: object, right: object, wrong: object) -> None:
    assert callable(accepts)
    assert accepts(right)
    assert not accepts(wrong)

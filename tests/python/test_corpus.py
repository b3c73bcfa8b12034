"""What the lab found once, and was mended, holds: every failure of the corpus runs again."""

from __future__ import annotations

from pathlib import Path

import pytest
from landfall.lab import Corpus
from landfall.lab.corpus import Kept, read
from landfall.lab.replay import replayed
from python.run_samples import REPOSITORY

CORPUS = Corpus(REPOSITORY / "tests" / "corpus")


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", sorted(CORPUS.folder.glob("*/*.json")), ids=name_of)
def test_a_failure_of_the_corpus_fails_no_more(path: Path) -> None:
    kept: Kept = read(path)
    assert kept.path.parent.name == kept.invariant.replace("/", "-")
    assert kept.scenario.title, "a failure of the corpus says what it is about"
    verdict = replayed(kept)
    assert verdict.ok, verdict.violations + verdict.problems


def test_the_corpus_is_not_empty() -> None:
    assert len(CORPUS) >= 1

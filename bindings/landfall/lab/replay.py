"""Runs a failure of the corpus again."""

from __future__ import annotations

from collections.abc import Sequence

from .bench import Invariant, failed, verdict_of
from .corpus import Kept
from .verdicts import Verdict, Violation

__all__ = ["replayed"]


def replayed(kept: Kept, invariants: Sequence[Invariant] = ()) -> Verdict:
    """Run a failure of the corpus and return the verdict, which may be that all holds now."""
    expectations = kept.invariant.startswith("expect/")
    try:
        result = kept.scenario.run(seed=kept.seed, progress=False, allow_large=True)
    except Exception as error:
        return failed(error, kept.scenario)
    verdict = verdict_of(
        result,
        invariants,
        expectations=expectations,
        settled_s=kept.settled_s,
    )
    if kept.invariant == "same_bytes":
        again = kept.scenario.run(seed=kept.seed, progress=False, allow_large=True)
        if bytes(again.blob) != bytes(result.blob):
            text = "two runs of the same differ"
            verdict.violations.append(Violation("same_bytes", "determinism", text))
    return verdict

"""One exploration: runs the cases of an explorer, takes what they come to, gathers the report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .bench import Bench, in_order
from .cases import Case, Ground
from .corpus import Corpus
from .explorers import Explorer
from .lab import _NOT_SAME, Failure, ProgressCall
from .report import Report
from .streams import Stream
from .verdicts import Verdict, Violation

if TYPE_CHECKING:
    from .lab import Lab

__all__ = ["Exploration"]


class Exploration:
    """One exploration, from its first run to its report."""

    def __init__(
        self,
        lab: Lab,
        explorer: Explorer,
        report: Report,
        corpus: Corpus | None,
        twice: float,
        shrink: bool,
        drill: str | None,
    ) -> None:
        self._lab = lab
        self._explorer = explorer
        self._report = report
        self._corpus = corpus
        self._twice = twice
        self._shrink = shrink
        self._drill = drill
        self._first: dict[str, tuple[Case, Violation, int]] = {}

    def run(
        self, seeds: int, budget_s: float | None, stop_at: int | None, progress: ProgressCall
    ) -> Report:
        """Run cases until there are enough; return the report."""
        from .faces import reporter

        report = self._report
        started = time.perf_counter()
        with reporter(progress, self._lab.scenario.name, seeds, budget_s) as tell:
            bench = self._lab.bench(settled_s=self._lab._settled_s)
            try:
                cases = self._limited(seeds, budget_s, started)
                for case, verdict in in_order(bench, cases, jobs=self._lab.jobs):
                    self._take(case, verdict, bench)
                    tell(report.runs, len(self._first))
                    if stop_at is not None and len(self._first) >= stop_at:
                        break
            finally:
                bench.close()
        report.seconds = time.perf_counter() - started
        report.cells_possible = _possible(self._lab.ground)
        for case, violation, runs in self._first.values():
            report.failures.append(self._failure(case, violation, runs))
        return report

    def _limited(self, seeds: int, budget_s: float | None, started: float) -> Iterator[Case]:
        for number, case in enumerate(self._explorer.cases()):
            late = budget_s is not None and time.perf_counter() - started >= budget_s
            if number >= seeds or late:
                return
            yield case

    def _take(self, case: Case, verdict: Verdict, bench: Bench) -> None:
        report = self._report
        report.count(verdict)
        report.faults += len(case.faults)
        new = report.coverage.add(verdict.coverage, verdict.features)
        self._explorer.learn(case, new=new)
        if verdict.problems:
            report.invalid.append(f"{case}: {verdict.problems[0]}")
        if Stream(case.seed, "lab", "twice").chance(self._twice):
            report.compared += 1
            again = bench.run(case, drill=self._drill)
            if again.hash != verdict.hash:
                text = f"two runs of the same differ ({verdict.hash} and {again.hash})"
                verdict.violations.append(Violation(_NOT_SAME, "determinism", text))
        for violation in verdict.violations:
            report.violations[violation.invariant] += 1
            self._first.setdefault(violation.invariant, (case, violation, report.runs))

    def run_corpus(self) -> None:
        """Run what failed once."""
        from .replay import replayed

        for kept in self._corpus or ():
            verdict = replayed(kept)
            self._report.corpus_runs += 1
            found = verdict.failing(kept.invariant)
            if found is not None:
                self._report.corpus_failures.append((kept.path, found))

    def _failure(self, case: Case, violation: Violation, runs: int) -> Failure:
        # What chance did is not there a second time: nothing to shrink.
        shrink = self._shrink and not (self._drill and violation.invariant == _NOT_SAME)
        failure = self._lab.failure(case, violation, runs=runs, shrink=shrink)
        if self._corpus is None:
            return failure
        path = self._corpus.add(
            failure.plain,
            failure.violation,
            seed=failure.seed,
            found_by=f"{self._report.explorer}, {case}",
            settled_s=self._lab._settled_s,
        )
        return Failure(case, failure.violation, failure.shrunk, failure.plain, path, runs)


def _possible(ground: Ground) -> int:
    """How many cells of the map have a meaning for the kinds of faults that have a target here."""
    from .coverage import Coverage

    names = {kind.name for kind in ground.kinds}
    return sum(fault in names for fault, _ in Coverage().meaning.cells)

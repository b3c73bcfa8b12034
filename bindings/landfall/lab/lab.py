"""The lab: a scenario under many reproducible disasters, the smallest of which is handed back."""

from __future__ import annotations

import copy
import json
import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from .. import codes
from ..errors import Problem, ScenarioError, UnknownName
from ..progress import Progress
from ..quantities import DURATION, SIZE, parse
from . import environment
from .bench import Bench, FastBench, Invariant, ResultBench
from .cases import Case, Ground, applicable, document_of
from .codes import CANNOT_BE_MET
from .corpus import Corpus
from .coverage import instants
from .explorers import explorer_named
from .faults import kinds
from .shrink import Shrinker, Shrunk, smallest_form
from .verdicts import Verdict, Violation

if TYPE_CHECKING:
    from ..result import Result
    from ..scenario import Scenario
    from .branches import Trunk
    from .policy import PolicyLike
    from .report import Report

__all__ = ["Failure", "Lab"]

_NOT_SAME = "same_bytes"
_HOUR_S = 3600.0

ProgressCall: TypeAlias = "bool | Callable[[Progress], None]"


@dataclass(frozen=True)
class Failure:
    """A rule that did not hold, how it was met, and the smallest case that meets it.

    Attributes
    ----------
    case
        The case as it was found.
    violation
        What did not hold.
    shrunk
        The case made small; ``None`` when that was not wanted.
    plain
        The smallest case as a scenario file.
    path
        Its file in the corpus, if there is one.
    runs
        How many runs it took to find it.
    """

    case: Case
    violation: Violation
    shrunk: Shrunk | None = None
    plain: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None
    runs: int = 0

    @property
    def smallest(self) -> Case:
        """The smallest case there is."""
        return self.shrunk.case if self.shrunk is not None else self.case

    @property
    def seed(self) -> int:
        """Seed of the smallest case."""
        return self.smallest.seed

    @property
    def scenario(self) -> Scenario:
        """The smallest case as an ordinary scenario."""
        from ..scenario import Scenario

        return Scenario.from_dict(self.plain)

    def replay(self) -> Result:
        """Run the smallest case and return its result."""
        return self.scenario.run(seed=self.seed, progress=False, allow_large=True)


class Lab:
    """A scenario, the faults that may befall it, and the rules that must hold all the same.

    Parameters
    ----------
    scenario
        A scenario, or what :func:`landfall.load` takes.
    faults
        Names of the kinds of faults to use; all that the scenario has a target for by default.
    invariants
        Rules of your own: functions that get a :class:`~landfall.Result` and return a text (or
        ``False``), or raise ``AssertionError``, when it does not hold.
    expectations
        Whether the scenario's own ``expect`` must hold under faults too.
    policy
        Who decides during the run: see :class:`landfall.lab.Policy`.
    settle
        A liveness phase: no fault begins in the last `settle` seconds of the run (a text with a
        unit does as well), and every job started before them has to have come to an end.
    timeout, memory_limit
        Limits of each run.
    jobs
        Runs at the same time: LANDFALL_JOBS, or as many as there are cores.

    Raises
    ------
    ScenarioError
        The scenario is wrong, or no run could ever meet what is asked for: a rule fails without
        any fault.
    UnknownName
        There is no such kind of fault.

    Examples
    --------
    >>> from landfall.lab import Lab
    >>> report = Lab("gallery:first-migration").explore(seeds=20, progress=False)
    >>> report.ok
    True
    """

    def __init__(
        self,
        scenario: Scenario | str | os.PathLike[str],
        *,
        faults: Iterable[str] | None = None,
        invariants: Iterable[Invariant] = (),
        expectations: bool = False,
        policy: PolicyLike | None = None,
        settle: float | str | None = None,
        timeout: float | str | None = 60.0,
        memory_limit: int | str | None = None,
        jobs: int | None = None,
    ) -> None:
        from ..scenario import Scenario, load

        self.scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
        if problems := self.scenario.check():
            raise ScenarioError(problems, source=self.scenario.source)
        self.document: dict[str, Any] = json.loads(self.scenario.to_json())
        self.policy = policy
        self.invariants = tuple(invariants)
        self.expectations = expectations
        self.jobs = jobs or environment.read().jobs
        self._names = None if faults is None else tuple(_known_kinds(faults))
        self._settle_s = None if settle is None else float(parse(settle, DURATION))
        self._timeout_s = None if timeout is None else float(parse(timeout, DURATION))
        self._memory = None if memory_limit is None else int(parse(memory_limit, SIZE))
        self._ground: Ground | None = None

    # --- The ground -------------------------------------------------------------------------------

    @property
    def ground(self) -> Ground:
        """What explorers stand on: the run without faults, and what may go wrong.

        Raises
        ------
        ScenarioError
            A rule fails in the run without any fault.
        """
        if self._ground is None:
            self._ground = self._survey()
        return self._ground

    def _survey(self) -> Ground:
        bench = self.bench(settled_s=None)
        try:
            verdict = bench.run(Case(seed=1))
        finally:
            bench.close()
        if not verdict.ok and self.policy is None:
            found = verdict.violations[0] if verdict.violations else verdict.problems[0]
            message = (
                f"does not hold in the run without any fault, so no run can meet it ({found}); "
                "mend the scenario, or leave the rule out"
            )
            rule = found.invariant if isinstance(found, Violation) else "the scenario"
            raise ScenarioError(
                [Problem(CANNOT_BE_MET, "", rule, message)], source=self.scenario.source
            )
        log = verdict.log or {"jobs": [], "copies": [], "events": []}
        end_s = float(self.document.get("duration") or verdict.end_s or _HOUR_S)
        if self.document.get("duration") is None:
            # Under faults a state that the timeline waits for may never come: the run ends anyway.
            duration_s = math.ceil(1.5 * end_s / _HOUR_S) * _HOUR_S
            self.scenario = self.scenario.with_(duration=duration_s)
            self.document = json.loads(self.scenario.to_json())
        horizon_s = end_s - (self._settle_s or 0.0)
        if horizon_s <= 0:
            message = f"leaves no time for faults: the run ends after {end_s:g} s"
            raise ScenarioError(
                [Problem(codes.OUT_OF_RANGE, "", f"settle {self._settle_s:g} s", message)]
            )
        entities = applicable(self.scenario, self._names)
        points = sorted({float(t_s) for _, t_s in log.get("points", ()) if t_s < horizon_s})
        return Ground(self.document, entities, horizon_s, tuple(instants(log)), log, tuple(points))

    @property
    def _settled_s(self) -> float | None:
        return None if self._settle_s is None else self.ground.horizon_s

    def bench(self, *, settled_s: float | None) -> Bench:
        """Return where cases are run."""
        if self.policy is not None:
            from .policy import PolicyBench

            return PolicyBench(
                self.scenario,
                self.document,
                self.policy,
                self.invariants,
                expectations=self.expectations,
                settled_s=settled_s,
                timeout=self._timeout_s,
                memory_limit=self._memory,
            )
        if self.invariants:
            return ResultBench(
                self.scenario,
                self.document,
                self.invariants,
                expectations=self.expectations,
                settled_s=settled_s,
                timeout=self._timeout_s,
                memory_limit=self._memory,
            )
        return FastBench(
            self.scenario,
            self.document,
            expectations=self.expectations,
            settled_s=settled_s,
            timeout=self._timeout_s,
            memory_limit=self._memory,
        )

    # --- Exploring --------------------------------------------------------------------------------

    def explore(
        self,
        *,
        seeds: int | None = None,
        first_seed: int | None = None,
        budget: float | str | None = None,
        explorer: str = "swarm",
        corpus: str | os.PathLike[str] | None = None,
        corpus_first: bool = True,
        wanted: Iterable[tuple[str, str]] = (),
        twice: float | None = None,
        shrink: bool = True,
        stop_at: int | None = None,
        policy: PolicyLike | None = None,
        progress: ProgressCall = True,
        drill: str | None = None,
    ) -> Report:
        """Run the scenario under many cases; shrink the first failure of each rule.

        Parameters
        ----------
        seeds
            Most runs; 200 by default. Here and below the environment comes before the default:
            LANDFALL_NUM.
        first_seed
            Seed of the first one: LANDFALL_SEED, or 1.
        budget
            Most wall time, in seconds or as a text with a unit: LANDFALL_TIME_LIMIT, or no limit.
        explorer
            Where to look: see :data:`landfall.lab.EXPLORERS`. Several with commas between them
            take turns.
        corpus
            Folder of failures: those in it run first, and what is found is written there.
        corpus_first
            Whether what is in the corpus runs first.
        wanted
            Cells of the map that were not met yet; ``pairwise`` looks there first.
        twice
            Share of the runs that are made twice and compared: LANDFALL_CHECK_DETERMINISM, or 0.05.
        shrink
            Whether failures are made small.
        stop_at
            Stop when so many different rules have failed.
        policy
            Who decides during the runs, instead of the lab's own.
        progress
            A bar, nothing, or a function that hears of progress.
        drill
            ``"chance"``: a run is different each time; what the comparison must find.

        Returns
        -------
        Report
            What was found, and what was covered.

        Raises
        ------
        ScenarioError
            The scenario, or a file of the corpus, is wrong.
        UnknownName
            There is no such explorer.
        """
        from .exploration import Exploration
        from .report import Report

        if policy is not None:
            return self.with_policy(policy).explore(
                seeds=seeds,
                first_seed=first_seed,
                budget=budget,
                explorer=explorer,
                corpus=corpus,
                corpus_first=corpus_first,
                wanted=wanted,
                twice=twice,
                shrink=shrink,
                stop_at=stop_at,
                progress=progress,
                drill=drill,
            )
        make = explorer_named(explorer)
        given = environment.read()
        budget_s = given.time_limit_s if budget is None else float(parse(budget, DURATION))
        first_seed = given.seed if first_seed is None else first_seed
        seeds = given.num if seeds is None else seeds
        twice = given.check_determinism if twice is None else twice
        kept = Corpus(Path(corpus)) if corpus is not None else None
        found = make(replace(self.ground, wanted=frozenset(wanted)), first_seed)
        report = Report(self.scenario.name, explorer, first_seed)
        exploration = Exploration(self, found, report, kept, twice, shrink, drill)
        if corpus_first:
            exploration.run_corpus()
        return exploration.run(seeds, budget_s, stop_at, progress)

    def with_policy(self, policy: PolicyLike) -> Lab:
        """Return the same lab with another policy."""
        lab = copy.copy(self)
        lab.policy = policy
        lab._ground = None
        return lab

    def run(self, case: Case) -> Verdict:
        """Run one case and return the verdict on it."""
        bench = self.bench(settled_s=self._settled_s)
        try:
            return bench.run(case)
        finally:
            bench.close()

    def shrink(
        self, case: Case, violation: Violation, *, seconds: float = 120.0, runs: int = 500
    ) -> Shrunk:
        """Return the smallest case in which a rule still does not hold."""
        bench = self.bench(settled_s=self._settled_s)
        try:
            twice = violation.invariant == _NOT_SAME
            shrinker = Shrinker(
                bench, self.document, violation, seconds=seconds, runs=runs, twice=twice
            )
            return shrinker.shrink(case)
        finally:
            bench.close()

    def failure(self, case: Case, violation: Violation, *, runs: int, shrink: bool) -> Failure:
        """Return a failure, made small where that is wanted."""
        shrunk = self.shrink(case, violation) if shrink else None
        smallest = shrunk.case if shrunk else case
        verdict = shrunk.verdict if shrunk else None
        plain = smallest_form(self.document, self._frozen(smallest, verdict))
        return Failure(case, shrunk.violation if shrunk else violation, shrunk, plain, None, runs)

    def _frozen(self, case: Case, verdict: Verdict | None) -> Case:
        """Return a case that needs no policy: what the policy did becomes the timeline."""
        if verdict is None or not verdict.actions:
            return case
        whole = document_of(self.document, case)
        timeline = [*whole.get("timeline", []), *verdict.actions]
        return Case(case.seed, (), {**whole, "timeline": timeline})

    def branch_at(self, at: float | str, *, seed: int = 1) -> Trunk:
        """Run the scenario to an instant once, to try many continuations from there.

        Parameters
        ----------
        at
            The instant, in simulated seconds or as a text with a unit.
        seed
            Seed of the run.
        """
        from .branches import Trunk

        return Trunk(self.scenario, at, seed=seed)

    def __repr__(self) -> str:
        return f"<Lab of {self.scenario.name!r}; next: .explore(seeds=200)>"


def _known_kinds(names: Iterable[str]) -> Sequence[str]:
    known = [kind.name for kind in kinds()]
    for name in names:
        if name not in known:
            raise UnknownName("fault kind", name, known)
    return list(names)

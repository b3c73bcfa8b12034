"""Where the cases of the lab are run: by the worker alone, or with the whole result in Python.

A bench runs one case and returns the verdict on it. It may be used from many threads; each gets
what it needs for itself.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ..errors import (
    ScenarioError,
    SimulationCrashed,
    SimulationDeadlock,
    SimulationOutOfMemory,
    SimulationTimeout,
)
from .batch import Batch
from .cases import Case, changes_of, document_of
from .faults import Document
from .verdicts import Verdict, Violation, judged

if TYPE_CHECKING:
    from ..result import Result
    from ..scenario import Scenario

__all__ = ["Bench", "FastBench", "Invariant", "ResultBench", "checked", "in_order"]

#: A rule of the user's: gets the result of a run; what it returns (a text, or ``False``) or raises
#: (``AssertionError``) says that it does not hold.
Invariant: TypeAlias = "Callable[[Result], object]"

_AHEAD = 8


class Bench(Protocol):
    """Runs cases."""

    def run(self, case: Case, *, drill: str | None = None) -> Verdict:
        """Run a case and return the verdict on it."""

    def close(self) -> None:
        """End what runs."""


class FastBench:
    """Runs cases in the worker; nothing but the verdict comes back."""

    def __init__(
        self,
        scenario: Scenario,
        document: Document,
        *,
        expectations: bool,
        settled_s: float | None,
        timeout: float | None,
        memory_limit: int | None,
    ) -> None:
        self._document = document
        self._expectations = expectations
        self._settled_s = settled_s
        self._scenario = scenario
        self._limits: dict[str, Any] = {"timeout": timeout, "memory_limit": memory_limit}
        self._own = threading.local()
        self._all: list[Batch] = []

    def _batch(self) -> Batch:
        batch: Batch | None = getattr(self._own, "batch", None)
        if batch is None:
            batch = self._own.batch = Batch(self._scenario, **self._limits)
            self._all.append(batch)
        return batch

    def run(self, case: Case, *, drill: str | None = None) -> Verdict:
        """Run a case; `drill` makes it fail on purpose."""
        changes = changes_of(self._document, case)
        told = self._batch().run(changes, seed=case.seed, log=True, drill=drill)
        return judged(
            told,
            expectations=self._expectations,
            settled_s=self._settled_s,
            timeline=changes.get("timeline") or self._document.get("timeline") or (),
        )

    def close(self) -> None:
        """End the batches."""
        for batch in self._all:
            batch.close()


class ResultBench:
    """Runs cases as `landfall run` does, and shows each result to the user's invariants."""

    def __init__(
        self,
        scenario: Scenario,
        document: Document,
        invariants: Sequence[Invariant],
        *,
        expectations: bool,
        settled_s: float | None,
        timeout: float | None,
        memory_limit: int | None,
    ) -> None:
        self._scenario = scenario
        self._document = document
        self._invariants = tuple(invariants)
        self._expectations = expectations
        self._settled_s = settled_s
        self._timeout = timeout
        self._memory_limit = memory_limit

    def scenario_of(self, case: Case) -> Scenario:
        """Return a case as an ordinary scenario."""
        from .cases import _folder

        made = document_of(self._document, case)
        return type(self._scenario).from_dict(made, folder=_folder(self._scenario))

    def run(self, case: Case, *, drill: str | None = None) -> Verdict:
        """Run a case; `drill` is taken no notice of but for chance."""
        seed = case.seed if drill != "chance" else case.seed + threading.get_ident() % 97
        scenario = self.scenario_of(case)
        try:
            result = scenario.run(
                seed=seed,
                progress=False,
                timeout=self._timeout,
                memory_limit=self._memory_limit,
                allow_large=True,
            )
        except Exception as error:
            return failed(error, scenario)
        return self._judged(result, self._invariants)

    def _judged(self, result: Result, invariants: Iterable[Invariant]) -> Verdict:
        return verdict_of(
            result,
            invariants,
            expectations=self._expectations,
            settled_s=self._settled_s,
        )

    def close(self) -> None:
        """Nothing runs between runs."""


def failed(error: Exception, scenario: Scenario) -> Verdict:
    """Return the verdict on a run that raised; what it does not know of is raised again."""
    verdict = Verdict()
    if isinstance(error, ScenarioError):
        told: dict[str, Any] = {"verdict": "problems"}
        told["problems"] = [problem.to_dict() for problem in error.problems]
        timeline = [step.canonical() for step in scenario.timeline]
        return judged(told, expectations=False, settled_s=None, timeline=timeline)
    known = {
        SimulationDeadlock: ("no_deadlock", "liveness"),
        SimulationTimeout: ("ends_in_time", "liveness"),
        SimulationOutOfMemory: ("memory", "harness"),
        SimulationCrashed: ("no_crash", "safety"),
    }
    for kind, (invariant, about) in known.items():
        if isinstance(error, kind):
            first = str(error.args[0]) if error.args else str(error)
            verdict.violations.append(Violation(invariant, about, first))  # type: ignore[arg-type]
            return verdict
    raise error


def verdict_of(
    result: Result,
    invariants: Iterable[Invariant],
    *,
    expectations: bool,
    settled_s: float | None = None,
) -> Verdict:
    """Return the verdict on a result: oracles, expectations, then the user's invariants."""
    rows = result.violations.to_dict(orient="records") if "violations" in result.tables else []
    told = {
        "verdict": "done",
        "end_s": result.simulated_s,
        "hash": hashlib.blake2b(result.blob, digest_size=8).hexdigest(),
        "violations": [{**row, "machine": _text(row["machine"])} for row in rows],
        "expect": [e for e in result.summary.get("expect") or [] if not e.get("passed")],
        "unfinished": _unfinished(result),
        "features": _features(result),
        "coverage": result.summary.get("coverage"),
        "log": _log(result),
        "wall_s": result.wall_s,
    }
    verdict = judged(told, expectations=expectations, settled_s=settled_s)
    for invariant in invariants:
        violation = checked(invariant, result)
        if violation is not None:
            verdict.violations.append(violation)
    return verdict


def checked(invariant: Invariant, result: Result) -> Violation | None:
    """Return what an invariant of the user's says against a result."""
    name = getattr(invariant, "__name__", type(invariant).__name__)
    try:
        said = invariant(result)
    except AssertionError as error:
        said = str(error).strip() or "the assertion does not hold"
    if said is None or said is True:
        return None
    text = "does not hold" if said is False else str(said)
    return Violation(name, "safety", text.splitlines()[0])


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value)


def _unfinished(result: Result) -> list[tuple[str, str, float]]:
    jobs = result.jobs[result.jobs["state"] == "InProgress"]
    rows = jobs[["operation", "machine", "start_s"]].itertuples(index=False)
    return [(str(operation), str(machine), float(t_s)) for operation, machine, t_s in rows]


def _features(result: Result) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for kind, detail in zip(result.events["kind"], result.events["detail"], strict=True):
        counts[f"state/{detail}" if kind == "state" else f"event/{kind}"] += 1
    for operation, state in zip(result.jobs["operation"], result.jobs["state"], strict=True):
        counts[f"job/{operation}/{state}"] += 1
    return dict(counts)


def _log(result: Result) -> dict[str, Any]:
    columns = {
        "jobs": (result.jobs, ("operation", "machine", "start_s", "end_s", "state")),
        "copies": (result.copies, ("kind", "machine", "start_s", "end_s")),
        "events": (result.events, ("t_s", "kind", "subject", "detail")),
        "points": (result.rpo, ("machine", "t_s")),  # it steps at each point
    }
    return {
        name: [
            [None if value != value else value for value in row]
            for row in table[list(wanted)].astype(object).itertuples(index=False)
        ]
        for name, (table, wanted) in columns.items()
    }


def in_order(bench: Bench, cases: Iterator[Case], *, jobs: int) -> Iterator[tuple[Case, Verdict]]:
    """Run cases in `jobs` threads; yield each with its verdict, in the order of the cases.

    A fixed number of cases is asked for ahead of the verdicts, however many threads there are: who
    listens to verdicts hears the same in every order of events.
    """
    with ThreadPoolExecutor(jobs, "landfall-lab") as pool:
        waiting: deque[tuple[Case, Future[Verdict]]] = deque()
        try:
            while True:
                while len(waiting) < _AHEAD and (case := next(cases, None)) is not None:
                    waiting.append((case, pool.submit(bench.run, case)))
                if not waiting:
                    return
                case, future = waiting.popleft()
                yield case, future.result()
        finally:
            for _, future in waiting:
                future.cancel()

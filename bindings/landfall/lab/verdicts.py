"""What a run of the lab came to: which invariants did not hold, and what was covered."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from .. import formatting
from ..errors import signal_name

__all__ = ["Kind", "Verdict", "Violation", "judged", "refused"]

#: How a run can fail: something wrong was seen, something right never came, two runs of the same
#: differ, or the run itself could not be carried out.
Kind: TypeAlias = Literal["safety", "liveness", "determinism", "harness"]

_REFUSED = "RUN001"
_OUT_OF_MEMORY = 4


@dataclass(frozen=True)
class Violation:
    """An invariant that did not hold.

    Attributes
    ----------
    invariant
        Its name: of an oracle such as ``S1``, ``expect/METRIC``, or of a function of the user's.
    kind
        What it is about.
    text
        What was found.
    t_s
        When, in simulated seconds; ``None`` where that is not known.
    machine
        Name of the machine, or empty.
    """

    invariant: str
    kind: Kind
    text: str
    t_s: float | None = None
    machine: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as an object of JSON."""
        return {
            "invariant": self.invariant,
            "kind": self.kind,
            "text": self.text,
            "t_s": self.t_s,
            "machine": self.machine,
        }

    def __str__(self) -> str:
        where = f" {self.machine}" if self.machine else ""
        when = "" if self.t_s is None else f" at {formatting.duration(self.t_s)}"
        return f"{self.invariant}{where}{when}: {self.text}"


@dataclass
class Verdict:
    """What one run came to.

    Attributes
    ----------
    violations
        What did not hold, in the order of the run.
    problems
        Why the run could not be carried out: the scenario itself is wrong.
    end_s
        Simulated seconds at its end.
    hash
        Of everything that the run left behind; equal for two runs of the same.
    features
        What happened, by kind, and how often.
    coverage
        How often each fault kind met each phase.
    wall_s
        Seconds that the run took.
    log
        Jobs, copies and events, where they were asked for.
    actions
        What a policy did: entries of a timeline.
    """

    violations: list[Violation] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    end_s: float = 0.0
    hash: str = ""
    features: dict[str, int] = field(default_factory=dict)
    coverage: dict[tuple[str, str], int] = field(default_factory=dict)
    wall_s: float = 0.0
    log: dict[str, Any] | None = None
    actions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the run was carried out and every invariant held."""
        return not self.violations and not self.problems

    def failing(self, invariant: str | None = None) -> Violation | None:
        """Return the first violation, or the first of an invariant."""
        for violation in self.violations:
            if invariant is None or violation.invariant == invariant:
                return violation
        return None


def refused(operation: object) -> str:
    """Return the name of the rule that the service does not refuse an operation."""
    return f"operation_refused/{operation or 'unknown'}"


def judged(
    told: Mapping[str, Any],
    *,
    expectations: bool,
    settled_s: float | None,
    timeline: Sequence[Mapping[str, Any]] = (),
) -> Verdict:
    """Return the verdict on a run from what the worker says of it.

    Parameters
    ----------
    told
        See ``sim/worker/verdict.hpp``.
    expectations
        Whether an expectation of the scenario that fails is a violation.
    settled_s
        Simulated second by which every job that was started has to have come to its end (L3);
        ``None``: that is not judged.
    timeline
        The scenario's, to tell which operation was refused.
    """
    verdict = Verdict(wall_s=float(told.get("wall_s") or 0.0))
    if told["verdict"] == "problems":
        _problems(verdict, told, timeline)
    else:
        reader = {"done": _done, "deadlock": _deadlock, "crashed": _crashed}
        reader[str(told["verdict"])](verdict, told)
    if expectations:
        verdict.violations += map(_failed, told.get("expect") or ())
    if settled_s is not None:
        verdict.violations += _unfinished(told.get("unfinished") or (), settled_s)
    return verdict


def _done(verdict: Verdict, told: Mapping[str, Any]) -> None:
    verdict.end_s = float(told.get("end_s") or 0.0)
    verdict.hash = f"{told['hash']}{told.get('event_hash') or ''}"
    verdict.features = dict(told.get("features") or {})
    verdict.log = told.get("log")
    for cell in told.get("coverage") or ():
        verdict.coverage[str(cell["fault"]), str(cell["phase"])] = int(cell["hits"])
    verdict.violations = [
        Violation(
            str(each["oracle"]),
            "liveness" if str(each["oracle"]).startswith("L") else "safety",
            _said(str(each["text"])),
            each["t_s"],
            str(each["machine"]),
        )
        for each in told.get("violations") or ()
    ]


def _said(text: str) -> str:
    """Return what was found, without the head that says of what: the violation has that itself."""
    return text.partition(": ")[2] or text if text.startswith("FAIL ") else text


def _problems(
    verdict: Verdict, told: Mapping[str, Any], timeline: Sequence[Mapping[str, Any]]
) -> None:
    for problem in told["problems"]:
        if problem.get("code") == _REFUSED:
            text = f"{str(problem.get('found')).strip(chr(34))}: {problem.get('message')}"
            place = str(problem.get("pointer")).split("/")
            entry = timeline[int(place[2])] if len(timeline) > int(place[2]) else {}
            verdict.violations.append(Violation(refused(entry.get("do")), "safety", text))
        else:
            verdict.problems.append(f"{problem.get('pointer')}: {problem.get('message')}")


def _deadlock(verdict: Verdict, told: Mapping[str, Any]) -> None:
    waiting = ", ".join(map(str, told["waiting"][:4]))
    text = f"nothing can happen any more, but these wait: {waiting}"
    verdict.violations.append(Violation("no_deadlock", "liveness", text))


def _crashed(verdict: Verdict, told: Mapping[str, Any]) -> None:
    lines = [line for line in str(told.get("error") or "").strip().splitlines() if line]
    last = lines[-1] if lines else "it said nothing"
    number = told.get("signal")
    if number == signal.SIGALRM:
        violation = Violation("ends_in_time", "liveness", f"the run did not end in time ({last})")
    elif told.get("exit") == _OUT_OF_MEMORY:
        violation = Violation("memory", "harness", f"the run ran out of memory ({last})")
    elif number is not None:
        violation = Violation("no_crash", "safety", f"ended by {signal_name(number)}: {last}")
    else:
        violation = Violation("no_crash", "safety", last)
    verdict.violations.append(violation)


def _failed(entry: Mapping[str, Any]) -> Violation:
    ((rule, limit),) = entry["rule"].items()
    whose = entry.get("failing_machines") or []
    found = entry.get("found")
    # A value that is too large and one that is not there are not the same failure.
    name = f"expect/{entry['metric']}" + ("" if found is not None else "/unknown")
    text = f"{entry['metric']} is {found}, expected {rule.replace('_', ' ')} {limit}"
    return Violation(name, "safety", text, machine=str(whose[0]) if whose else "")


def _unfinished(jobs: Iterable[Any], settled_s: float) -> list[Violation]:
    return [
        Violation("L3", "liveness", f"{operation} never came to an end", start_s, str(machine))
        for operation, machine, start_s in jobs
        if start_s <= settled_s
    ]

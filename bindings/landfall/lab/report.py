"""What an exploration found: failures, coverage, speed, and its exit code."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import formatting
from ..errors import LandfallError
from .coverage import Coverage
from .story import Line, around, lines_of, told
from .verdicts import Kind, Verdict, Violation

if TYPE_CHECKING:
    from ..plots import Picture
    from .lab import Failure

__all__ = ["EXIT_CODES", "LabFailed", "Report", "failure_text"]

#: Exit codes of a program by what was found, the worst first. 2 is bad input and 3 a run that could
#: not be carried out, here as in every command of landfall.
EXIT_CODES: dict[Kind, int] = {"determinism": 4, "harness": 3, "safety": 1, "liveness": 5}


class LabFailed(LandfallError, AssertionError):  # noqa: N818 - says what happened, as all do
    """An exploration found failures; the text tells each of them, the replay command last."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(report.text())

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.report,))


@dataclass
class Report:
    """What an exploration found.

    Attributes
    ----------
    scenario, explorer, first_seed
        What was explored, and how.
    runs, compared
        Runs that were made, and how many of them twice.
    seconds, simulated_s
        Wall time, and simulated time of all runs.
    violations
        How many runs each rule failed in.
    failures
        The first failure of each rule, made small.
    corpus_runs, corpus_failures
        Failures of the corpus that ran first, and those that fail again.
    invalid
        Cases that the simulator refused: faults that do not go together.
    coverage
        Which kinds of faults met which phases.
    faults
        How many faults the runs had.
    """

    scenario: str
    explorer: str
    first_seed: int
    runs: int = 0
    compared: int = 0
    seconds: float = 0.0
    simulated_s: float = 0.0
    violations: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    corpus_runs: int = 0
    corpus_failures: list[tuple[Path, Violation]] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    cells_possible: int = 0
    faults: int = 0

    def count(self, verdict: Verdict) -> None:
        """Count a run."""
        self.runs += 1
        self.simulated_s += verdict.end_s

    @property
    def ok(self) -> bool:
        """Whether every rule held in every run."""
        return not self.failures and not self.corpus_failures

    @property
    def exit_code(self) -> int:
        """What a program that made this exploration ends with: see :data:`EXIT_CODES`."""
        found = {failure.violation.kind for failure in self.failures}
        found |= {violation.kind for _, violation in self.corpus_failures}
        return next((code for kind, code in EXIT_CODES.items() if kind in found), 0)

    def raise_if_failed(self) -> None:
        """Raise LabFailed unless every rule held."""
        if not self.ok:
            raise LabFailed(self)

    # --- In words ---------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """The exploration in one line."""
        runs = formatting.plural(self.runs, "run")
        rate = f"{self.runs / self.seconds:,.0f} a second" if self.seconds else "at once"
        simulated = formatting.duration(self.simulated_s)
        return f"{self.scenario}: {runs} ({rate}), {simulated} simulated, explorer {self.explorer}"

    def summary(self) -> list[tuple[str, str]]:
        """Return the exploration as pairs of a word and a text."""
        met = len(self.coverage.by_class().cells)
        cells = f"{met} of {max(met, self.cells_possible)} cells of faults and phases"
        pairs = [
            ("runs", f"{self.runs:,}, seeds from {self.first_seed}"),
            ("wall time", formatting.duration(self.seconds)),
            ("simulated", formatting.duration(self.simulated_s)),
            ("run twice", f"{self.compared:,}, compared byte for byte"),
            ("covered", f"{cells}, {len(self.coverage.features)} classes of what happened"),
        ]
        if self.corpus_runs:
            again = len(self.corpus_failures)
            pairs.append(("corpus", f"{self.corpus_runs} run first, {again} fail"))
        if self.invalid:
            pairs.append(("left out", f"{len(self.invalid):,} cases ({self.invalid[0]})"))
        rules = ", ".join(f"{name} in {count:,}" for name, count in self.violations.items())
        pairs.append(("violations", rules or "none"))
        return pairs

    def text(self) -> str:
        """Return the exploration as plain text: the summary, then each failure."""
        width = max(len(word) for word, _ in self.summary())
        lines = [self.title, *(f"  {word:<{width}}  {text}" for word, text in self.summary())]
        for path, violation in self.corpus_failures:
            lines += ["", f"FAIL {violation}", f"replay  : landfall replay {path}"]
        for failure in self.failures:
            lines += ["", *failure_text(failure)]
        return "\n".join(lines)

    def heat_map(self) -> Picture:
        """Draw which kinds of faults met which phases."""
        from .heat_map import draw

        return draw(self.coverage, self.scenario)

    def junit(self, path: str | PathLike[str]) -> Path:
        """Write the exploration as a JUnit file, for a build server."""
        from .junit import write

        return write([self], Path(path))

    def to_dict(self) -> dict[str, Any]:
        """Return the exploration as an object of JSON."""
        return {
            "scenario": self.scenario,
            "explorer": self.explorer,
            "first_seed": self.first_seed,
            "runs": self.runs,
            "compared": self.compared,
            "seconds": round(self.seconds, 3),
            "simulated_s": self.simulated_s,
            "violations": dict(self.violations),
            "failures": [
                {
                    **failure.violation.to_dict(),
                    "seed": failure.seed,
                    "faults": [fault.to_dict() for fault in failure.smallest.faults],
                    "runs_to_find": failure.runs,
                    "file": None if failure.path is None else str(failure.path),
                }
                for failure in self.failures
            ],
            "coverage": self.coverage.to_dict(),
            "exit_code": self.exit_code,
        }

    def __repr__(self) -> str:
        found = formatting.plural(len(self.violations), "rule") + " failed"
        return f"<Report of {self.title}: {found if self.violations else 'every rule held'}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(word)}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for word, text in self.summary()
        )
        failures = "".join(
            f"<pre>{html.escape(chr(10).join(failure_text(failure)))}</pre>"
            for failure in self.failures
        )
        return f"<p>{html.escape(self.title)}</p><table>{rows}</table>{failures}"


def failure_text(failure: Failure) -> list[str]:
    """Return a failure in lines: what, how it was met, the story around it, the replay command."""
    violation, smallest = failure.violation, failure.smallest
    lines = [
        f"FAIL {violation}",
        f"found   : after {formatting.plural(failure.runs, 'run')}, {failure.case}",
    ]
    if failure.shrunk is not None:
        shrunk = failure.shrunk
        machines = formatting.plural(len(failure.plain.get("machines", ())), "machine")
        cost = f"{formatting.plural(shrunk.runs, 'run')}, {formatting.duration(shrunk.seconds)}"
        lines.append(f"shrunk  : {machines}, {shrunk} ({cost})")
    verdict = failure.shrunk.verdict if failure.shrunk is not None else None
    if verdict is not None and verdict.log is not None:
        lines.append("timeline: what happened before; >> a fault, => what is wrong")
        at_s = violation.t_s if violation.t_s is not None else None
        own = lines_of(verdict.log)
        end_s = at_s if at_s is not None else (own[-1].t_s if own else 0.0)
        arrow = Line(end_s, violation.machine, f"{violation.invariant} fails")
        lines += [f"  {row}" for row in told(around(own, at_s), [arrow])]
    lines.append(f"replay  : {replay_command(failure, smallest.seed)}")
    return lines


def replay_command(failure: Failure, seed: int) -> str:
    """Return the command that runs a failure again."""
    if failure.path is not None:
        return f"landfall replay {failure.path}"
    return f"Failure.replay() in Python, seed {seed}; --corpus DIR writes a file for it"

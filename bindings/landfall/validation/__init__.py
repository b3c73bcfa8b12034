"""The numbers that documents state, measured on the simulator: a table and a page.

Nothing on the simulated side is written down: each number is read off a run of a small estate, off
what a check takes, off a function of the planner, or off the rule that runs obey.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..errors import LandfallError
from .common_numbers import COMMON
from .expected import Number
from .vmware_numbers import VMWARE

__all__ = ["NUMBERS", "Outcome", "Verdict", "measure", "page", "passes"]

#: Every row of the table, in its order.
NUMBERS = COMMON + VMWARE
Verdict: TypeAlias = Literal["reproduced", "not reproduced"]

_HEAD = """# Numbers that the simulator reproduces

Printed by `landfall validation --markdown`, which measures every number anew; a test compares the
two. *V1* to *V26* are the numbers common to all scenarios, *10* those for VMware, physical servers
and AWS. The third column is what the documents say, the fourth what was measured: by a *run* of a
small estate, by the *check* of scenarios, by the *planner* (`landfall.deployment`), or by asking
the *rule* that runs obey. `a | b` are the last value that was well and the first that was not;
where a threshold is looked for, health is evaluated more often than every 5 minutes. A documented
value without a tolerance is met to its last digit, measured ones within 0.1 %.
"""


@dataclass(frozen=True)
class Outcome:
    """A documented number and what was measured.

    Attributes
    ----------
    number
        What the document says.
    found
        The measured value, as a text.
    verdict
        Whether it is what the document says.
    """

    number: Number
    found: str
    verdict: Verdict

    @property
    def passes(self) -> bool:
        """Whether it is reproduced, or known not to be."""
        return self.verdict == "reproduced" or bool(self.number.exception)


def measure(
    numbers: Iterable[Number] = NUMBERS, *, tell: Callable[[Outcome], None] | None = None
) -> list[Outcome]:
    """Measure numbers, in their order.

    Parameters
    ----------
    numbers
        The rows; all by default.
    tell
        Is told each outcome as it is there.
    """
    outcomes = []
    for number in numbers:
        outcomes.append(_measured(number))
        if tell is not None:
            tell(outcomes[-1])
    return outcomes


def _measured(number: Number) -> Outcome:
    try:
        value = number.measure()
    except (LandfallError, LookupError, ValueError, TypeError) as error:
        return Outcome(number, f"{type(error).__name__}: {error}", "not reproduced")
    try:
        holds = number.accepts(value)
    except (LookupError, ValueError, TypeError):
        holds = False  # a value of another shape
    return Outcome(number, number.show(value), "reproduced" if holds else "not reproduced")


def passes(outcomes: Sequence[Outcome]) -> bool:
    """Whether all that should be reproduced is."""
    return all(outcome.passes for outcome in outcomes)


def page(outcomes: Sequence[Outcome]) -> str:
    """Give the page of the documentation."""
    held = sum(outcome.verdict == "reproduced" for outcome in outcomes)
    lines = [
        _HEAD,
        f"{held} of {len(outcomes)} are reproduced.\n",
        "| | number | documented | measured | by | verdict | source |",
        "|---|---|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        number = outcome.number
        verdict = outcome.verdict + (f": {number.exception}" if number.exception else "")
        cells = [
            *(number.key, number.quantity, number.expected, outcome.found, number.how),
            *(verdict, number.source),
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    remarks = [outcome.number for outcome in outcomes if outcome.number.remark]
    if remarks:
        lines += ["", "## Remarks", ""]
        lines += [f"- {each.key}, {each.quantity}: {each.remark}." for each in remarks]
    return "\n".join(lines) + "\n"

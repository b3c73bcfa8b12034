"""What an explanation is made of: findings, and the causes of each."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from .. import formatting

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Cause", "Finding", "Why"]

_NAMED = 3


def names(machines: Sequence[str]) -> str:
    """Return a few names, or the first ones and how many more there are."""
    if len(machines) <= _NAMED:
        return ", ".join(machines)
    return f"{', '.join(machines[: _NAMED - 1])} and {len(machines) - _NAMED + 1:,} more"


@dataclass(frozen=True, slots=True)
class Cause:
    """What held something up, when, and how much of the delay that is.

    Attributes
    ----------
    kind
        ``"link down"``, ``"link full"``, ``"link throttled"``, ``"resynchronization"``, …
    subject
        The link, server or machine; empty where there is none.
    text
        The same in words, such as "link circuit was down".
    spans
        When, as pairs of simulated seconds, in order.
    share
        Part of the delay, 0 to 1.
    """

    kind: str
    subject: str
    text: str
    spans: tuple[tuple[float, float], ...]
    share: float

    def told(self, of: str = "delay") -> str:
        """Return the cause with its times and its share of something."""
        shown = [f"{formatting.clock(a)}-{formatting.clock(b)}" for a, b in self.spans[:2]]
        if len(self.spans) > len(shown):
            shown.append(f"{formatting.plural(len(self.spans) - len(shown), 'more time')}")
        return f"{self.text} {', '.join(shown)}, {self.share:.0%} of the {of}"

    def __str__(self) -> str:
        return self.told()


@dataclass(frozen=True, slots=True)
class Finding:
    """An RPO that was missed, or a migration that was slow, and why.

    Attributes
    ----------
    kind
        ``"RPO missed"``, ``"slow migration"`` or ``"migration not finished"``.
    machines
        Names of the machines, the worst first.
    from_s, to_s
        From the first machine's breach to the last one's end; of a migration, its begin and end.
    worst_s
        The worst RPO, or the duration of the longest migration, in seconds.
    target_s
        What it should have been; of a migration, NaN.
    causes
        The largest share first.
    """

    kind: str
    machines: tuple[str, ...]
    from_s: float
    to_s: float
    worst_s: float
    target_s: float
    causes: tuple[Cause, ...]

    @property
    def headline(self) -> str:
        """What was found, without the causes."""
        span = f"{formatting.clock(self.from_s)}-{formatting.clock(self.to_s)}"
        if self.kind == "RPO missed":
            return (
                f"RPO of {names(self.machines)} above {formatting.duration(self.target_s)} "
                f"{span}, at worst {formatting.duration(self.worst_s)}"
            )
        verb = "took" if self.kind == "slow migration" else "is not finished after"
        lasted = formatting.duration(self.worst_s)
        return f"Migration of {names(self.machines)} {verb} {lasted} ({span})"

    @property
    def lines(self) -> tuple[str, ...]:
        """The causes in words, each with its times and its share."""
        of = "delay" if self.kind == "RPO missed" else "time"
        return tuple(cause.told(of) for cause in self.causes)

    def __str__(self) -> str:
        return f"{self.headline}: {'; '.join(self.lines)}."


class Why(Sequence[Finding]):
    """All findings of a run, in order of time; prints as text, shows as a table in a notebook."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._findings = tuple(findings)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        return self._findings[index]

    def __len__(self) -> int:
        return len(self._findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._findings)

    def __str__(self) -> str:
        if not self._findings:
            return "Every RPO was met, and no migration was slow."
        return "\n".join(str(finding) for finding in self._findings)

    def __repr__(self) -> str:
        return f"<Why: {formatting.plural(len(self), 'finding')}>"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per finding and cause.

        Columns: ``finding`` (number), ``kind``, ``machines`` (count), ``worst_machine``,
        ``from_s``, ``to_s``, ``worst_s``, ``target_s``, ``cause``, ``subject``, ``cause_s``
        (seconds of the cause), ``share`` (0 to 1), ``text``.
        """
        import pandas as pd

        return pd.DataFrame(list(self._rows()), columns=_COLUMNS)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        for number, finding in enumerate(self._findings, 1):
            for cause in finding.causes:
                yield (
                    *(number, finding.kind, len(finding.machines), finding.machines[0]),
                    *(finding.from_s, finding.to_s, finding.worst_s, finding.target_s),
                    *(cause.kind, cause.subject, sum(b - a for a, b in cause.spans)),
                    *(cause.share, cause.text),
                )

    def _repr_html_(self) -> str:
        if not self._findings:
            return f"<p>{html.escape(str(self))}</p>"
        items = []
        for finding in self._findings:
            causes = "".join(f"<li>{html.escape(line)}</li>" for line in finding.lines)
            items.append(f"<li>{html.escape(finding.headline)}<ul>{causes}</ul></li>")
        return f"<ol>{''.join(items)}</ol>"


_COLUMNS = (
    *("finding", "kind", "machines", "worst_machine", "from_s", "to_s", "worst_s", "target_s"),
    *("cause", "subject", "cause_s", "share", "text"),
)

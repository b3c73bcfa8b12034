"""Collects the servers of a file row by row: values, rejected rows, and notes with their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from . import codes
from .fields import BadCellError, Columns, Field, is_blank
from .model import Note, Rejected
from .reading import Limits, nearest_to, refuse

__all__ = ["Gathering", "os_family"]

_WINDOWS = ("windows", "microsoft")
_LINUX = (
    *("linux", "ubuntu", "debian", "centos", "red hat", "rhel", "suse", "sles", "fedora"),
    *("rocky", "coreos", "photon", "asianux"),
)
_SHOWN_HEADINGS = 8
#: How like a heading must be to one that is missing to be asked about.
_ALMOST = 0.85


def os_family(name: str | None) -> str | None:
    """Return what the name of an operating system tells: windows, linux or other."""
    if name is None:
        return None
    lowered = name.lower()
    if any(word in lowered for word in _WINDOWS):
        return "windows"
    return "linux" if any(word in lowered for word in _LINUX) else "other"


class Gathering:
    """What an import has found so far.

    Parameters
    ----------
    label
        The file, for messages.
    limits
        Bounds.
    """

    def __init__(self, label: str, limits: Limits) -> None:
        self.label = label
        self.limits = limits
        self.rejected: list[Rejected] = []
        self._notes: Counter[str] = Counter()
        self._once: dict[str, None] = {}

    def reject(
        self,
        where: str,
        what: str,
        reason: str,
        *,
        name: str | None = None,
        found: str | None = None,
        allowed: Sequence[str] = (),
    ) -> None:
        """List something that is not taken."""
        about = {"where": where, "what": what, "reason": reason}
        more = {"name": name, "found": found, "allowed": tuple(allowed)}
        self.rejected.append(Rejected.build(about | more))
        if len(self.rejected) > self.limits.rejected:
            message = (
                f"more than {self.limits.rejected:,} rows or values do not fit (limit rejected); "
                f"the last: {reason}"
            )
            refuse(self.label, message, where=where, found=found, code=codes.TOO_LARGE)

    def note(self, text: str) -> None:
        """Say something once."""
        self._once.setdefault(text)

    def count(self, text: str, times: int = 1) -> None:
        """Say something with how often it was so."""
        self._notes[text] += times

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noted."""
        once = [Note.build({"text": text}) for text in self._once]
        counted = [
            Note.build({"text": text, "count": count}) for text, count in self._notes.items()
        ]
        return (*once, *counted)

    def columns(self, headings: Sequence[object], fields: Sequence[Field], where: str) -> Columns:
        """Find the columns of a table; say which are not used.

        Raises
        ------
        ScenarioError
            A required one is missing, one is there twice, or has another unit.
        """
        columns = Columns(headings, fields)
        names = [str(heading).strip() for heading in headings if not is_blank(heading)]
        for field in columns.missing:
            if field.required:
                near = nearest_to(field.headings[0], columns.unused)
                message = f'has no column "{field.headings[0]}"'
                refuse(
                    self.label,
                    message,
                    where=where,
                    found=", ".join(names[:_SHOWN_HEADINGS]),
                    allowed=field.headings,
                    nearest=near,
                    code=codes.MISSING_COLUMN,
                )
        for heading in columns.twice:
            message = "the heading is there twice"
            refuse(self.label, message, where=where, found=heading, code=codes.MISSING_COLUMN)
        for heading, units in columns.wrong_unit:
            message = "the column has another unit than expected"
            refuse(
                self.label,
                message,
                where=where,
                found=heading,
                allowed=units,
                code=codes.MISSING_COLUMN,
            )
        self._hint(columns, where)
        return columns

    def _hint(self, columns: Columns, where: str) -> None:
        """Note headings that are nearly those of a field that is missing."""
        missing = {heading for field in columns.missing for heading in field.headings[:1]}
        for heading in columns.unused:
            if near := nearest_to(heading, missing, _ALMOST):
                place = f"{where}: " if where else ""
                self.note(f'{place}the column "{heading}" is not used; is it meant as "{near}"?')

    def values(
        self,
        row: Sequence[object],
        columns: Columns,
        fields: Sequence[Field],
        where: str,
        what: str = "server",
    ) -> dict[str, Any] | None:
        """Return the values of a row; None if it is rejected.

        A value that is required and missing or wrong rejects the row; another one is listed and
        counts as unknown.
        """
        values: dict[str, Any] = {}
        name: str | None = None
        for field in fields:
            place = columns.places.get(field.name)
            if place is None:
                continue
            index, heading = place
            cell = row[index] if index < len(row) else None
            at = f'{where}, column "{heading}"'
            if is_blank(cell):
                if field.required:
                    self.reject(at, what, "is blank and must not be", name=name)
                    return None
                continue
            try:
                values[field.name] = field.convert(cell)
            except BadCellError as error:
                self.reject(
                    at,
                    what if field.required else "value",
                    error.reason,
                    name=name,
                    found=error.found,
                    allowed=error.allowed,
                )
                if field.required:
                    return None
            if name is None and field.name in ("name", "server"):
                name = values.get(field.name)
        return values

    def at_least_one(self, servers: Sequence[object]) -> None:
        """Refuse a file that no server was taken from, with the reasons."""
        if servers:
            return
        from ..errors import ScenarioError

        if self.rejected:
            raise ScenarioError([each.problem() for each in self.rejected], source=self.label)
        refuse(self.label, "holds no server", code=codes.NOTHING_LEFT)

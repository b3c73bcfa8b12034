"""What differs between two scenarios, value by value, by names where things have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Difference", "scenario_differences"]

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that differs.

    Attributes
    ----------
    where
        The way to it: ``/links/internet/bandwidth``. Things in lists go by their names, others by
        their place.
    values
        The value in each scenario; ``None`` also where there is none.
    missing
        For each scenario whether there is no such thing in it.
    """

    where: str
    values: tuple[Any, ...]
    missing: tuple[bool, ...]


def scenario_differences(scenarios: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """Return what differs between scenarios, in the order of the first one.

    Parameters
    ----------
    scenarios
        Canonical forms, in which every default is written out: so nothing differs only in how it
        was written. A thing that only some of them have is one difference, not one for each value
        in it.
    """
    return [
        Difference(
            where,
            tuple(None if value is _ABSENT else value for value in values),
            tuple(value is _ABSENT for value in values),
        )
        for where, values in _walk("", list(scenarios))
    ]


def _walk(where: str, values: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    if all(isinstance(value, Mapping) for value in values):
        parts = values
    elif all(_is_list_of_things(value) for value in values):
        parts = [_by_name(value) for value in values]
    else:
        if any(not _same(value, values[0]) for value in values[1:]):
            yield where or "/", values
        return
    for key in dict.fromkeys(key for part in parts for key in part):
        yield from _walk(f"{where}/{key}", [part.get(key, _ABSENT) for part in parts])


def _is_list_of_things(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value)


def _by_name(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return list entries by their names; by their places where names are missing or repeated."""
    names = [entry.get("name") for entry in entries]
    if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return {str(name): entry for name, entry in zip(names, entries, strict=True)}
    return {str(place): entry for place, entry in enumerate(entries)}


def _same(one: Any, other: Any) -> bool:
    """Whether values are equal; true is not 1."""
    return one is other or (isinstance(one, bool) == isinstance(other, bool) and one == other)

"""Changes to a scenario as it was written, by JSON pointer."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from . import codes, pointers, templates
from .document import show
from .errors import Problem, ScenarioError
from .part import Part


def changed(
    data: Mapping[str, Any], changes: Mapping[str, Any], label: str | None
) -> dict[str, Any]:
    """Return `data` with new values by JSON pointer; see `Scenario.with_`.

    Raises
    ------
    ScenarioError
        With every pointer that leads nowhere.
    """
    made: dict[str, Any] = copy.deepcopy(dict(data))
    problems = []
    # Templates first: a machine entry that gets lists of its own copies them from its template.
    for pointer in sorted(changes, key=lambda p: not p.startswith("/templates")):
        value = as_json(changes[pointer])
        try:
            _change(made, pointer, value)
        except pointers.PointerError as error:
            message = f"cannot be set: {error}"
            problems.append(Problem(codes.UNKNOWN_KEY, pointer, show(value), message))
    if problems:
        raise ScenarioError(problems, source=label)
    return made


def as_json(value: Any) -> Any:
    """Return a deep copy of `value` in which scenario objects are dictionaries."""
    if isinstance(value, Part):
        return value.canonical()
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value


def _change(data: dict[str, Any], pointer: str, value: Any) -> None:
    """Set the value at `pointer`, after spelling out what it reaches into."""
    tokens = pointers.split(pointer)
    if tokens[:1] == ["profile"] and len(tokens) > 1 and isinstance(data.get("profile"), str):
        data["profile"] = {"name": data["profile"]}
    if tokens[:1] == ["machines"] and isinstance(data.get("templates"), dict):
        there, entry = pointers.find(data, tokens[:2])
        whole = templates.expand_machine(entry, data["templates"]) if there else None
        for depth in range(3, len(tokens)):
            _, in_whole = pointers.find(whole, tokens[2:depth])
            if isinstance(in_whole, list) and not pointers.find(data, tokens[:depth])[0]:
                # A list of the template: the entry gets its own before one element can differ.
                data["machines"][int(tokens[1])] = copy.deepcopy(whole)
                break
    pointers.assign(data, pointer, value)

"""Validates a whole scenario with its templates, and places what is wrong where it was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from . import codes, pointers, templates
from .document import Document, show
from .errors import Problem, ScenarioError
from .machines import Machine
from .problems import from_validation, unique

if TYPE_CHECKING:
    from .scenario import Scenario


def validated(
    model: type[Scenario], values: Mapping[str, Any], source: Document | None
) -> Scenario:
    """Return the scenario of `values`; raise ScenarioError with everything that is wrong."""
    data = dict(values)
    problems = templates.template_problems(data) + _partial_problems(data)
    folder = source.folder if source is not None else Path.cwd()
    merged = templates.expand(data)
    made: Any = None
    try:
        made = model.__pydantic_validator__.validate_python(merged, context={"folder": folder})
    except ValidationError as error:
        told = {problem.pointer for problem in problems}
        for problem in from_validation(error, model, merged):
            pointer = templates.stands_at(data, problem.pointer)
            is_missing = problem.code == codes.MISSING_KEY
            if pointer in told or (is_missing and templates.lacks_template(data, problem.pointer)):
                continue  # the template told it, or would have given it
            problems.append(replace(problem, pointer=pointer))
    if problems:
        label = source.label if source is not None else None
        raise ScenarioError(in_order(problems, source), source=label)
    assert isinstance(made, model)
    return made


def placed(problems: Iterable[Problem], source: Document) -> list[Problem]:
    """Return `problems` of the canonical form with the pointers and values of the file."""
    found = []
    for problem in problems:
        pointer = templates.stands_at(source.data, problem.pointer)
        there, value = pointers.find(source.data, pointers.split(pointer))
        scalar = there and problem.found and not isinstance(value, dict | list)
        text = show(value) if scalar else problem.found
        found.append(replace(problem, pointer=pointer, found=text))
    return in_order(found, source)


def in_order(problems: list[Problem], source: Document | None) -> list[Problem]:
    """Return `problems`, each once, in the order of the file where that is known."""
    problems = unique(problems)
    places = {p.pointer: source.locate(p.pointer) if source else None for p in problems}
    return sorted(problems, key=lambda p: places[p.pointer] or (0, 0))


def _partial_problems(data: dict[str, Any]) -> list[Problem]:
    """Return what is wrong inside templates, not counting keys that machines may give."""
    found: list[Problem] = []
    all_templates = data.get("templates")
    for name, template in all_templates.items() if isinstance(all_templates, dict) else ():
        if not isinstance(template, dict):
            continue
        try:
            Machine.__pydantic_validator__.validate_python(template)
        except ValidationError as error:
            found += [
                problem
                for problem in from_validation(
                    error, Machine, template, under=pointers.join(("templates", name))
                )
                if problem.code != codes.MISSING_KEY or "/disks/" in problem.pointer
            ]
    return found

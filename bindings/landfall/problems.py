"""Turns pydantic's validation errors into problems: JSON pointer, found, rule, nearest key."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import codes, pointers
from .document import SURROGATE, kind, show
from .errors import Problem

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_ALLOWED_MAX = 24

_TYPE_WORDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_attributes_type": "an object",
    "int_parsing_size": "a whole number of a sensible size",
}
_RANGE_WORDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}


def from_validation(
    error: ValidationError, model: type[BaseModel], data: object, under: str = ""
) -> list[Problem]:
    """Return the problems that `error` tells, each once, in its order.

    Parameters
    ----------
    error
        What pydantic raised.
    model
        The model that `data` was validated against.
    data
        What was validated.
    under
        JSON pointer of `data` in its file.
    """
    shape = _Shape(model)
    return unique(
        _problem(details, shape, data, under)
        for details in error.errors(include_url=False)
        # A list of wrong elements is not short.
        if details["type"] != "too_short" or not details["input"]
    )


def unique(problems: Iterable[Problem]) -> list[Problem]:
    """Return `problems` without those that say the same about the same place again."""
    first: dict[tuple[str, str, str], Problem] = {}
    for problem in problems:
        first.setdefault((problem.code, problem.pointer, problem.message), problem)
    return list(first.values())


def _problem(details: ErrorDetails, shape: _Shape, data: object, under: str) -> Problem:
    tokens = _tokens(details["loc"])
    error_type, context = details["type"], details.get("ctx", {})
    value: Any = details["input"]
    code, message = _rule(details, tokens)
    allowed: tuple[str, ...] = tuple(context.get("allowed", ()))
    nearest = None
    found: str | None = show(value)
    if error_type == "extra_forbidden":
        allowed = shape.keys(tokens[:-1], data)
        nearest = nearest_of(str(tokens[-1]), allowed)
    elif error_type == "missing":
        found = None
    elif error_type == "literal_error":
        allowed = shape.choices(tokens, data)
        nearest = nearest_of(value, allowed)
    elif error_type in ("union_tag_invalid", "union_tag_not_found"):
        tokens = [*tokens, "kind"]
        allowed = tuple(str(context.get("expected_tags", "")).replace("'", "").split(", "))
        found = show(value.get("kind")) if error_type == "union_tag_invalid" else None
        nearest = nearest_of(context.get("tag"), allowed)
    elif error_type == "keys_clash":
        key = context.get("key")
        found = show(value) if key is None and not isinstance(value, dict) else None
        nearest = nearest_of(value, allowed)
        if key is not None:
            tokens = [*tokens, key]
            there, there_value = pointers.find(value, [key])
            found = show(there_value) if there else None
    if len(allowed) > _ALLOWED_MAX:
        close = difflib.get_close_matches(str(tokens[-1]), allowed, n=8, cutoff=0.2)
        # The nearest to a value need not be near to the key that holds it.
        allowed = tuple(close if nearest is None or nearest in close else [nearest, *close[:7]])
    return Problem(code, under + pointers.join(tokens), found, message, allowed, nearest)


def _rule(details: ErrorDetails, tokens: list[str | int]) -> tuple[str, str]:
    """Return the code and the message of an error."""
    error_type, context = details["type"], details.get("ctx", {})
    message = details["msg"]
    if error_type == "extra_forbidden":
        if tokens[:2] == ["profile", "override"]:
            return codes.UNKNOWN_KEY, "no such figure in a service profile"
        return codes.UNKNOWN_KEY, "no such key here"
    if error_type == "missing":
        return codes.MISSING_KEY, "this key is required"
    if error_type in ("literal_error", "union_tag_invalid"):
        return codes.UNKNOWN_CHOICE, "must be one of the allowed values"
    if error_type == "union_tag_not_found":
        return codes.MISSING_KEY, "this key is required: it selects the kind of workload"
    if error_type == "quantity":
        return codes.WRONG_UNIT, message
    if error_type == "quantity_range":
        return codes.OUT_OF_RANGE, message
    if error_type == "keys_clash":
        return str(context.get("code", codes.KEYS_CLASH)), message
    if error_type == "int_from_float" or (
        error_type == "int_type" and isinstance(details["input"], float)
    ):
        return codes.WRONG_TYPE, "must be a whole number"
    if error_type in _TYPE_WORDS:
        text = f"must be {_TYPE_WORDS[error_type]}, not {kind(details['input'])}"
        return codes.WRONG_TYPE, text
    if error_type in _RANGE_WORDS:
        words, key = _RANGE_WORDS[error_type]
        limit = float(context[key])
        number = f"{limit:,.0f}" if limit.is_integer() else f"{limit:g}"
        return codes.OUT_OF_RANGE, f"must be {words} {number}"
    if error_type == "string_unicode":
        return codes.NOT_JSON, SURROGATE
    if error_type == "finite_number":
        return codes.OUT_OF_RANGE, "must be a finite number"
    if error_type in ("too_short", "string_too_short"):
        return codes.EMPTY_LIST if error_type == "too_short" else codes.BAD_NAME, (
            "must not be empty"
        )
    if error_type == "string_too_long":
        return codes.BAD_NAME, f"must be at most {context['max_length']} characters long"
    if error_type == "string_pattern_mismatch":
        return codes.BAD_NAME, (
            "must be a name: not empty, no blank at either end, none of the characters * ? { }"
        )
    return codes.WRONG_TYPE, message[0].lower() + message[1:]


def _tokens(loc: tuple[str | int, ...]) -> list[str | int]:
    """Return the JSON path of a pydantic location: without the arms of unions, marks of keys."""
    tokens: list[str | int] = []
    arm_follows = False
    for item in loc:
        if not arm_follows and item != "[key]":
            tokens.append(item)
        arm_follows = not arm_follows and item == "churn"
    return tokens


def nearest_of(word: object, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `word` was probably meant to be."""
    if not isinstance(word, str) or len(word) > 80:
        return None
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None


class _Shape:
    """The JSON Schema of a model, asked for the keys and choices of a place."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    def keys(self, tokens: list[str | int], data: object) -> tuple[str, ...]:
        """Return the keys that the object at `tokens` may have."""
        nodes = self._nodes_at(tokens, data)
        return tuple(dict.fromkeys(key for node in nodes for key in node.get("properties", ())))

    def choices(self, tokens: list[str | int], data: object) -> tuple[str, ...]:
        """Return the constants that may stand at `tokens`."""
        found: list[str] = []
        for node in self._nodes_at(tokens, data):
            found += [str(choice) for choice in node.get("enum", ())]
            if "const" in node:
                found.append(str(node["const"]))
        return tuple(dict.fromkeys(found))

    def _nodes_at(self, tokens: list[str | int], data: object) -> list[dict[str, Any]]:
        nodes = self._alternatives(_schema_of(self._model), data)
        for token in tokens:
            _, data = pointers.find(data, [token])
            children = (_child(node, token) for node in nodes)
            nodes = [n for child in children if child for n in self._alternatives(child, data)]
        return nodes

    def _alternatives(self, node: dict[str, Any], data: object) -> list[dict[str, Any]]:
        """Return what `node` may be: references resolved, the arms of unions that fit `data`."""
        if "$ref" in node:
            node = _schema_of(self._model)["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        arms = node.get("anyOf", []) + node.get("oneOf", [])
        if not arms or "properties" in node:
            return [node]
        found = [n for arm in arms for n in self._alternatives(arm, data)]
        tag = data.get("kind") if isinstance(data, dict) else None
        tagged = [
            n for n in found if n.get("properties", {}).get("kind", {}).get("const", None) == tag
        ]
        return tagged if tag is not None and tagged else found


@lru_cache(maxsize=64)
def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _child(node: dict[str, Any], token: str | int) -> dict[str, Any] | None:
    child = node.get("items") if isinstance(token, int) else node.get("properties", {}).get(token)
    if child is None:
        child = node.get("additionalProperties")
    return child if isinstance(child, dict) else None

"""JSON pointers (RFC 6901): write them, follow them, and set values that they name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class PointerError(LookupError):
    """A pointer does not lead to a place where a value can stand.

    Attributes
    ----------
    pointer
        The part of the pointer that could be followed.
    reason
        Why it goes no further.
    """

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer or '(whole scenario)'}: {reason}")
        self.pointer = pointer
        self.reason = reason


def join(tokens: Iterable[str | int]) -> str:
    """Return the pointer of `tokens`, escaped."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def split(pointer: str) -> list[str]:
    """Return the tokens of `pointer`, unescaped. Raises PointerError when it has no leading "/"."""
    if pointer and not pointer.startswith("/"):
        raise PointerError(pointer, 'a JSON pointer starts with "/"')
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def find(document: Any, tokens: Iterable[str | int]) -> tuple[bool, Any]:
    """Follow `tokens` into `document`; return whether something stands there, and what."""
    node = document
    for token in tokens:
        if isinstance(node, dict) and token in node:
            node = node[token]
        elif isinstance(node, list) and (index := _index(token, len(node))) is not None:
            node = node[index]
        else:
            return False, None
    return True, node


def assign(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Put `value` where `pointer` points, in place.

    Objects that are missing on the way are made (what they leave out has its default); entries of
    lists are not, but "-" at the end of a pointer appends one. Raises PointerError when the
    pointer leads nowhere.
    """
    tokens = split(pointer)
    if not tokens:
        raise PointerError("", "cannot replace the whole scenario")
    node: Any = document
    for depth, token in enumerate(tokens):
        last = depth == len(tokens) - 1
        place = join(tokens[:depth])
        if isinstance(node, dict):
            if last:
                node[token] = value
            else:
                if node.get(token) is None:
                    node[token] = {}
                node = node[token]
        elif isinstance(node, list):
            if last and token == "-":
                node.append(value)
                return
            index = _index(token, len(node))
            if index is None:
                count = f"{len(node)} {'entry' if len(node) == 1 else 'entries'}"
                raise PointerError(place, f'this list has {count}, no "{token}"')
            if last:
                node[index] = value
            else:
                node = node[index]
        else:
            raise PointerError(place, f'this is no object or list, it has no "{token}"')


def _index(token: str | int, length: int) -> int | None:
    if isinstance(token, int):
        return token if 0 <= token < length else None
    if not (token.isascii() and token.isdigit()) or len(token) > 9:
        return None
    return int(token) if int(token) < length and str(int(token)) == token else None

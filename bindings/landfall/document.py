"""Reads a scenario file as text and JSON, strictly, and finds the line of a JSON pointer in it.

Whatever a file can hold ends as a list of problems, never as a traceback: a missing file, a folder,
bytes that are not UTF-8, broken JSON, keys given twice, numbers that are none, bottomless nesting.
"""

from __future__ import annotations

import json
import json.decoder
import json.scanner
import os
import stat
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from . import codes, pointers
from .errors import Problem, ScenarioError

#: Largest scenario file that is read, in bytes.
FILE_BYTES_MAX = 64 * 2**20
#: Deepest nesting of lists and objects; the format itself needs 8.
DEPTH_MAX = 64
#: Longest text in which the lines of problems are looked up.
_LOCATE_LENGTH_MAX = 8 * 2**20
_FOUND_LENGTH_MAX = 80
#: What is wrong with a text that UTF-8 cannot write.
SURROGATE = "must be valid Unicode; this holds half of a surrogate pair"


@dataclass(frozen=True, slots=True)
class Document:
    """The JSON object of a scenario, and where it came from."""

    data: dict[str, Any]
    text: str | None = None
    path: Path | None = None
    label: str | None = None

    @property
    def folder(self) -> Path:
        """Folder that relative file names in the scenario refer to."""
        return self.path.parent if self.path is not None else Path.cwd()

    def locate(self, pointer: str) -> tuple[int, int] | None:
        """Return line and column (from 1) of the value at `pointer`, or of what it would be in."""
        if self.text is None or len(self.text) > _LOCATE_LENGTH_MAX:
            return None
        return _position(self.text, pointer)


def read(path: Path, label: str | None = None) -> Document:
    """Read the scenario file at `path`. Raises ScenarioError."""
    label = label or str(path)
    try:
        status = path.stat()
        if unfit := _unfit(status):
            _refuse(unfit, label)
        with path.open("rb") as stream:
            raw = stream.read(FILE_BYTES_MAX + 1)
    except ScenarioError:
        raise
    except FileNotFoundError:
        _refuse("no such file", label)
    except (OSError, ValueError) as error:
        _refuse(f"cannot be read: {getattr(error, 'strerror', None) or error}", label)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        _refuse(f"is not UTF-8 text (line {line}, byte {error.start})", label)
    return parse(text, path=path.absolute(), label=label)


def _unfit(status: os.stat_result) -> str | None:
    """Return why a file cannot be a scenario, or None."""
    if stat.S_ISDIR(status.st_mode):
        return "is a folder, not a scenario file"
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    if status.st_size > FILE_BYTES_MAX:
        return f"is larger than {FILE_BYTES_MAX // 2**20} MiB; is it a scenario?"
    return "is empty" if status.st_size == 0 else None


def parse(text: str, path: Path | None = None, label: str | None = None) -> Document:
    """Parse the JSON text of a scenario. Raises ScenarioError."""
    constants: list[str] = []
    try:
        data = json.loads(text, object_pairs_hook=_object, parse_constant=constants.append)
    except json.JSONDecodeError as error:
        reason = error.msg[0].lower() + error.msg[1:]
        _refuse(f"is not JSON: line {error.lineno}, column {error.colno}: {reason}", label)
    except RecursionError:
        _refuse(f"is nested deeper than {DEPTH_MAX} levels", label)
    except ValueError as error:  # an integer with thousands of digits
        _refuse(f"is not JSON that can be read: {error}", label)
    if constants:
        _refuse(f"is not JSON: {constants[0]} is no JSON number", label)
    if not isinstance(data, dict):
        _refuse(f"must hold one JSON object, not {kind(data)}", label, found=show(data))
    if too_deep(data):
        _refuse(f"is nested deeper than {DEPTH_MAX} levels", label)
    if problems := _repeated_problems(data) + (_surrogates(data) if "\\u" in text else []):
        raise ScenarioError(problems, source=label)
    return Document(data, text, path, label)


def kind(value: object) -> str:
    """Name the JSON type of `value`, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list | tuple) else "an object"


def show(value: object) -> str:
    """Return `value` as JSON on one short line that is safe to print."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (ValueError, RecursionError):
        text = kind(value)
    text = printable(text)
    return text if len(text) <= _FOUND_LENGTH_MAX else text[: _FOUND_LENGTH_MAX - 1] + "…"


def printable(text: str) -> str:
    """Return `text` with everything that a terminal might act on escaped."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in text
    )


class _Repeated(dict[str, Any]):
    """An object of the file that gives some keys more than once."""

    keys_twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    times = Counter(key for key, _ in pairs)
    marked = _Repeated(made)
    marked.keys_twice = tuple(key for key in made if times[key] > 1)
    return marked


def _repeated_problems(data: dict[str, Any]) -> list[Problem]:
    found: list[Problem] = []
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
    while stack:
        place, node = stack.pop()
        if isinstance(node, _Repeated):
            found += [
                Problem(codes.NOT_JSON, pointers.join((*place, key)), show(node[key]),
                        "this key is given more than once")
                for key in node.keys_twice
            ]  # fmt: skip
        stack += [((*place, key), child) for key, child in _children(node)]
    return sorted(found, key=lambda problem: problem.pointer)


def _surrogates(data: dict[str, Any]) -> list[Problem]:
    """Return the keys and texts that hold half a pair of surrogates, which UTF-8 cannot write."""
    found: list[Problem] = []
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
    while stack:
        place, node = stack.pop()
        for key, child in _children(node):
            stack.append(((*place, key), child))
            for text in (key, child):
                if isinstance(text, str) and any("\ud800" <= c <= "\udfff" for c in text):
                    pointer = printable(pointers.join((*place, key)))
                    found.append(Problem(codes.NOT_JSON, pointer, show(text), SURROGATE))
    return found


def _children(node: object) -> list[tuple[str | int, Any]]:
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list | tuple) else []


def too_deep(data: object) -> bool:
    """Whether lists and objects are nested deeper than any scenario is."""
    level: list[Any] = [data]
    for _ in range(DEPTH_MAX):
        level = [child for node in level for _, child in _children(node)]
        if not level:
            return False
    return True


def _refuse(message: str, label: str | None, found: str | None = None) -> NoReturn:
    raise ScenarioError([Problem(codes.NOT_JSON, "", found, message)], source=label) from None


# --- Lines and columns --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Placed:
    value: Any
    at: int


class _PlacingDecoder(json.JSONDecoder):
    """A decoder that wraps every value with the place in the text where it begins."""

    def __init__(self) -> None:
        super().__init__()
        # The standard library has these hooks of its pure-Python scanner, but no types for them.
        self.parse_object = self._with_places(json.decoder.JSONObject)  # type: ignore[attr-defined]
        self.parse_array = self._with_places(json.decoder.JSONArray)  # type: ignore[attr-defined]
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]

    @staticmethod
    def _with_places(parse_container: Callable[..., Any]) -> Callable[..., Any]:
        def parse_placed(start: tuple[str, int], *rest: Any) -> Any:
            scan = next(argument for argument in rest if callable(argument))

            def scan_placed(text: str, index: int) -> tuple[_Placed, int]:
                value, end = scan(text, index)
                return _Placed(value, index), end

            return parse_container(
                start, *(scan_placed if argument is scan else argument for argument in rest)
            )

        return parse_placed


@lru_cache(maxsize=2)
def _placed(text: str) -> Any:
    try:
        return _PlacingDecoder().raw_decode(text, len(text) - len(text.lstrip()))[0]
    except (ValueError, RecursionError, StopIteration, TypeError):
        return None


def _position(text: str, pointer: str) -> tuple[int, int] | None:
    """Return line and column of `pointer`, as far as it can be followed in `text`."""
    node = _placed(text)
    if node is None:
        return None
    try:
        tokens = pointers.split(pointer)
    except pointers.PointerError:
        return None
    at = len(text) - len(text.lstrip())
    for token in tokens:
        there, child = pointers.find(node, [token])
        if not there:
            break
        at, node = child.at, child.value
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)

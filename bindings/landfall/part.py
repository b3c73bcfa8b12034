"""The base of every part of a scenario: strict, frozen, with its own errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic import ValidationError as PydanticValidationError
from pydantic_core import PydanticCustomError

from . import codes

_Item = TypeVar("_Item")
_FILE_KEYS = {"from_": "from", "schema_uri": "$schema"}
#: Integers above it are not exact as a JSON number everywhere.
_EXACT_INTEGER_MAX = 2**53


if TYPE_CHECKING:
    _Model = BaseModel
else:

    class _PartMeta(type(BaseModel)):
        """Lets a part that is built in code fail as a file does: with a ScenarioError."""

        def __call__(cls, /, *args, **values):
            from .errors import ScenarioError
            from .problems import from_validation

            if args:
                raise TypeError(f"{cls.__name__}() takes keywords only")
            try:
                return cls.build(values)
            except PydanticValidationError as error:
                problems = from_validation(error, cls, values)
                raise ScenarioError(problems, source=cls.__name__) from None

    class _Model(BaseModel, metaclass=_PartMeta):
        pass


class Part(_Model):
    """A JSON object of the scenario file.

    Keys that Python reserves have an underscore at the end here ("from" is ``from_``).
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,
        alias_generator=lambda name: _FILE_KEYS.get(name, name),
        populate_by_name=True,
        use_attribute_docstrings=False,
    )

    @classmethod
    def build(cls, values: Mapping[str, Any]) -> Self:
        """Return the object of `values`."""
        made = cls.__pydantic_validator__.validate_python(dict(values))
        assert isinstance(made, cls)
        return made

    def canonical(self) -> dict[str, Any]:
        """Return the object with every key and all quantities as numbers, ready for JSON."""
        plain = _plain(self.model_dump(by_alias=True))
        assert isinstance(plain, dict)
        return plain


def _plain(value: Any) -> Any:
    """Return `value` with lists for tuples, and integers for whole floats (as RFC 8785 prints)."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_INTEGER_MAX:
        return int(value)
    return value


def as_number(value: object) -> object:
    """Let NumPy's numbers pass as Python's, and a whole float as an integer; truth values not."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    if isinstance(value, Integral):
        return int(value)
    as_float = float(value)
    return int(as_float) if as_float.is_integer() else as_float


def _visible(name: str) -> str:
    """Refuse characters that a terminal acts on, or that make two names look like one."""
    if not name.isprintable():
        raise PydanticCustomError(
            "keys_clash",
            "must not hold characters that cannot be seen, such as control characters",
            {"code": codes.BAD_NAME},
        )
    return name


if TYPE_CHECKING:
    #: A list goes in, a tuple comes out.
    Many: TypeAlias = Sequence[_Item]
else:
    Many: TypeAlias = tuple[_Item, ...]
#: A name that others refer to. Free of the characters that patterns and placeholders use.
Name: TypeAlias = Annotated[
    str,
    StringConstraints(
        strict=True, max_length=80, pattern=r"^[^\s*?{}](?:[^\n\r\t*?{}]*[^\s*?{}])?$"
    ),
    AfterValidator(_visible),
]
Text: TypeAlias = Annotated[str, StringConstraints(strict=True, max_length=20_000)]
Reference: TypeAlias = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=80)]
Whole: TypeAlias = Annotated[int, Field(strict=True), BeforeValidator(as_number)]
Number: TypeAlias = Annotated[float, Field(strict=True), BeforeValidator(as_number)]
Flag: TypeAlias = Annotated[bool, Field(strict=True)]


def clash(
    code: str, message: str, key: str | None = None, allowed: Sequence[str] = ()
) -> PydanticCustomError:
    """Return the error of keys that do not go together; of `key` when one of them is wrong."""
    about: dict[str, Any] = {"code": code, "allowed": list(allowed)}
    return PydanticCustomError("keys_clash", message, about | ({"key": key} if key else {}))


def exactly_one(*keys: str) -> dict[str, Any]:
    """Return the schema that says: one of `keys` is there and not null, the others are not."""
    return {
        "oneOf": [
            {
                "required": [key],
                "properties": {
                    other: {"not": {"type": "null"}} if other == key else {"type": "null"}
                    for other in keys
                },
            }
            for key in keys
        ]
    }

"""The tables of a run: columns that lie in the memory that the run wrote, used in place.

A result arrives as one blob (layout: sim/record/blob_writer.hpp): a JSON header, then one .npy
block per column. It is mapped, not read: a column is a read-only NumPy view of the mapping, and a
data frame or an Arrow table is made of these views when somebody asks.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from .columns import NOT_APPLICABLE, unit_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Array", "Blob", "Names", "Table", "Tables", "encode_blob", "read_header"]

Array: TypeAlias = np.ndarray[tuple[int], np.dtype[Any]]

_MAGIC = b"LANDFAL1"
_PREFIX = struct.Struct("<8sQ")
_ALIGNMENT = 64
_NPY_PREFIX = struct.Struct("<6sBBH")
_DTYPES = ("<f8", "<i8", "<i4")

_PROT_READ = 1
_MAP_SHARED = 1


# --- The blob -------------------------------------------------------------------------------------


class _Mapping:
    """A file mapped for reading; NumPy arrays made of it keep it, and it ends with the last one.

    `mmap.mmap` keeps a duplicate of the descriptor for as long as the mapping lives, so a thousand
    results would use up a thousand descriptors. This keeps none.
    """

    def __init__(self, fd: int, length: int) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.mmap.restype = ctypes.c_void_p
        self._libc.mmap.argtypes = [
            *(ctypes.c_void_p, ctypes.c_size_t),
            *(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long),
        ]
        self._libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        self._length = length
        self._address = self._libc.mmap(None, length, _PROT_READ, _MAP_SHARED, fd, 0)
        if self._address in (None, ctypes.c_void_p(-1).value):
            self._address = None
            code = ctypes.get_errno()
            raise OSError(code, f"map a result of {length} bytes: {os.strerror(code)}")

    @property
    def __array_interface__(self) -> dict[str, Any]:
        read_only = True
        return {
            "version": 3,
            "typestr": "|u1",
            "shape": (self._length,),
            "data": (self._address, read_only),
        }

    def __del__(self) -> None:
        if self._address is not None:
            self._libc.munmap(self._address, self._length)


class Blob:
    """The bytes of a result, and its header.

    Parameters
    ----------
    data
        The whole blob, as an array of bytes that nobody changes.
    """

    def __init__(self, data: Array) -> None:
        self.data = data
        self.header: dict[str, Any] = _parse_header(data.data)

    @classmethod
    def from_fd(cls, fd: int) -> Blob:
        """Map the blob in a file; the descriptor may be closed afterwards."""
        length = os.fstat(fd).st_size
        return cls(np.asarray(_Mapping(fd, length)) if length else np.empty(0, np.uint8))

    @classmethod
    def from_bytes(cls, data: bytes) -> Blob:
        """Use a blob that is in memory."""
        return cls(np.frombuffer(data, np.uint8))

    def tables(self) -> Tables:
        """Return its tables."""
        return Tables(
            {name: Table(name, entry, self.data) for name, entry in self.header["tables"].items()}
        )


def _parse_header(view: memoryview) -> dict[str, Any]:
    if len(view) < _PREFIX.size:
        raise ValueError("not a result: it is too short")
    magic, length = _PREFIX.unpack_from(view)
    if magic != _MAGIC:
        raise ValueError("not a result: it does not start with its magic")
    if _PREFIX.size + length > len(view):
        raise ValueError("not a result: it was cut off")
    header = json.loads(bytes(view[_PREFIX.size : _PREFIX.size + length]))
    if not isinstance(header, dict):
        raise ValueError("not a result: its header is not an object")
    return header


def read_header(fd: int) -> dict[str, Any]:
    """Return the header of a result that may have been left unwritten: then it is empty."""
    try:
        return Blob.from_fd(fd).header
    except (ValueError, OSError):
        return {}


# --- Tables ---------------------------------------------------------------------------------------


class Table(Mapping[str, Array]):
    """One table: its columns by name, as read-only arrays.

    A column of names holds codes (``int32``); ``categories`` says what they stand for.

    Attributes
    ----------
    name
        Name of the table.
    rows
        Number of rows.
    categories
        For each column of names: the names, in the order of their codes. Code -1 is "no value".
    """

    def __init__(self, name: str, entry: Mapping[str, Any], data: Array) -> None:
        self.name = name
        self.rows: int = entry["rows"]
        self._data = data
        self._entries: dict[str, Mapping[str, Any]] = {
            column["name"]: column for column in entry["columns"]
        }
        self.categories: dict[str, list[str]] = {
            column: entry["categories"]
            for column, entry in self._entries.items()
            if entry.get("categories") is not None
        }
        self._arrays: dict[str, Array] = {}

    def __getitem__(self, column: str) -> Array:
        array = self._arrays.get(column)
        if array is None:
            entry = self._entries[column]
            array = _npy_view(self._data, entry["offset"], entry["length"])
            self._arrays[column] = array
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<table {self.name}: {self.rows} rows; {', '.join(self)}>"

    def names(self, column: str) -> Array:
        """Return a column of names as an array of text, empty where there is no value."""
        names = np.array([*self.categories[column], ""], dtype=object)
        return names[self[column]]

    def to_pandas(self) -> pd.DataFrame:
        """Return the table as a data frame; columns of names are categorical.

        Numbers are not copied, so the frame's values are read-only: take a ``.copy()`` to change
        some. Whole columns can be added and replaced.
        """
        import pandas as pd

        columns: dict[str, Any] = {}
        for name, array in self.items():
            if name in self.categories:
                kind = pd.CategoricalDtype(self.categories[name])
                columns[name] = pd.Categorical.from_codes(array, dtype=kind)
            elif (self.name, name) in NOT_APPLICABLE:
                values = np.array(array)
                columns[name] = pd.arrays.IntegerArray(values, values < 0)
            else:
                columns[name] = array
        return pd.DataFrame(columns, copy=False)

    def to_arrow(self) -> pa.Table:
        """Return the table as an Arrow table; the unit of a column is in its field's metadata."""
        import pyarrow as pa

        fields = []
        arrays = []
        for name, array in self.items():
            absent: Any = None
            if name in self.categories or (self.name, name) in NOT_APPLICABLE:
                absent = array < 0
                absent = absent if absent.any() else None
            values = pa.array(array, mask=absent)
            if name in self.categories:
                names = pa.array(self.categories[name], pa.string())
                values = pa.DictionaryArray.from_arrays(values, names)
            unit = unit_of(self.name, name)
            arrays.append(values)
            fields.append(pa.field(name, values.type, metadata={"unit": unit} if unit else None))
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)


class Tables(Mapping[str, Table]):
    """The tables of a result by name; each is a mapping from column to array."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = dict(tables)

    def __getitem__(self, name: str) -> Table:
        try:
            return self._tables[name]
        except KeyError:
            raise KeyError(f"no table {name!r}; there are {', '.join(self)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __repr__(self) -> str:
        return "\n".join(repr(table) for table in self.values())


#: NumPy reads a header as a Python literal, which Python 3.11.0 to 3.11.4 cannot do in two threads
#: at once ("AST constructor recursion depth mismatch", CPython issue 106905).
_one_header = threading.Lock()


def _npy_view(data: Array, offset: int, length: int) -> Array:
    block = data[offset : offset + length]
    if len(block) != length or length < _NPY_PREFIX.size:
        raise ValueError(f"the block at {offset} was cut off")
    magic, major, minor, text_length = _NPY_PREFIX.unpack_from(block.data)
    if magic != b"\x93NUMPY" or (major, minor) != (1, 0):
        raise ValueError(f"no .npy block at {offset}")
    numbers = block[_NPY_PREFIX.size + text_length :]
    after_version = block[_NPY_PREFIX.size - 2 :]
    with _one_header:
        shape, _, dtype = np.lib.format.read_array_header_1_0(
            io.BytesIO(after_version[: 2 + text_length].tobytes())
        )
    if dtype.str not in _DTYPES or len(shape) != 1 or len(numbers) != shape[0] * dtype.itemsize:
        raise ValueError(f"the block at {offset} holds {dtype} in the shape {shape}")
    view: Array = numbers.view(dtype)
    return view


# --- Writing --------------------------------------------------------------------------------------


class Names(NamedTuple):
    """A column of names whose codes are given: -1 is "no value"."""

    codes: Array
    categories: Sequence[str]


def encode_blob(
    header: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, Array | Names | Sequence[str | None]]],
) -> bytes:
    """Return a blob of the given header and tables: for results that no simulator made.

    Parameters
    ----------
    header
        The header without its tables.
    tables
        For each table its columns: an array of numbers, a sequence of names, or :class:`Names`,
        which keeps the order of its categories.
    """
    entries: dict[str, Any] = {}
    blocks: list[bytes] = []
    position = 0
    for table_name, columns in tables.items():
        described: list[dict[str, Any]] = []
        rows = 0
        for name, values in columns.items():
            array, categories = _encoded(values)
            rows = len(array)
            stream = io.BytesIO()
            np.lib.format.write_array(stream, array, version=(1, 0))
            blocks.append(bytes(-len(blocks[-1]) % _ALIGNMENT) if blocks else b"")
            position += len(blocks[-1])
            blocks.append(stream.getvalue())
            entry = {"name": name, "offset": position, "length": len(blocks[-1])}
            described.append(entry if categories is None else entry | {"categories": categories})
            position += len(blocks[-1])
        entries[table_name] = {"rows": rows, "columns": described}
    return _assembled(header, entries, blocks)


def _encoded(values: Array | Names | Sequence[str | None]) -> tuple[Array, list[str] | None]:
    if isinstance(values, Names):
        return np.ascontiguousarray(values.codes, dtype="<i4"), list(values.categories)
    if isinstance(values, np.ndarray):
        kind = {"f": "<f8", "i": "<i8", "u": "<i8", "b": "<i8"}[values.dtype.kind]
        return np.ascontiguousarray(values, dtype=kind), None
    categories = sorted({name for name in values if name is not None})
    codes = {name: code for code, name in enumerate(categories)}
    return np.array([-1 if v is None else codes[v] for v in values], dtype="<i4"), categories


def _assembled(
    header: Mapping[str, Any], entries: dict[str, Any], blocks: Sequence[bytes]
) -> bytes:
    first_block = 0
    while True:
        shifted = {
            name: entry
            | {"columns": [c | {"offset": c["offset"] + first_block} for c in entry["columns"]]}
            for name, entry in entries.items()
        }
        text = json.dumps({**header, "tables": shifted}, sort_keys=True).encode()
        needed = -(-(_PREFIX.size + len(text)) // _ALIGNMENT) * _ALIGNMENT
        if needed <= first_block:
            break
        first_block = needed
    front = _PREFIX.pack(_MAGIC, len(text)) + text
    return front + bytes(first_block - len(front)) + b"".join(blocks)

"""The house rules as functions: each takes a file's path and text and returns what is wrong.

They know no file system, so that `test_rules.py` can feed each of them a violation. What they keep
is written in CONTRIBUTING.md under "Laws" and "Style".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

LINE_LENGTH = 100
FILE_LENGTH = 500
FUNCTION_LENGTH = 70
# Split, so that this file does not hold the words that it forbids.
BANNED_WORDS = ("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")

# What each folder of model/ may include of model/. Imports run one way.
MODEL_LAYERS: dict[str, set[str]] = {
    "base": {"base"},
    "profile": {"base", "profile", "estate"},
    "estate": {"base", "estate", "profile"},
    "economics": {"base", "estate", "profile", "economics"},
    "environment": {"base", "environment"},
    "storage": {"base", "environment", "storage", "profile"},
    "replication": {"base", "environment", "storage", "estate", "profile", "replication"},
    "recovery": {
        "base",
        "environment",
        "storage",
        "estate",
        "profile",
        "economics",
        "replication",
        "recovery",
    },
}
TOP_LAYERS: dict[str, set[str]] = {
    "model": {"model"},
    "sim": {"model", "sim"},
    "analysis": {"model", "analysis"},
    "bindings": {"model", "sim", "analysis", "bindings"},
    "tests": {"model", "sim", "analysis", "bindings", "tests"},
}
# The parts of sim/ that landfall_scenario is made of: they load without SimGrid.
WITHOUT_SIMGRID = (
    "sim/scenario/",
    "sim/workload/",
    "sim/kernel/random_streams.",
    "sim/faults/fault_kinds.",
    "sim/faults/phases.",
)
# The part of Boost that the logic may use: graphs, what they are made of, and containers.
MODEL_BOOST = ("graph", "pending", "property_map", "range", "container", "heap", "intrusive")
# Threads, clocks, randomness, files, streams to the outside, the environment of the process.
WORLDLY_HEADERS = frozenset(
    """atomic barrier condition_variable future latch mutex semaphore shared_mutex stop_token thread
    chrono ctime time.h random fstream iostream syncstream filesystem cstdio stdio.h csignal
    signal.h execution locale clocale""".split()
)
STANDARD_HEADERS = frozenset(
    """algorithm any array bit bitset cassert cctype cerrno cfenv cfloat charconv cinttypes climits
    cmath compare complex concepts coroutine cstdarg cstddef cstdint cstdlib cstring cwchar deque
    exception forward_list functional initializer_list ios iomanip iosfwd istream iterator limits
    list map memory memory_resource new numbers numeric optional ostream queue ranges ratio
    scoped_allocator set source_location span sstream stack stdexcept streambuf string string_view
    system_error tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray
    variant vector version""".split()
)
# Calls that reach a world: always wrong in the logic, and two whose names a port may have as well.
_WORLDLY_CALL = re.compile(
    r"(?<![\w.>])(?:std::|::)?"
    r"(?P<name>rand|srand|random|getenv|gettimeofday|clock_gettime|nanosleep|usleep|system|popen"
    r"|fork|fopen|printf|fprintf|puts)\s*\("
)
_WORLDLY_CALL_BY_PLACE = re.compile(
    r"(?:(?:^|[=(,;{?:!<+\-]|\breturn)\s*(?:std::|::)?|\bstd::)(?P<name>time|clock)\s*\(",
    re.MULTILINE,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
_NOT_CODE = re.compile(
    r'R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\''  # string, character (not 1'000)
    r"|//[^\n]*|/\*.*?\*/",
    re.DOTALL,
)


@dataclass(frozen=True)
class Include:
    """One `#include` line."""

    line: int
    quoted: bool
    target: str


def includes(text: str) -> list[Include]:
    """List the `#include` lines of a C++ text."""
    return [
        Include(text.count("\n", 0, match.start()) + 1, match[1] == '"', match[2])
        for match in _INCLUDE.finditer(text)
    ]


def code_only(text: str) -> str:
    """Blank out comments, strings and characters, keeping every line break."""
    return _NOT_CODE.sub(lambda match: " " + "\n" * match[0].count("\n"), text)


def _layer_of(path: str) -> str:
    return PurePosixPath(path).parts[1]


def import_direction(path: str, text: str) -> list[str]:
    """Includes of our own headers: relative to the repository, and only of what lies below."""
    problems = []
    top = PurePosixPath(path).parts[0]
    for include in includes(text):
        place = f"{path}:{include.line}"
        if not include.quoted:
            continue
        target_top = PurePosixPath(include.target).parts[0]
        if target_top not in TOP_LAYERS:
            problems.append(f'{place}: "{include.target}" is not relative to the repository')
        elif target_top not in TOP_LAYERS[top]:
            problems.append(f'{place}: {top}/ may not include "{include.target}"')
        elif top == "model":
            layer, target_layer = _layer_of(path), _layer_of(include.target)
            if target_layer not in MODEL_LAYERS.get(layer, set()):
                problems.append(f'{place}: model/{layer} may not include "{include.target}"')
        elif (
            path.startswith(WITHOUT_SIMGRID)
            and target_top == "sim"
            and not include.target.startswith(WITHOUT_SIMGRID)
        ):
            problems.append(f'{place}: loads without SimGrid, may not include "{include.target}"')
    return problems


def may_use_simgrid(path: str) -> bool:
    """Only sources of the simulated world, SimGrid's own tests and the plain SimGrid programs."""
    if path.startswith(("tests/engine/", "tests/benchmarks/reference_")):
        return True
    return (
        path.startswith("sim/")
        and path.endswith(".cpp")
        and not path.startswith((*WITHOUT_SIMGRID, "sim/memory/"))
    )


def foreign_headers(path: str, text: str) -> list[str]:
    """SimGrid and pybind11 only where they belong; the logic sees std, Boost.Graph, Eigen, CRC."""
    problems = []
    for include in includes(text):
        top = include.target.split("/")[0]
        allowed = True
        if top in ("simgrid", "xbt"):
            allowed = may_use_simgrid(path)
        elif top == "pybind11" or include.target == "Python.h":
            allowed = path.startswith("bindings/")
        elif path.startswith("model/") and not include.quoted:
            allowed = _allowed_in_model(include.target)
        if not allowed:
            problems.append(f"{path}:{include.line}: may not include <{include.target}>")
    return problems


def _allowed_in_model(header: str) -> bool:
    parts = header.split("/")
    if parts[0] == "Eigen" or header == "isa-l/crc.h":
        return True
    if parts[0] == "boost" and len(parts) > 1:
        return parts[1].removesuffix(".hpp") in MODEL_BOOST
    return header in STANDARD_HEADERS and header not in WORLDLY_HEADERS


def worldly_calls(path: str, text: str) -> list[str]:
    """Calls of the logic that would read a clock, a random device or the environment."""
    if not path.startswith("model/"):
        return []
    code = code_only(text)
    return [
        f"{path}:{code.count(chr(10), 0, match.start('name')) + 1}: calls {match['name']}()"
        for pattern in (_WORLDLY_CALL, _WORLDLY_CALL_BY_PLACE)
        for match in pattern.finditer(code)
    ]


def planted_bugs(path: str, text: str) -> list[str]:
    """A header asks no mutant(): it would be compiled in two ways in one program."""
    if not path.startswith(("model/", "sim/")) or path == "model/base/mutant.hpp":
        return []
    if path.endswith(".cpp"):  # by name, so that the build finds the source
        pattern, what = r"\bmutant\((?!Mutant::)", "mutant() is asked by name: mutant(Mutant::X)"
    else:
        pattern, what = r"\bmutant\(", "a header asks mutant()"
    code = code_only(text)
    lines = [code.count("\n", 0, match.start()) + 1 for match in re.finditer(pattern, code)]
    problems = [f"{path}:{line}: {what}" for line in lines]
    if path.endswith(".hpp"):
        problems += [
            f"{path}:{include.line}: a header includes model/base/mutant.hpp"
            for include in includes(text)
            if include.target == "model/base/mutant.hpp"
        ]
    return problems


def file_start(path: str, text: str) -> list[str]:
    """A C++ file opens with its path and one sentence; a header then guards itself."""
    problems = []
    first = text.split("\n", 1)[0]
    if not re.fullmatch(rf"// {re.escape(path)} — \S.*", first):
        problems.append(f"{path}:1: must start with '// {path} — what the file is for'")
    if path.endswith(".hpp") and "#pragma once" not in text:
        problems.append(f"{path}: a header needs #pragma once")
    return problems


def lengths(path: str, text: str) -> list[str]:
    """Lines of at most 100 columns, files of at most 500 lines."""
    lines = text.split("\n")
    problems = [
        f"{path}:{number}: {len(line)} columns, at most {LINE_LENGTH}"
        for number, line in enumerate(lines, 1)
        if len(line) > LINE_LENGTH
    ]
    if len(lines) - 1 > FILE_LENGTH:
        problems.append(f"{path}: {len(lines) - 1} lines, at most {FILE_LENGTH}")
    return problems


def banned_words(path: str, text: str) -> list[str]:
    """Nothing is left for later in a file."""
    pattern = re.compile(rf"\b(?:{'|'.join(BANNED_WORDS)})\b")
    return [
        f"{path}:{number}: holds {match[0]}"
        for number, line in enumerate(text.split("\n"), 1)
        for match in pattern.finditer(line)
    ]


_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def cpp_function_length(path: str, text: str) -> list[str]:
    """Functions of at most 70 lines: a body in a namespace or class after a parameter list."""
    code = code_only(text)
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.)*", "", code, flags=re.MULTILINE)  # preprocessor
    problems = []
    stack: list[tuple[str, int]] = []  # ("scope" | "function" | "block", line where it began)
    head_begin = 0
    for match in re.finditer(r"[{};]", code):
        head = code[head_begin : match.start()]
        head_begin = match.end()
        if match[0] == "}" and stack:
            kind, begin = stack.pop()
            length = code.count("\n", 0, match.start()) + 1 - begin + 1
            if kind == "function" and length > FUNCTION_LENGTH:
                problems.append(
                    f"{path}:{begin}: function of {length} lines, at most {FUNCTION_LENGTH}"
                )
        elif match[0] == "{":
            line = code.count("\n", 0, match.start() - len(head.lstrip())) + 1
            if stack and stack[-1][0] != "scope":
                stack.append(("block", line))
            elif "(" in head and not head.rstrip().endswith("="):
                stack.append(("function", line))
            else:
                stack.append(("scope" if _SCOPE.search(head) else "block", line))
    return problems


def python_function_length(path: str, text: str) -> list[str]:
    """Functions of at most 70 lines, the docstring not counted."""
    problems = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        begin = node.body[0].end_lineno if ast.get_docstring(node) else node.lineno
        length = (node.end_lineno or 0) - (begin or 0) + 1
        if length > FUNCTION_LENGTH:
            problems.append(
                f"{path}:{node.lineno}: function of {length} lines, at most {FUNCTION_LENGTH}"
            )
    return problems


# Symbols that would tie the logic to a world, as `nm -C --undefined-only` prints them.
_WORLDLY_SYMBOL = re.compile(
    r"^(?:simgrid::|xbt_|sg_|s4u|pthread_|epoll_"
    r"|(?:socket|connect|bind|listen|accept|send|sendto|sendmsg|recv|recvfrom|recvmsg|poll|select"
    r"|clock|clock_gettime|gettimeofday|time|sleep|usleep|nanosleep|getenv|secure_getenv|system"
    r"|rand|srand|random|fork|open|open64|fopen|fopen64|read|write|puts|printf)(?:@.*)?$"
    r"|std::(?:chrono::|thread|this_thread|mutex|condition_variable|random_device|filesystem"
    r"|cout|cerr|cin|clog|ios_base::Init|basic_[io]?fstream|basic_filebuf))"
)


def worldly_symbols(nm_output: str) -> list[str]:
    """Undefined symbols of the logic's library that belong to a world."""
    lines = [line.split(maxsplit=1) for line in nm_output.splitlines()]
    symbols = {line[1] for line in lines if len(line) == 2 and line[0] in ("U", "w")}
    return sorted(symbol for symbol in symbols if _WORLDLY_SYMBOL.match(symbol))


def mutable_globals(objdump_output: str) -> list[str]:
    """Objects of the logic's library in writable memory, from `objdump -t -C`."""
    found = []
    for line in objdump_output.splitlines():
        match = re.match(r"^[0-9a-f]{8,16} .{6}O (\S+)\s+[0-9a-f]+\s+(.*)$", line)
        # .data.rel* holds constants with addresses in them, such as tables of string_view.
        if match and re.match(r"\.(?:data|bss|tdata|tbss)(?!\.rel)", match[1]):
            found.append(match[2].removeprefix(".hidden "))
    # Boost's constants of no state, such as boost::none, are built when the program starts.
    found = [name for name in found if not re.match(r"(?:guard variable for )?boost::", name)]
    return sorted(set(found))


def unregistered_sources(sources: Iterable[str], compiled: Iterable[str]) -> list[str]:
    """C++ sources that no target compiles."""
    known = set(compiled)
    return [f"{source}: no CMake target compiles it" for source in sources if source not in known]


def unreferenced_scenarios(names: Iterable[str], test_texts: Iterable[str]) -> list[str]:
    """Scenarios of the gallery that no test names."""
    texts = list(test_texts)
    return [
        f"scenarios/gallery/{name}.json: no test names it"
        for name in names
        if not any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for text in texts)
    ]

"""Each house rule finds a violation and leaves good code alone: a rule that cannot fail is none."""

from __future__ import annotations

import pytest
from tidy import rules


@pytest.mark.parametrize(
    ("path", "include"),
    [
        ("model/base/units.hpp", "model/environment/clock.hpp"),
        ("model/environment/clock.hpp", "model/storage/journal.hpp"),
        ("model/storage/journal.hpp", "model/replication/engine.hpp"),
        ("model/storage/journal.hpp", "model/estate/machine.hpp"),
        ("model/replication/engine.hpp", "model/recovery/job.hpp"),
        ("model/replication/engine.hpp", "model/economics/meter.hpp"),
        ("model/estate/machine.hpp", "model/environment/clock.hpp"),
        ("model/profile/service_profile.hpp", "model/storage/journal.hpp"),
        ("model/economics/meter.hpp", "model/recovery/job.hpp"),
        ("model/unheard_of/thing.hpp", "model/base/units.hpp"),
        ("model/recovery/job.cpp", "sim/kernel/calendar.hpp"),
        ("model/recovery/job.cpp", "analysis/fit.hpp"),
        ("model/recovery/job.cpp", "tests/unit/fake.hpp"),
        ("sim/world/network.cpp", "bindings/module.hpp"),
        ("sim/world/network.cpp", "analysis/fit.hpp"),
        ("sim/scenario/load.cpp", "sim/world/network.hpp"),
        ("sim/workload/diurnal.cpp", "sim/kernel/calendar.hpp"),
        ("analysis/fit.cpp", "sim/world/network.hpp"),
        ("model/base/check.cpp", "check.hpp"),
        ("model/base/check.cpp", "../base/check.hpp"),
    ],
)
def test_include_against_the_direction(path: str, include: str) -> None:
    text = f'// x\n#include "{include}"\n'
    problems = rules.import_direction(path, text)
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}:2: ")


@pytest.mark.parametrize(
    ("path", "include"),
    [
        ("model/recovery/job.cpp", "model/replication/engine.hpp"),
        ("model/replication/engine.hpp", "model/profile/service_profile.hpp"),
        ("model/estate/machine.hpp", "model/profile/service_profile.hpp"),
        ("sim/scenario/load.cpp", "sim/workload/churn.hpp"),
        ("sim/workload/diurnal.cpp", "sim/kernel/random_streams.hpp"),
        ("sim/world/network.cpp", "sim/scenario/scenario.hpp"),
        ("bindings/model_module.cpp", "sim/scenario/load.hpp"),
        ("tests/unit/a_test.cpp", "sim/memory/world.hpp"),
    ],
)
def test_include_with_the_direction(path: str, include: str) -> None:
    assert rules.import_direction(path, f'#include "{include}"\n') == []


@pytest.mark.parametrize(
    ("path", "header"),
    [
        *(
            ("model/base/a.hpp", header)
            for header in (
                "thread mutex chrono random fstream iostream filesystem ctime time.h atomic future "
                "cstdio sys/socket.h netinet/in.h unistd.h pthread.h nlohmann/json.hpp "
                "spdlog/spdlog.h valijson/schema.hpp simgrid/s4u.hpp boost/asio.hpp "
                "boost/thread.hpp boost/random/mersenne_twister.hpp boost/chrono.hpp CLI/CLI.hpp"
            ).split()
        ),
        ("model/base/a.hpp", "pybind11/pybind11.h"),
        ("sim/world/network.hpp", "simgrid/s4u.hpp"),
        ("sim/world/network.hpp", "xbt/log.h"),
        ("sim/memory/world.cpp", "simgrid/s4u.hpp"),
        ("sim/scenario/load.cpp", "simgrid/s4u.hpp"),
        ("sim/workload/churn.cpp", "xbt/log.h"),
        ("bindings/module.cpp", "simgrid/s4u.hpp"),
        ("tests/unit/a_test.cpp", "simgrid/s4u.hpp"),
        ("tests/benchmarks/speed.cpp", "simgrid/s4u.hpp"),
        ("sim/scenario/load.cpp", "pybind11/pybind11.h"),
        ("sim/scenario/load.cpp", "Python.h"),
    ],
)
def test_header_out_of_place(path: str, header: str) -> None:
    assert rules.foreign_headers(path, f"#include <{header}>\n") == [
        f"{path}:1: may not include <{header}>"
    ]


def test_quoted_simgrid_is_still_simgrid() -> None:
    assert rules.foreign_headers("model/base/a.hpp", '# include "simgrid/s4u.hpp"\n')


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("model/base/a.hpp", "vector"),
        ("model/recovery/plan.cpp", "boost/graph/topological_sort.hpp"),
        ("model/recovery/plan.cpp", "Eigen/Dense"),
        ("sim/world/network.cpp", "simgrid/s4u.hpp"),
        ("sim/scenario/load.cpp", "nlohmann/json.hpp"),
        ("tests/engine/network_test.cpp", "simgrid/s4u.hpp"),
        ("tests/benchmarks/reference_a.cpp", "simgrid/s4u.hpp"),
        ("bindings/model_module.cpp", "pybind11/pybind11.h"),
        ("sim/worker/serve.cpp", "sys/socket.h"),
    ],
)
def test_header_in_its_place(path: str, header: str) -> None:
    assert rules.foreign_headers(path, f"#include <{header}>\n") == []


@pytest.mark.parametrize(
    "code",
    [
        "auto now = time(nullptr);",
        "return std::time(nullptr);",
        "    time(nullptr);",
        "int x = rand() % 6;",
        "std::srand(1);",
        'f(std::getenv("HOME"));',
        "auto c = std::clock();",
        'printf("%d", 1);',
    ],
)
def test_worldly_call(code: str) -> None:
    problems = rules.worldly_calls("model/base/a.cpp", f"\n{code}\n")
    assert len(problems) == 1
    assert problems[0].startswith("model/base/a.cpp:2: calls ")
    assert rules.worldly_calls("sim/worker/main.cpp", code) == []


@pytest.mark.parametrize(
    "code",
    [
        "// time(nullptr) is forbidden",
        'f("rand()");',
        "env.clock().now();",
        "port->time();",
        "Instant time() const;",
        "Clock& clock();",
        "transfer_time(amount, rate);",
        "brand(1);",
        "const int big = 1'000; /* rand() */ int c = '\"';",
    ],
)
def test_harmless_call(code: str) -> None:
    assert rules.worldly_calls("model/base/a.cpp", code) == []


def test_planted_bugs() -> None:
    asks = "// x\nif (mutant(Mutant::Late)) return;\n"
    include = '#include "model/base/mutant.hpp"\n'
    header, source = "model/storage/a.hpp", "model/storage/a.cpp"
    assert rules.planted_bugs(header, asks) == [f"{header}:2: a header asks mutant()"]
    assert rules.planted_bugs(header, include) == [
        f"{header}:1: a header includes model/base/mutant.hpp"
    ]
    assert rules.planted_bugs(source, "// x\n\nmutant(bug);\n") == [
        f"{source}:3: mutant() is asked by name: mutant(Mutant::X)"
    ]
    assert rules.planted_bugs(source, include + asks) == []
    assert rules.planted_bugs("model/base/mutant.hpp", "constexpr bool mutant(Mutant) {\n") == []


def test_file_start() -> None:
    good = "// model/base/a.hpp — one sentence.\n#pragma once\n"
    assert rules.file_start("model/base/a.hpp", good) == []
    assert rules.file_start("model/base/b.hpp", good)
    assert rules.file_start("model/base/a.hpp", good.replace("—", "-"))
    assert rules.file_start("model/base/a.hpp", good.replace("one sentence.", ""))
    assert rules.file_start("model/base/a.hpp", good.replace("#pragma once", ""))
    assert rules.file_start("model/base/a.cpp", "")


def test_lengths() -> None:
    assert rules.lengths("a.cpp", "x" * 100 + "\n" + "\n" * 499) == []
    assert rules.lengths("a.cpp", "\n" + "é" * 101) == ["a.cpp:2: 101 columns, at most 100"]
    assert rules.lengths("a.cpp", "\n" * 501) == ["a.cpp: 501 lines, at most 500"]


@pytest.mark.parametrize("word", rules.BANNED_WORDS)
def test_banned_words(word: str) -> None:
    assert rules.banned_words("a.md", f"ok\nfix: {word} soon\n") == [f"a.md:2: holds {word}"]
    assert rules.banned_words("a.md", f"mktemp {word}{word} {word}_MACRO\n") == []


def body(lines: int) -> str:
    return "\n".join(["    work();"] * lines)


@pytest.mark.parametrize(
    "head",
    [
        "void f() ",
        "namespace a::b {\nclass C : public D {\n  int f(int x = 1) const override ",
        "TEST(Suite, Name) ",
        "C::C(int x)\n    : x_(x) ",
        "template <typename T>\nauto f(T t) -> int ",
        'extern "C" {\nint f() ',
    ],
)
def test_cpp_function_length(head: str) -> None:
    closing = "}" * (head.count("{") + 1)
    rows = head.rsplit("\n\n", 1)[-1].count("\n")
    own_rows = rows if "{\n" not in head else 0
    fits = rules.FUNCTION_LENGTH - 2 - own_rows
    assert rules.cpp_function_length("a.cpp", f"{head}{{\n{body(fits)}\n{closing}\n") == []
    found = rules.cpp_function_length("a.cpp", f"{head}{{\n{body(fits + 1)}\n{closing}\n")
    assert len(found) == 1
    assert f"function of {rules.FUNCTION_LENGTH + 1} lines" in found[0]


def test_long_class_and_table_are_no_functions() -> None:
    fields = "\n".join(["    int x = f(1);"] * 90)
    rows = "\n".join(['    {1, "}"},'] * 90)
    assert rules.cpp_function_length("a.hpp", f"struct S {{\n{fields}\n}};\n") == []
    assert rules.cpp_function_length("a.cpp", f"const Row kRows[] = {{\n{rows}\n}};\n") == []
    assert (
        rules.cpp_function_length("a.cpp", f"#define M(x) {{ \\\n  f(x)\nvoid g() {{}}\n{rows}")
        == []
    )


def test_python_function_length() -> None:
    fits = "def f():\n" + "    x = 1\n" * 69
    documented = 'def f():\n    """' + "text\n    " * 80 + '"""\n' + "    x = 1\n" * 60
    assert rules.python_function_length("a.py", fits) == []
    assert rules.python_function_length("a.py", documented) == []
    assert rules.python_function_length("a.py", fits + "    x = 1\n") == [
        "a.py:1: function of 71 lines, at most 70"
    ]


@pytest.mark.parametrize(
    "symbol",
    [
        "simgrid::s4u::Engine::run() const",
        "xbt_log_control_set",
        "clock_gettime",
        "time@GLIBC_2.2.5",
        "socket",
        "pthread_create",
        "std::chrono::_V2::system_clock::now()",
        "std::random_device::_M_getval()",
        "std::cout",
        "getenv",
        "std::basic_ofstream<char, std::char_traits<char> >::basic_ofstream()",
    ],
)
def test_worldly_symbol(symbol: str) -> None:
    assert rules.worldly_symbols(f"a.o:\n                 U {symbol}\n") == [symbol]
    assert rules.worldly_symbols(f"                 w {symbol}\n") == [symbol]


def test_harmless_symbols() -> None:
    listing = (
        "check.cpp.o:\n\n                 U landfall::runtime(int)\n"
        "                 U std::__throw_length_error(char const*)\n"
        "                 U operator new(unsigned long)\n                 U memcpy\n"
        "                 U __libc_single_threaded\n                 U timeline\n"
    )
    assert rules.worldly_symbols(listing) == []


def test_mutable_globals() -> None:
    listing = (
        "0000000000000000 l     O .bss\t0000000000000004 landfall::counter\n"
        "0000000000000000 g     O .data.rel.ro.local\t0000000000000010 landfall::kTable\n"
        "0000000000000000 l     O .data.rel.local\t0000000000000010 landfall::kRules\n"
        "0000000000000000 g     O .rodata\t0000000000000010 landfall::kNumbers\n"
        "0000000000000000  w    O .data.rel.ro._ZTVN1aE\t0000000000000028 .hidden vtable for a\n"
        "0000000000000000 g     F .text\t0000000000000010 landfall::f()\n"
        "0000000000000008 l     O .tbss\t0000000000000004 .hidden landfall::per_thread\n"
    )
    assert rules.mutable_globals(listing) == ["landfall::counter", "landfall::per_thread"]


def test_unregistered_sources() -> None:
    assert rules.unregistered_sources(["tests/unit/a_test.cpp", "b.cpp"], ["b.cpp"]) == [
        "tests/unit/a_test.cpp: no CMake target compiles it"
    ]


def test_unreferenced_scenarios() -> None:
    texts = ['run("first-migration")', "gallery/cutover-night.json"]
    assert rules.unreferenced_scenarios(["first-migration", "cutover-night"], texts) == []
    assert rules.unreferenced_scenarios(["first", "night"], texts) == [
        "scenarios/gallery/first.json: no test names it",
        "scenarios/gallery/night.json: no test names it",
    ]

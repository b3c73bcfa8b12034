"""Every file keeps the house rules.

What a rule means is in rules.py; that each of them can fail, in test_rules.py.
"""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from tidy import rules, tree

Rule = Callable[[str, str], list[str]]

PROSE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
BUILD_FILES = ("tools", "cmake", "CMakeLists.txt", "Makefile", "pyproject.toml")


def report(problems: list[str]) -> None:
    if problems:
        pytest.fail(f"{len(problems)} problems:\n" + "\n".join(problems), pytrace=False)


def apply(rule: Rule, sources: Iterable[tuple[str, str]]) -> None:
    sources = list(sources)
    assert sources, "no file to look at"
    report([problem for path, text in sources for problem in rule(path, text)])


def need(path: Path, what: str) -> Path:
    if not path.exists():
        message = f"{what} is not built: no {path}; run `make build` or set LANDFALL_BUILD_DIR"
        if tree.IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return path


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "rule",
    [
        rules.import_direction,
        rules.foreign_headers,
        rules.worldly_calls,
        rules.planted_bugs,
        rules.file_start,
        rules.cpp_function_length,
    ],
    ids=lambda rule: rule.__name__,
)
def test_cpp(rule: Rule) -> None:
    apply(rule, tree.files(".cpp", ".hpp"))


def test_python_functions_are_short() -> None:
    apply(rules.python_function_length, tree.files(".py"))


def test_lines_and_files_are_short() -> None:
    suffixes = (".cpp", ".hpp", ".py", ".pyi", ".sh", ".cmake", "CMakeLists.txt")
    apply(rules.lengths, tree.files(*suffixes, under=(*tree.CODE_FOLDERS, *BUILD_FILES)))


def test_nothing_is_left_for_later() -> None:
    suffixes = (".cpp", ".hpp", ".py", ".pyi", ".sh", ".cmake", ".txt", ".md", ".toml", "Makefile")
    under = (*tree.CODE_FOLDERS, *BUILD_FILES, *PROSE, "scenarios")
    apply(rules.banned_words, tree.files(*suffixes, under=under))


def test_included_files_exist() -> None:
    report(
        [
            f"{path}:{include.line}: no such file {include.target}"
            for path, text in tree.files(".cpp", ".hpp")
            for include in rules.includes(text)
            if include.quoted and not (tree.ROOT / include.target).exists()
        ]
    )


def test_every_model_folder_has_a_place_in_the_layers() -> None:
    folders = {path.split("/")[1] for path in tree.paths(".hpp", under=("model",))}
    assert folders <= set(rules.MODEL_LAYERS)


def test_every_source_is_compiled() -> None:
    need(tree.BUILD / "compile_commands.json", "landfall")
    compiled = tree.compiled_sources()
    assert compiled
    report(rules.unregistered_sources(tree.paths(".cpp"), compiled))


def test_every_python_test_is_collected() -> None:
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())
    folders = tuple(f"{path}/" for path in project["tool"]["pytest"]["ini_options"]["testpaths"])
    report(
        [
            f"{path}: pytest does not collect it"
            for path in tree.paths(".py", under=("tests",))
            if Path(path).stem.endswith("_test")
            or (Path(path).stem.startswith("test_") and not path.startswith(folders))
        ]
    )


def test_every_gallery_scenario_is_named_by_a_test() -> None:
    gallery = [
        path
        for path in tree.paths(".json", under=("scenarios",))
        if path.startswith("scenarios/gallery/")
    ]
    texts = [text for _, text in tree.files(".py", ".cpp", ".json", ".csv", under=("tests",))]
    report(rules.unreferenced_scenarios([Path(path).stem for path in gallery], texts))


def test_model_library_links_no_world() -> None:
    library = need(tree.BUILD / "liblandfall_model.a", "landfall_model")
    listing = output_of("nm", "-C", "--undefined-only", str(library))
    assert " U " in listing, "nm printed no undefined symbol at all"
    report(rules.worldly_symbols(listing))


def test_model_library_has_no_mutable_global() -> None:
    library = need(tree.BUILD / "liblandfall_model.a", "landfall_model")
    listing = output_of("objdump", "-t", "-C", str(library))
    assert " F .text" in listing, "objdump printed no function at all"
    report(rules.mutable_globals(listing))


def test_python_module_needs_no_simgrid() -> None:
    folder = tree.ROOT / "bindings" / "landfall"
    modules = list(folder.glob("_model*.so")) or [need(folder / "_model.so", "the Python module")]
    for module in modules:
        listing = output_of("objdump", "-p", str(module))
        assert "NEEDED" in listing
        assert "simgrid" not in listing

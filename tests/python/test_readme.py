"""The README's Python example prints what the README says it prints."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import landfall as lf

README = Path(__file__).resolve().parents[2] / "README.md"


def test_python_example_prints_what_stands_below_it() -> None:
    text = README.read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```\s+```\n(.*?)```", text, re.DOTALL)
    assert example, "the README has a Python example with its output"
    code, expected = example.groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(README), "exec"), {})
    assert printed.getvalue() == expected


def test_what_it_says_a_result_has_is_there() -> None:
    text = README.read_text(encoding="utf-8")
    named = re.findall(r"`result\.([a-z_.]+)(?:\([^)]*\))?`", text)
    assert len(named) >= 3
    assert [name for name in named if not hasattr(lf.Result, name.split(".")[0])] == []


def test_pictures_and_links_exist() -> None:
    text = README.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    assert targets
    assert [target for target in targets if not (README.parent / target).exists()] == []

"""The examples of docs/sweeps.md run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from python.run_samples import REPOSITORY

PAGE = REPOSITORY / "docs" / "sweeps.md"


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 4
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)
    assert (tmp_path / "out" / "links.png").stat().st_size > 10_000
    assert (tmp_path / "out" / "links" / "manifest.json").exists()

"""The notebooks run from the first cell to the last, and every number that they state holds.

Each runs in a kernel of this interpreter, in a folder of its own. What a notebook asserts about its
numbers is in its cells; here is what all of them have to be.
"""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import jupytext
import nbformat
import notebooks
import numpy as np
import pytest
from matplotlib.image import imread
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from validation.shared_data import shared_data

SOURCES = {source.stem: source for source in notebooks.sources()}
TRACE = "bitbrains/write_kbps_5min_2013-8.csv.gz"
TIMEOUT_S = 120  # of one notebook; all of them together have five minutes on two cores
WITH_DATA = "02_size_the_link"


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> Path:
    return SOURCES[request.param]


@pytest.fixture
def no_data(tmp_path: Path) -> str:
    """A folder without reference data, as users have it."""
    return str(tmp_path)


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]


def shown(notebook: NotebookNode, kind: str) -> list[str]:
    return [out.data[kind] for out in outputs(notebook) if kind in out.get("data", {})]


def check(notebook: NotebookNode) -> None:
    """Fail unless a notebook that ran has its pictures, its finding, and nothing untoward."""
    pictures = [imread(io.BytesIO(base64.b64decode(png))) for png in shown(notebook, "image/png")]
    assert len(pictures) >= 3
    for picture in pictures:
        assert min(picture.shape[:2]) > 200
        assert np.unique(picture.reshape(-1, picture.shape[2]), axis=0).shape[0] > 50, "empty"
    texts = [out.get("text", "") for out in outputs(notebook)]
    assert [out.text for out in outputs(notebook) if out.get("name") == "stderr"] == []
    bare = [out for out in outputs(notebook) if set(out.get("data", {})) == {"text/plain"}]
    assert not any("<Figure" in out.data["text/plain"] for out in bare), "a picture is not shown"
    *_, last = [cell for cell in notebook.cells if cell.cell_type == "code"]
    findings = [out.data["text/markdown"] for out in last.outputs if "data" in out]
    assert len(findings) == 1, "the last cell says what was found"
    assert "**" in findings[0]
    assert "nan" not in findings[0]
    told = "".join([*texts, *findings, *shown(notebook, "text/plain")])
    assert str(notebooks.ROOT) not in told


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_S)
def test_runs_without_reference_data(source: Path, no_data: str) -> None:
    check(notebooks.executed(source, data=no_data))


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_S)
def test_the_link_is_sized_on_real_churn_too() -> None:
    folder = shared_data(TRACE).parents[1]
    notebook = notebooks.executed(SOURCES[WITH_DATA], data=str(folder))
    check(notebook)
    assert any("500 machines" in text for text in shown(notebook, "text/markdown"))


def test_there_are_at_least_five() -> None:
    assert len(SOURCES) >= 5


def test_the_pair_is_in_step_and_has_no_outputs(source: Path) -> None:
    pair = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(pair)
    assert pair == notebooks.notebook_of(source), "run: python tools/notebooks.py pair"
    assert all(
        cell.outputs == [] and cell.execution_count is None
        for cell in pair.cells
        if cell.cell_type == "code"
    )


def test_jupyter_would_save_the_same_script(source: Path) -> None:
    pair = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    again = jupytext.reads(jupytext.writes(pair, fmt="py:percent"), fmt="py:percent")
    cells = [(cell.cell_type, cell.source) for cell in again.cells]
    assert cells == [(cell.cell_type, cell.source) for cell in jupytext.read(source).cells]


def test_it_is_a_story(source: Path) -> None:
    cells = jupytext.read(source).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    words = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert any("## The finding" in text for text in words)
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert code.count("assert ") >= 5, "a wrong number has to fail"
    assert code.count("style(") + code.count(".plot") + code.count(".heat_map") >= 3


def test_the_index_names_it(source: Path) -> None:
    index = (notebooks.ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert f"../analysis/notebooks/{source.stem}.ipynb" in index


def test_a_wrong_number_fails_and_the_kernel_is_this_interpreter(tmp_path: Path) -> None:
    script = tmp_path / "wrong.py"
    script.write_text("# %%\nassert 1 + 1 == 3, 'wrong'\n", encoding="utf-8")
    with pytest.raises(CellExecutionError, match="wrong"):
        notebooks.executed(script, data=str(tmp_path))
    script.write_text("# %%\nimport sys\nprint(sys.executable)\n", encoding="utf-8")
    (printed,) = outputs(notebooks.executed(script, data=str(tmp_path)))
    assert printed.text.strip() == sys.executable
    assert list(tmp_path.iterdir()) == [script], "nothing is written beside it"

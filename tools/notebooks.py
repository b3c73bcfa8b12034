"""tools/notebooks.py: runs the notebooks of analysis/notebooks, and keeps their pairs in step.

A notebook is a script in jupytext's percent format; beside it stands the same as .ipynb, without
outputs. The kernel is the interpreter that runs this, whatever kernels are installed.

    python tools/notebooks.py pair              writes every .ipynb anew from its script
    python tools/notebooks.py run FOLDER        runs all; FOLDER gets each as .ipynb and .html
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jupytext
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets import Instance

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "analysis" / "notebooks"
#: Where the reference data are: notebooks that find them use them (see tests/validation).
DATA = "LANDFALL_SHARED_DATA"
CELL_TIMEOUT_S = 240
#: Folders of a kernel, and what tells it of them: it writes nowhere else, and reads no settings.
_SETTINGS = {
    "config": "JUPYTER_CONFIG_DIR",
    "data": "JUPYTER_DATA_DIR",
    "runtime": "JUPYTER_RUNTIME_DIR",
    "ipython": "IPYTHONDIR",
    "matplotlib": "MPLCONFIGDIR",
    "work": "TMPDIR",  # also its working directory
}


class OwnKernel(AsyncKernelManager):
    """The kernel of this interpreter: with no folder to look in, the native one is left."""

    kernel_spec_manager = Instance(KernelSpecManager, kw={"kernel_dirs": []})


def sources() -> list[Path]:
    """Return the scripts of all notebooks, in their order."""
    return sorted(FOLDER.glob("*.py"))


def notebook_of(source: Path) -> NotebookNode:
    """Return a script as a notebook without outputs; the same script gives the same notebook."""
    notebook = jupytext.read(source)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{source.stem.replace('_', '-')}-{number}"
    notebook.metadata.pop("jupytext", None)
    notebook.metadata["jupytext"] = {"formats": "ipynb,py:percent"}
    return notebook


def write_pair(source: Path) -> Path:
    """Write the .ipynb that stands beside a script, and return its path."""
    path = source.with_suffix(".ipynb")
    nbformat.write(notebook_of(source), path)
    return path


def data_folder() -> str:
    """Return the folder of the reference data: as the environment says, or beside the checkout."""
    return os.environ.get(DATA, str(ROOT.parent / "shared" / "data"))


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def executed(source: Path, *, data: str | None = None) -> NotebookNode:
    """Run a notebook in a folder of its own, which is gone afterwards; return it with outputs.

    Parameters
    ----------
    source
        Its script.
    data
        Folder of the reference data; as `data_folder` by default.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell raised, an assertion for example.
    """
    notebook = notebook_of(source)
    with tempfile.TemporaryDirectory() as folder:
        settings = {DATA: data_folder() if data is None else data, "JUPYTER_PLATFORM_DIRS": "1"}
        for part, name in _SETTINGS.items():
            (Path(folder) / part).mkdir()
            settings[name] = str(Path(folder) / part)
        with _environment(settings):
            client = NotebookClient(
                notebook,
                timeout=CELL_TIMEOUT_S,
                kernel_name="python3",
                kernel_manager_class=OwnKernel,
                extra_arguments=["--log-level=ERROR"],
                resources={"metadata": {"path": str(Path(folder) / "work")}},
            )
            client.execute()
    return notebook


def run_all(target: Path) -> None:
    """Run every notebook and write it, with its outputs, as .ipynb and HTML into a folder."""
    from nbconvert import HTMLExporter

    target.mkdir(parents=True, exist_ok=True)
    # Scripts from elsewhere would make a page that needs a network; these notebooks need none.
    links = ("mathjax", "require_js", "jquery", "mermaid_js", "mermaid_layout_elk_js")
    exporter = HTMLExporter(**{f"{name}_url": "" for name in links})
    for source in sources():
        started = time.perf_counter()
        notebook = executed(source)
        nbformat.write(notebook, target / f"{source.stem}.ipynb")
        page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": source.stem}})
        (target / f"{source.stem}.html").write_text(page, encoding="utf-8")
        seconds = time.perf_counter() - started
        print(f"{source.stem}: {seconds:.0f} s, {target / source.stem}.html", flush=True)


def main(arguments: list[str]) -> int:
    """Do what the command line asks for."""
    match arguments:
        case ["pair"]:
            for source in sources():
                write_pair(source)
        case ["run", folder]:
            run_all(Path(folder))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

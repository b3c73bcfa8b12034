"""Commands and examples of the pages on planning run as they stand, over files of their names."""

from __future__ import annotations

import gzip
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from landfall import cli
from python.inventory_samples import INFO, machine, workbook
from python.run_samples import REPOSITORY
from typer.testing import CliRunner

pytestmark = pytest.mark.usefixtures("built")

NAMES = ("web1", "web2", "db")
SLOTS = 10 * 288
#: The page, with what it leaves behind.
PAGES = {
    "planner": ["plan/report.html", "plan/scenario.json", "plan.html"],
    "waves": ["waves/waves.csv", "waves/waves.png", "waves.png"],
    "inventory": ["inventory.json"],
    "synthetic-traces": ["churn.npz"],
    "reports": ["out/before/report.html", "diff.html", "before.html", "x.html"],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the files that the pages name."""
    disks = [["VM", "Disk", "Capacity MiB", "Consumed MiB"]]
    disks += [[name, "Hard disk 1", 65_536, 32_768] for name in NAMES]
    info = [INFO, *(machine(name) for name in NAMES)]
    workbook(tmp_path / "rvtools.xlsx", {"vInfo": info, "vDisk": disks})
    rows = [
        "*Server name,*Cores,*Memory (In MB),*OS name,Disk 1 size (In GB),Storage in use (In GB)"
    ]
    rows += [f"{name},2,4096,Ubuntu 20.04,64,32" for name in NAMES]
    (tmp_path / "servers.csv").write_text("\n".join(rows) + "\n")
    rates = np.random.default_rng(1).lognormal(5.0, 0.7, (SLOTS, len(NAMES))).round(1)
    lines = ["time," + ",".join(NAMES)]
    lines += [f"{300 * slot},{','.join(map(str, row))}" for slot, row in enumerate(rates.tolist())]
    (tmp_path / "churn.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_as_it_stands(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", lambda url: True)
    text = (REPOSITORY / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {}
    for kind, block in blocks:
        if kind == "json":
            (folder / "project.json").write_text(block, encoding="utf-8")
    for kind, block in blocks:
        if kind == "python":
            exec(compile(block, page, "exec"), names)
        elif not kind and block.startswith("landfall "):
            for line in block.replace("\\\n", " ").splitlines():
                done = CliRunner().invoke(cli.app, shlex.split(line, comments=True)[1:])
                assert done.exit_code == 0, f"{line}\n{done.output}"
    assert [name for name in PAGES[page] if not (folder / name).is_file()] == []

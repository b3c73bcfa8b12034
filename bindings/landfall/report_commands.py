"""The commands ``landfall report`` and ``landfall compare``; nothing is loaded before one runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import terminal
from .errors import UnreadableResult

if TYPE_CHECKING:
    from rich.table import Table

    from .report import TableBlock

__all__ = ["compare", "report"]

_Static = Annotated[
    bool, typer.Option("--static", help="Pictures only: a small file, without Plotly's script.")
]
_Show = Annotated[bool, typer.Option("--open", help="Show it in the browser.")]


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a saved result.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The HTML file. [DIR/report.html]")
    ] = None,
    static: _Static = False,
    show: _Show = False,
) -> None:
    """Write the report of a saved result: one HTML file that needs nothing else."""
    from .export import REPORT
    from .report import run_page
    from .result_files import load_result
    from .writing import check_file

    if out is not None:
        check_file("--out", out)
    target = out if out is not None else folder / REPORT
    result = load_result(folder)
    page = run_page(result, interactive=not static, where=str(folder))
    _written(page.save(target), show)


def compare(
    folders: Annotated[
        list[Path], typer.Argument(metavar="A B...", help="Folders of saved results.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an HTML file with all of it.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the comparison as JSON, and nothing else.")
    ] = False,
    static: _Static = False,
    show: _Show = False,
) -> None:
    """Set saved results side by side: what differs in numbers, over time, in the scenarios."""
    from .comparison import compare as compared
    from .writing import check_file

    if not 2 <= len(folders) <= 12:
        raise UnreadableResult(f"give two to twelve folders to compare, not {len(folders)}")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UnreadableResult("a folder is given twice: a result does not differ from itself")
    if out is not None:
        check_file("--out", out)
    if show and out is None:
        raise UnreadableResult("--open goes with --out FILE")
    comparison = compared(*folders)
    if as_json:
        from .export import finite

        text = json.dumps(finite(comparison.to_dict()), indent=2, ensure_ascii=False)
        typer.echo(text)
    else:
        from .report.comparison_report import headline_table, scenario_blocks

        for block in (headline_table(comparison), *scenario_blocks(comparison)):
            terminal.console().print(_rich(block, most=20))
    if out is not None:
        _written(comparison.page(interactive=not static).save(out), show, quiet=as_json)


def _written(path: Path, show: bool, *, quiet: bool = False) -> None:
    if not quiet:
        terminal.say(f"written to {path}")
    if show:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())


def _rich(block: TableBlock, most: int) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title=block.caption, title_justify="left", title_style="bold")
    for place, column in enumerate(block.columns):
        left = place == 0 or column.is_left
        table.add_column(Text(column.title), justify="left" if left else "right", overflow="fold")
    styles = {"good": "green", "better": "green", "bad": "red", "worse": "red", "warn": "yellow"}
    for row in block.cells[:most]:
        table.add_row(*(Text(cell.text, style=styles.get(cell.tone, "")) for cell in row))
    if len(block.rows) > most:
        table.caption = f"and {len(block.rows) - most:,} more; --out FILE has them"
    return table

"""The command ``landfall import``. Nothing is loaded before it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import terminal

if TYPE_CHECKING:
    from .model import Inventory

__all__ = ["import_file"]

_REJECTED_SHOWN = 20
_CELL_CHARS = 60


def import_file(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="An RVTools workbook or an Azure Migrate CSV."),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write the inventory as JSON.")
    ] = None,
    include_templates: Annotated[
        bool, typer.Option("--include-templates", help="Take templates as servers.")
    ] = False,
    include_powered_off: Annotated[
        bool, typer.Option("--include-powered-off", help="Take servers that do not run.")
    ] = False,
    decimal: Annotated[
        bool, typer.Option("--decimal", help="MB and GB of a CSV are powers of 1,000.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the inventory as JSON, and nothing else.")
    ] = False,
) -> None:
    """Read an inventory: print what it adds up to, what was rejected and what was assumed."""
    from ..writing import check_file
    from .reading import refuse
    from .recognise import load

    if out is not None:
        check_file("--out", out)
        if not out.parent.is_dir():
            refuse(str(out), "the folder for it does not exist")
    include = ["template"] * include_templates + ["powered-off"] * include_powered_off
    inventory = load(
        file,
        include=include,  # type: ignore[arg-type] # a list of these two words
        megabytes="decimal" if decimal else "binary",
    )
    if out is not None:
        inventory.save(out)
    if as_json:
        typer.echo(inventory.to_json(), nl=False)
        return
    _show(inventory)
    terminal.say(f"written to {out}" if out else "not written; --out FILE.json keeps it")


def _show(inventory: Inventory) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from ..document import printable
    from .present import totals

    terminal.say(f"{inventory.name} ({inventory.kind})", style="bold")
    summary = Table(box=None, show_header=False, pad_edge=False)
    for title, text in totals(inventory):
        summary.add_row(title, text)
    out = terminal.console()
    out.print(summary)
    if inventory.rejected:
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for head in ("where", "server", "lost", "rejected because", "found"):
            table.add_column(head, overflow="fold")
        for each in inventory.rejected[:_REJECTED_SHOWN]:
            cells = (each.where, each.name or "", each.what, each.reason, each.found or "")
            table.add_row(*(printable(cell)[:_CELL_CHARS] for cell in cells))
        out.print(table)
        if (more := len(inventory.rejected) - _REJECTED_SHOWN) > 0:
            terminal.say(f"… {more:,} more rejected; --json lists all")
    for note in inventory.notes:
        terminal.say(f"note: {note}", style="dim")

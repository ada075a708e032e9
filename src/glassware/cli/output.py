"""How the command line speaks: errors, tables, JSON."""

import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from glassware.errors import GlasswareError, ManifestError


def out() -> Console:
    """Return the console for data."""
    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """Return the console for everything else."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def show_error(error: GlasswareError) -> None:
    """Show an error: what, where, and the way out."""
    console = err()
    console.print("[bold red]error[/]:", end=" ")
    console.print(error.message, markup=False)
    if isinstance(error, ManifestError):
        for fault in error.faults:
            console.print(f"  {fault}", markup=False)
            if fault.hint:
                console.print(f"    hint: {fault.hint}", style="dim", markup=False)
    if error.hint:
        console.print()
        console.print("[bold]hint[/]:", end=" ")
        console.print(error.hint, markup=False)


def show_json(data: Any) -> None:
    """Print data for a script."""
    click.echo(json.dumps(data, indent=2, default=str))


def show_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table that reads well, also in a pipe."""
    console = out()
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=not console.is_terminal)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    if not console.is_terminal:
        console = Console(highlight=False, width=400)
    console.print(table)


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return the message for a name that nothing has, with the nearest ones."""
    near = difflib.get_close_matches(name, tuple(known), n=2)
    hint = f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else ""
    return f"`{name}` is no {what}" + (f"; {hint}" if hint else "")

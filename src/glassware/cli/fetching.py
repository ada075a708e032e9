"""What is large is fetched: first a person says yes, then it is shown how far it is."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from glassware.engines import fetch
from glassware.engines.fetch import Tell
from glassware.engines.packages import Package, megabytes, place_of
from glassware.errors import EngineError

from . import output
from .programs import Missing


EVERY = 10.0
"""Seconds between two lines where no bar can be drawn."""

yes_option = click.option(
    "--yes", is_flag=True, help="Fetch what databases need without asking."
)


def can_answer() -> bool:
    """Tell whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agreed(wanted: Sequence[Missing], *, yes: bool) -> bool:
    """Say what is to be fetched; tell whether that is wanted.

    Where nobody can answer, only `yes` is a yes, and nothing is said without.
    """
    if not wanted or not (yes or can_answer()):
        return False
    for one in wanted:
        _describe(one)
    folder = place_of(wanted[0].package).parent
    click.echo(f"Kept in {folder}, for all sites.", err=True)
    if yes:
        return True
    total = megabytes(sum(one.package.size for one in wanted))
    return click.confirm(f"Fetch {total} now?", default=True, err=True)


def fetch_all(wanted: Sequence[Missing], site: Path | None) -> list[EngineError]:
    """Fetch packages one after the other; return what went wrong."""
    errors = []
    for one in wanted:
        try:
            _fetch(one.package, site)
        except EngineError as error:
            errors.append(error)
    return errors


def offer_packages(wanted: Sequence[Missing], site: Path, *, yes: bool) -> None:
    """Fetch what is missing if that is wanted; what cannot be had is only said.

    The services that need it say why they do not start.
    """
    if agreed(wanted, yes=yes):
        for error in fetch_all(wanted, site):
            output.show_error(error)


def _describe(one: Missing) -> None:
    package = one.package
    users = f", for {', '.join(one.services)}" if one.services else ""
    head = click.style(package.title, bold=True)
    size = megabytes(package.size)
    click.echo(f"{head}: {size} to fetch, licence {package.licence}{users}", err=True)
    if package.note:
        click.echo(f"  {package.note}", err=True)


def _fetch(package: Package, site: Path | None) -> None:
    console = output.err()
    showing = _bar(package) if console.is_terminal else _lines(package)
    with showing as tell:
        fetch.fetch(package, tell, site=site)
    click.echo(f"{package.title} is there", err=True)


@contextmanager
def _bar(package: Package) -> Iterator[Tell]:
    columns = (
        TextColumn("{task.description}", table_column=Column(no_wrap=True)),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=output.err(), transient=True) as bar:
        task = bar.add_task(package.title, total=package.size)

        def tell(progress: fetch.Progress) -> None:
            bar.update(
                task,
                completed=progress.done,
                total=progress.total,
                description=progress.doing,
            )

        yield tell


@contextmanager
def _lines(package: Package) -> Iterator[Tell]:
    """Say something now and then, for a log that somebody reads later."""
    said = time.monotonic()

    def tell(progress: fetch.Progress) -> None:
        nonlocal said
        if time.monotonic() - said > EVERY:
            said = time.monotonic()
            done = f"{megabytes(progress.done)} of {megabytes(progress.total)}"
            click.echo(f"{package.title}: {progress.doing}, {done}", err=True)

    yield tell

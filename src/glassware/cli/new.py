"""`glassware new`."""

from collections.abc import Iterable
from pathlib import Path

import click

from glassware import engines
from glassware.errors import GlasswareError, UsageError
from glassware.files import File
from glassware.manifest import find_site, load
from glassware.scaffold import new_layout, new_service, new_site

from . import output


@click.group(
    epilog="Example: glassware new site shop && cd shop && glassware new service cart"
)
def command() -> None:
    """Write a new site, a new service or a new look."""


@command.command(
    epilog="Example: glassware new site shop",
    short_help="A site with one service, in a folder of that name.",
)
@click.argument("name")
def site(name: str) -> None:
    """Write the site NAME, with one service, into a folder of that name."""
    _write(Path(name), new_site(Path(name).name))
    click.echo(f"wrote {name}/\n\nnext: cd {name} && glassware up", err=True)


@command.command(
    epilog="Example: glassware new service cart --database items=redis",
    short_help="A service with a test, in the site's `services` folder.",
)
@click.argument("name")
@click.option(
    "--database", "databases", multiple=True, metavar="NAME=ENGINE", help="Repeatable."
)
@click.option("--calls", multiple=True, metavar="SERVICE", help="Repeatable.")
def service(name: str, databases: tuple[str, ...], calls: tuple[str, ...]) -> None:
    """Write the service NAME, with a test, into the site's `services` folder."""
    folder = find_site(Path.cwd())
    wanted = dict(_database(text) for text in databases)
    _check_calls(folder, calls)
    _write(folder, new_service(name, databases=wanted, calls=calls))
    click.echo(f"wrote services/{name}/\n\nnext: glassware up", err=True)


@command.command(
    epilog="Example: glassware new layout",
    short_help="The look of the site: a page for all services to build upon.",
)
def layout() -> None:
    """Write the look of the site, for all services alike, into `layout`."""
    folder = find_site(Path.cwd())
    _write(folder, new_layout(load(folder).name))
    click.echo(
        'wrote layout/\n\nnext: {% extends "site/base.html" %} in any service', err=True
    )


def _check_calls(folder: Path, calls: Iterable[str]) -> None:
    """Refuse neighbours that are not there: the new manifest would have a fault."""
    if not calls:
        return
    known = [service.name for service in load(folder).services]
    for callee in calls:
        if callee not in known:
            raise UsageError(
                output.unknown("service", callee, known),
                hint=f"there are {', '.join(f'`{name}`' for name in known)}"
                if known
                else f"`glassware new service {callee}` writes it",
            )


def _database(text: str) -> tuple[str, str]:
    name, _, engine = text.partition("=")
    if not name or engine not in engines.NAMES:
        raise UsageError(
            f"`--database {text}` names no engine"
            if not engine
            else output.unknown("engine", engine, engines.NAMES),
            hint="write "
            + " or ".join(f"--database main={engine}" for engine in engines.NAMES),
        )
    return name, engine


def _write(folder: Path, files: Iterable[File]) -> None:
    """Write files where no file is; nothing that is there is touched."""
    planned = [(folder / file.path, file) for file in files]
    for path, _ in planned:
        if path.exists():
            raise UsageError(f"`{path}` is there already", hint="take another name")
    try:
        for path, file in planned:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
            path.chmod(file.mode)
    except OSError as error:
        raise GlasswareError(f"cannot write `{path}`: {error.strerror}") from error

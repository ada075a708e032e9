"""`glassware run`."""

import os
from pathlib import Path

import click

from glassware.errors import UsageError

from .site import complete, here, known


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog="Example: glassware run users -- flask db upgrade",
)
@click.argument("service", shell_complete=complete)
@click.argument("program", metavar="-- COMMAND", nargs=-1, type=click.UNPROCESSED)
def command(service: str, program: tuple[str, ...]) -> None:
    """Run COMMAND in the folder and environment of SERVICE, as the site runs it."""
    site = here()
    described = site.load()
    known((service,), described)
    if not program:
        raise UsageError("there is no command", hint=f"glassware run {service} -- sh")
    environment = site.ask("environment", service=service)["environment"]
    found = described.service(service)
    os.chdir(found.folder if found else Path.cwd())
    try:
        os.execvpe(program[0], list(program), environment)
    except OSError as error:
        raise UsageError(f"`{program[0]}` cannot be run: {error.strerror}") from error

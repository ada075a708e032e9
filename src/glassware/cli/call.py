"""`glassware call`."""

import os
import sys
import traceback
from typing import Any

import click

from glassware import current
from glassware.current import Incoming, Made
from glassware.environment import of_nobody
from glassware.errors import CallError, UsageError
from glassware.protocol import FAILURE, IDENTITY, TRACE
from glassware.service.client import services
from glassware.service.failure import remade
from glassware.told import read_failure

from . import output
from .site import complete, here, known
from .waterfall import show_waterfall


_SHOWN_OTHERWISE = {TRACE.lower(), FAILURE.lower()}


@click.command(epilog="Example: glassware call catalog /products/7")
@click.argument("service", shell_complete=complete)
@click.argument("path")
@click.option("-X", "--method", default="GET", show_default=True, help="Its method.")
@click.option("-d", "--data", help="The body.")
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="NAME:VALUE",
    help="A header of the request; repeatable.",
)
@click.option("-i", "--include", is_flag=True, help="Show status and headers, too.")
@click.option("--trace", is_flag=True, help="Show the time of each call behind it.")
def command(
    service: str,
    path: str,
    trace: bool,
    include: bool,
    **options: Any,
) -> None:
    """Call PATH of SERVICE, as a neighbour would; exit code 1 from status 400 on."""
    site = here()
    known((service,), site.load())
    variables = of_nobody(site.ask("environment", service=service)["environment"])
    # The others are of the terminal that the site was started in.
    ours = {n: v for n, v in variables.items() if n.startswith("GLASSWARE_")}
    os.environ.update(ours)
    proof = IDENTITY, site.ask("token", service=service)["token"]
    # Sent once: who debugs wants one traceback, and repeats it by hand.
    asking = Incoming(onward=(proof,), caller_retries=True)
    current.incoming.set(asking)
    made = asking.calls if trace else []
    try:
        answer = _ask(service, path, **options)
    except CallError:
        _show_trace(made)
        raise
    except ValueError as error:
        raise UsageError(str(error)) from None
    if include:
        click.echo(f"{answer.status_code}", err=True)
        for name, value in answer.fields:
            if name.lower() not in _SHOWN_OTHERWISE:
                click.echo(f"{name}: {value}", err=True)
    sys.stdout.buffer.write(answer.content)
    sys.stdout.buffer.flush()
    _show_trace(made)
    if trace and not made:
        click.echo("only a site in development tells how it made an answer", err=True)
    sys.exit(0 if answer.ok else 1)


def _ask(
    service: str, path: str, method: str, data: str | None, headers: tuple[str, ...]
) -> Any:
    return services[service].request(
        method, path, data=data, headers=[_split(header) for header in headers]
    )


def _split(header: str) -> tuple[str, str]:
    name, _, value = header.partition(":")
    return name.strip(), value.strip()


def _show_trace(calls: list[Made]) -> None:
    """Show the call that was made, if it was recorded, and why it failed."""
    for made in calls:
        # The answer may have ended within a line.
        click.echo(err=True)
        show_waterfall(output.err(), made)
        failure = read_failure(made.failure) if made.failure else None
        if failure is not None:
            lines = traceback.format_exception(remade(failure))
            click.echo("\n" + "".join(lines).rstrip(), err=True)

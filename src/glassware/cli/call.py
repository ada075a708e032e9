"""`glassware call`."""

import os
import sys

import click

from glassware.service.client import services

from .site import complete, here, known


@click.command(epilog="Example: glassware call catalog /products/7")
@click.argument("service", shell_complete=complete)
@click.argument("path")
@click.option("-X", "--method", default="GET", show_default=True)
@click.option("-d", "--data", help="The body.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE")
@click.option("-i", "--include", is_flag=True, help="Show status and headers, too.")
def command(
    service: str,
    path: str,
    method: str,
    data: str | None,
    headers: tuple[str, ...],
    include: bool,
) -> None:
    """Call PATH of SERVICE, as a neighbour would; exit code 1 from status 400 on."""
    site = here()
    known((service,), site.load())
    variables = site.ask("environment", service=service)["environment"]
    # Whoever sits at the terminal may call every service.
    variables.pop("GLASSWARE_CALLS", None)
    os.environ.update(variables)
    answer = services[service].request(
        method, path, data=data, headers=[_split(header) for header in headers]
    )
    if include:
        click.echo(f"{answer.status_code}", err=True)
        for name, value in answer.fields:
            click.echo(f"{name}: {value}", err=True)
    sys.stdout.buffer.write(answer.content)
    sys.exit(0 if answer.ok else 1)


def _split(header: str) -> tuple[str, str]:
    name, _, value = header.partition(":")
    return name.strip(), value.strip()

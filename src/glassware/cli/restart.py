"""`glassware restart`."""

import click

from glassware.graph import callers_of, start_order

from .site import complete, here, known


RESTARTS_WITHIN = 120.0
"""Seconds for one service: its migrations, its start, and the pause of a failure."""


@click.command(epilog="Example: glassware restart catalog --with-callers")
@click.argument("services", nargs=-1, shell_complete=complete)
@click.option("--with-callers", is_flag=True, help="Then whoever calls them, in order.")
def command(services: tuple[str, ...], with_callers: bool) -> None:
    """Start SERVICES anew, or all; requests go on being answered meanwhile."""
    site = here()
    described = site.load()
    names = set(known(services, described) or (s.name for s in described.services))
    if with_callers:
        names |= {
            caller for name in tuple(names) for caller in callers_of(described, name)
        }
    ordered = [name for name in start_order(described) if name in names]
    for name in ordered:
        site.ask("restart", within=RESTARTS_WITHIN, services=[name])
        click.echo(f"restarted {name}", err=True)

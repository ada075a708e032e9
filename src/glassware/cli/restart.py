"""`glassware restart`."""

import click

from glassware.errors import GlasswareError
from glassware.graph import callers_of, start_order
from glassware.model import Site

from .site import Here, complete, here, known


RESTARTS_WITHIN = 120.0
"""Seconds for one service: its migrations, its start, and the pause of a failure."""


CHANGES_WITHIN = 30.0


@click.command(epilog="Example: glassware restart catalog --with-callers")
@click.argument("services", nargs=-1, shell_complete=complete)
@click.option("--with-callers", is_flag=True, help="Then whoever calls them, in order.")
@click.option(
    "--new-key",
    is_flag=True,
    help="Each with another SECRET_KEY, in two restarts; nobody is signed out.",
)
def command(services: tuple[str, ...], with_callers: bool, new_key: bool) -> None:
    """Start SERVICES anew, or all; requests go on being answered meanwhile.

    A service of a group takes the others of the group with it.
    """
    site = here()
    described = site.load()
    names = set(known(services, described) or (s.name for s in described.services))
    if with_callers:
        names |= {
            caller for name in tuple(names) for caller in callers_of(described, name)
        }
    ordered = [name for name in start_order(described) if name in names]
    if not new_key:
        _restart(site, described, ordered)
        return
    for step in ("announce", "take"):
        for name in ordered:
            site.ask("change_key", within=CHANGES_WITHIN, service=name, step=step)
        _restart(site, described, ordered)


def _restart(site: Here, described: Site, ordered: list[str]) -> None:
    done: set[str] = set()
    for name in ordered:
        if name not in done:
            answer = site.ask("restart", within=RESTARTS_WITHIN, services=[name])
            done |= {*answer["restarted"]}
            others = [other for other in answer["restarted"] if other != name]
            _check(site, name)
            click.echo(f"restarted {name}{_beside(described, name, others)}", err=True)


def _check(site: Here, name: str) -> None:
    """Check that a service did start anew.

    Raises:
        GlasswareError: It did not; what served before may serve on.
    """
    states = site.ask("snapshot")["services"]
    reason = next((s.get("reason") for s in states if s["name"] == name), None)
    if reason:
        raise GlasswareError(
            f"`{name}` did not start anew: {reason}", hint=f"glassware logs {name}"
        )


def _beside(site: Site, name: str, others: list[str]) -> str:
    """Say who else was started anew with a service."""
    group = next((g for g, names in site.groups.items() if name in names), None)
    return f", with {', '.join(others)} (group `{group}`)" if others else ""

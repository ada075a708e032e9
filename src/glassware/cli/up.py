"""`glassware up`."""

import asyncio
import os
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from glassware.errors import GlasswareError, UnsupportedPlatform, UsageError
from glassware.graph import needed_by
from glassware.manifest import dotenv_variables, secret
from glassware.model import ENGINES, Site
from glassware.plan import Plan, make_plan
from glassware.runner.addresses import names_of, share_no_port
from glassware.runner.events import Bulletin, Told
from glassware.runner.guard import guard
from glassware.runner.names import give_names
from glassware.runner.network import refusal
from glassware.runner.state import State
from glassware.runner.supervisor import Options, Supervisor

from . import output
from .fetching import offer_packages, yes_option
from .fresh import agree, empty, fresh_option
from .install import offer_environments
from .programs import missing
from .site import Here, complete, here, known
from .terminal import Showing, Terminal, own_output


PATIENCE = 86_400.0
"""Seconds that a request may take in a service that has the terminal."""

ANY = 0
"""A port that the system chooses."""


@click.command(
    epilog="Example: glassware up storefront     starts it and what it needs"
)
@click.argument("services", nargs=-1, shell_complete=complete)
@click.option("--only", is_flag=True, help="Exactly the named services.")
@click.option("--port", type=click.IntRange(1, 65535), help="The public port.")
@click.option(
    "--debug",
    metavar="SERVICE",
    help="Give SERVICE the terminal.",
    shell_complete=complete,
)
@click.option("--production", is_flag=True, help="For visitors, not for authors.")
@fresh_option
@click.option(
    "--embedded", is_flag=True, help="Start database servers in production, too."
)
@click.option("--wire", is_flag=True, help="A process for each, in spite of groups.")
@click.option(
    "--apart",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    help="Beside the running site: state in this folder, databases of its own.",
)
@click.option("--data-only", is_flag=True, hidden=True)
@yes_option
def command(
    services: tuple[str, ...],
    only: bool,
    port: int | None,
    debug: str | None,
    production: bool,
    embedded: bool,
    fresh: bool,
    wire: bool,
    apart: Path | None,
    data_only: bool,
    yes: bool,
) -> None:
    """Run the site, or the named SERVICES and what they need."""
    began = time.monotonic()
    if sys.platform not in {"linux", "darwin"}:
        raise UnsupportedPlatform(f"glassware does not run on `{sys.platform}`")
    site = replace(here(), apart=apart)
    if debug is not None:
        known((debug,), site.load(production=production))
    asked = _Asked(
        services=services, only=only, production=production, debug=debug, wire=wire
    )
    read = partial(_read, site, asked)
    plan = read()
    if production and not embedded:
        _refuse_own_servers(plan)
    offer_packages(missing(plan, site.state.folder / "engines"), site.folder, yes=yes)
    offer_environments(plan)
    if fresh:
        agree(plan, yes=yes)
    options = Options(
        port=ANY if apart and port is None else port,
        debug=debug,
        began=began,
        dotenv=partial(dotenv_variables, site.folder),
        secrets=lambda name: secret(name, site.folder, os.environ),
        fresh=fresh,
        data_only=data_only,
    )
    state = site.state
    sys.exit(guard(partial(_supervise, read, plan, state, options)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the plan is to be made for, as the options say it."""

    services: tuple[str, ...]
    only: bool
    production: bool
    debug: str | None
    wire: bool


def _read(site: Here, asked: _Asked) -> Plan:
    described = _patient(site.load(production=asked.production), asked.debug)
    chosen = _chosen(described, known(asked.services, described), only=asked.only)
    decide = partial(
        make_plan,
        described,
        only=chosen,
        production=asked.production,
        wire=asked.wire,
        # Whoever stops in a view must not stop the neighbours.
        alone=asked.debug,
        # Elsewhere a fork of a process that has loaded system frameworks dies.
        forks=sys.platform == "linux",
    )
    plan = decide()
    if any(s.network for s in plan.services) and (refused := refusal()) is not None:
        plan = decide(networks=False)
        share_no_port(plan, refused)
    return plan


def _refuse_own_servers(plan: Plan) -> None:
    """Let visitors' data be where somebody looks after it.

    Raises:
        UsageError: The site would start a database server of its own.
    """
    own = list(dict.fromkeys(s.engine for s in plan.servers if s.url is None))
    if own:
        raise UsageError(
            "in production the site starts no database servers of its own, and there "
            f"is no URL for {', '.join(f'`{engine}`' for engine in own)}",
            hint="write `url` below "
            + " and ".join(f"`[engines.{engine}]`" for engine in own)
            + " in `site.production.toml`, or add `--embedded`",
        )


def _patient(site: Site, debug: str | None) -> Site:
    """Give visitors of the service `debug` all the time that a person may take."""
    return replace(
        site,
        services=tuple(
            replace(
                service,
                routes=tuple(replace(r, timeout=PATIENCE) for r in service.routes),
            )
            if service.name == debug
            else service
            for service in site.services
        ),
    )


def _chosen(
    site: Site, services: tuple[str, ...], *, only: bool
) -> frozenset[str] | None:
    if not services:
        return None
    return frozenset(services) if only else frozenset(needed_by(site, services))


def _supervise(read: partial[Plan], plan: Plan, state: State, options: Options) -> int:
    """Run in the process below the guard; return the exit code."""
    try:
        state.claim()
    except GlasswareError as error:
        output.show_error(error)
        return error.exit_code
    if options.fresh:
        empty(plan, state)
    groups = [unit for unit in plan.units if unit.group]
    names = (*(s.name for s in plan.services), *(group.name for group in groups))
    servers = tuple(server.key for server in plan.servers)
    terminal = Terminal(
        (*names, "gateway", *servers),
        hidden=frozenset({"gateway", *ENGINES}.difference(names)),
        file=own_output(),
    )
    showing = Showing(terminal)
    bulletin = Bulletin([showing.hear])
    for group in groups:
        bulletin.say(group.name, f"is one process for {', '.join(group.names)}")
    if hosts := names_of(plan):
        _name(hosts, state, bulletin)
    try:
        return asyncio.run(Supervisor(read, plan, state, options, bulletin).run())
    except GlasswareError as error:
        output.show_error(error)
        return error.exit_code
    finally:
        state.release()
        showing.close()


def _name(names: dict[str, str], state: State, bulletin: Bulletin) -> None:
    refused = give_names(names, state.folder / "hosts")
    if refused is not None:
        lines = "\n".join(f"{address} {name}" for name, address in names.items())
        bulletin.tell(
            Told(
                at=time.time(),
                source="",
                text=f"the services' host names do not resolve: {refused}; "
                "add these lines to /etc/hosts",
                importance="warning",
                detail=lines,
            )
        )

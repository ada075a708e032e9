"""What the commands share: the site they stand in, running or not."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from glassware.errors import GlasswareError, UsageError
from glassware.manifest import find_site, load
from glassware.model import Site
from glassware.runner.control import ask
from glassware.runner.state import State

from . import output


@dataclass(frozen=True, slots=True)
class Here:
    """The site that a command was called in.

    Attributes:
        folder: Its own.
        apart: Where its state is, if it runs beside itself; it has no
            databases but its own then.
    """

    folder: Path
    apart: Path | None = None

    @property
    def state(self) -> State:
        """Its state folder."""
        return State(self.folder, self.apart)

    def load(self, *, production: bool = False) -> Site:
        """Read its manifests.

        Raises:
            ManifestError: They have faults.
        """
        site = load(self.folder, environment=os.environ, production=production)
        if self.apart is None:
            return site
        own = {name: replace(e, url=None) for name, e in site.engines.items()}
        services = tuple(replace(service, urls={}) for service in site.services)
        return replace(site, engines=own, services=services)

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Ask the running site.

        Raises:
            SiteNotRunning: It does not run.
        """
        return ask(self.state.running().control, op, **arguments)


def here() -> Here:
    """Return the site of the working folder.

    Raises:
        NotASite: There is none here or above.
    """
    return Here(find_site(Path.cwd()))


def known(names: tuple[str, ...], site: Site) -> tuple[str, ...]:
    """Return `names` if each is a service of `site`.

    Raises:
        UsageError: One is not.
    """
    services = [service.name for service in site.services]
    for name in names:
        if name not in services:
            raise UsageError(
                output.unknown("service of this site", name, services),
                hint=f"its services: {', '.join(services)}",
            )
    return names


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the services that a shell may complete a name to."""
    try:
        services = here().load().services
    except GlasswareError:
        return []
    return [s.name for s in services if s.name.startswith(incomplete)]


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

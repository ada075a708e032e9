"""Load a site: a visible list of named steps."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from glassware.errors import Fault, ManifestError, NotASite
from glassware.model import Site

from .build import build
from .discover import is_site
from .draft import Draft
from .overlay import overlay
from .read import read
from .rules import rules
from .variables import dotenv_variables


Step = Callable[[Draft], Draft]

STEPS: tuple[Step, ...] = (read, overlay, build, rules)
"""Text, one tree, the model, and what must hold in it."""


def load(
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    production: bool = False,
) -> Site:
    """Return the site in a folder.

    Args:
        folder: The site's own; see `find_site`.
        environment: The variables that hold secrets and the URLs of existing
            servers. One that is missing is a fault; but the site of its authors
            has a server of its own where the URL of one is. `None`: nobody looks.
        production: Lay `site.production.toml` over `site.toml`.

    Raises:
        ManifestError: With every fault of every manifest.
        NotASite: There is neither a manifest nor a service.
    """
    folder = Path(os.path.realpath(folder))
    if not is_site(folder):
        raise NotASite(
            f"`{folder}` is not a site",
            hint="a site is a folder with `site.toml`, or with services in "
            "`services/`; `glassware new site NAME` makes one",
        )
    draft = Draft(
        folder=folder,
        environment=environment,
        production=production,
        site=Site(folder=folder),
    )
    for step in STEPS:
        draft = step(draft)
    if draft.faults:
        raise ManifestError(tuple(sorted(dict.fromkeys(draft.faults), key=_order)))
    if environment is None or production:
        return draft.site
    return _with_own_servers(draft.site, {**dotenv_variables(folder), **environment})


def _with_own_servers(site: Site, environment: Mapping[str, str]) -> Site:
    """Return the site without URLs that nobody has set on this machine."""
    engines = {
        name: replace(engine, url=None)
        if engine.url and not _is_set(engine.url, environment)
        else engine
        for name, engine in site.engines.items()
    }
    services = tuple(
        replace(
            service,
            urls={n: u for n, u in service.urls.items() if _is_set(u, environment)},
        )
        for service in site.services
    )
    return replace(site, engines=engines, services=services)


def _is_set(url: str, environment: Mapping[str, str]) -> bool:
    variable = url.removeprefix("env:")
    return variable == url or bool(environment.get(variable))


def _order(fault: Fault) -> tuple[str, int]:
    return str(fault.file), fault.line or 0

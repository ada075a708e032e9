"""Load a site: a visible list of named steps."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from glassware.errors import Fault, ManifestError, NotASite
from glassware.model import Site

from .build import build
from .discover import is_site
from .draft import Draft
from .overlay import overlay
from .read import read
from .rules import rules


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
            servers: one that is missing is a fault. `None`: nobody looks.
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
    return draft.site


def _order(fault: Fault) -> tuple[str, int]:
    return str(fault.file), fault.line or 0

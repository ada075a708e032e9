"""What must hold in a site: one function for each rule."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from glassware.errors import Fault
from glassware.manifest.draft import Draft

from .addresses import RULES as ADDRESSES
from .apps import RULES as APPS
from .databases import RULES as DATABASES
from .engines import RULES as ENGINES
from .gateway import RULES as GATEWAY
from .groups import RULES as GROUPS
from .migrations import RULES as MIGRATIONS
from .names import RULES as NAMES
from .neighbours import RULES as NEIGHBOURS
from .references import RULES as REFERENCES
from .routes import RULES as ROUTES
from .sharing import RULES as SHARING
from .visitors import RULES as VISITORS


Rule = Callable[[Draft], Iterable[Fault]]

RULES: tuple[Rule, ...] = (
    *NAMES,
    *NEIGHBOURS,
    *APPS,
    *ROUTES,
    *SHARING,
    *REFERENCES,
    *ENGINES,
    *DATABASES,
    *MIGRATIONS,
    *GROUPS,
    *ADDRESSES,
    *GATEWAY,
    *VISITORS,
)
"""All of them; a new rule is one function and one line."""


def rules(draft: Draft) -> Draft:
    """Ask every rule."""
    found = (fault for rule in RULES for fault in rule(draft))
    return replace(draft, faults=(*draft.faults, *found))

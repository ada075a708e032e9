"""What must hold in a site: one function for each rule."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from glassware.errors import Fault
from glassware.manifest.draft import Draft


Rule = Callable[[Draft], Iterable[Fault]]

RULES: tuple[Rule, ...] = ()


def rules(draft: Draft) -> Draft:
    """Ask every rule."""
    found = (fault for rule in RULES for fault in rule(draft))
    return replace(draft, faults=(*draft.faults, *found))

"""Rules about what is said of single neighbours."""

from collections.abc import Iterator

from glassware.errors import Fault
from glassware.manifest.draft import Draft
from glassware.manifest.wording import nearest

from .names import no_service


def called_neighbours(draft: Draft) -> Iterator[Fault]:
    """`[neighbours.NAME]` is about a service that is called."""
    for service in draft.site.services:
        root = ("services", service.name)
        for name in service.neighbours:
            path = (*root, "neighbours", name)
            if name not in draft.folders:
                yield draft.fault(path, *no_service(draft, name))
            elif name not in service.calls and not draft.is_broken(*root, "calls"):
                yield draft.fault(
                    path,
                    f"`{name}` is not among the `calls` of `{service.name}`",
                    nearest(name, service.calls) or f'add "{name}" to `calls`',
                )


RULES = (called_neighbours,)

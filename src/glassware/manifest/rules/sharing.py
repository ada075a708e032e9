"""Rules about what services keep with visitors for the others to read."""

from collections.abc import Iterator

from glassware.errors import Fault
from glassware.manifest.draft import Draft


def one_owner(draft: Draft) -> Iterator[Fault]:
    """Each key of the site's session has one service that may write it."""
    owners: dict[str, str] = {}
    for service in draft.site.services:
        path = ("services", service.name, "shares")
        for place, key in draft.elements(path, service.shares):
            owner = owners.setdefault(key, service.name)
            if owner != service.name:
                yield draft.fault(
                    place,
                    f"`{key}` is shared by `{owner}` already",
                    "call it otherwise, or let one of the two write it alone",
                )


RULES = (one_owner,)

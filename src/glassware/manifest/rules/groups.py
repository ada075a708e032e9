"""Rules about services that share a process."""

from collections.abc import Iterator

from glassware.errors import Fault
from glassware.manifest.draft import Draft
from glassware.model import Service

from .names import unknown_services


def group_members(draft: Draft) -> Iterator[Fault]:
    """A group holds services of the site, each of them once."""
    for group, names in draft.site.groups.items():
        yield from unknown_services(draft, ("groups", group), names)


def one_group_each(draft: Draft) -> Iterator[Fault]:
    """A service is in one group at most."""
    first: dict[str, str] = {}
    for group, names in draft.site.groups.items():
        for path, name in draft.elements(("groups", group), names):
            other = first.setdefault(name, group)
            if other != group:
                yield draft.fault(
                    path,
                    f"`{name}` is in the group `{other}` already",
                    "a service runs in one process: remove it from one group",
                )


def can_share(draft: Draft) -> Iterator[Fault]:
    """Services that share a process are WSGI applications of one environment."""
    for group, names in draft.site.groups.items():
        for path, name in draft.elements(("groups", group), names):
            service = draft.site.service(name)
            if service and (reason := _alone(service)):
                yield draft.fault(
                    path,
                    f"`{name}` cannot share a process: {reason}",
                    "remove it from the group",
                )


def _alone(service: Service) -> str | None:
    if service.command is not None:
        return "it is a command"
    if service.isolated:
        return "it is `isolated`"
    if service.requirements is not None:
        return f"it has its own `{service.requirements.name}`"
    module = (service.app or "").partition(":")[0].removesuffix(".py")
    if module.replace("/", ".").split(".")[-1] == "asgi":
        return "it is an ASGI application"
    return None


RULES = (group_members, one_group_each, can_share)

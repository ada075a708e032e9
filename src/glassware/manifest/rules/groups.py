"""Rules about services that share a process."""

import os
from collections.abc import Iterator

from glassware.errors import Fault
from glassware.manifest.asgi import is_asgi
from glassware.manifest.collisions import Collision, collisions
from glassware.manifest.draft import Draft
from glassware.model import Service

from .names import unknown_services


MOST_MEMBERS = 64
"""Of a group; the worker has the same limit."""


def group_names(draft: Draft) -> Iterator[Fault]:
    """A group's own log and process are told from those of a service."""
    for group in draft.site.groups:
        if group in draft.folders:
            yield draft.fault(
                ("groups", group),
                f"`{group}` is the name of a service too",
                "give the group a name of its own",
            )


def group_members(draft: Draft) -> Iterator[Fault]:
    """A group holds services of the site, each of them once."""
    for group, names in draft.site.groups.items():
        yield from unknown_services(draft, ("groups", group), names)
        if len(names) > MOST_MEMBERS:
            yield draft.fault(
                ("groups", group),
                f"has {len(names)} services, and a process holds {MOST_MEMBERS} at most",
                "make two groups of it",
            )


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


def own_modules(draft: Draft) -> Iterator[Fault]:
    """A top-level module means one file in a process."""
    for group, names in draft.site.groups.items():
        paths = {name: path for path, name in draft.elements(("groups", group), names)}
        found = (draft.site.service(name) for name in paths)
        members = [service for service in found if service and not _alone(service)]
        for collision in collisions(members):
            yield draft.fault(
                paths[collision.second],
                _both(collision, draft),
                f"move the modules of `{collision.second}` into a package, such as "
                f"`{collision.second.replace('-', '_')}/`, or remove it from the group",
            )


def one_project(draft: Draft) -> Iterator[Fault]:
    """Django keeps the settings of one project in a process."""
    for group, names in draft.site.groups.items():
        first = ""
        for path, name in draft.elements(("groups", group), names):
            service = draft.site.service(name)
            if service is None or not (service.folder / "manage.py").is_file():
                continue
            first = first or name
            if first != name:
                yield draft.fault(
                    path,
                    f"`{first}` and `{name}` are Django projects, and a process can "
                    "have one",
                    "remove one from the group",
                )


def _alone(service: Service) -> str | None:
    if service.command is not None:
        return "it is a command"
    if service.isolated:
        return "it is `isolated`"
    if service.requirements is not None:
        return f"it has its own `{service.requirements.name}`"
    if service.server == "threaded":
        return "it has the `threaded` server"
    if service.reload == "replace":
        return 'it must end before it starts anew (`reload = "replace"`)'
    return "it is an ASGI application" if is_asgi(service) else None


def _both(collision: Collision, draft: Draft) -> str:
    one, other = (os.path.relpath(file, draft.folder) for file in collision.files)
    return (
        f"`{collision.first}` and `{collision.second}` both have a module "
        f"`{collision.name}` (`{one}`, `{other}`)"
    )


RULES = (
    group_names,
    group_members,
    one_group_each,
    can_share,
    own_modules,
    one_project,
)

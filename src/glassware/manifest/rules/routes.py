"""Rules about public addresses."""

import re
from collections.abc import Iterator

from glassware.errors import Fault
from glassware.manifest.draft import Draft
from glassware.manifest.places import KeyPath
from glassware.manifest.wording import Words
from glassware.model import LAYOUT_APP, Route, Service


_ALLOWED = "-._~!$&'()*+,;=:@"
_SEGMENT = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@-]*")


def route_paths(draft: Draft) -> Iterator[Fault]:
    """A route's path is a plain prefix of whole segments."""
    for _, path, route in _routes(draft):
        if words := _path_words(route.path):
            yield draft.fault((*path, "path"), *words)


def one_service_each(draft: Draft) -> Iterator[Fault]:
    """A public address leads to one service."""
    first: dict[tuple[str, str], tuple[Service, KeyPath]] = {}
    for service, path, route in _routes(draft):
        known = [
            first.setdefault((name, route.path), (service, path))
            for name in _names(draft, route)
        ]
        other, place = next((k for k in known if k[1] != path), known[0])
        if place != path:
            where = draft.place((*place, "path"))
            line = f":{where.line}" if where.line else ""
            yield draft.fault(
                (*path, "path"),
                f"`{route.host or ''}{route.path}` already leads to `{other.name}` "
                f"({where.file}{line})",
                _way_out(draft, service, (*path, "path")),
            )


def rule_patterns(draft: Draft) -> Iterator[Fault]:
    """`only` and `except` hold rules as the service writes them."""
    for _, path, route in _routes(draft):
        for key, patterns in (("only", route.only), ("except", route.except_)):
            for place, pattern in draft.elements((*path, key), patterns):
                if not pattern.startswith("/"):
                    yield draft.fault(
                        place,
                        f"`{pattern}` does not begin with `/`",
                        f"write `/{pattern}`, as below the route's path",
                    )


def _way_out(draft: Draft, service: Service, path: KeyPath) -> str:
    if service.app == LAYOUT_APP and path not in draft.places:
        return f'write `route = "/…"` into `{service.folder / "service.toml"}`'
    return "give one of them another path or `host`"


def _routes(draft: Draft) -> Iterator[tuple[Service, KeyPath, Route]]:
    for service in draft.site.services:
        root = ("services", service.name, "routes")
        for path, route in draft.elements(root, service.routes):
            if not draft.is_broken(*path, "path"):
                yield service, path, route


def _names(draft: Draft, route: Route) -> tuple[str, ...]:
    """Return the names of a route's host; an empty one: every host."""
    if not route.host:
        return ("",)
    return draft.site.gateway.names(route.host, production=draft.production)


def _path_words(path: str) -> Words | None:
    segments = path.split("/")
    plain = "/" + "/".join(filter(None, segments))
    if re.search(r"[?#]", path):
        return "holds a query or a fragment", f"write `{re.split('[?#]', plain)[0]}`"
    if not path.startswith("/"):
        return "does not begin with `/`", f"write `{plain}`"
    if {".", ".."} & set(segments):
        return "holds a `.` or `..` segment", "write the path that it stands for"
    if any(not _SEGMENT.fullmatch(segment) for segment in segments):
        return "holds a character that no prefix can", (
            f"use letters, digits and `{_ALLOWED}`"
        )
    if path != plain:
        return "holds an empty segment or ends with `/`", f"write `{plain}`"
    return None


RULES = (route_paths, one_service_each, rule_patterns)

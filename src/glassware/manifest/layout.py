"""The look of a site: what a layout without an application of its own serves."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from glassware.model import LAYOUT_APP, Route, Service


USUAL = "/site"
"""The public path of its files."""

FAVICONS = ("favicon.ico", "favicon.svg", "favicon.png")


def with_layout(services: Sequence[Service]) -> tuple[Service, ...]:
    """Return the services, the layout with the routes that it has by convention."""
    return tuple(
        replace(service, routes=tuple(_routes(service, services)))
        if service.app == LAYOUT_APP
        else service
        for service in services
    )


def _routes(layout: Service, services: Sequence[Service]) -> Iterator[Route]:
    yield from layout.routes or (Route(path=USUAL),)
    taken = {(r.host, r.path) for service in services for r in service.routes}
    for path in _at_the_root(layout.folder):
        if (None, path) not in taken:
            yield Route(path=path, mount="keep", gives_way=True)


def _at_the_root(folder: Path) -> Iterator[str]:
    """Return what browsers and search engines look for at the root of a site."""
    if any((folder / "static" / name).is_file() for name in FAVICONS):
        yield "/favicon.ico"
    yield from ("/robots.txt", "/sitemap.xml")

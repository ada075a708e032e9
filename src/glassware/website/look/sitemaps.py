"""The sitemaps of the services, and the index that names them all.

An index is how the format itself joins sitemaps: a search engine asks each
service, and one that is down hides no other.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from glassware.directory import Entry, Place
from glassware.website import here

from .templates import LAYOUT


_RULE = "/sitemap.xml"
_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemaps(root: str) -> tuple[str, ...]:
    """Return the addresses of the services' sitemaps below `root`.

    Args:
        root: The address of the site as it was asked for, with a final slash.
    """
    host = urlsplit(root).hostname or ""
    found = (
        f"{root.rstrip('/')}{quote(path)}"
        for name, entry in here.directory().services.items()
        if name != LAYOUT
        for path in _paths(entry, host)
    )
    return tuple(dict.fromkeys(found))


def elsewhere(root: str) -> tuple[str, ...]:
    """Return what the index would name, where a service is in the index's place."""
    found = sitemaps(root)
    taken = f"{root.rstrip('/')}{_RULE}"
    return tuple(url for url in found if url != taken) if taken in found else ()


def index(urls: Iterable[str]) -> str:
    """Return the document that names these sitemaps."""
    lines = "".join(f"<sitemap><loc>{escape(url)}</loc></sitemap>\n" for url in urls)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<sitemapindex xmlns="{_SCHEMA}">\n{lines}</sitemapindex>\n'
    )


def _paths(entry: Entry, host: str) -> Iterator[str]:
    for rule in entry.rules:
        places = [entry.places[number] for number in rule.places]
        reached = next((p for p in places if p.host in {"", host}), None)
        if reached is None or "GET" not in (rule.methods or ("GET",)):
            continue
        path = _before(reached) + rule.rule
        if path == reached.prefix + _RULE:
            yield path


def _before(place: Place) -> str:
    return "" if place.keeps else place.prefix

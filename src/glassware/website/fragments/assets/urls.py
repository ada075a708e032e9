"""From where a page may load what its fragments need."""

import re
from urllib.parse import SplitResult, urljoin, urlsplit

from glassware.directory import Directory


_PORTS = {"http": 80, "https": 443}
# Browsers read `\` as `/`, and leave out the rest of these.
_NOT_FOR_URLS = re.compile(r"[\x00-\x20\x7f\\]")


class RefusedUrl(ValueError):
    """Nothing is loaded from there; it says why."""


def resolved(url: str, base: str, site: Directory) -> tuple[str, bool]:
    """Return the URL of what a fragment needs, and whether it is of another site.

    Args:
        url: As the fragment has named it.
        base: The public URL of the fragment; empty: it has none.
        site: Where the site is public.

    Raises:
        RefusedUrl: A page does not load anything from there.
    """
    if _NOT_FOR_URLS.search(url):
        raise RefusedUrl("it has characters that are not for URLs")
    try:
        whole = urljoin(base, url)
        parts = urlsplit(whole)
        port = parts.port
    except ValueError as error:
        raise RefusedUrl("it is no URL") from error
    if not parts.scheme and not parts.netloc:
        if not parts.path.startswith("/"):
            raise RefusedUrl("it is relative, and its fragment is not public")
        return whole, False
    if parts.username is not None or not parts.hostname:
        raise RefusedUrl("it does not name a host alone")
    if _is_own(parts, port, site):
        return whole, False
    if parts.scheme != "https":
        raise RefusedUrl("it is neither of this site nor `https`")
    return whole, True


def _is_own(parts: SplitResult, port: int | None, site: Directory) -> bool:
    if parts.scheme not in _PORTS or parts.hostname not in site.hosts:
        return False
    known = urlsplit(site.url)
    return (port or _PORTS[parts.scheme]) == (known.port or _PORTS.get(known.scheme))

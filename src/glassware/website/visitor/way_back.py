"""Where a visitor goes after signing in: back, and never to another site."""

import re
import sys
from urllib.parse import urlsplit

from glassware.service.incoming import current_request
from glassware.service.settings import current
from glassware.website import here


_LONGEST = 2000
# Browsers read `\` as `/`, and leave out tabs and ends of lines.
_ODD = re.compile(r"[\x00-\x20\x7f-\x9f\\\u2028\u2029]")
# What somebody on the way may decode into a second slash or a backslash.
_HIDDEN = re.compile(r"%(?:2f|5c|0[0-9a-f]|1[0-9a-f]|25)", re.IGNORECASE)


def next_of_request() -> str:
    """Return what the request says of the way back, in Flask; empty: nothing."""
    flask = sys.modules.get("flask")
    if flask is None or not flask.has_request_context():
        return ""
    said: str = flask.request.values.get("next", "")
    return said


def is_within(address: str) -> bool:
    """Tell whether an address leads to a page of this site, in every browser."""
    if not address or len(address) > _LONGEST or _ODD.search(address):
        return False
    try:
        parts = urlsplit(address)
        host = parts.netloc.lower()
    except ValueError:
        return False
    if "//" in parts.path or _HIDDEN.search(parts.path):
        return False
    if not parts.scheme and not host:
        return address.startswith("/") and not address.startswith("//")
    return parts.path[:1] in {"", "/"} and (parts.scheme, host) in _own()


def _own() -> set[tuple[str, str]]:
    """Return the scheme and the host, with its port, of every part of the site."""
    site = urlsplit(current().url)
    port = f":{site.port}" if site.port else ""
    own = {(site.scheme, f"{host}{port}") for host in here.directory().hosts}
    own.add((site.scheme, site.netloc))
    if (asked := current_request()) is not None:
        own.add((asked.scheme, asked.host))
    return {(scheme, host.lower()) for scheme, host in own if scheme and host}

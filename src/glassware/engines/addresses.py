"""URLs of servers: put together with every part quoted, and kept out of messages."""

from collections.abc import Mapping
from urllib.parse import quote


LOOPBACK = "127.0.0.1"
"""Where the site's own servers listen."""


def join(
    scheme: str,
    login: tuple[str, str],
    place: str = "",
    path: str = "",
    query: Mapping[str, str] | None = None,
) -> str:
    """Return a URL.

    Args:
        scheme: Such as `redis`.
        login: User and password, as they are; an empty user is left out.
        place: Host and port as they are written, see `at`.
        path: What the first slash leads to, as it is.
        query: Options, as they are.
    """
    user, password = (quote(part, safe="") for part in login)
    options = "&".join(f"{k}={quote(v, safe='')}" for k, v in (query or {}).items())
    return (
        f"{scheme}://{user}:{password}@{place}/{quote(path)}"
        f"{'?' if options else ''}{options}"
    )


def at(host: str, port: int) -> str:
    """Return host and port as a URL writes them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def hidden(text: str, *secrets: str | None) -> str:
    """Return `text` without any of the `secrets`, quoted or not."""
    for secret in filter(None, secrets):
        for spelling in (secret, quote(secret, safe=""), quote(secret)):
            text = text.replace(spelling, "…")
    return text

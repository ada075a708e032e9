"""Whom a request came from and where it was sent, told from its headers.

The gateway removes every forwarding header that comes from outside and sets
them anew, and only the gateway and this site's services reach a worker's
socket. So the headers are believed, with one exception: a prefix counts only
if it is one of the service's own mounts.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import quote


PORTS = {"http": "80", "https": "443"}

# What a path may hold unescaped, as RFC 3986 has it.
_SAFE = "/:@!$&'()*+,;=-._~"
_ESCAPED = re.compile(f"[^{re.escape(_SAFE)}A-Za-z0-9]")


class Address(NamedTuple):
    """One request's address.

    Attributes:
        client: The visitor's address; a neighbour is `127.0.0.1`.
        scheme: `http` or `https`.
        host: Name without a port.
        port: As text.
        root: The mount, for `SCRIPT_NAME` and `root_path`.
        path: What follows it.
    """

    client: str
    scheme: str
    host: str
    port: str
    root: str
    path: str


def address_of(
    headers: Mapping[str, Any], path: str, mounts: tuple[str, ...], peer: str = ""
) -> Address:
    """Return the address of a request.

    Args:
        headers: `HTTP_HOST` and the `HTTP_X_FORWARDED_*` ones, by these names.
        path: The whole path, decoded.
        mounts: The service's public prefixes, the principal one first.
        peer: Who connected, where that is a TCP address.
    """
    get = headers.get
    scheme = scheme_of(headers)
    name, port = _split_host(get("HTTP_HOST") or "")
    forwarded = get("HTTP_X_FORWARDED_PORT") or ""
    visitor = (get("HTTP_X_FORWARDED_FOR") or "").rpartition(",")[2].strip()
    # A visitor's request without a prefix came by a route that keeps the path; a
    # neighbour's never has one, and its links are for the principal mount.
    unsaid = "" if visitor else None
    prefix = get("HTTP_X_FORWARDED_PREFIX", unsaid)
    root, rest = _split_path(path, prefix, mounts)
    return Address(
        client=visitor or peer or "127.0.0.1",
        scheme=scheme,
        host=name or "localhost",
        port=forwarded if forwarded.isdecimal() else port or PORTS[scheme],
        root=root,
        path=rest,
    )


def scheme_of(headers: Mapping[str, Any]) -> str:
    """Return the scheme that the visitor used: `http` or `https`."""
    return "https" if headers.get("HTTP_X_FORWARDED_PROTO") == "https" else "http"


def write_address(environ: MutableMapping[str, Any], mounts: tuple[str, ...]) -> None:
    """Write a request's address into its WSGI `environ`."""
    path = environ["PATH_INFO"]
    # On a unix socket the server puts a path or nothing where an address belongs.
    peer = environ.get("REMOTE_ADDR") or ""
    address = address_of(environ, path, mounts, "" if "/" in peer else peer)
    environ["REMOTE_ADDR"] = address.client
    environ["wsgi.url_scheme"] = address.scheme
    environ["SERVER_NAME"] = address.host
    environ["SERVER_PORT"] = address.port
    environ["SCRIPT_NAME"] = address.root
    environ["PATH_INFO"] = address.path
    if "REQUEST_URI" not in environ:
        raw = _raw(path, environ.get("QUERY_STRING"))
        environ["REQUEST_URI"] = environ["RAW_URI"] = raw


def _split_path(
    path: str, prefix: str | None, mounts: tuple[str, ...]
) -> tuple[str, str]:
    if prefix is None:
        return (mounts[0] if mounts else ""), path
    prefix = prefix.rstrip("/")
    if prefix not in mounts:
        return "", path
    rest = path.removeprefix(prefix)
    whole = path.startswith(prefix) and (not rest or rest.startswith("/"))
    return (prefix, rest) if whole else ("", path)


def _split_host(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    if colon and port.isdecimal():
        return name, port
    return (host.removesuffix(":") if not host.endswith("]") else host), ""


def _raw(path: str, query: str | None) -> str:
    raw = path
    if _ESCAPED.search(path):
        raw = quote(path.encode("latin-1", "replace"), safe=_SAFE)
    return f"{raw}?{query}" if query else raw

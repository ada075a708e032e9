"""Calls to neighbours by their names."""

import os
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit

from glassware.environment import Settings, neighbour_variable, spelled
from glassware.errors import NotAllowed, UnknownService

from .encoding import (
    HeaderPairs,
    Pairs,
    check_headers,
    check_timeout,
    encode_body,
    encode_target,
)
from .settings import current
from .transport import Request, Response, Transport


DEFAULT_TIMEOUT = 10.0

# How long a call waits for a neighbour of a running site that is just restarting.
HOLD = 5.0

# Of the request that is being answered, only these go onward.
ONWARD = ("traceparent", "tracestate")


class Options(TypedDict, total=False):
    """What a call can be given besides its path.

    Attributes:
        params: For the query; lists repeat a name, `None` leaves it out.
        json: A body, sent as JSON.
        data: A body: bytes or text as they are, a mapping as a form.
        headers: Sent besides those that every call has.
        timeout: Seconds for all of the call; 10 unless told.
    """

    params: Pairs | None
    json: Any
    data: Any
    headers: HeaderPairs | None
    timeout: float


class Neighbour:
    """One service of the site, ready to be called."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def request(self, method: str, path: str, **options: Unpack[Options]) -> Response:
        """Send a request and return its response, whatever its status.

        Redirects are not followed.

        Args:
            method: Such as `GET`.
            path: With a leading `/`; a query may follow it.
            **options: See `Options`.

        Raises:
            UnknownService: No such service, or its address is not known.
            NotAllowed: `calls` in this service's manifest does not name it.
            Unavailable: It could not be reached.
            DeadlineExceeded: It did not answer in time.
            BadAnswer: Its answer cannot be used: too large, cut off, compressed.
            ValueError: An argument cannot be sent.
        """
        return _transport().send(make_request(self._name, method, path, options))

    def get(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `GET`; see `request`."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `HEAD`; see `request`."""
        return self.request("HEAD", path, **options)

    def options(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `OPTIONS`; see `request`."""
        return self.request("OPTIONS", path, **options)

    def post(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `POST`; see `request`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `PUT`; see `request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `PATCH`; see `request`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Unpack[Options]) -> Response:
        """Send `DELETE`; see `request`."""
        return self.request("DELETE", path, **options)

    def __repr__(self) -> str:
        return f"<Neighbour {self._name}>"


class Services:
    """The neighbours: `services.catalog`, or `services["price-list"]`."""

    def __getattr__(self, name: str) -> Neighbour:
        if name.startswith("_"):
            raise AttributeError(name)
        return Neighbour(name)

    def __getitem__(self, name: str) -> Neighbour:
        return Neighbour(name)

    def __iter__(self) -> Iterator[str]:
        """Return the names of the neighbours that may be called."""
        return iter(callable_names(current()))

    def __dir__(self) -> list[str]:
        return [spelled(name) for name in callable_names(current())]


services = Services()


def make_request(neighbour: str, method: str, path: str, options: Options) -> Request:
    """Return the request for a call; see `Neighbour.request`."""
    settings = current()
    address = address_of(neighbour, settings)
    body, kind = encode_body(options.get("json"), options.get("data"))
    given = check_headers(options.get("headers"))
    headers = [*_own_headers(settings, address), *_onward()]
    if kind is not None:
        headers.append(("Content-Type", kind))
    return Request(
        neighbour=neighbour,
        address=address,
        method=method.upper(),
        target=encode_target(path, options.get("params")),
        headers=_overlay(headers, given),
        body=body,
        timeout=check_timeout(options.get("timeout", DEFAULT_TIMEOUT)),
        hold=HOLD if settings.site else 0.0,
    )


def callable_names(settings: Settings) -> tuple[str, ...]:
    """Return the names of the services that this one may call."""
    if settings.calls is None:
        return tuple(sorted(settings.neighbours))
    return settings.calls


def address_of(neighbour: str, settings: Settings) -> str:
    """Return where `neighbour` is.

    Raises:
        UnknownService: No such service, or its address is not known.
        NotAllowed: `calls` does not name it.
    """
    address = settings.neighbours.get(spelled(neighbour))
    allowed = {spelled(name) for name in callable_names(settings)}
    if address is not None and spelled(neighbour) in allowed:
        return address
    if not settings.site:
        raise UnknownService(
            f"no address is known for the service `{neighbour}`",
            hint=f"set `{neighbour_variable(neighbour)}=http://localhost:5001`, "
            "or start the site with `glassware up`",
        )
    if address is None:
        raise _unknown(neighbour, settings)
    line = ", ".join(f'"{name}"' for name in (*callable_names(settings), neighbour))
    raise NotAllowed(
        f"`{settings.service}` may not call `{neighbour}`",
        hint=f"write `calls = [{line}]` in `services/{settings.service}/service.toml`",
    )


def _unknown(neighbour: str, settings: Settings) -> UnknownService:
    names = sorted({*settings.neighbours, *callable_names(settings)})
    near = get_close_matches(spelled(neighbour), names, n=3) or names
    known = ", ".join(f"`{name}`" for name in near)
    return UnknownService(
        f"`{neighbour}` is no service of the site `{settings.site}`",
        hint=f"there is {known}" if known else "it has no other service",
    )


def _own_headers(settings: Settings, address: str) -> Iterator[tuple[str, str]]:
    public = urlsplit(settings.url)
    if public.netloc:
        yield "Host", public.netloc
        yield "X-Forwarded-Proto", public.scheme
    elif address.startswith("unix:"):
        yield "Host", "localhost"
    else:
        yield "Host", urlsplit(address).netloc
    yield "Accept", "*/*"
    yield "Accept-Encoding", "identity"
    yield "User-Agent", f"glassware/{settings.service}".rstrip("/")


def _onward() -> Iterator[tuple[str, str]]:
    # Whoever has not imported Flask is answering no request of it.
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        for name in ONWARD:
            if value := flask.request.headers.get(name):
                yield name, value


def _overlay(
    headers: list[tuple[str, str]], given: list[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    if not given:
        return tuple(headers)
    named = {name.lower() for name, _ in given}
    return (*(pair for pair in headers if pair[0].lower() not in named), *given)


@cache
def _transport() -> Transport:
    # Loaded at the first call, so that importing this module costs little.
    from .wire import Wire  # noqa: PLC0415

    return Wire()


os.register_at_fork(after_in_child=_transport.cache_clear)

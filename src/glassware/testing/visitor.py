"""A visitor of a running site: Werkzeug's test client, over the real wire."""

import http.client
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from werkzeug.datastructures import EnvironHeaders
from werkzeug.test import Client

from glassware.errors import UsageError


ANSWERS_WITHIN = 60.0
"""Seconds; the gateway gives up much earlier."""

_OWN = frozenset({"host", "content-length", "connection", "transfer-encoding"})
_STREAM = "text/event-stream"
_CHUNK = 64 * 1024


class Visitor(Client):
    """Asks a site through its gateway; keeps the cookies that it is given.

    It has everything that Werkzeug's client has: `json=`, `data=`,
    `query_string=`, `headers=`, `follow_redirects=True`.

    Args:
        url: The public address of the site.
        cookie: Makes the cookie, name and value, of a user id, roles and claims.
    """

    def __init__(
        self, url: str, cookie: Callable[..., tuple[str, str]] | None = None
    ) -> None:
        super().__init__(Forward(url))
        self._url = url
        self._cookie_of = cookie

    def sign_in(
        self, user_id: object, /, roles: Iterable[str] = (), **claims: Any
    ) -> None:
        """Be a visitor who has signed in, without the page at which one does.

        Args:
            user_id: Who it is.
            roles: As `identity.sign_in` takes them.
            **claims: Likewise.

        Raises:
            UsageError: The site has no such page.
        """
        if self._cookie_of is None:
            raise UsageError("nobody knows how visitors of this site are signed in")
        name, token = self._cookie_of(user_id, roles, claims)
        self.set_cookie(name, token, domain=urlsplit(self._url).hostname or "")

    def open(self, *args: Any, **options: Any) -> Any:
        """Send a request and return its response."""
        if args and isinstance(args[0], str):
            options.setdefault("base_url", self._url)
        return super().open(*args, **options)


class Forward:
    """A WSGI application that passes every request on to a server.

    Args:
        url: Of the server.
    """

    def __init__(self, url: str) -> None:
        self._place = urlsplit(url)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Pass one request on."""
        connection = self._connection()
        try:
            answer = _ask(connection, environ)
            fields = [
                (name, value)
                for name, value in answer.getheaders()
                if name.lower() not in _OWN - {"content-length"}
            ]
            start_response(f"{answer.status} {answer.reason}", fields)
            if (answer.getheader("Content-Type") or "").startswith(_STREAM):
                return _chunks(connection, answer)
            body = answer.read()
        except BaseException:
            connection.close()
            raise
        connection.close()
        return [body]

    def _connection(self) -> http.client.HTTPConnection:
        place = self._place.hostname or "", self._place.port
        if self._place.scheme != "https":
            return http.client.HTTPConnection(*place, timeout=ANSWERS_WITHIN)
        # The site under test is on this machine, and its certificate no question.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(
            *place, timeout=ANSWERS_WITHIN, context=context
        )


def _ask(
    connection: http.client.HTTPConnection, environ: dict[str, Any]
) -> http.client.HTTPResponse:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else None
    connection.putrequest(
        environ["REQUEST_METHOD"],
        environ["REQUEST_URI"],
        skip_host=True,
        skip_accept_encoding=True,
    )
    connection.putheader("Host", environ["HTTP_HOST"])
    for name, value in EnvironHeaders(environ):
        if name.lower() not in _OWN:
            connection.putheader(name, value)
    if body is not None or environ["REQUEST_METHOD"] in {"POST", "PUT", "PATCH"}:
        connection.putheader("Content-Length", str(length))
    connection.endheaders(body)
    return connection.getresponse()


def _chunks(
    connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
) -> Iterator[bytes]:
    with closing(connection):
        while chunk := answer.read1(_CHUNK):
            yield chunk

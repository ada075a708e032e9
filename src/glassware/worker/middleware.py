"""What servers other than our own get: requests in their place, bodies of bytes."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .address import place
from .find import Application


StartResponse = Callable[..., Any]


class Placed:
    """A WSGI application around a WSGI application."""

    def __init__(self, application: Application, mounts: tuple[str, ...]) -> None:
        self._application = application
        self._mounts = mounts

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Call the application."""
        place(environ, self._mounts)
        return _Body(self._application(environ, start_response))


class Unpolluted(Placed):
    """The same for a server that copies the process's variables into requests."""

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Call the application without them."""
        for name, value in os.environ.items():
            if environ.get(name) == value:
                del environ[name]
        return super().__call__(environ, start_response)


class _Body:
    """A body that is closed once, at its end or when it is abandoned.

    Werkzeug's server forgets to close one whose client has gone.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                yield chunk if type(chunk) is bytes else bytes(chunk)
        finally:
            self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            getattr(self._chunks, "close", bool)()

"""What servers other than our own get: requests in their place, and counted."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .address import place
from .drain import Traffic
from .find import Application


StartResponse = Callable[..., Any]


class Placed:
    """A WSGI application around a WSGI application."""

    def __init__(
        self, application: Application, mounts: tuple[str, ...], traffic: Traffic
    ) -> None:
        self._application = application
        self._mounts = mounts
        self._traffic = traffic

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Call the application; the request ends when its body is closed."""
        token = self._traffic.enter()
        try:
            place(environ, self._mounts)
            result = self._application(environ, start_response)
        except BaseException:
            self._traffic.leave(token)
            raise
        return _Counted(result, lambda: self._traffic.leave(token))


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


class _Counted:
    def __init__(self, result: Iterable[bytes], ended: Callable[[], None]) -> None:
        self._result = result
        self._ended = ended

    def __iter__(self) -> Iterator[bytes]:
        return (c if type(c) is bytes else bytes(c) for c in self._result)

    def close(self) -> None:
        try:
            getattr(self._result, "close", bool)()
        finally:
            self._ended()

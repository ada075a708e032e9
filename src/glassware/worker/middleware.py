"""What servers that take any WSGI application get: `wsgi` is for granian alone.

Each request is admitted and finds its address; its end is noticed.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import copy_context
from functools import partial
from typing import Any

from .address import write_address
from .admission import Admission, Admitted
from .find import Application
from .refusals import AnsweredHere, Header
from .uncaught import answer_to, at_the_edge, known, show


StartResponse = Callable[..., Any]


class Admitting:
    """A WSGI application around a WSGI application.

    Args:
        application: What answers.
        mounts: The service's public prefixes, the principal one first.
        admission: Decides which requests reach it, and when.
        is_socket: Tells which requests are sockets: they take no place.
    """

    def __init__(
        self,
        application: Application,
        mounts: tuple[str, ...],
        admission: Admission,
        is_socket: Callable[[Mapping[str, Any]], bool] | None = None,
    ) -> None:
        self._application = application
        self._mounts = mounts
        self._admission = admission
        self._is_socket = is_socket

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Call the application."""
        counted = self._is_socket is None or not self._is_socket(environ)
        # The server asks for the body from wherever it likes; what the application
        # has set is to be there.
        context = copy_context()
        try:
            admitted = context.run(self._admission.enter, environ, counted=counted)
        except AnsweredHere as answer:
            return answer.wsgi(environ["REQUEST_METHOD"], start_response)
        started = partial(_start, start_response, admitted)
        try:
            chunks = context.run(self._answer, environ, started)
            return _Body(chunks, context.run, admitted.leave)
        except BaseException:
            context.run(admitted.leave)
            raise

    def _answer(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            write_address(environ, self._mounts)
            answer: Iterable[bytes] = self._application(environ, start_response)
        except Exception as error:
            # Of others the server itself makes a 500, and says so.
            if known(error) is None:
                raise
            show(error)
            status, headers, text = answer_to(error)
            line = f"{status.value} {status.phrase}"
            start_response(line, headers, sys.exc_info())
            return [text]
        return answer


class Unpolluted(Admitting):
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

    Args:
        chunks: The application's.
        run: Calls something where the application was called.
        leave: Called there at the end.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        run: Callable[..., Any],
        leave: Callable[[], None],
    ) -> None:
        self._chunks = chunks
        self._run = run
        self._leave = leave
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            chunks = self._run(iter, self._chunks)
            while (chunk := self._run(next, chunks, None)) is not None:
                yield chunk if type(chunk) is bytes else bytes(chunk)
        finally:
            self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            try:
                self._run(getattr(self._chunks, "close", bool))
            finally:
                self._run(self._leave)


def _start(
    start_response: StartResponse,
    admitted: Admitted,
    status: str,
    headers: list[Header],
    problem: Any = None,
) -> Any:
    settled, kept = at_the_edge(int(status[:3]), headers)
    if settled is not None:
        status = f"{settled.value} {settled.phrase}"
    admitted.begins(kept)
    return start_response(status, kept, problem)

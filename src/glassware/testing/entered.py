"""A request to a service of this process: what is known of it while it is answered."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from glassware import current
from glassware.current import Incoming
from glassware.protocol import TRACE
from glassware.service.incoming import header, read_request
from glassware.told import write_trace


class Entered:
    """A WSGI application that runs as a service of its own name.

    Calls that it makes are kept with the test where the test asked it, and are
    told of in the answer where another service did.

    Args:
        application: What answers.
        service: Its name.
        test: What the test itself is taken for.
    """

    def __init__(
        self, application: Callable[..., Any], service: str, test: Incoming
    ) -> None:
        self._application = application
        self._service = service
        self._test = test

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request."""
        asking = current.incoming.get()
        if asking is not None and asking is not self._test:
            # Within its own request: what entered it has entered.
            return self._application(environ, start_response)
        incoming = read_request(environ, self._service)
        incoming.asked = header(environ, TRACE) == "yes"
        if asking is self._test:
            incoming.calls, incoming.most_kept = self._test.calls, sys.maxsize

        def start(status: str, headers: list[tuple[str, str]], *problem: Any) -> Any:
            if incoming.asked and incoming.calls:
                headers = [
                    *headers,
                    (TRACE, write_trace(incoming.calls, incoming.others)),
                ]
            # What `sign_in` sets and Flask has not taken, as a worker adds it.
            headers = [*headers, *incoming.added]
            return start_response(status, headers, *problem)

        with _as(incoming):
            answer = self._application(environ, start)
        return _Chunks(answer, incoming)


class _Chunks:
    """The body of an answer, made as what the whole answer is made as."""

    def __init__(self, answer: Any, incoming: Incoming) -> None:
        self._answer = answer
        self._chunks: Iterator[bytes] = iter(answer)
        self._incoming = incoming

    def __iter__(self) -> "_Chunks":
        return self

    def __next__(self) -> bytes:
        with _as(self._incoming):
            return next(self._chunks)

    def close(self) -> None:
        """End the answer."""
        if hasattr(self._answer, "close"):
            with _as(self._incoming):
                self._answer.close()


@contextmanager
def _as(incoming: Incoming) -> Iterator[None]:
    service = current.service.set(incoming.service)
    request = current.incoming.set(incoming)
    try:
        yield
    finally:
        current.incoming.reset(request)
        current.service.reset(service)

"""In development, answers tell of their making, and pages of their many calls.

This stands around an application, inside what admits a request: what is known
of the request is there, and what is written into an answer's head is the last
word on it. In production nothing of it is loaded.
"""

import shlex
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from glassware import current
from glassware.current import Incoming
from glassware.protocol import FAILURE, TRACE
from glassware.told import write_trace

from .calls_made import Remarks, remark_on_page, remarks_on_way
from .failure import MOST_RECORDS, ended_by, passed_on
from .find import Application
from .uncaught import answer_to
from .wsgi import show


Header = tuple[str, str]

FAILED = 500

TOLD = frozenset({TRACE.lower(), FAILURE.lower()})
UNQUOTED = "/:@!$&'()*+,;=~%"


class Telling:
    """A WSGI application whose answers tell of their making.

    Args:
        application: What answers.
        most: How many calls a page may make without a remark.
    """

    def __init__(self, application: Application, most: int) -> None:
        self._application = application
        self._most = most
        self._remarks = Remarks()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Call the application."""
        incoming = current.incoming.get()
        if incoming is None:
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        self._begin(incoming, environ)
        page = ""

        def start(status: str, headers: list[Header], problem: Any = None) -> Any:
            nonlocal page
            # Here and now: Flask takes its request out of the environ at the end.
            page = page_of(incoming, environ)
            told = [*_others(headers), *told_of(incoming, int(status[:3]))]
            return start_response(status, told, problem)

        try:
            answer = self._application(environ, start)
        except BaseException as error:
            ended_by(incoming, error)
            if not incoming.asked:
                raise
            show(error)
            status, headers, body = answer_to(error)
            problem = sys.exc_info() if page else None
            start(f"{status.value} {status.phrase}", headers, problem)
            answer = [body]
        if isinstance(answer, (list, tuple)):
            self._end(incoming, page)
            return answer
        return _Body(answer, incoming, lambda: self._end(incoming, page))

    def _begin(self, incoming: Incoming, environ: Mapping[str, Any]) -> None:
        path = environ.get("PATH_INFO", "").encode("latin-1")
        target = quote(path, UNQUOTED)
        if query := environ.get("QUERY_STRING"):
            target += f"?{query}"
        length = environ.get("CONTENT_LENGTH") not in {None, "", "0"}
        has_body = length or "HTTP_TRANSFER_ENCODING" in environ
        kind = environ.get("CONTENT_TYPE", "") if has_body else None
        begin(incoming, target, kind)
        for remark in remarks_on_way(incoming):
            self._remarks.say("", remark)

    def _end(self, incoming: Incoming, page: str) -> None:
        if incoming.calls and is_page(incoming):
            self._remarks.say(page, remark_on_page(incoming, self._most))


class _Body:
    """A body that tells when it ends, and of what ended it."""

    def __init__(
        self, chunks: Iterable[bytes], incoming: Incoming, end: Callable[[], None]
    ) -> None:
        self._chunks = chunks
        self._incoming = incoming
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks
        except Exception as error:
            ended_by(self._incoming, error)
            raise

    def close(self) -> None:
        try:
            getattr(self._chunks, "close", bool)()
        finally:
            self._end()


def begin(incoming: Incoming, target: str, kind: str | None) -> None:
    """Take in that a request begins.

    Args:
        incoming: What is known of it.
        target: Its path below the service's prefix, and its query, both encoded.
        kind: The type of its body; `None`: it has none.
    """
    words = ["glassware", "call", incoming.service, target]
    if incoming.method != "GET":
        words += ["-X", incoming.method]
    if kind:
        words += ["-H", f"Content-Type:{kind}"]
    incoming.replay = shlex.join(words) + (" -d …" if kind is not None else "")
    incoming.log = deque(maxlen=MOST_RECORDS)


def told_of(incoming: Incoming, status: int) -> Iterator[Header]:
    """Return the headers that tell of an answer's making, if somebody wants them."""
    # Who does not ask may not take as long a head.
    if not incoming.asked:
        return
    if incoming.calls:
        yield TRACE, write_trace(tuple(incoming.calls), incoming.others)
    if status >= FAILED:
        failure = incoming.failure or passed_on(incoming, status)
        if failure:
            yield FAILURE, failure


def is_page(incoming: Incoming) -> bool:
    """Return whether a visitor asked, as far as anybody knows."""
    return not incoming.caller and not incoming.via


def _others(headers: Iterable[Header]) -> list[Header]:
    """Return an application's own headers: it may pass on those of a neighbour."""
    return [header for header in headers if header[0].lower() not in TOLD]


def page_of(incoming: Incoming, environ: Mapping[str, Any]) -> str:
    """Return what a page has in common with others like it."""
    # Flask keeps its request there, with the rule that it has found.
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return f"{incoming.method} {incoming.path if rule is None else rule.rule}"

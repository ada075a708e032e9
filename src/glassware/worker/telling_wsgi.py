"""In development, a WSGI application whose answers tell of their making."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from glassware import current
from glassware.current import Incoming

from .failure import ended_by
from .refusals import Header
from .telling import Telling, is_told, told_of
from .uncaught import answer_to, show


class TellingWsgi(Telling):
    """See `Telling`."""

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Call the application."""
        incoming = current.incoming.get()
        if incoming is None:
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        self._begin_with(incoming, environ)
        page = ""

        def start(status: str, headers: list[Header], problem: Any = None) -> Any:
            nonlocal page
            # Here and now: Flask takes its request out of the environ at the end.
            page = _page_of(incoming, environ)
            own = [header for header in headers if not is_told(header[0])]
            told = told_of(incoming, int(status[:3]))
            return start_response(status, [*own, *told], problem)

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

    def _begin_with(self, incoming: Incoming, environ: Mapping[str, Any]) -> None:
        path = environ.get("PATH_INFO", "").encode("latin-1")
        length = environ.get("CONTENT_LENGTH") not in {None, "", "0"}
        has_body = length or "HTTP_TRANSFER_ENCODING" in environ
        kind = environ.get("CONTENT_TYPE", "") if has_body else None
        self._begin(incoming, path, environ.get("QUERY_STRING", ""), kind)


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


def _page_of(incoming: Incoming, environ: Mapping[str, Any]) -> str:
    # Flask keeps its request there, with the rule that it has found.
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return f"{incoming.method} {incoming.path if rule is None else rule.rule}"

"""How a test's WSGI applications are reached: in this process, or over a port."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import EnvironBuilder, run_wsgi_app

from glassware.current import LocalAnswer, LocalCall


_log = logging.getLogger("glassware.testing")


def local_call(application: Any) -> LocalCall:
    """Return how calls of this process reach a WSGI application.

    Each runs in a fresh context, as one over the wire would, and an exception
    is a 500, as it is behind a server.
    """

    def call(
        method: str,
        target: str,
        headers: tuple[tuple[str, str], ...],
        body: bytes | None,
    ) -> LocalAnswer:
        builder = EnvironBuilder(target, method=method, data=body, headers=[*headers])
        try:
            environ = builder.get_environ()
        finally:
            builder.close()
        chunks, status, fields = Context().run(_run, application, environ)
        return LocalAnswer(int(status[:3]), [*fields], iter(chunks), _nothing)

    return call


@contextmanager
def served(application: Any) -> Iterator[str]:
    """Serve a WSGI application on a free port of the loopback; give its URL."""
    server = make_server(
        "127.0.0.1", 0, application, threaded=True, request_handler=_Quiet
    )
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _run(application: Any, environ: dict[str, Any]) -> Any:
    try:
        return run_wsgi_app(application, environ, buffered=True)
    except Exception:  # noqa: BLE001 - a server has no other end for it
        _log.exception(
            "`%s %s` failed", environ["REQUEST_METHOD"], environ["PATH_INFO"]
        )
        return [b""], "500 INTERNAL SERVER ERROR", []


def _nothing() -> None:
    """End an answer that is there as a whole."""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: what a fake is asked, it records."""

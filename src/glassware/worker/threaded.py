"""Werkzeug's threaded server, for WebSockets from within WSGI views.

Flask-Sock and Flask-SocketIO (in its threading mode) take the raw socket out of
the environ, which a Rust server cannot give away. Each connection has a thread,
and each answer closes its connection.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from .drain import Traffic
from .find import Application


POLL = 0.05


class _Handler(WSGIRequestHandler):
    # Set here, because Werkzeug would otherwise set it on its own class.
    protocol_version = "HTTP/1.1"
    traffic: Traffic

    def run_wsgi(self) -> None:
        token = self.traffic.enter()
        try:
            super().run_wsgi()
        finally:
            self.traffic.leave(token)

    def make_environ(self) -> dict[str, Any]:
        environ = super().make_environ()
        if cookies := self.headers.get_all("Cookie"):
            environ["HTTP_COOKIE"] = "; ".join(cookies)
        if environ["REMOTE_ADDR"] == "<local>":
            environ["REMOTE_ADDR"] = ""
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the gateway knows every request."""


def sockets_of(
    application: Any, mounts: tuple[str, ...]
) -> Callable[[Mapping[str, Any]], bool]:
    """Return what tells the requests of `application` that are sockets.

    These are WebSockets, and the long polls of Engine.IO (Flask-SocketIO), which
    are another way of carrying the same and are held for half a minute.

    Args:
        application: As it was loaded.
        mounts: The service's public prefixes.
    """
    polls = getattr(getattr(application, "wsgi_app", None), "engineio_path", None)
    prefixes = tuple(f"{m}{polls}" for m in {"", *mounts}) if polls else ()

    def is_socket(environ: Mapping[str, Any]) -> bool:
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            return True
        path: str = environ["PATH_INFO"]
        return path.startswith(prefixes)

    return is_socket


class ThreadedServer:
    """Werkzeug's server on a socket that exists.

    Args:
        application: A WSGI application.
        listener: Bound and listening.
        traffic: Told of each request.
    """

    def __init__(
        self, application: Application, listener: socket.socket, traffic: Traffic
    ) -> None:
        unix = listener.family == socket.AF_UNIX
        name = listener.getsockname()
        host, port = (f"unix://{name}", 0) if unix else name[:2]
        self._server = make_server(
            host,
            port,
            application,
            threaded=True,
            request_handler=type("Handler", (_Handler,), {"traffic": traffic}),
            fd=listener.fileno(),
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL,), daemon=True
        )

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Take no connection; what is under way goes on."""
        self._server.shutdown()

    def has_stopped(self) -> bool:
        """Whether every connection is closed: nobody knows of threads."""
        return False

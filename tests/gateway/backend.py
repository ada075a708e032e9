"""A small real service for the gateway's tests: Flask on a unix socket."""

import contextlib
import gc
import hashlib
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseServer

from flask import Flask, Response, request
from flask_sock import Sock
from werkzeug.serving import BaseWSGIServer, make_server


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


SAID = (
    *("identity", "deadline", "via", "retry", "trace", "failure", "refused"),
    *("visitor", "fragment"),
)


def break_off() -> None:
    """End the connection of the request without an answer, as a crash does."""
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


class Backend:
    """A worker that says what it saw, and remembers every path, and what it changed.

    Args:
        name: It tells its answers from another worker's.
        path: Its socket; `None`: a port of its own.
    """

    def __init__(self, name: str, path: Path | None) -> None:
        self.name = name
        self.path = path
        self.seen: list[str] = []
        self.changed: list[str] = []
        self.release = threading.Event()
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def target(self) -> Path | tuple[str, int]:
        """Where the gateway finds it."""
        if self.path is not None:
            return self.path
        assert self._server is not None
        return ("127.0.0.1", self._server.server_port)

    def start(self) -> None:
        """Listen."""
        host = "127.0.0.1" if self.path is None else f"unix://{self.path}"
        self._server = make_server(host, 0, self._app(), threaded=True)
        self._server.daemon_threads = False
        # Werkzeug's own loop would drop at its end what waits at the socket.
        self._thread = threading.Thread(
            target=BaseServer.serve_forever, args=(self._server, 0.01)
        )
        self._thread.start()

    def stop(self) -> None:
        """End as a worker does: unreachable first, then what came before, then away."""
        self.release.set()
        if self.path is not None:
            self.path.unlink(missing_ok=True)
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            while select.select([self._server], [], [], 0)[0]:
                self._server.handle_request()
            self._server.server_close()
            self._server = None
            # Werkzeug leaves a selector to the collector if a peer breaks off.
            gc.collect()

    def _app(self) -> Flask:
        app = Flask(self.name)
        self._odd_answers(app)
        self._streams(app)

        @app.route("/", defaults={"path": ""}, methods=METHODS)
        @app.route("/<path:path>", methods=METHODS)
        def echo(path: str) -> dict[str, object]:
            body = request.get_data()
            self.seen.append(request.environ["PATH_INFO"])
            if request.method in {"POST", "PUT", "PATCH", "DELETE"}:
                self.changed.append(request.environ["PATH_INFO"])
            return {
                "backend": self.name,
                "method": request.method,
                "path": request.environ["PATH_INFO"],
                "raw": request.environ["RAW_URI"],
                "headers": {k.lower(): v for k, v in request.headers.items()},
                "length": len(body),
                "digest": hashlib.sha256(body).hexdigest(),
            }

        return app

    def _odd_answers(self, app: Flask) -> None:
        @app.get("/status/<int:status>")
        def status(status: int) -> Response:
            return Response('{"odd": true}', status, mimetype="application/json")

        @app.post("/headers/<int:count>/<int:size>")
        def headers(count: int, size: int) -> Response:
            return Response("x", headers={f"a{n}": "x" * size for n in range(count)})

        @app.route("/hang", methods=METHODS)
        def hang() -> str:
            self.seen.append("/hang")
            self.release.wait(20)
            return "late"

        @app.route("/reset", methods=METHODS)
        def reset() -> str:
            self.seen.append("/reset")
            if len(self.seen) == 1:
                break_off()
            return "at last"

        @app.route("/broken", methods=METHODS)
        def broken() -> str:
            self.seen.append("/broken")
            break_off()
            return "never"

        @app.route("/busy", methods=METHODS)
        def busy() -> Response:
            self.seen.append("/busy")
            refused = {"X-Glassware-Refused": "busy", "Retry-After": "1"}
            return Response("busy", 503, headers=refused)

        @app.get("/cors")
        def cors() -> Response:
            said = {"Origin": "*", "Credentials": "true", "Methods": "GET"}
            headers = {f"Access-Control-Allow-{k}": v for k, v in said.items()}
            return Response("x", headers={**headers, "X-Total": "3"})

        @app.get("/secrets")
        def secrets() -> Response:
            return Response("x", headers={f"x-glassware-{n}": "said" for n in SAID})

    def _streams(self, app: Flask) -> None:
        sock = Sock(app)

        @sock.route("/socket")
        def echo_socket(ws) -> None:
            while True:
                ws.send(f"{self.name}:{ws.receive()}")

        @sock.route("/told")
        def tell(ws) -> None:
            ws.send(str(request.headers).lower())

        @app.get("/events")
        def events() -> Response:
            def parts() -> Iterator[str]:
                yield "data: first\n\n"
                self.release.wait(20)
                yield "data: second\n\n"

            return Response(parts(), mimetype="text/event-stream")

        @app.post("/begun")
        def begun() -> Response:
            def parts() -> Iterator[str]:
                yield "begun"
                self.release.wait(20)
                yield "done"

            return Response(parts())

        @app.post("/upload")
        def upload() -> dict[str, int]:
            length = 0
            while part := request.stream.read(1 << 16):
                length += len(part)
            return {"length": length}


@contextlib.contextmanager
def backend(name: str, path: Path | None) -> Iterator[Backend]:
    """A backend that listens until the block ends."""
    worker = Backend(name, path)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()

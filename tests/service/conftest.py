import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from glassware.current import Incoming, incoming
from glassware.environment import Settings, to_variables
from glassware.service import client, edge, settings, transports
from glassware.service.wire import Wire
from service.http_worker import Serve, Worker


As = Callable[..., Settings]

SHOP = {
    "site": "shop",
    "service": "storefront",
    "url": "http://localhost:8000",
    "calls": ("catalog",),
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="gw-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Iterator[As]:
    """Make this process the service that the given settings describe."""

    def become(**said: Any) -> Settings:
        described = Settings(**{**SHOP, **said})
        for name, value in to_variables(described).items():
            monkeypatch.setenv(name, value)
        settings.forget()
        return described

    yield become
    monkeypatch.undo()
    settings.forget()


@pytest.fixture
def wire() -> Iterator[Wire]:
    """The transport of this test's calls."""
    edge.forget()
    transports.forget()
    transport = transports.wire()
    yield transport
    transport.close()
    transports.forget()
    edge.forget()


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Worker]]:
    """Start a worker of the one neighbour; it is gone after the test."""
    workers: list[Worker] = []

    def start(serve: Serve, name: str = "1.0", **options: int) -> Worker:
        (folder / "ready").mkdir(exist_ok=True)
        hidden = folder / f"{name}.starting"
        worker = Worker(hidden, serve, **options)
        worker.path = hidden.rename(folder / "ready" / f"{name}.sock")
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        with worker:
            pass


@pytest.fixture
def catalog(become: As, folder: Path, wire: Wire) -> client.Neighbour:
    """The neighbour `catalog`, whose workers `start` starts."""
    become(neighbours={"catalog": f"unix:{folder}/ready"})
    return client.services.catalog


@pytest.fixture
def asked() -> Iterator[Callable[..., Incoming]]:
    """Answer a request that is as the arguments say, from now on."""
    token = incoming.set(None)

    def ask(**said: Any) -> Incoming:
        request = Incoming(service="storefront", **said)
        incoming.set(request)
        return request

    yield ask
    incoming.reset(token)

"""Envoys and backends that end with the test that started them."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.backend import backend
from gateway.envoy_site import EnvoySite, running
from gateway.kinds import Share, Shared, Site, Start


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="gg-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with short_folder() as path:
        yield path


@pytest.fixture
def worker(folder: Path) -> Iterator[Start]:
    """Start real workers on sockets in `folder`."""
    with contextlib.ExitStack() as ends:
        yield lambda name: ends.enter_context(backend(name, folder / f"{name}.sock"))


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    """Make gateways; each Envoy that a test starts ends with it."""
    with contextlib.ExitStack() as ends:

        def make(*routes, **more) -> EnvoySite:
            place = folder / f"gateway{len(tuple(folder.glob('gateway*')))}"
            place.mkdir(mode=0o700)
            made = EnvoySite(place, routes, **more)
            ends.callback(made.stop)
            return made

        yield make


@pytest.fixture(scope="module")
def shared() -> Iterator[Share]:
    """Start a gateway and its workers once for a whole module."""
    with short_folder() as folder, contextlib.ExitStack() as ends:

        def share(names: str, *routes, **more) -> Shared:
            workers = {
                name: ends.enter_context(backend(name, folder / f"{name}.sock"))
                for name in names.split()
            }
            place = folder / "gateway"
            place.mkdir(mode=0o700)
            made = EnvoySite(place, routes, **more)
            ends.callback(made.stop)
            made.start(
                *(
                    running(name, w.target, tokens={"@site": f"token-for-{name}"})
                    for name, w in workers.items()
                )
            )
            return made, workers

        yield share

"""Embedded servers that are ended after each test, whatever happens."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import Embedded, Embedder

from glassware import engines


@pytest.fixture
def embed(tmp_path: Path) -> Iterator[Embedder]:
    """Make embedded servers below `tmp_path`, with short paths for their sockets."""
    runtime = Path(tempfile.mkdtemp(prefix="gw-"))
    embedder = Embedder(tmp_path, runtime)
    yield embedder
    embedder.end()
    shutil.rmtree(runtime)


@pytest.fixture(params=engines.NAMES)
def engine(request: pytest.FixtureRequest) -> engines.Engine:
    """Each engine in turn."""
    return engines.find(request.param)


@pytest.fixture
def server(embed: Embedder, engine: engines.Engine) -> Embedded:
    """A running server of each engine in turn."""
    return embed(engine).start()

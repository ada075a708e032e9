"""Embedded servers that are ended after each test, whatever happens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.embedded import Embedded, Embedder, embedding
from glassware import engines


@pytest.fixture
def embed(tmp_path: Path) -> Iterator[Embedder]:
    """Make embedded servers that live for one test."""
    with embedding(tmp_path) as embedder:
        yield embedder


@pytest.fixture(scope="session", params=engines.NAMES)
def engine(request: pytest.FixtureRequest) -> engines.Engine:
    """Each engine in turn."""
    return engines.find(request.param)


@pytest.fixture
def server(embed: Embedder, engine: engines.Engine) -> Embedded:
    """A server of each engine in turn, for tests that stop, kill or break it."""
    return embed(engine).start()


@pytest.fixture(scope="session")
def standing(
    engine: engines.Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Embedded]:
    """A server of each engine in turn that outlives the test."""
    with embedding(tmp_path_factory.mktemp(engine.name)) as embedder:
        yield embedder(engine).start()


@pytest.fixture
def shared(standing: Embedded) -> Iterator[Embedded]:
    """A server of each engine in turn, for tests that leave it running."""
    yield standing
    for given in standing.grants:
        standing.engine.wipe(standing.url, given)
    standing.grants.clear()

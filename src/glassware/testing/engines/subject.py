"""What is tested: an engine, and how its data is written and read."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from glassware import clients
from glassware.clients import Client
from glassware.engines import Engine

from .servers import Embedded, Embedder, embedding


@contextmanager
def _nothing(url: str) -> Iterator[None]:
    del url
    yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An engine, and its data as a service sees it.

    Attributes:
        engine: The engine.
        keep: Stores a value at a URL, for good, after those that are there.
        kept: Returns all values that were stored at a URL, in their order.
        refusals: What these raise where nobody is let in.
        connected: Holds a connection of a service open for a while.
        shared: Whether one server has the databases of many services.
        starts_within: Seconds after which a new server is ready.
        restarts_within: Seconds after which one with data is ready.
    """

    engine: Engine
    keep: Callable[[str, str], None]
    kept: Callable[[str], list[str]]
    refusals: tuple[type[Exception], ...]
    connected: Callable[[str], AbstractContextManager[Any]] = _nothing
    shared: bool = False
    starts_within: float = 8.0
    restarts_within: float = 3.0

    @property
    def client(self) -> Client:
        """What opens it in services."""
        client = clients.find(self.engine.name)
        assert client is not None, "`glassware.clients` has no entry point of this name"
        return client


class Promises:
    """Tests of one engine, each with servers that end with it."""

    subject: ClassVar[Subject]

    @pytest.fixture
    def embed(self, tmp_path: Path) -> Iterator[Embedder]:
        """Make servers that live for one test."""
        with embedding(tmp_path) as embedder:
            yield embedder

    @pytest.fixture
    def server(self, embed: Embedder) -> Embedded:
        """A server for a test that stops, kills or breaks it."""
        return embed(self.subject.engine).start()

    @pytest.fixture(scope="class")
    @classmethod
    def standing(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
        """A server that outlives the test."""
        folder = tmp_path_factory.mktemp(cls.subject.engine.name)
        with embedding(folder) as embedder:
            yield embedder(cls.subject.engine).start()

    @pytest.fixture
    def shared(self, standing: Embedded) -> Iterator[Embedded]:
        """A server for tests that leave it running."""
        yield standing
        standing.wipe()

    def beside(self, server: Embedded, embed: Embedder) -> Embedded:
        """Return the server of another service's database of this engine."""
        return server if self.subject.shared else embed(self.subject.engine).start()

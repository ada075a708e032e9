"""Data folders that belong to somebody else, as after one start with `sudo`."""

import os

import pytest

from engines.embedded import Embedder, grant, until
from engines.keeping import keep, kept
from glassware import engines


SOMEBODY = 12345


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["postgresql", "redis", "dynamodb"])
def test_a_folder_of_somebody_else(embed: Embedder, name: str) -> None:
    """It is used with all that is in it, or the way out is told; nothing is lost."""
    server = embed(engines.find(name)).start()
    given = grant()
    url = server.provision(given).url
    keep(url, "tea")
    server.stop()
    os.chown(server.place.data, SOMEBODY, SOMEBODY)
    process = server.spawn()
    until(
        lambda: process.poll() is not None or server.engine.ready(server.url),
        server.said,
    )
    if process.poll() is not None:
        hint = server.engine.explain(server.said()).hint or ""
        assert "belongs to another user" in hint, server.said()
        os.chown(server.place.data, os.geteuid(), -1)
        server.start()
    assert kept(url) == ["tea"]

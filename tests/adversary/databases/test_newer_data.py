"""Data that a newer server wrote: told as that, and left as it is.

PostgreSQL, Cassandra and Dynoxide have notes of their versions beside the data,
and tests of that in their own files.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.embedded import Embedded, Embedder, grant, until
from engines.keeping import keep, kept
from glassware import engines
from glassware.errors import EngineError


def newer_base(server: Embedded) -> Path:
    """Let the file of Valkey's be of another format."""
    file = next(server.place.data.rglob("*.base.rdb"))
    kind = file.read_bytes()
    file.write_bytes(b"VALKEY999" + kind[9:])
    return file


def newer_files(server: Embedded) -> Path:
    """Let the files of MongoDB's be of another format."""
    file = next(server.place.data.rglob("WiredTiger.turtle"))
    file.write_text(re.sub(r"major=\d+", "major=99", file.read_text()))
    return file


@pytest.mark.parametrize(
    ("engine", "spoil", "way_out"),
    [
        ("redis", newer_base, "newer server wrote it"),
        ("mongodb", newer_files, "the MongoDB that wrote it"),
    ],
)
def test_data_of_a_newer_server(
    embed: Embedder, engine: str, spoil: Callable[[Embedded], Path], way_out: str
) -> None:
    """The start fails with a way out; with the right file all is there again."""
    server = embed(engines.find(engine)).start()
    url = server.provision(grant()).url
    keep(url, "tea")
    server.stop()
    before = {p: p.read_bytes() for p in server.place.data.rglob("*") if p.is_file()}
    file = spoil(server)
    spoiled = file.read_bytes()

    process = server.spawn()
    until(lambda: process.poll() is not None, server.said)

    error = server.engine.explain(server.said())
    assert way_out in (error.hint or ""), error
    assert file.read_bytes() == spoiled
    file.write_bytes(before[file])
    server.start()
    assert kept(url) == ["tea"]


def test_a_file_of_a_newer_sqlite(embed: Embedder) -> None:
    """SQLite says of such a file that it is none: it is named, and left alone."""
    server = embed(engines.find("sqlite")).start()
    given = grant()
    file = Path(server.provision(given).name)
    keep(server.provision(given).url, "tea")
    content = bytearray(file.read_bytes())
    content[18:20] = b"\x09\x09"
    file.write_bytes(content)
    with pytest.raises(EngineError, match=re.escape(str(file))) as caught:
        server.provision(given)
    assert "restore a backup" in (caught.value.hint or "")
    assert file.read_bytes() == content

"""Servers that are killed while many write: what was acknowledged is there."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import pytest

from engines.embedded import Embedded, Embedder, grant
from engines.keeping import REFUSALS, connected
from glassware import engines
from glassware.engines import Engine
from waiting import until


WRITERS = 4
ENOUGH = 300

Write = Callable[[str], object]


class Writers:
    """Threads that write until they are refused, and count what was acknowledged."""

    def __init__(self, url: str) -> None:
        self.acknowledged: list[str] = []
        self._url = url
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(n,)) for n in range(WRITERS)
        ]

    def __enter__(self) -> Self:
        """Start."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wait until each has been refused."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, mine: int) -> None:
        with suppress(*REFUSALS, OSError), connected(self._url) as client:
            write = writing(client, self._url)
            for number in range(1_000_000):
                write(f"{mine}-{number}")
                self.acknowledged.append(f"{mine}-{number}")


def prepare(url: str) -> None:
    """Make what is written to."""
    with connected(url) as client:
        if url.startswith(("postgresql", "cassandra")):
            client.execute("create table word (word text primary key)")
        elif url.startswith("dynamodb"):
            client.create_table(
                TableName="word",
                AttributeDefinitions=[{"AttributeName": "word", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "word", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )


def writing(client: Any, url: str) -> Write:
    """Return what writes a word, and returns when the server has said yes."""
    if url.startswith("postgresql"):
        client.autocommit = True
        return lambda word: client.execute("insert into word values (%s)", [word])
    if url.startswith("mongodb"):
        return lambda word: client.word.insert_one({"_id": word})
    if url.startswith("cassandra"):
        say = "insert into word (word) values (%s)"
        return lambda word: client.execute(say, [word], timeout=2)
    if url.startswith("dynamodb"):
        return lambda word: client.put_item(
            TableName="word", Item={"word": {"S": word}}
        )
    return lambda word: client.sadd("word", word)


def written(url: str) -> set[str]:
    """Return every word that is there."""
    with connected(url) as client:
        if url.startswith(("postgresql", "cassandra")):
            return {row[0] for row in client.execute("select word from word")}
        if url.startswith("mongodb"):
            return set(client.word.distinct("_id"))
        if url.startswith("dynamodb"):
            pages = client.get_paginator("scan").paginate(
                TableName="word", ConsistentRead=True
            )
            return {item["word"]["S"] for page in pages for item in page["Items"]}
        return set(client.smembers("word"))


def test_nothing_acknowledged_is_lost(embed: Embedder, engine: Engine) -> None:
    """Of what four writers were told is kept, `kill -9` of the server takes nothing."""
    server = embed(engine)
    if engine.launch(server.place) is None:
        pytest.skip("there is no server; the test of its writers is the next one")
    server.start()
    url = server.provision(grant()).url
    prepare(url)
    acknowledged = killed_under_writes(server, url)
    server.start()
    assert acknowledged - written(url) == set()


def killed_under_writes(server: Embedded, url: str) -> set[str]:
    """Kill a server with all that it started; return what it has acknowledged."""
    with Writers(url) as writers:
        until(lambda: len(writers.acknowledged) > ENOUGH, server.said(), 30)
        server.kill()
    # Printed where a test is asked about: `-rP`.
    print(server.engine.name, len(writers.acknowledged), "acknowledged")  # noqa: T201
    return set(writers.acknowledged)


WRITE_ROWS = """
import sqlite3, sys
path, first, step = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
database = sqlite3.connect(path, timeout=20)
for number in range(first, 1_000_000, step):
    database.execute("insert into number values (?)", [number])
    database.commit()
    print(number, flush=True)
"""


@contextmanager
def processes_that_write(path: str, folder: Path) -> Iterator[list[Path]]:
    """Start writers that are processes of their own; kill them at the end."""
    notes = [folder / f"{n}.txt" for n in range(WRITERS)]
    with ExitStack() as end:
        for n, note in enumerate(notes):
            argv = (sys.executable, "-c", WRITE_ROWS, path, str(n), str(WRITERS))
            to = end.enter_context(note.open("wb"))
            writer = end.enter_context(subprocess.Popen(argv, stdout=to))
            end.callback(writer.kill)
        yield notes


def test_no_commit_of_a_killed_writer_is_lost(embed: Embedder, tmp_path: Path) -> None:
    """Every process that writes to a file is killed: what it committed is there."""
    server = embed(engines.find("sqlite")).start()
    path = server.provision(grant()).name
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table number (number integer primary key)")
    with processes_that_write(path, tmp_path) as notes:
        until(lambda: sum(len(lines(note)) for note in notes) > ENOUGH, "writes", 30)
    acknowledged = {int(line) for note in notes for line in lines(note)}
    print("sqlite", len(acknowledged), "acknowledged")  # noqa: T201 - as above
    with closing(sqlite3.connect(path)) as database:
        there = {n for (n,) in database.execute("select number from number")}
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    assert acknowledged - there == set()


def lines(note: Path) -> list[bytes]:
    """Return the whole lines of a note."""
    return note.read_bytes().split(b"\n")[:-1] if note.exists() else []

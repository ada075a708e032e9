"""A disk that fills up: told clearly, and nothing that was acknowledged is lost."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from pymongo.database import Database

from engines.embedded import Embedded, Embedder, grant, until
from engines.keeping import REFUSALS, connected, keep, kept
from glassware.engines import Engine
from glassware.errors import EngineError


MIB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 120 MiB of its own; ask for it before the servers on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=120m,mode=0700", "tmpfs", str(disk))
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root can make a small disk, and not everywhere")
    yield disk
    subprocess.run(("umount", "--lazy", str(disk)), check=True)


def fill(disk: Path) -> Path:
    """Take all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
        except OSError:
            return ballast


def write_much(url: str) -> None:
    """Store more than a write-ahead log has room for, until it is refused."""
    for ten in range(40):
        with connected(url) as client:
            for number in range(10):
                write(client, url, 10 * ten + number)


def write(client: Any, url: str, number: int) -> None:
    """Store about a mebibyte."""
    if isinstance(client, psycopg.Connection):
        client.execute(
            "create table if not exists much as"
            " select repeat(random()::text, 100) from generate_series(1, 100)"
        )
        client.execute("insert into much select * from much limit 1000")
        client.commit()
    elif isinstance(client, sqlite3.Connection):
        client.execute("create table if not exists much (value blob)")
        client.execute("insert into much values (randomblob(?))", [MIB])
        client.commit()
    elif isinstance(client, Database):
        client.much.insert_one({"much": os.urandom(MIB)})
    elif url.startswith("cassandra"):
        client.execute(
            "create table if not exists much (id int primary key, value blob)"
        )
        insert = "insert into much (id, value) values (%s, %s)"
        client.execute(insert, (number, os.urandom(MIB)))
    elif url.startswith("dynamodb"):
        much = {"B": os.urandom(MIB // 4)}
        place = {"list": {"S": "much"}, "number": {"N": str(number)}}
        client.put_item(TableName="kept", Item={**place, "value": much})
    else:
        client.set(f"much{number % 2}", os.urandom(MIB))


def test_data_outlives_a_full_disk(
    small_disk: Path, embed: Embedder, engine: Engine
) -> None:
    """Writes are refused or the server ends, and with room again all is there."""
    server = embed(engine, data=small_disk / "data").start()
    url = server.provision(grant()).url
    for number in range(10):
        keep(url, str(number))
    ballast = fill(small_disk)
    with pytest.raises((*REFUSALS, psycopg.Error, redis.RedisError)):
        write_much(url)
    if server.process is not None:
        server.kill()
    ballast.unlink()
    server.start()
    assert kept(url) == [str(number) for number in range(10)]


def test_a_full_disk_at_the_start_is_told(
    small_disk: Path, embed: Embedder, engine: Engine
) -> None:
    """No room for a data folder is an error with a way out; room again is enough."""
    server = embed(engine, data=small_disk / "data")
    ballast = fill(small_disk)
    error = outcome(server)
    assert "No space left" in error.message
    ballast.unlink()
    keep(server.start().provision(grant()).url, "tea")


def outcome(server: Embedded) -> EngineError:
    """Return the error of a start that has to fail."""
    try:
        if server.engine.launch(server.place) is None:
            server.start().provision(grant())
        process = server.spawn()
    except EngineError as error:
        return error
    until(lambda: process.poll() is not None, server.said)
    return server.engine.explain(server.said())

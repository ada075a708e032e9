"""What Redis promises beyond what every engine does."""

from collections.abc import Iterator

import pytest
import redis

from engines.embedded import Embedded, Embedder, embedding, grant, until
from engines.keeping import connected, keep, kept
from glassware import engines
from glassware.errors import EngineError


engine = engines.find("redis")


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A server that outlives the test."""
    with embedding(tmp_path_factory.mktemp("redis")) as embedder:
        yield embedder(engine).start()


@pytest.mark.parametrize(
    "command",
    [
        "CONFIG SET dir /tmp",
        "ACL LIST",
        "ACL SETUSER intruder on nopass ~* +@all",
        "DEBUG SLEEP 0",
        "MODULE LIST",
        "REPLICAOF 127.0.0.1 1",
        "MIGRATE 127.0.0.1 1 key 0 100",
        "SHUTDOWN NOSAVE",
    ],
)
def test_services_have_no_power_over_the_server(shared: Embedded, command: str) -> None:
    """Files, users, replication and the end of the server are out of reach."""
    url = shared.provision(grant()).url
    with (
        connected(url) as client,
        pytest.raises(redis.ResponseError, match=r"no permissions|not allowed"),
    ):
        client.execute_command(*command.split())


@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL",
        "KEYS *",
        "INFO",
        "SELECT 3",
        "CONFIG GET maxmemory-policy",
        "CLIENT LIST",
        "PUBLISH channel text",
        "FUNCTION LIST",
        "SCAN 0",
    ],
)
def test_services_own_what_is_inside(shared: Embedded, command: str) -> None:
    """What libraries ask of a server that is one's own is allowed."""
    with connected(shared.provision(grant()).url) as client:
        client.execute_command(*command.split())


def test_only_the_administrator_gets_in_before_a_grant(shared: Embedded) -> None:
    """A server that nobody was let into yet has no open door."""
    with (
        connected(f"redis://127.0.0.1:{shared.place.port}") as client,
        pytest.raises(redis.RedisError),
    ):
        client.ping()


def test_one_process_for_each_declaration(embed: Embedder) -> None:
    """One declaration's password is worth nothing on another's server."""
    mine, other = embed(engine).start(), embed(engine).start()
    given = grant()
    mine.provision(given)
    other.provision(grant())
    with pytest.raises(redis.AuthenticationError):
        kept(engine.access(other.url, given).url)


def test_clients_that_know_no_user_get_in(shared: Embedded) -> None:
    """Host, port and password alone are enough, as for every Redis before users."""
    access = shared.provision(grant())
    client = redis.Redis(access.host, access.port, password=access.password)
    with client:
        assert client.ping()
    assert access.user == "default"


@pytest.mark.parametrize("damaged", ["manifest", "incr.aof", "base.rdb"])
def test_damaged_data_is_told(embed: Embedder, damaged: str) -> None:
    """The server's own words about damage come with what to do about it."""
    server = embed(engine).start()
    url = server.provision(grant()).url
    for number in range(20):
        keep(url, str(number))
    server.stop()
    (file,) = (server.place.data / "appendonlydir").glob(f"*{damaged}")
    content = file.read_bytes()
    file.write_bytes(b"#\n" + content[: len(content) // 2] + b"?" * 100)
    process = server.spawn()
    until(lambda: process.poll() is not None, server.said)
    error = engine.explain(server.said())
    assert error.message.count("\n") > 2
    assert "backup" in (error.hint or "")


def test_a_torn_last_write_is_no_damage(embed: Embedder) -> None:
    """What a power cut leaves of the last write does not keep the rest from loading."""
    server = embed(engine).start()
    url = server.provision(grant()).url
    keep(url, "tea")
    server.stop()
    (file,) = (server.place.data / "appendonlydir").glob("*.incr.aof")
    with file.open("ab") as log:
        log.write(b"*3\r\n$5\r\nRPU")
    server.start()
    assert kept(url) == ["tea"]


@pytest.mark.parametrize(
    "url",
    [
        "redis://admin:hunter2@127.0.0.1:port",
        "redis://admin:hunter2@[127.0.0.1",
        "http://admin:hunter2@127.0.0.1",
        "hunter2",
        "redis://admin:hunter2@127.0.0.1:1/0",
        "redis://admin:hunter2@127.0.0.1:1/0?socket_timeout=hunter2",
        "redis://admin:hunter2@127.0.0.1:1/0?nonsense=hunter2",
        "rediss://admin:hunter2@127.0.0.1:1/0?ssl_ca_certs=/none/hunter2",
    ],
)
def test_a_bad_url_is_told_and_not_repeated(url: str) -> None:
    """Errors about an existing server never show the password in its URL."""
    with pytest.raises(EngineError) as caught:
        engine.provision(url, grant())
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"

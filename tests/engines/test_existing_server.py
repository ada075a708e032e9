"""A server that exists already, reached by a URL and shared with others."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, urlsplit

import psycopg
import pytest
import redis

from engines.embedded import Embedded, Embedder, embedding, free_port, grant
from engines.existing import ADMINISTRATOR, PASSWORD, PlainRedis, existing
from engines.keeping import REFUSALS, connected, keep, kept
from glassware import engines
from glassware.engines import Engine, Grant, Launch, Place
from glassware.errors import EngineError


# On a DynamoDB nothing is made, and a folder for SQLite asks nobody who it is:
# what these promise instead is in files of their own.
ACCOUNTS = tuple(n for n in engines.NAMES if n not in {"dynamodb", "sqlite"})


@pytest.fixture(scope="module", params=ACCOUNTS)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine whose servers have accounts."""
    return engines.find(request.param)


@pytest.fixture(scope="module")
def standing(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Embedded]:
    """A server of somebody else's that outlives the test."""
    folder = tmp_path_factory.mktemp(engine.name)
    with embedding(folder) as embedder, existing(engine.name, embedder) as server:
        yield server


only_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
only_redis = pytest.mark.parametrize("engine", ["redis"], indirect=True)


def test_gives_a_database(shared: Embedded) -> None:
    """A grant works over TCP, and promises no socket that is not known."""
    access = shared.provision(grant())
    keep(access.url, "tea")
    assert kept(access.native_url) == ["tea"]
    assert access.socket == ""
    assert (access.host, access.port) == ("127.0.0.1", shared.place.port)


def test_provisioning_again_changes_nothing(shared: Embedded) -> None:
    """Every start of the site finds its databases again."""
    given = grant()
    first = shared.provision(given)
    keep(first.url, "tea")
    assert shared.provision(given) == first
    assert kept(first.url) == ["tea"]


def test_provisioning_sets_another_password(shared: Embedded) -> None:
    """A new password replaces the old one, and the data stays."""
    given = grant()
    old = shared.provision(given)
    keep(old.url, "tea")
    new = shared.provision(replace(given, password=secrets.token_urlsafe(24)))
    assert kept(new.url) == ["tea"]
    with pytest.raises(REFUSALS):
        kept(old.url)


def test_services_cannot_enter_other_databases(shared: Embedded) -> None:
    """A service's own credentials open its own database and no other."""
    mine = shared.provision(grant("shop_catalog_main"))
    other = shared.provision(grant("shop_accounts_main"))
    keep(other.url, "secret")
    assert kept(mine.url) == []
    address = urlsplit(mine.url)
    for name in (other.name, "postgres" if "sql" in mine.url else "0"):
        with pytest.raises(REFUSALS):
            kept(address._replace(path=f"/{name}").geturl())


def test_the_administrator_stays_a_secret(shared: Embedded) -> None:
    """What services get has nothing of the administrator's credentials."""
    access = shared.provision(grant())
    for secret in (PASSWORD, quote(PASSWORD), quote(PASSWORD, safe="")):
        assert secret not in f"{access.url}{access.native_url}{access.location}"
    assert "somebody" not in access.url


def test_wipe_leaves_the_others_alone(shared: Embedded) -> None:
    """A wipe takes one service's database and user away, and nothing else."""
    given = grant("shop_catalog_main")
    mine, other = shared.provision(given), shared.provision(grant("shop_accounts_main"))
    for url in (mine.url, other.url):
        keep(url, "tea")
    shared.engine.wipe(shared.url, given)
    shared.engine.wipe(shared.url, given)
    with pytest.raises(REFUSALS):
        kept(mine.url)
    assert kept(other.url) == ["tea"]
    assert kept(shared.provision(given).url) == []


def test_a_wrong_password_is_told(shared: Embedded) -> None:
    """A wrong password in `site.toml` is told at once, and not repeated."""
    url = shared.url.replace(quote(PASSWORD, safe=""), "hunter2")
    for question in (shared.engine.ready, lambda url: provision(shared, url)):
        with pytest.raises(EngineError) as caught:
            question(url)
        assert "hunter2" not in str(caught.value)
        assert str(shared.place.port) in str(caught.value)


def test_too_few_rights_are_told(shared: Embedded) -> None:
    """A URL of somebody who may not make users names what is missing."""
    access = shared.provision(grant("modest"))
    with pytest.raises(EngineError) as caught:
        provision(shared, access.url)
    assert access.password not in str(caught.value)
    assert "needs" in (caught.value.hint or "")


def test_a_server_that_is_not_there_is_not_ready(shared: Embedded) -> None:
    """A server that is not up yet is waited for, as an embedded one is."""
    assert not shared.engine.ready(shared.url.replace(str(shared.place.port), "1"))


def provision(server: Embedded, url: str) -> None:
    """Provision through another URL than the server's."""
    server.engine.provision(url, grant("another"))


@only_postgresql
def test_options_of_the_url_are_passed_on(shared: Embedded) -> None:
    """How to encrypt is for services too, in every form of the URL."""
    access = shared.provision(grant())
    offered = access.offer(shared.engine.variables)
    for url in (access.url, access.native_url, offered["SQLALCHEMY_DATABASE_URI"]):
        assert url.endswith("?sslmode=disable")


@only_postgresql
def test_other_databases_stay_open_to_those_who_use_them(shared: Embedded) -> None:
    """What the server's owner allows on databases of their own is not changed."""
    with psycopg.connect(shared.url, autocommit=True) as owner:
        owner.execute("create database theirs")
        shared.provision(grant())
        row = owner.execute(
            "select has_database_privilege('public', 'theirs', 'connect')"
        ).fetchone()
    owner.close()
    assert row == (True,)


@only_redis
def test_numbers_in_use_are_left_alone(shared: Embedded) -> None:
    """A database number with somebody's keys in it is never given to a service."""
    with connected(f"{shared.url}/1") as theirs:
        theirs.set("theirs", "1")
        access = shared.provision(grant())
        assert access.name not in {"0", "1"}
        with connected(access.url) as mine:
            mine.flushdb()
        assert theirs.get("theirs") == "1"
        theirs.flushdb()


@only_redis
def test_numbers_run_out_aloud(shared: Embedded) -> None:
    """More services than databases is an error that says what to raise."""
    for number in range(15):
        shared.provision(grant(f"service{number}"))
    with pytest.raises(EngineError, match="no free database") as caught:
        shared.provision(grant("one_too_many"))
    assert "`databases`" in (caught.value.hint or "")


@only_redis
@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL",
        "SWAPDB 0 1",
        "MOVE key 3",
        "COPY key key DB 3",
        "EVAL redis.call('select',3) 0",
        "FUNCTION FLUSH",
        "SCRIPT FLUSH",
        "CONFIG GET *",
        "CLIENT LIST",
        "MONITOR",
        "SHUTDOWN",
    ],
)
def test_nothing_reaches_beyond_the_database(shared: Embedded, command: str) -> None:
    """Commands for the whole server, or for other databases, are refused."""
    with (
        connected(shared.provision(grant()).url) as client,
        pytest.raises(redis.ResponseError, match=r"[Nn]o permissions"),
    ):
        client.execute_command(*command.split())


@only_redis
def test_users_of_the_server_are_not_taken(shared: Embedded) -> None:
    """A service never becomes the user that everybody else is."""
    with pytest.raises(EngineError, match="of its own"):
        shared.engine.provision(
            shared.url, Grant(database="d", role="default", password="x")
        )


def test_the_next_start_finds_everything(embed: Embedder) -> None:
    """A server that keeps no users over a restart gets them again, with the data."""
    given = grant()
    with existing("redis", embed) as server:
        server.provision(grant("first"))
        access = server.provision(given)
        keep(access.url, "tea")
        server.stop()
        server.start()
        assert server.provision(given) == access
        assert kept(access.url) == ["tea"]


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("postgresql://a:b@[::1]:5433/x", "::1", "postgresql://r:p@[::1]:5433/d"),
        (
            "postgres://a:b@db.example/x",
            "db.example",
            "postgresql://r:p@db.example:5432/d",
        ),
        ("postgresql+psycopg://a@h/x", "h", "postgresql://r:p@h:5432/d"),
        ("postgresql://a@h,i:7/x", "h", "postgresql://r:p@h:5432,i:7/d"),
        (
            "postgresql://a:b@h/x?sslmode=verify-full&sslrootcert=/ca&sslkey=/key",
            "h",
            "postgresql://r:p@h:5432/d?sslmode=verify-full&sslrootcert=%2Fca",
        ),
        (
            "postgresql://a:b@/x?host=/run/pg",
            "/run/pg",
            "postgresql://r:p@/d?host=%2Frun%2Fpg&port=5432",
        ),
    ],
)
def test_every_form_of_postgresql_url(url: str, host: str, expected: str) -> None:
    """IPv6, several hosts, sockets and options come out as libpq reads them."""
    given = Grant(database="d", role="r", password="p")
    access = engines.find("postgresql").access(url, given)
    assert (access.url, access.host) == (expected, host)
    assert ADMINISTRATOR not in access.url


class ClusteredRedis(PlainRedis):
    """A Redis that is a part of a cluster."""

    def launch(self, place: Place) -> Launch:
        """Return how it is started."""
        bus = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
        return Launch(argv=(*super().launch(place).argv, *bus))


def test_a_cluster_is_told(embed: Embedder) -> None:
    """A server with one database for all is refused with the reason."""
    server = embed(ClusteredRedis()).start()
    with pytest.raises(EngineError, match="is a cluster"):
        server.provision(grant())

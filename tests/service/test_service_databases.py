"""Databases as a service sees them, on real engines."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import psycopg_pool
import pytest
import redis
import sqlalchemy

from glassware import clients, engines
from glassware.engines import Access, Grant, Place
from glassware.environment import Binding
from glassware.errors import UsageError
from glassware.service.databases import Databases
from waiting import until


class Server:
    """One embedded server that can be stopped and started again."""

    def __init__(self, engine: str, folder: Path) -> None:
        self._engine = engines.find(engine)
        self._place = Place(
            program=self._engine.embedded(),
            data=folder / engine,
            runtime=folder,
            port=free_port(),
            password=secrets.token_urlsafe(16),
        )
        self._log = folder / f"{engine}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it is ready."""
        self._engine.prepare(self._place)
        launch = self._engine.launch(self._place)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                launch.argv,
                env={"PATH": os.environ["PATH"], **launch.environment},
                stdout=log,
                stderr=log,
            )
        until(lambda: self._engine.ready(self._url), "a ready server", 20)

    def stop(self) -> None:
        """End it, and return when it has ended."""
        if self._process is not None:
            self._process.send_signal(self._engine.launch(self._place).stop)
            self._process.wait(20)
            self._process = None

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it stand still for the length of the block."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def provide(self) -> Access:
        """Return how a service reaches a database of its own there."""
        given = Grant(database="shop_main", role="shop_main", password="p@ss/w:rd%")
        self._engine.provision(self._url, given)
        return self._engine.access(self._url, given)

    @property
    def _url(self) -> str:
        return self._engine.admin_url(self._place)


def free_port() -> int:
    """Return a port that is free now, below those that connections are given."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@pytest.fixture
def run(folder: Path) -> Iterator[Callable[[str], Server]]:
    """Start a server of an engine; it has ended after the test."""
    servers: list[Server] = []

    def run(engine: str) -> Server:
        server = Server(engine, folder)
        servers.append(server)
        server.start()
        return server

    yield run
    for server in servers:
        server.stop()


@pytest.fixture
def databases() -> Iterator[Databases]:
    """The databases of this process, closed after the test."""
    opened = Databases()
    yield opened
    opened.close()


@pytest.mark.parametrize("way", ["url", "native_url"])
def test_postgresql_is_a_pool(become, run, databases, way):
    """What comes back is psycopg's own pool, opened once."""
    access = run("postgresql").provide()
    become(databases={"main": Binding(engine="postgresql", url=getattr(access, way))})
    assert type(databases.main) is psycopg_pool.ConnectionPool
    assert databases.main is databases["main"]
    with databases.main.connection() as db:
        db.execute("create table seen (n int)")
        db.execute("insert into seen values (1)")
    with databases.main.connection() as db:
        assert db.execute("select n from seen").fetchall() == [(1,)]
    assert databases.main.name == "storefront.main"
    assert databases.main.get_stats()["pool_size"] == 1
    assert list(databases) == ["main"]


def test_redis_is_a_client(become, run, databases):
    """What comes back is redis-py's own client, with its own defaults."""
    access = run("redis").provide()
    become(
        databases={
            "cache": Binding(engine="redis", url=access.native_url),
            "queue": Binding(engine="redis", url=access.url),
        }
    )
    assert type(databases.cache) is redis.Redis
    databases.cache.set("a", "1")
    assert databases.queue.get("a") == b"1"


def test_parts_and_url_fit_other_libraries(become, run, databases):
    """SQLAlchemy takes the URL; Django and the like take the parts."""
    access = run("postgresql").provide()
    for url in (access.native_url, access.url):
        become(databases={"main": Binding(engine="postgresql", url=url)})
        engine = sqlalchemy.create_engine(
            databases.url("main").replace("postgresql:", "postgresql+psycopg:")
        )
        with engine.connect() as db:
            assert db.execute(sqlalchemy.text("select 1")).scalar() == 1
        engine.dispose()
        parts = databases.settings("main")
        with psycopg.connect(
            host=parts["host"],
            port=parts["port"],
            user=parts["user"],
            password=parts["password"],
            dbname=parts["name"],
        ) as db:
            assert db.info.dbname == "shop_main"
    cache = run("redis").provide()
    for url in (cache.native_url, cache.url):
        become(databases={"cache": Binding(engine="redis", url=url)})
        parts = databases.settings("cache")
        client = redis.Redis(
            unix_socket_path=parts["socket"] or None,
            host=parts["host"],
            port=parts["port"],
            username=parts["user"] or None,
            password=parts["password"],
            db=int(parts["name"]),
        )
        assert client.ping()
        client.close()


def test_a_restart_of_postgresql_costs_no_request(become, run, databases):
    """Connections that died with the server are replaced before they are used."""
    server = run("postgresql")
    url = server.provide().native_url
    become(databases={"main": Binding(engine="postgresql", url=url)})
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(databases.main.connection()).execute("select 1")
    server.stop()
    server.start()
    began = time.monotonic()
    for _ in range(10):
        with databases.main.connection() as db:
            assert db.execute("select 1").fetchone() == (1,)
    assert time.monotonic() - began < 1


def test_a_restart_of_redis_costs_no_request(become, run, databases):
    """The client connects anew by itself."""
    server = run("redis")
    url = server.provide().native_url
    become(databases={"cache": Binding(engine="redis", url=url)})
    assert databases.cache.ping()
    server.stop()
    server.start()
    server.provide()
    assert databases.cache.ping()


def test_a_server_that_is_down_is_an_error_soon(become, run, databases):
    """Nothing hangs: the client's own error comes within seconds."""
    postgresql, cache = run("postgresql"), run("redis")
    become(
        databases={
            "main": Binding(engine="postgresql", url=postgresql.provide().url),
            "cache": Binding(engine="redis", url=cache.provide().url),
        }
    )
    assert databases.cache.ping()
    with databases.main.connection() as db:
        db.execute("select 1")
    postgresql.stop()
    cache.stop()
    began = time.monotonic()
    with pytest.raises(redis.ConnectionError):
        databases.cache.ping()
    with pytest.raises(psycopg_pool.PoolTimeout), databases.main.connection():
        pass
    assert time.monotonic() - began < 10
    postgresql.start()
    with databases.main.connection() as db:
        assert db.execute("select 1").fetchone() == (1,)


def test_a_server_that_is_silent_is_an_error_soon(become, run, databases):
    """A command without an answer is given up once, and not sent again."""
    server = run("redis")
    become(databases={"cache": Binding(engine="redis", url=server.provide().url)})
    assert databases.cache.incr("n") == 1
    with server.frozen():
        began = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            databases.cache.incr("n")
        assert time.monotonic() - began < 8
    assert databases.cache.get("n") == b"2"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_connects_for_itself(become, run, databases):
    """Parent and child never speak through one socket."""
    access, cache = run("postgresql").provide(), run("redis").provide()
    become(
        databases={
            "main": Binding(engine="postgresql", url=access.native_url),
            "cache": Binding(engine="redis", url=cache.native_url),
        }
    )

    def ask() -> tuple[int, int]:
        with databases.main.connection() as db:
            (backend,) = db.execute("select pg_backend_pid()").fetchone()
        return backend, databases.cache.client_id()

    mine = ask()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, repr(ask()).encode())
        databases.close()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        theirs = eval(pipe.read())
    assert os.waitpid(child, 0)[1] == 0
    assert theirs[0] != mine[0]
    assert theirs[1] != mine[1]
    assert ask() == mine


def test_threads_open_one_client(become, databases):
    """The first use by many threads at once makes one client."""
    become(databases={"cache": Binding(url="redis://127.0.0.1:1/0")})
    ready, seen = threading.Barrier(8), []

    def use() -> None:
        ready.wait(10)
        seen.append(databases.cache)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, seen))) == 1


@pytest.mark.parametrize(
    ("url", "engine", "parts"),
    [
        (
            "postgresql+psycopg://u:p%40@db.example:5433/shop?sslmode=require",
            "postgresql",
            ("db.example", 5433, "u", "p@", "shop", ""),
        ),
        ("postgres://u@/shop", "postgresql", ("localhost", 5432, "u", "", "shop", "")),
        (
            "postgresql://u:p@/shop?host=/run/a&port=5544",
            "postgresql",
            ("/run/a", 5544, "u", "p", "shop", "/run/a"),
        ),
        ("redis://:p%2F@h/2", "redis", ("h", 6379, "", "p/", "2", "")),
        ("valkey://h:7000", "redis", ("h", 7000, "", "", "0", "")),
        (
            "unix:///run/a.sock?db=1&username=u&password=p%2F",
            "redis",
            ("", 6379, "u", "p/", "1", "/run/a.sock"),
        ),
        (
            "postgresql://u@/d?host=/run/a,h&port=1,2",
            "postgresql",
            ("/run/a", 1, "u", "", "d", "/run/a"),
        ),
        ("postgresql://u@h:1,i:2/d", "postgresql", ("h", 1, "u", "", "d", "")),
    ],
)
def test_the_url_says_the_engine(become, databases, url, engine, parts):
    """By hand, one variable with a URL is enough."""
    become(site="", databases={"main": Binding(url=url)})
    assert tuple(databases.settings("main").values()) == parts
    assert databases.url("main").startswith(
        "postgresql:" if engine == "postgresql" else ("redis:", "unix:")
    )


def test_an_unknown_name_says_what_to_write(become, databases):
    """Within a site it is a line of the manifest; alone, a variable."""
    known = {"main": Binding(url="redis://h")}
    become(databases=known)
    with pytest.raises(UsageError) as caught:
        _ = databases.cache
    assert caught.value.message == "there is no database `cache`; known: `main`"
    assert caught.value.hint.startswith(
        'write `cache = "ENGINE"` below `[databases]` in '
        "`services/storefront/service.toml`, where `ENGINE` is `postgresql`, "
    )
    for engine in clients.NAMES:
        assert f"`{engine}`" in caught.value.hint
    become(site="", databases=known)
    with pytest.raises(UsageError) as caught:
        databases.url("my-cache")
    assert caught.value.hint.startswith("set `GLASSWARE_DATABASE_MY_CACHE_URL` to ")
    assert dir(databases) == ["close", "main", "settings", "url"]
    assert not hasattr(databases, "_private")


def test_an_engine_without_a_client_here(become, databases):
    """The error names what can be opened."""
    become(databases={"main": Binding(engine="dbase", url="dbase://h")})
    with pytest.raises(UsageError, match="has the engine `dbase`, which"):
        _ = databases.main


@pytest.mark.parametrize("engine", ["postgresql", "redis"])
def test_a_missing_package_says_how_to_install_it(engine):
    """The error is an `ImportError` too, and its hint is the line to run."""
    packages = {"postgresql": "psycopg", "redis": "redis"}
    code = (
        f"import sys; sys.modules['{packages[engine]}'] = None\n"
        "from glassware import databases, MissingExtra\n"
        "try: databases.main\n"
        "except MissingExtra as error: print(error, isinstance(error, ImportError))"
    )
    variables = {"GLASSWARE_DATABASE_MAIN_URL": f"{engine}://h/0", **os.environ}
    said = subprocess.check_output(
        [sys.executable, "-c", code], text=True, env=variables
    )
    assert said.endswith(f"(pip install 'glassware[{engine}]') True\n")


def test_an_interpreter_ends_quietly(run):
    """Nobody has to close anything at the end of a program."""
    code = (
        "from glassware import databases\n"
        "with databases.main.connection() as db: db.execute('select 1')\n"
        "print('done')"
    )
    url = run("postgresql").provide().url
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "GLASSWARE_DATABASE_MAIN_URL": url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("done\n", "")

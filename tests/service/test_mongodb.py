"""MongoDB as a service sees it: pymongo's own, and what is built upon it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from uuid import uuid4

import mongoengine
import pymongo
import pytest
from flask import Flask
from pymongo.errors import AutoReconnect, NetworkTimeout, ServerSelectionTimeoutError

from engines.embedded import Embedded, embedding, grant
from glassware import engines
from glassware.clients import mongodb
from glassware.engines import Access
from glassware.environment import Binding
from glassware.service.databases import Databases
from waiting import until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One server for all of these tests; who ends it starts it again."""
    with embedding(tmp_path_factory.mktemp("mongodb")) as embedder:
        yield embedder(engines.find("mongodb")).start()


@pytest.fixture
def access(server: Embedded) -> Iterator[Access]:
    """A database of this test."""
    yield server.provision(grant("shop_main"))
    server.wipe()


@pytest.fixture
def databases(become: Callable[..., Any], access: Access) -> Iterator[Databases]:
    """The databases of this process, closed after the test."""
    become(
        databases={
            "main": Binding(engine="mongodb", url=access.native_url),
            "plain": Binding(url=access.url),
        }
    )
    opened = Databases()
    yield opened
    opened.close()


def test_it_is_a_database_of_pymongo(databases):
    """What comes back is the library's own object, opened once, and as it is there."""
    assert type(databases.main) is pymongo.database.Database
    assert databases.main is databases["main"]
    databases.main.seen.insert_one({"n": 1})
    assert databases.plain.seen.find_one()["n"] == 1
    options = databases.main.client.options
    assert options.retry_writes
    assert options.retry_reads
    with pymongo.MongoClient(connect=False) as plain:
        assert databases.main.codec_options == plain.codec_options
    assert options.pool_options.appname == "storefront.main"


def test_a_client_connects_when_it_is_used(become, access):
    """Opening one takes no time, and needs no server."""
    opened = mongodb.open_client("mongodb://127.0.0.1:1/shop", name="storefront.main")
    assert opened.get().name == "shop"
    opened.close()


def test_options_of_a_url_count(access):
    """Who says another patience or name in the URL gets it."""
    url = f"{access.native_url}&socketTimeoutMS=300&appName=mine"
    opened = mongodb.open_client(url, name="storefront.main")
    options = opened.get().client.options.pool_options
    assert (options.socket_timeout, options.appname) == (0.3, "mine")
    assert options.connect_timeout == 2
    opened.close()


def test_what_takes_long_on_purpose_may(access):
    """`pymongo.timeout` gives one command more time than the client has."""
    url = f"{access.native_url}&socketTimeoutMS=200&retryReads=false"
    opened = mongodb.open_client(url, name="storefront.main")
    tea = opened.get().tea
    tea.insert_one({})
    slow = {"$where": "sleep(600) || true"}
    with pytest.raises(NetworkTimeout) as caught:
        tea.find_one(slow)
    assert mongodb.is_lost(caught.value)
    with pymongo.timeout(10):
        assert tea.find_one(slow)
    opened.close()


def test_a_server_that_ends_and_comes_back(tmp_path, become):
    """A restart costs no request; a killed server is an error soon, and then is well."""
    with embedding(tmp_path) as embedder:
        server = embedder(engines.find("mongodb")).start()
        url = server.provision(grant("shop_main")).native_url
        become(databases={"main": Binding(engine="mongodb", url=url)})
        databases = Databases()
        seen = databases.main.seen
        seen.insert_one({"n": 1})
        server.stop()
        answers: list[int] = []
        asking = threading.Thread(target=lambda: answers.append(_count(seen)))
        asking.start()
        server.start()
        asking.join()
        assert answers == [1]
        seen.insert_one({"n": 2})
        server.kill()
        began = time.monotonic()
        with pytest.raises((AutoReconnect, ServerSelectionTimeoutError)) as caught:
            seen.insert_one({"n": 3})
        assert time.monotonic() - began < 8
        assert mongodb.is_lost(caught.value)
        server.start()
        until(lambda: _works(seen), "an answer", 10)
        assert _count(seen) == 2
        databases.close()


def _count(seen: Any) -> int:
    return seen.count_documents({})


def test_a_silent_server_is_an_error_soon(server, databases):
    """A request has an answer in time, and what is repeated is done once."""
    seen = databases.main.seen
    seen.insert_one({"n": 1})
    assert server.process is not None
    os.kill(server.process.pid, 19)
    try:
        began = time.monotonic()
        with pytest.raises(pymongo.errors.ConnectionFailure) as caught:
            seen.insert_one({"n": 2})
        assert time.monotonic() - began < 9.5
        assert mongodb.is_lost(caught.value)
    finally:
        os.kill(server.process.pid, 18)
    until(lambda: _works(seen), "an answer", 10)
    assert seen.count_documents({"n": 2}) <= 1


def test_a_ping_does_not_wait_long(server, access):
    """Whether it is there is known within two seconds or so."""
    opened = mongodb.open_client(access.native_url, name="storefront.main")
    opened.ping()
    assert server.process is not None
    os.kill(server.process.pid, 19)
    try:
        began = time.monotonic()
        with pytest.raises(pymongo.errors.PyMongoError) as caught:
            opened.ping()
        assert time.monotonic() - began < 4
        assert mongodb.is_lost(caught.value)
    finally:
        os.kill(server.process.pid, 18)
    opened.ping()
    opened.close()


def _works(seen: Any) -> bool:
    try:
        seen.find_one()
    except pymongo.errors.PyMongoError:
        return False
    return True


def test_errors_of_statements_are_no_lost_server(databases):
    """What is wrong with a statement, or forbidden, is the service's own matter."""
    databases.main.seen.insert_one({"_id": 1})
    for wrong in (
        lambda: databases.main.seen.insert_one({"_id": 1}),
        lambda: databases.main.seen.find_one({"$nonsense": 1}),
        databases.main.client.other.seen.find_one,
    ):
        with pytest.raises(pymongo.errors.OperationFailure) as caught:
            wrong()
        assert not mongodb.is_lost(caught.value)


def test_who_is_not_let_in_has_lost_the_server(access):
    """A wrong password says nothing about the request."""
    url = access.native_url.replace(access.password, "wrong")
    opened = mongodb.open_client(url, name="storefront.main")
    with pytest.raises(pymongo.errors.OperationFailure) as caught:
        opened.get().seen.find_one()
    assert mongodb.is_lost(caught.value)
    with pytest.raises(pymongo.errors.PyMongoError) as caught:
        opened.ping()
    assert mongodb.is_lost(caught.value)
    opened.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_connects_for_itself(databases):
    """Parent and child never speak through one socket."""

    def connection() -> int:
        return databases.main.command("hello")["connectionId"]

    mine = connection()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(connection()).encode())
        databases.close()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        theirs = int(pipe.read())
    assert os.waitpid(child, 0)[1] == 0
    assert theirs != mine
    databases.main.command("ping")


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("mongodb://u:p%40@h:1/d?authSource=d", ("h", 1, "u", "p@", "d", "")),
        ("mongodb://h", ("h", 27017, "", "", "test", "")),
        ("mongodb://h/", ("h", 27017, "", "", "test", "")),
        ("mongodb://u:p@Host:1,i:2/d?replicaSet=s", ("Host", 1, "u", "p", "d", "")),
        ("mongodb://u:p@[::1]:5/d", ("::1", 5, "u", "p", "d", "")),
        ("mongodb://u:p@[::1]/d", ("::1", 27017, "u", "p", "d", "")),
        (
            "mongodb+srv://u:p@c.example/d?w=1",
            ("c.example", 27017, "u", "p", "d", ""),
        ),
        (
            "mongodb://u:p@%2Frun%2FA%2Fm.sock/d",
            ("%2Frun%2FA%2Fm.sock", 27017, "u", "p", "d", "/run/A/m.sock"),
        ),
    ],
)
def test_a_url_comes_apart(url, parts):
    """As pymongo reads it: several hosts, sockets, IPv6, and what nobody says."""
    assert tuple(mongodb.access(url).values()) == parts


def test_a_missing_package_says_how_to_install_it():
    """The error is an `ImportError` too, and its hint is the line to run."""
    code = (
        "import sys; sys.modules['pymongo'] = None\n"
        "from glassware import databases, MissingExtra\n"
        "try: databases.main\n"
        "except MissingExtra as error: print(error)"
    )
    variables = {"GLASSWARE_DATABASE_MAIN_URL": "mongodb://h/d", **os.environ}
    said = subprocess.check_output(
        [sys.executable, "-c", code], text=True, env=variables
    )
    assert said.endswith("(pip install 'glassware[mongodb]')\n")


def test_an_interpreter_ends_quietly(access):
    """Nobody has to close anything at the end of a program."""
    code = (
        "from glassware import databases\n"
        "databases.main.seen.insert_one({})\n"
        "print('done')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "GLASSWARE_DATABASE_MAIN_URL": access.url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("done\n", "")


class Review(mongoengine.Document):
    """A document of MongoEngine, as `docs/how-to/use-a-database.md` has one."""

    product = mongoengine.IntField(required=True)
    text = mongoengine.StringField()
    meta: ClassVar = {"indexes": ["product"]}


@pytest.mark.parametrize("way", ["native_url", "url"])
def test_mongoengine_takes_the_url(become, access, way):
    """A service built on MongoEngine works, through the socket and over TCP."""
    become(databases={"main": Binding(engine="mongodb", url=getattr(access, way))})
    app = Flask(__name__)
    mongoengine.connect(host=Databases().url("main"), uuidRepresentation="standard")

    @app.post("/reviews/<int:product>")
    def review(product: int) -> dict[str, int]:
        Review(product=product, text=str(uuid4())).save()
        return {"reviews": Review.objects(product=product).count()}

    try:
        for count in (1, 2):
            assert app.test_client().post("/reviews/7").json == {"reviews": count}
        assert "product_1" in Review._get_collection().index_information()
    finally:
        mongoengine.disconnect()


@pytest.mark.parametrize("way", ["native_url", "url"])
def test_mongoengine_takes_the_parts(access, way):
    """Who has settings of single values names the database twice."""
    parts = mongodb.access(getattr(access, way))
    mongoengine.connect(
        db=parts["name"],
        host=parts["host"],
        port=parts["port"],
        username=parts["user"],
        password=parts["password"],
        authentication_source=parts["name"],
        uuidRepresentation="standard",
    )
    try:
        Review(product=1).save()
        assert Review.objects.count() == 1
    finally:
        mongoengine.disconnect()


def test_mongoengine_that_lost_its_server_says_so(server, access):
    """The error of the driver is what comes, or its cause."""
    url = f"{access.url}&serverSelectionTimeoutMS=300&socketTimeoutMS=300"
    mongoengine.connect(host=url, uuidRepresentation="standard")
    try:
        Review(product=1).save()
        os.kill(server.process.pid, 19)
        refusals = (pymongo.errors.PyMongoError, mongoengine.errors.OperationError)
        with pytest.raises(refusals) as caught:
            Review(product=2).save()
        error: BaseException | None = caught.value
        while error is not None and not mongodb.is_lost(error):
            error = error.__cause__ or error.__context__
        assert error is not None
    finally:
        os.kill(server.process.pid, 18)
        mongoengine.disconnect()

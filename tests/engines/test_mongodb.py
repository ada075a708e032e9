"""What MongoDB promises beyond what every engine does."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from engines.embedded import Embedded, Embedder, embedding, grant, until
from engines.keeping import keep, kept
from glassware import engines
from glassware.engines import Access, Grant
from glassware.engines.mongodb import files
from glassware.errors import EngineError


engine = engines.find("mongodb")


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A server that outlives the test."""
    with embedding(tmp_path_factory.mktemp("mongodb")) as embedder:
        yield embedder(engine).start()


@contextmanager
def session(access: Access) -> Iterator[Database[dict[str, Any]]]:
    """Connect as a service does."""
    with pymongo.MongoClient(access.native_url) as client:
        yield client.get_default_database()


@contextmanager
def almighty(server: Embedded) -> Iterator[pymongo.MongoClient[dict[str, Any]]]:
    """Connect as the administrator."""
    url = server.url.partition("&member=")[0].replace("&socket=", "&appName=")
    with pymongo.MongoClient(url) as client:
        yield client


@pytest.mark.parametrize("name", ["shop_accounts_main", "admin", "local", "config"])
def test_services_cannot_enter_other_databases(shared: Embedded, name: str) -> None:
    """Neither a neighbour's database nor the server's own ones let a service in."""
    mine = shared.provision(grant("shop_catalog_main"))
    keep(shared.provision(grant("shop_accounts_main")).url, "secret")
    with session(mine) as database:
        other = database.client[name]
        for question in (other.kept.find_one, other.list_collection_names):
            with pytest.raises(OperationFailure, match="not authorized"):
                question()
        with pytest.raises(OperationFailure, match="not authorized"):
            other.kept.insert_one({})
        with pytest.raises(OperationFailure, match="not authorized"):
            database.aggregate([{"$out": {"db": name, "coll": "kept"}}])


@pytest.mark.parametrize(
    ("where", "command"),
    [
        ("admin", {"createUser": "intruder", "pwd": "x", "roles": ["root"]}),
        ("admin", {"shutdown": 1}),
        ("admin", {"setParameter": 1, "logLevel": 5}),
        ("admin", {"replSetGetConfig": 1}),
        ("admin", {"getLog": "global"}),
        ("admin", {"fsync": 1}),
        ("admin", {"usersInfo": 1}),
        ("mine", {"createUser": "intruder", "pwd": "x", "roles": []}),
        ("mine", {"grantRolesToUser": "shop_catalog_main", "roles": ["dbOwner"]}),
        ("mine", {"updateUser": "shop_catalog_main", "roles": ["dbOwner"]}),
    ],
)
def test_services_have_no_power_over_the_server(
    shared: Embedded, where: str, command: dict[str, Any]
) -> None:
    """Users, settings, logs and the end of the server are out of reach."""
    with session(shared.provision(grant("shop_catalog_main"))) as database:
        target = database if where == "mine" else database.client[where]
        with pytest.raises(OperationFailure, match=r"not authorized|requires"):
            target.command(command)


def test_services_own_their_database(shared: Embedded) -> None:
    """Validators, indexes, transactions and change streams are the service's."""
    with session(shared.provision(grant())) as database:
        database.create_collection("tea", validator={"leaves": {"$gt": 0}})
        database.command("collMod", "tea", validator={"leaves": {"$gt": 1}})
        database.tea.create_index("leaves", unique=True)
        client = database.client
        with database.watch() as changes, client.start_session() as begun:
            with begun.start_transaction():
                database.tea.insert_one({"leaves": 2}, session=begun)
                database.milk.insert_one({"fat": 3}, session=begun)
            assert [next(changes)["ns"]["coll"] for _ in range(2)] == ["tea", "milk"]
        database.tea.rename("herbs")
        database.command("validate", "herbs")
        client.drop_database(database.name)


def test_nobody_gets_in_who_is_not_asked(shared: Embedded) -> None:
    """Being on the same machine makes nobody an administrator."""
    with pymongo.MongoClient("127.0.0.1", shared.place.port) as client:
        with pytest.raises(OperationFailure, match="requires authentication"):
            client.shop.kept.find_one()
        with pytest.raises(OperationFailure, match="requires authentication"):
            client.admin.command("createUser", "intruder", pwd="x", roles=["root"])


def test_crash_safety_is_not_traded(shared: Embedded) -> None:
    """Who writes without a word about safety waits for the journal."""
    with session(shared.provision(grant())) as database:
        assert database.write_concern.document == {"w": "majority"}
    with almighty(shared) as client:
        config = client.admin.command("replSetGetConfig")["config"]
    assert config["writeConcernMajorityJournalDefault"] is True


def test_nothing_acknowledged_is_lost(embed: Embedder) -> None:
    """Of writers that are at work when the server is killed, no word is broken."""
    server = embed(engine).start()
    access = server.provision(grant())
    acknowledged: list[int] = []

    def write(first: int) -> None:
        with suppress(PyMongoError), session(access) as database:
            for number in range(first, 1_000_000, 4):
                with pymongo.timeout(1):
                    database.numbers.insert_one({"_id": number})
                acknowledged.append(number)

    writers = [threading.Thread(target=write, args=(first,)) for first in range(4)]
    for writer in writers:
        writer.start()
    until(lambda: len(acknowledged) > 200, server.said)
    server.kill()
    for writer in writers:
        writer.join()
    server.start()
    with session(access) as database:
        there = set(database.numbers.distinct("_id"))
    assert set(acknowledged) - there == set()


def test_passwords_stay_out_of_the_log(shared: Embedded) -> None:
    """A server told to log every command still shows no password."""
    given = grant()
    with almighty(shared) as client:
        client.admin.command("setParameter", 1, logLevel=2)
        shared.provision(given)
        shared.provision(given)
        client.admin.command("setParameter", 1, logLevel=0)
    assert "updateUser" in shared.said()
    for secret in (given.password, shared.place.password):
        assert secret not in shared.said()


def test_services_are_provisioned_at_once(shared: Embedded) -> None:
    """Many services of a site can be provisioned in parallel, and each twice."""
    grants = [grant(f"service{number}") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        accesses = list(pool.map(shared.provision, grants * 2))
    for access in accesses:
        assert kept(access.url) == []


def test_odd_names_and_passwords_are_only_text(shared: Embedded) -> None:
    """Quotes, spaces and dollar signs in a grant are no command, and no URL."""
    name = "a\"b'c; db.dropDatabase() $ne .. /\\ @/?# ö"
    given = Grant(database=name, role=name, password="p'\"%@:/?# ö")
    access = shared.provision(given)
    for url in (access.url, access.native_url):
        keep(url, "tea")
    assert kept(access.url) == ["tea", "tea"]
    shared.engine.mark(shared.url, given)


def test_long_names_stay_apart(shared: Embedded) -> None:
    """Names that are too long for MongoDB lead to two databases."""
    long = "site_" + "very_long_name_" * 5
    one, two = (shared.provision(grant(long + end)) for end in ("one", "two"))
    keep(one.url, "tea")
    assert (kept(one.url), kept(two.url)) == (["tea"], [])
    assert len(one.name) == len(two.name) == 57


def test_takes_nothing_over(shared: Embedded) -> None:
    """A user or database of that name which somebody else made is left alone."""
    with almighty(shared) as client:
        client.foreign_user.command("createUser", "foreign_user", pwd="x", roles=[])
        client.foreign_data.kept.insert_one({"value": "theirs"})
        for name in ("foreign_user", "foreign_data", "admin"):
            for question in (engine.provision, engine.wipe):
                if (name, question) == ("foreign_data", engine.wipe):
                    continue
                with pytest.raises(EngineError, match="already has a") as caught:
                    question(shared.url, grant(name))
                assert caught.value.hint
        assert client.foreign_data.kept.count_documents({}) == 1
        client.drop_database("foreign_data")
        client.foreign_user.command("dropUser", "foreign_user")


def fill(database: Database[dict[str, Any]]) -> None:
    """Make one of everything."""
    database.create_collection("tea", validator={"leaves": {"$gt": 0}})
    database.tea.create_index([("leaves", 1), ("name", -1)], unique=True)
    database.tea.insert_many([{"leaves": n, "name": str(n)} for n in range(1, 50)])
    database.words.create_index([("text", "text")])
    database.words.insert_one({"_id": {"odd": [1, 2]}, "text": "green tea"})
    database.create_collection("last", capped=True, size=4096)
    database.last.insert_one({"n": 1})
    series = {"timeField": "at", "metaField": "pot"}
    database.create_collection("heat", timeseries=series)
    at = bson_time()
    database.heat.insert_many([{"at": at, "pot": 1, "degrees": n} for n in range(5)])
    database.command("create", "strong", viewOn="tea", pipeline=[])
    database.create_collection("empty", collation={"locale": "de"})


def bson_time() -> datetime:
    """Return a time."""
    return datetime(2026, 1, 2, tzinfo=UTC)


def contents(database: Database[dict[str, Any]]) -> dict[str, Any]:
    """Return everything that is in a database, and how it was made."""
    made = {}
    for found in database.list_collections():
        name = found["name"]
        if name.startswith("system."):
            continue
        indexes = []
        if found["type"] != "view":
            indexes = sorted(database[name].list_indexes(), key=lambda i: i["name"])
        documents = sorted(repr(sorted(each.items())) for each in database[name].find())
        made[name] = (found["type"], found["options"], indexes, documents)
    return made


def spoil(database: Database[dict[str, Any]]) -> None:
    """Change one of everything."""
    database.tea.delete_many({"leaves": {"$lt": 5}})
    database.tea.update_one({"leaves": 7}, {"$set": {"leaves": 3}})
    database.tea.drop_index("leaves_1_name_-1")
    database.tea.create_index("name")
    database.command("collMod", "tea", validator={})
    database.tea.insert_one({"leaves": -1})
    database.words.delete_many({})
    database.last.insert_one({"n": 2})
    database.heat.insert_one({"at": bson_time(), "pot": 2})
    database.strong.drop()
    database.command("create", "strong", viewOn="words", pipeline=[{"$limit": 1}])
    database.empty.rename("full")
    database.full.insert_one({})
    database.fresh.insert_one({})


def test_everything_goes_back_to_the_mark(shared: Embedded) -> None:
    """Documents, indexes, validators, views, capped collections and time series."""
    given = grant()
    with session(shared.provision(given)) as database:
        fill(database)
        before = contents(database)
        engine.mark(shared.url, given)
        for change in (spoil, lambda d: d.client.drop_database(d.name), lambda _: None):
            change(database)
            engine.rewind(shared.url, given)
            assert contents(database) == before


def test_values_that_changed_places_go_back(shared: Embedded) -> None:
    """A unique index is no obstacle."""
    given = grant()
    with session(shared.provision(given)) as database:
        database.tea.create_index("place", unique=True)
        database.tea.insert_many([{"_id": n, "place": n} for n in range(3)])
        engine.mark(shared.url, given)
        database.tea.update_one({"_id": 0}, {"$set": {"place": 9}})
        database.tea.update_one({"_id": 1}, {"$set": {"place": 0}})
        engine.rewind(shared.url, given)
        places = {each["_id"]: each["place"] for each in database.tea.find()}
        assert places == {0: 0, 1: 1, 2: 2}


def test_what_is_back_is_there_for_good(shared: Embedded) -> None:
    """Who reads only what a majority has sees no trace of the test before."""
    given = grant()
    with session(shared.provision(given)) as database:
        engine.mark(shared.url, given)
        careful = pymongo.read_concern.ReadConcern("majority")
        for _ in range(20):
            database.tea.insert_one({})
            engine.rewind(shared.url, given)
            reader = database.get_collection("tea", read_concern=careful)
            assert reader.count_documents({}) == 0


def test_another_process_goes_back(shared: Embedded) -> None:
    """Nothing of a mark is in the memory of who made it."""
    given = grant()
    url = shared.provision(given).url
    keep(url, "tea")
    engine.mark(shared.url, given)
    keep(url, "milk")
    code = (
        "import os\n"
        "from glassware import engines\n"
        "given = engines.Grant(database='shop_catalog_main', role='x', password='x')\n"
        "engines.find('mongodb').rewind(os.environ['URL'], given)\n"
    )
    environment = {**os.environ, "URL": shared.url}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert kept(url) == ["tea"]


def machine(folder: Path, script: str) -> Path:
    """Make a program `mongod`."""
    folder.mkdir(exist_ok=True)
    program = folder / "mongod"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_the_machines_own_program_serves(
    embed: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `mongod` on `PATH` comes first, and tells its own version."""
    theirs = engine.embedded()
    launch = engine.launch(embed(engine).place)
    library = launch.environment["LD_LIBRARY_PATH"]
    script = f'LD_LIBRARY_PATH={library} exec {theirs.path} "$@"'
    path = machine(tmp_path / "bin", script)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    found = engine.on_machine(None)
    assert found is not None
    assert (found.source, found.version, found.path) == (
        "machine",
        theirs.version,
        path,
    )
    server = embed(engine, program=found).start()
    assert "LD_LIBRARY_PATH" not in engine.launch(server.place).environment
    keep(server.provision(grant()).url, "tea")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo db version v4.2.24", "4.4 is the oldest"),
        ("kill -ILL $$", "no AVX"),
        ("echo something else", "is no MongoDB"),
        ("echo no libcurl >&2; exit 127", "no libcurl"),
    ],
)
def test_a_program_that_will_not_do_is_told(
    tmp_path: Path, script: str, said: str
) -> None:
    """Too old, too new for the processor, or something else: each has its words."""
    with pytest.raises(EngineError, match=said):
        engine.on_machine(machine(tmp_path, script))


def test_an_old_program_on_the_path_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody asked for is no error."""
    path = machine(tmp_path, "echo db version v3.6.8")
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    assert engine.on_machine(None) is None


def test_damaged_data_is_told(embed: Embedder) -> None:
    """Broken files end the start, missing ones prevent it; no file is mended."""
    server = embed(engine).start()
    keep(server.provision(grant()).url, "tea")
    server.stop()
    database = server.place.data / "database"
    turtle = (database / "WiredTiger.turtle").read_bytes()
    (database / "WiredTiger.turtle").write_bytes(b"?" * 100)
    process = server.spawn()
    until(lambda: process.poll() is not None, server.said)
    error = engine.explain(server.said())
    assert "WiredTiger" in error.message
    assert "backup" in (error.hint or "")
    (database / "WiredTiger.turtle").write_bytes(turtle)
    (database / "_mdb_catalog.wt").unlink()
    with pytest.raises(EngineError, match=r"no `_mdb_catalog\.wt`") as caught:
        engine.prepare(server.place)
    assert "backup" in (caught.value.hint or "")


def test_data_of_another_version_is_told() -> None:
    """The server's own words come with what to do about it."""
    line = {
        "t": {"$date": "2026-11-22T23:00:00.000+00:00"},
        "s": "F",
        "c": "CONTROL",
        "msg": "** IMPORTANT: UPGRADE PROBLEM",
        "attr": {"error": "Invalid featureCompatibilityVersion document: 8.0"},
    }
    harmless = {**line, "s": "I", "msg": "Build Info", "attr": {}}
    error = engine.explain("\n".join(map(json.dumps, (harmless, line, harmless))))
    assert "UPGRADE PROBLEM" in error.message
    assert "Build Info" not in error.message
    assert "one version at a time" in (error.hint or "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_data_of_another_user_is_told(
    embed: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose it is comes before what the server would say."""
    server = embed(engine)
    engine.prepare(server.place)
    os.chown(server.place.data / "database", 4711, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EngineError, match="4711"):
        engine.prepare(server.place)


@pytest.mark.parametrize(
    "url",
    [
        "mongodb://admin:hunter2@127.0.0.1:port",
        "mongodb://admin:hunter2@[127.0.0.1",
        "http://admin:hunter2@127.0.0.1",
        "hunter2",
        "mongodb://admin:hunter2@127.0.0.1:1/?socketTimeoutMS=hunter2",
        "mongodb://admin:hunter2@127.0.0.1:1/?nonsense=hunter2",
        "mongodb://admin:hunter2@127.0.0.1:1/?tls=true&tlsCAFile=/none/hunter2",
        "mongodb://admin:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=100",
        "mongodb+srv://admin:hunter2@127.0.0.1/",
    ],
)
def test_a_bad_url_is_told_and_not_repeated(url: str) -> None:
    """Errors about an existing server never show the password in its URL."""
    with pytest.raises(EngineError) as caught:
        engine.provision(url, grant())
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("mongodb://a:b@h/", "h", "mongodb://r:p@h/d?authSource=d"),
        ("mongodb://a:b@[::1]:7", "::1", "mongodb://r:p@[::1]:7/d?authSource=d"),
        (
            "mongodb://a:b@h:1,i:2/?replicaSet=s&authSource=admin&appName=x",
            "h",
            "mongodb://r:p@h:1,i:2/d?authSource=d&replicaSet=s",
        ),
        (
            "mongodb+srv://a:b@c.example/?retryWrites=true&authMechanism=SCRAM-SHA-1",
            "c.example",
            "mongodb+srv://r:p@c.example/d?authSource=d&retryWrites=true",
        ),
        (
            "mongodb://a:b@h/?TLS=true&tlsAllowInvalidHostnames=true",
            "h",
            "mongodb://r:p@h/d?authSource=d&TLS=true&tlsAllowInvalidHostnames=true",
        ),
    ],
)
def test_every_form_of_url(url: str, host: str, expected: str) -> None:
    """Several hosts, IPv6, SRV records and encryption are passed on to services."""
    access = engine.access(url, Grant(database="d", role="r", password="p"))
    assert (access.url, access.native_url, access.host) == (expected, expected, host)


def test_a_shell_gets_the_url_where_nobody_sees_it(
    shared: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way in is a variable: arguments are for everybody to read."""
    access = shared.provision(grant())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.shell(access) is None
    program = machine(tmp_path, "true").rename(tmp_path / "mongosh")
    shell = engine.shell(access)
    assert shell is not None
    assert shell.argv[0] == str(program)
    assert access.password not in "".join(shell.argv) + repr(shell)
    assert access.native_url in shell.environment.values()
    name = shell.argv[-1].partition("process.env.")[2].rstrip(")")
    assert shell.environment[name] == access.native_url


def test_the_container_makes_the_key_that_is_expected() -> None:
    """What the image's shell makes of the password is what signs in here."""
    image = engine.image
    assert image is not None
    command = image.arguments[-1].partition(";")[2].partition(">")[0]
    made = subprocess.check_output(
        ("sh", "-c", command), env={**os.environ, "MONGO_INITDB_ROOT_PASSWORD": "s-3_x"}
    )
    assert made.decode().strip() == files.key_of("s-3_x")


def test_in_a_container_there_is_no_socket(shared: Embedded) -> None:
    """Services reach it through the one port that leads in."""
    contained = replace(shared.place.program, source="container")
    url = engine.admin_url(replace(shared.place, program=contained))
    access = engine.access(url, grant())
    assert access.native_url == access.url
    assert "27017" not in access.url
    assert access.socket == ""

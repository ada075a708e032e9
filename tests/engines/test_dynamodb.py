"""What DynamoDB promises beyond what every engine does."""

import contextlib
import importlib.util
import itertools
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from engines.embedded import Embedded, Embedder, embedding, grant, until
from engines.keeping import connected, keep, kept
from glassware import engines
from glassware.clients import dynamodb as client
from glassware.clients import engine_of, plain_url
from glassware.engines import Place, Program
from glassware.engines.dynamodb import marks as dynamodb_marks
from glassware.engines.dynamodb import programs as dynamodb_programs
from glassware.engines.dynamodb.server import Server
from glassware.engines.packages import Package
from glassware.errors import EngineError, MissingExtra, NotFetched


engine = engines.find("dynamodb")
AMAZON = "dynamodb:///eu-central-1"
THEIRS = "dynamodb://AKIA1:s%2Fcret@dynamo.example:8000/eu-west-1"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A server that outlives the test."""
    with embedding(tmp_path_factory.mktemp("dynamodb")) as embedder:
        yield embedder(engine).start()


def make_table(db: Any, name: str, *, index: bool = False) -> None:
    """Make a table of items that have a name."""
    more: dict[str, Any] = {}
    attributes = [{"AttributeName": "name", "AttributeType": "S"}]
    if index:
        attributes.append({"AttributeName": "kind", "AttributeType": "S"})
        keys = [{"AttributeName": "kind", "KeyType": "HASH"}]
        index_of = {"IndexName": "kinds", "KeySchema": keys}
        more["GlobalSecondaryIndexes"] = [
            {**index_of, "Projection": {"ProjectionType": "ALL"}}
        ]
    db.create_table(
        TableName=name,
        AttributeDefinitions=attributes,
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


def put(db: Any, table: str, *names: str) -> None:
    """Put items that have nothing but a name and a kind."""
    for name in names:
        db.put_item(TableName=table, Item={"name": {"S": name}, "kind": {"S": "k"}})


def names_in(db: Any, table: str, **index: str) -> list[str]:
    """Return the names of all items."""
    found = db.scan(TableName=table, ConsistentRead=not index, **index)["Items"]
    return sorted(item["name"]["S"] for item in found)


@pytest.mark.parametrize("snapshots", [True, False])
def test_a_rewind_brings_tables_back(shared: Embedded, snapshots: bool) -> None:
    """Those that were dropped, made anew or changed, with items and indexes.

    Without files of SQLite's, as with other servers, everything is asked for.
    """
    db_url = shared.provision(grant()).url
    server = replace(Server.parse(shared.url), snapshots=snapshots)
    with connected(db_url) as db:
        for table in ("dropped", "same", "anew"):
            make_table(db, table, index=True)
            put(db, table, "a", "b")
        db.update_table(TableName="same", DeletionProtectionEnabled=True)
        dynamodb_marks.mark(server)
        for _ in range(2):
            db.delete_table(TableName="dropped")
            db.delete_table(TableName="anew")
            make_table(db, "anew")
            make_table(db, "extra")
            put(db, "anew", "c")
            put(db, "same", "d")
            db.delete_item(TableName="same", Key={"name": {"S": "a"}})
            assert names_in(db, "same") == ["b", "d"]
            dynamodb_marks.rewind(server)

            assert db.list_tables()["TableNames"] == ["anew", "dropped", "same"]
            for table in ("dropped", "same", "anew"):
                assert names_in(db, table) == ["a", "b"]
                assert names_in(db, table, IndexName="kinds") == ["a", "b"]
            with pytest.raises(db.exceptions.ResourceNotFoundException):
                db.describe_table(TableName="extra")
            make_table(db, "extra")
            assert names_in(db, "extra") == []
            db.delete_table(TableName="extra")


def test_a_rewind_brings_many_items_back(shared: Embedded) -> None:
    """More than one page of them, where everything is asked for."""
    url = shared.provision(grant()).url
    server = replace(Server.parse(shared.url), snapshots=False)
    with connected(url) as db:
        make_table(db, "many")
        big = {"S": "x" * 100_000}
        for number in range(30):
            item = {"name": {"S": f"{number:02}"}, "text": big}
            db.put_item(TableName="many", Item=item)
        dynamodb_marks.mark(server)
        for number in range(30):
            key = {"name": {"S": f"{number:02}"}}
            db.delete_item(TableName="many", Key=key)
        dynamodb_marks.rewind(server)
        kept_names = {
            name
            for page in db.get_paginator("scan").paginate(TableName="many")
            for name in (item["name"]["S"] for item in page["Items"])
        }
    assert len(kept_names) == 30


def test_a_wipe_takes_protected_tables_too(shared: Embedded) -> None:
    """`glassware up --fresh` is not held up by what was meant for production."""
    given = grant()
    with connected(shared.provision(given).url) as db:
        make_table(db, "kept")
        db.update_table(TableName="kept", DeletionProtectionEnabled=True)
        shared.engine.wipe(shared.url, given)
        assert db.list_tables()["TableNames"] == []


def test_data_of_a_newer_version_is_told_and_left(embed: Embedder) -> None:
    """An older Dynoxide never opens what a newer one wrote."""
    server = embed(engine).start()
    keep(server.provision(grant()).url, "tea")
    server.stop()
    note = server.place.data / "version"
    assert note.read_text() == server.place.program.version
    note.write_text("7.1.0")
    with pytest.raises(EngineError, match=r"written by Dynoxide 7\.1\.0") as caught:
        engine.prepare(server.place)
    assert "`program`" in (caught.value.hint or "")
    note.write_text("1.0.0")
    server.start()
    assert note.read_text() == server.place.program.version


def test_nothing_acknowledged_is_lost_when_killed(embed: Embedder) -> None:
    """Four write at once while the server is killed: what was answered is there."""
    server = embed(engine).start()
    url = server.provision(grant()).url
    with connected(url) as db:
        make_table(db, "many")
    acknowledged: list[str] = []

    def write(writer: int) -> None:
        with connected(url) as db, contextlib.suppress(BotoCoreError):
            for number in itertools.count():
                put(db, "many", f"{writer}.{number}")
                acknowledged.append(f"{writer}.{number}")

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, writer) for writer in range(4)]
        until(lambda: len(acknowledged) > 200, server.said)
        server.kill()
        for each in writers:
            each.result()
    server.start()
    with connected(url) as db:
        assert set(acknowledged) - set(names_in(db, "many")) == set()


def test_data_is_not_hidden_by_a_server_that_keeps_none(embed: Embedder) -> None:
    """Where Dynoxide is gone, its data is not taken for nothing by moto's server."""
    server = embed(engine).start()
    server.stop()
    moto = Program(source="embedded", version="5.2.5", path=Path(sys.executable))
    with pytest.raises(EngineError, match="written by Dynoxide") as caught:
        engine.prepare(replace(server.place, program=moto))
    assert "glassware install" in (caught.value.hint or "")


def test_damaged_data_is_told(embed: Embedder) -> None:
    """The server's own words about damage come with what to do about it."""
    server = embed(engine)
    server.place.data.mkdir()
    dynamodb_marks.database(server.place.data).write_bytes(b"a letter" * 1000)
    process = server.spawn()
    until(lambda: process.poll() is not None, server.said)
    error = engine.explain(server.said())
    assert "backup" in (error.hint or ""), error.message


def test_a_url_of_amazons_own_leads_there() -> None:
    """Region and nothing else: credentials are the service's surroundings'."""
    assert engine.ready(AMAZON)
    given = grant("shop__heroes__main")
    engine.provision(AMAZON, given)
    access = engine.access(AMAZON, given)
    parts = client.access(plain_url(access.url))

    assert access.url == "dynamodb:///eu-central-1?name=shop__heroes__main"
    assert access.offer(engine.variables) == {"DYNAMODB_URL": access.url}
    assert (parts["region"], parts["name"]) == ("eu-central-1", access.name)
    assert (parts["host"], parts["user"], parts["port"]) == ("", "", 443)


@pytest.mark.parametrize(
    ("scheme", "endpoint"), [("", "http://h:1"), ("+https", "https://h:1")]
)
def test_a_server_of_somebody_elses_gives_its_own_key(
    scheme: str, endpoint: str
) -> None:
    """Nothing can be made there: services sign in as the URL says."""
    url = THEIRS.replace("dynamodb:", f"dynamodb{scheme}:")
    url = url.replace("dynamo.example:8000", "h:1")
    given = grant("shop__heroes__main")
    access = engine.access(url, given)
    parts = client.access(plain_url(access.url))

    assert access.url == f"{url}?name=shop__heroes__main"
    assert access.offer(engine.variables)["AWS_ENDPOINT_URL_DYNAMODB"] == endpoint
    assert (parts["user"], parts["password"]) == ("AKIA1", "s/cret")
    assert engine_of(plain_url(access.url)) == "dynamodb"


@pytest.mark.parametrize("url", [AMAZON, THEIRS])
def test_nothing_of_an_existing_server_is_removed(url: str) -> None:
    """Whose tables these are, the site does not know."""
    for question in (engine.wipe, engine.mark, engine.rewind):
        with pytest.raises(EngineError, match="exists already"):
            question(url, grant())


@pytest.mark.parametrize(
    "url",
    [
        "dynamodb:///",
        "dynamodb:///Frankfurt",
        "dynamodb://AKIA1:hunter2@h:port/eu-west-1",
        "http://AKIA1:hunter2@h/eu-west-1",
        "dynamodb://AKIA1:hunter2@h/eu-west-1/more",
        "hunter2",
    ],
)
def test_a_bad_url_is_told_and_not_repeated(url: str) -> None:
    """Errors about an existing server never show the secret in its URL."""
    with pytest.raises(EngineError) as caught:
        engine.provision(url, grant())
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"
    assert "dynamodb:///REGION" in (caught.value.hint or "")


def test_a_server_that_is_not_there_is_not_ready() -> None:
    """A server that is not up yet is waited for."""
    assert not engine.ready("dynamodb://a:b@127.0.0.1:1/eu-west-1")


def test_what_was_not_fetched_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is a Dynoxide it is fetched; elsewhere an extra has a server."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(dynamodb_programs, "_moto", lambda: None)
    with pytest.raises(NotFetched, match="Dynoxide"):
        engine.embedded()
    nowhere: Package = replace(
        dynamodb_programs.package,
        parts=(replace(dynamodb_programs.package.parts[0], digests={}),),
    )
    monkeypatch.setattr(dynamodb_programs, "package", nowhere)
    with pytest.raises(MissingExtra) as caught:
        engine.embedded()
    assert caught.value.extra == "moto"


def test_a_dynoxide_of_the_machine_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On `PATH`, and under its own name in `ps`."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.on_machine(None) is None
    own = engine.embedded().path
    assert own is not None
    (tmp_path / "dynoxide").symlink_to(own)
    found = engine.on_machine(None)
    assert found is not None
    assert (found.source, found.title) == ("machine", "Dynoxide")


@pytest.mark.skipif(
    importlib.util.find_spec("moto") is None,
    reason="the extra `moto` is for machines without a Dynoxide",
)
def test_motos_server_does_as_well(embed: Embedder) -> None:
    """It begins empty at each start, and goes back to a mark."""
    program = dynamodb_programs._moto()
    assert program is not None
    assert "keeps nothing" in program.title
    server = embed(engine, program=program).start()
    given = grant()
    url = server.provision(given).url
    keep(url, "tea")
    engine.mark(server.url, given)
    keep(url, "milk")
    engine.rewind(server.url, given)
    assert kept(url) == ["tea"]
    server.stop()
    server.start()
    assert kept(url) == []


def test_a_container_is_no_dynoxide(tmp_path: Path) -> None:
    """What Amazon's own server for development wrote is not taken for a file of ours."""
    program = Program(source="container", version="2", path=Path(sys.executable).parent)
    place = Place(
        program=program, data=tmp_path, runtime=tmp_path, port=1, password="p"
    )
    assert not Server.parse(engine.admin_url(place)).snapshots


def test_a_client_with_a_profile_of_amazons_reaches_our_server(
    shared: Embedded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a person set up for Amazon, or for the way there, is nothing to it."""
    (tmp_path / "config").write_text("[default]\nuse_fips_endpoint = true\n")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    opened = client.open_client(shared.provision(grant()).url, name="a.main")
    with closing(opened.get().meta.client):
        assert list(opened.get().tables.all()) == []
    opened.close()

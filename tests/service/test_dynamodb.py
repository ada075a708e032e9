"""A DynamoDB as a service sees it, on a real server."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.resources.base import ServiceResource
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from glassware import engines
from glassware.clients import dynamodb
from glassware.environment import Binding
from glassware.service.databases import Databases
from glassware.testing.engines import Embedded, embedding, grant


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A server that outlives the test."""
    with embedding(tmp_path_factory.mktemp("dynamodb")) as embed:
        yield embed(engines.find("dynamodb")).start()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Embedded]:
    """A server for a test that ends it."""
    with embedding(tmp_path) as embed:
        yield embed(engines.find("dynamodb")).start()


@pytest.fixture
def databases(become, standing) -> Iterator[Databases]:
    """The databases of a service with a DynamoDB `main`; empty again after the test."""
    bind(become, standing)
    opened = Databases()
    yield opened
    opened.close()
    standing.wipe()
    # urllib3 closes a pool when nobody has it, such as the frames of an error.
    gc.collect()


@pytest.fixture
def on_its_own(become, server) -> Iterator[Databases]:
    """The same, on a server that the test ends."""
    bind(become, server)
    opened = Databases()
    yield opened
    opened.close()
    gc.collect()


def bind(become, server: Embedded) -> None:
    """Become the service whose database this server has."""
    url = server.provision(grant("shop__heroes__main")).url
    become(databases={"main": Binding(engine="dynamodb", url=url)})


def heroes(databases: Databases):
    """Make a table of heroes."""
    return databases.main.create_table(
        TableName="heroes",
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_it_is_boto3s_own_resource(databases):
    """What comes back is the library's object, with the values of its language."""
    table = heroes(databases)
    table.put_item(Item={"name": "anne", "level": 3, "bag": {"gold"}})

    assert isinstance(databases.main, ServiceResource)
    assert databases.main is databases["main"]
    found = databases.main.Table("heroes").get_item(Key={"name": "anne"})["Item"]
    assert found == {"name": "anne", "level": 3, "bag": {"gold"}}


def test_settings_name_the_parts(databases):
    """Region, keys, and what the names of tables may begin with."""
    parts = databases.settings("main")
    assert (parts["region"], parts["name"]) == ("us-east-1", "shop__heroes__main")
    assert f"http://{parts['host']}:{parts['port']}" == (
        databases.main.meta.client.meta.endpoint_url
    )


def test_no_two_threads_share_a_resource(databases):
    """Conditions of many threads at once never get each other's names and values."""
    table = heroes(databases)
    for number in range(8):
        item = {"name": str(number), **{f"k{number}{n}": number for n in range(5)}}
        table.put_item(Item=item)
    ready, seen = threading.Barrier(8), []

    def ask(number: int) -> None:
        own = databases.main.Table("heroes")
        seen.append(own.meta.client)
        ready.wait(10)
        for _ in range(10):
            condition = Attr(f"k{number}0").eq(number)
            for other in range(1, 5):
                condition &= Attr(f"k{number}{other}").eq(number)
            found = own.query(
                KeyConditionExpression=Key("name").eq(str(number)),
                FilterExpression=condition,
            )
            assert [item["name"] for item in found["Items"]] == [str(number)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert len(set(map(id, seen))) == 8


def test_a_restart_costs_no_request(on_its_own, server):
    """The client connects anew by itself."""
    table = heroes(on_its_own)
    table.put_item(Item={"name": "anne"})
    server.stop()
    server.start()
    assert table.get_item(Key={"name": "anne"})["Item"] == {"name": "anne"}


def test_a_server_that_is_down_is_an_error_soon(on_its_own, server):
    """Nothing hangs, and nobody asks Amazon for credentials."""
    table = heroes(on_its_own)
    opened = dynamodb.open_client(on_its_own.url("main"), name="main")
    opened.ping()
    server.stop()
    began = time.monotonic()
    for question in (table.scan, opened.ping):
        with pytest.raises(BotoCoreError) as caught:
            question()
        assert dynamodb.is_lost(caught.value)
    assert time.monotonic() - began < 10
    opened.close()


def test_a_server_that_is_silent_is_an_error_soon(on_its_own, server, monkeypatch):
    """It is given up after two tries, and a ping after one."""
    assert dynamodb.PATIENCE * dynamodb.ATTEMPTS <= 10
    monkeypatch.setattr(dynamodb, "PATIENCE", 0.5)
    table = heroes(on_its_own)
    opened = dynamodb.open_client(on_its_own.url("main"), name="main")
    server.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(BotoCoreError) as caught:
            opened.ping()
        assert time.monotonic() - began < 10
        assert dynamodb.is_lost(caught.value)
        with pytest.raises(BotoCoreError) as caught:
            table.scan()
        assert time.monotonic() - began < 20
        assert dynamodb.is_lost(caught.value)
    finally:
        server.signal(signal.SIGCONT)
    opened.close()


def test_a_wrong_question_is_no_lost_server(databases):
    """What the code got wrong is told as a 500, as everywhere."""
    with pytest.raises(ClientError) as caught:
        databases.main.Table("nowhere").scan()
    assert not dynamodb.is_lost(caught.value)
    for code, lost in (
        ("ThrottlingException", True),
        ("UnrecognizedClientException", True),
        ("ConditionalCheckFailedException", False),
        ("AccessDeniedException", False),
    ):
        error = ClientError({"Error": {"Code": code, "Message": ""}}, "Scan")
        assert dynamodb.is_lost(error) is lost


def test_threads_that_end_leave_nothing_open(databases):
    """A worker whose threads come and go does not gather connections."""
    opened = dynamodb.open_client(databases.url("main"), name="main")
    for _ in range(5):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: list(opened.get().tables.all())).result()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: list(opened.get().tables.all())).result()
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 1
    opened.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_connects_for_itself(databases):
    """Parent and child never speak through one connection."""
    table = heroes(databases)
    table.put_item(Item={"name": "anne"})
    mine = id(databases.main.meta.client)
    child = os.fork()
    if child == 0:
        other = id(databases.main.meta.client) != mine
        databases.main.Table("heroes").put_item(Item={"name": "bert"})
        databases.close()
        os._exit(0 if other else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert table.get_item(Key={"name": "bert"})["Item"] == {"name": "bert"}


def test_it_is_imported_when_it_is_used():
    """boto3 takes long to import; its absence is told as a missing extra."""
    code = (
        "import sys\n"
        "from glassware import databases, MissingExtra\n"
        "databases.settings('main')\n"
        "print([n for n in ('boto3', 'botocore') if n in sys.modules])\n"
        "sys.modules['boto3'] = None\n"
        "try: databases.main\n"
        "except MissingExtra as error: print(error.hint)"
    )
    variables = {"GLASSWARE_DATABASE_MAIN_URL": "dynamodb:///eu-west-1", **os.environ}
    said = subprocess.check_output(
        [sys.executable, "-c", code], text=True, env=variables
    )
    assert said == "[]\npip install 'glassware[dynamodb]'\n"


def test_pynamodb(databases):
    """As `docs/how-to/use-a-database.md` shows it."""
    main = databases.settings("main")

    class Hero(Model):
        class Meta:
            table_name = f"{main['name']}.hero"
            host = f"http://{main['host']}:{main['port']}"
            region = main["region"]
            aws_access_key_id = main["user"]
            aws_secret_access_key = main["password"]
            billing_mode = "PAY_PER_REQUEST"

        name = UnicodeAttribute(hash_key=True)
        level = NumberAttribute(default=1)

    Hero.create_table(wait=True)
    Hero("anne", level=3).save()

    assert Hero.get("anne").level == 3
    assert [t.name for t in databases.main.tables.all()] == ["shop__heroes__main.hero"]
    Hero._get_connection().connection.client.close()

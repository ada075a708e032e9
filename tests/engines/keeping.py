"""The engines' own clients, told apart by the URL: keep a value, get it back."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import psycopg
import pymongo
import redis
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cassandra import DriverException, InvalidRequest
from cassandra.cluster import DefaultConnection, NoHostAvailable, Session
from pymongo.database import Database
from pymongo.errors import PyMongoError
from redis.backoff import NoBackoff
from redis.retry import Retry

from glassware.clients.cassandra import Address, make_cluster


# Its event loop has a descriptor from the first connection to the end of the process:
# no test that happens to be the first one leaves that behind.
DefaultConnection.initialize_reactor()

REFUSALS = (
    psycopg.OperationalError,
    redis.RedisError,
    BotoCoreError,
    ClientError,
    sqlite3.OperationalError,
    DriverException,
    NoHostAvailable,
    PyMongoError,
)


@contextlib.contextmanager
def connected(url: str) -> Iterator[Any]:
    """Connect as a service does."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, connect_timeout=3) as connection:
            yield connection
        connection.close()
    elif url.startswith("sqlite"):
        path = unquote(urlsplit(url).path[1:])
        with contextlib.closing(sqlite3.connect(path)) as connection:
            # The file is opened by what is asked first.
            connection.execute("select * from sqlite_master").fetchall()
            yield connection
    elif url.startswith("mongodb"):
        with pymongo.MongoClient(url, serverSelectionTimeoutMS=3000) as client:
            yield client.get_default_database()
    elif url.startswith("dynamodb"):
        with contextlib.closing(_client(url)) as client:
            yield client
    elif url.startswith("cassandra"):
        address = Address.parse(url)
        with make_cluster(address, schema_metadata_enabled=False) as cluster:
            yield cluster.connect(address.keyspace)
    else:
        client = redis.Redis.from_url(
            url, retry=Retry(NoBackoff(), 0), decode_responses=True
        )
        with client:
            yield client


def keep(url: str, value: str) -> None:
    """Store `value`, committed."""
    with connected(url) as client:
        if isinstance(client, psycopg.Connection):
            client.execute("create table if not exists kept (value text)")
            client.execute("insert into kept values (%s)", [value])
        elif isinstance(client, sqlite3.Connection):
            client.execute("create table if not exists kept (value text)")
            client.execute("insert into kept values (?)", [value])
            client.commit()
        elif isinstance(client, Database):
            client.kept.insert_one({"value": value})
        elif url.startswith("dynamodb"):
            _put(client, value)
        elif isinstance(client, Session):
            _insert(client, value)
        else:
            client.rpush("kept", value)


def kept(url: str) -> list[str]:
    """Return every value that was stored."""
    with connected(url) as client:
        if isinstance(client, (psycopg.Connection, sqlite3.Connection)):
            return _rows(client)
        if isinstance(client, Database):
            return [each["value"] for each in client.kept.find().sort("_id")]
        if url.startswith("dynamodb"):
            return _all(client)
        if isinstance(client, Session):
            return _select(client)
        return list(client.lrange("kept", 0, -1))


def _rows(client: psycopg.Connection | sqlite3.Connection) -> list[str]:
    if isinstance(client, psycopg.Connection):
        there = client.execute("select 1 from pg_tables where tablename = 'kept'")
    else:
        there = client.execute("select 1 from sqlite_master where name = 'kept'")
    if there.fetchone() is None:
        return []
    return [value for (value,) in client.execute("select value from kept")]


def _client(url: str) -> Any:
    parts = urlsplit(url)
    return boto3.client(
        "dynamodb",
        endpoint_url=f"http://{parts.hostname}:{parts.port}",
        region_name=parts.path.strip("/"),
        aws_access_key_id=parts.username,
        aws_secret_access_key=parts.password,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=3),
    )


def _put(client: Any, value: str) -> None:
    if "kept" not in client.list_tables()["TableNames"]:
        client.create_table(
            TableName="kept",
            AttributeDefinitions=[
                {"AttributeName": "list", "AttributeType": "S"},
                {"AttributeName": "number", "AttributeType": "N"},
            ],
            KeySchema=[
                {"AttributeName": "list", "KeyType": "HASH"},
                {"AttributeName": "number", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    number = {"N": str(len(_all(client)))}
    item = {"list": {"S": "kept"}, "number": number, "value": {"S": value}}
    client.put_item(TableName="kept", Item=item)


def _all(client: Any) -> list[str]:
    if "kept" not in client.list_tables()["TableNames"]:
        return []
    answer = client.query(
        TableName="kept",
        ConsistentRead=True,
        KeyConditionExpression="#list = :list",
        ExpressionAttributeNames={"#list": "list"},
        ExpressionAttributeValues={":list": {"S": "kept"}},
    )
    return [item["value"]["S"] for item in answer["Items"]]


_TABLE = """create table if not exists kept
    (list int, number timeuuid, value text, primary key (list, number))"""


def _insert(session: Session, value: str) -> None:
    session.execute(_TABLE)
    insert = "insert into kept (list, number, value) values (0, now(), %s)"
    session.execute(insert, [value])


def _select(session: Session) -> list[str]:
    try:
        return [row.value for row in session.execute("select value from kept")]
    except InvalidRequest:
        # There is no table; whether one may look is told when it is made.
        session.execute(_TABLE)
        return []

"""The engines' own clients, told apart by the URL: keep a value, get it back."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import psycopg
import redis
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry


REFUSALS = (
    psycopg.OperationalError,
    redis.RedisError,
    BotoCoreError,
    ClientError,
    sqlite3.OperationalError,
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
    elif url.startswith("dynamodb"):
        with contextlib.closing(_client(url)) as client:
            yield client
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
        elif url.startswith("dynamodb"):
            _put(client, value)
        else:
            client.rpush("kept", value)


def kept(url: str) -> list[str]:
    """Return every value that was stored."""
    with connected(url) as client:
        if isinstance(client, psycopg.Connection):
            there = client.execute("select to_regclass('kept')").fetchone()
            if there == (None,):
                return []
            return [value for (value,) in client.execute("select value from kept")]
        if isinstance(client, sqlite3.Connection):
            if not client.execute("select * from sqlite_master").fetchall():
                return []
            return [value for (value,) in client.execute("select value from kept")]
        if url.startswith("dynamodb"):
            return _all(client)
        return list(client.lrange("kept", 0, -1))


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

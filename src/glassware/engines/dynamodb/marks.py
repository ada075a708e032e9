"""The state that tests of a DynamoDB go back to.

Dynoxide keeps everything in one file of SQLite's, which is copied and written
back as a transaction while it runs. Other servers are asked for every item.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glassware.engines.sqlite.copies import copied, opened
from glassware.errors import EngineError
from glassware.files import write_whole

from .server import Server


_AT_ONCE = 25
_DEFINITION = (
    *("AttributeDefinitions", "TableName", "KeySchema"),
    *("StreamSpecification", "DeletionProtectionEnabled"),
)
_INDEX = ("IndexName", "KeySchema", "Projection")


def database(data: Path) -> Path:
    """Return the file in which Dynoxide keeps everything."""
    return data / "dynoxide.db"


def mark(server: Server) -> None:
    """Remember what a server of the site's own has now."""
    if server.snapshots:
        new = _copy(server).with_suffix(".new")
        new.unlink(missing_ok=True)
        with opened(database(Path(server.data))) as now, opened(new) as copy:
            copied(now, copy)
        new.replace(_copy(server))
    else:
        tables = {name: _table(server, name) for name in server.tables()}
        write_whole(_listing(server), json.dumps(tables), mode=0o600)


def rewind(server: Server) -> None:
    """Bring a server back to what was remembered.

    Raises:
        EngineError: Nothing is.
    """
    if server.snapshots:
        _check(_copy(server))
        with (
            opened(_copy(server)) as copy,
            opened(database(Path(server.data))) as now,
        ):
            # It remembers the definitions of tables, and has to forget these.
            for table in _changed(now, copy):
                server.drop(table)
            copied(copy, now)
    else:
        _check(_listing(server))
        _restore(server, json.loads(_listing(server).read_text()))


def forget(server: Server) -> None:
    """Have nothing to go back to."""
    _copy(server).unlink(missing_ok=True)
    _listing(server).unlink(missing_ok=True)


def _copy(server: Server) -> Path:
    return Path(server.data, "marked.db")


def _listing(server: Server) -> Path:
    return Path(server.data, "marked.json")


def _check(file: Path) -> None:
    if not file.is_file():
        raise EngineError("nothing of this database was marked")


def _changed(now: sqlite3.Connection, before: sqlite3.Connection) -> list[str]:
    """Return the tables that are not what they were, or were not there."""
    query = "select * from _tables"
    same = set(before.execute(query))
    return [row[0] for row in now.execute(query).fetchall() if row not in same]


def _table(server: Server, name: str) -> dict[str, Any]:
    return {
        "definition": _definition(server, name),
        "items": list(_items(server, name)),
    }


def _definition(server: Server, name: str) -> dict[str, Any]:
    """Return what makes a table such as this one."""
    said = server.ask("DescribeTable", TableName=name)["Table"]
    made = {key: said[key] for key in _DEFINITION if said.get(key)}
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        if said.get(kind):
            made[kind] = [{key: index[key] for key in _INDEX} for index in said[kind]]
    return {**made, "BillingMode": "PAY_PER_REQUEST"}


def _items(server: Server, name: str) -> Iterator[dict[str, Any]]:
    more: dict[str, Any] = {}
    while True:
        page = server.ask("Scan", TableName=name, ConsistentRead=True, **more)
        yield from page["Items"]
        if not (last := page.get("LastEvaluatedKey")):
            return
        more = {"ExclusiveStartKey": last}


def _restore(server: Server, tables: dict[str, Any]) -> None:
    there = set(server.tables())
    for name in there - tables.keys():
        server.drop(name)
    for name, table in tables.items():
        definition = table["definition"]
        if name in there and _definition(server, name) != definition:
            server.drop(name)
            there.remove(name)
        if name not in there:
            server.ask("CreateTable", **definition)
        _set_items(server, definition, table["items"])


def _set_items(
    server: Server, definition: dict[str, Any], wanted: list[dict[str, Any]]
) -> None:
    name = definition["TableName"]
    keys = [part["AttributeName"] for part in definition["KeySchema"]]
    before = {_key(item, keys): item for item in wanted}
    now = {_key(item, keys): item for item in _items(server, name)}
    changes = [
        {"DeleteRequest": {"Key": {key: item[key] for key in keys}}}
        for known, item in now.items()
        if known not in before
    ]
    changes += [
        {"PutRequest": {"Item": item}}
        for known, item in before.items()
        if now.get(known) != item
    ]
    for first in range(0, len(changes), _AT_ONCE):
        batch = changes[first : first + _AT_ONCE]
        server.ask("BatchWriteItem", RequestItems={name: batch})


def _key(item: dict[str, Any], keys: list[str]) -> str:
    return json.dumps([item[key] for key in keys], sort_keys=True)

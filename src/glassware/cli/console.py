"""A Python prompt in which `db` is a database."""

import code
import contextlib
from collections.abc import Mapping

from glassware.clients import Opened


_EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "postgresql": (
        "with db.connection() as c: c.execute('select now()').fetchone()",
        "with db.connection() as c: c.execute('select * from things').fetchall()",
        "with db.connection() as c: c.execute('delete from things where id = %s', [3])",
    ),
    "redis": (
        "db.keys('*')",
        "db.set('greeting', 'hello', ex=60)",
        "db.info('memory')['used_memory_human']",
    ),
    "mongodb": (
        "db.list_collection_names()",
        "db.things.insert_one({'name': 'tea'})",
        "list(db.things.find({'name': 'tea'}))",
    ),
    "cassandra": (
        "list(db.execute('select * from things limit 10'))",
        "db.execute('insert into things (id, name) values (%s, %s)', [1, 'tea'])",
        "sorted(db.cluster.metadata.keyspaces[db.keyspace].tables)",
    ),
    "dynamodb": (
        "[table.name for table in db.tables.all()]",
        "db.Table('things').put_item(Item={'id': 1, 'name': 'tea'})",
        "db.Table('things').scan()['Items']",
    ),
    "sqlite": (
        "db.execute('select name from sqlite_master').fetchall()",
        "db.execute('insert into things values (?, ?)', [1, 'tea']); db.commit()",
        "db.execute('select * from things').fetchall()",
    ),
}


def converse(name: str, engine: str, opened: Opened) -> None:
    """Let a person type Python, with `db` as a service has it.

    Args:
        name: Of the database, as people know it.
        engine: Its engine.
        opened: The client.
    """
    with contextlib.suppress(ImportError):
        # Lines can be edited and called back then.
        import readline  # noqa: F401, PLC0415 - not in every Python
    db = opened.get()
    kind = f"{type(db).__module__.partition('.')[0]}.{type(db).__name__}"
    lines = [
        f"`db` is {name}, a `{kind}` of {engine}, with the service's own rights.",
        *(f"  {line}" for line in _EXAMPLES.get(engine, ())),
        "Ctrl-D ends it.",
    ]
    code.interact(banner="\n".join(lines), local={"db": db}, exitmsg="")

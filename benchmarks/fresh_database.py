"""A fresh, migrated database for each test: how long does each engine take?

Each round writes what a small test writes, and brings the database back. The other
side is what one does by hand: wipe the database, make it again, and run the
migration and the seed again. An engine whose server is not on this machine is left
out. Of PostgreSQL a test that changes tables is measured as well.

    ./dev run python benchmarks/fresh_database.py
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from rig.figures import keep, median, number, options, ratio, show
from rig.processes import Stage

from glassware import clients, engines
from glassware.errors import GlasswareError
from glassware.testing.engines import Embedded, embedding, grant


TABLES = 20
ROWS = 50


@dataclass(frozen=True, slots=True)
class Writing:
    """What a service does to its database.

    Attributes:
        migrate: Makes tables and puts first data into them.
        write: What a test does.
        change: What a test does that changes more than rows.
    """

    migrate: Callable[[object], None]
    write: Callable[[object], None]
    change: Callable[[object], None] | None = None


def _postgresql_migrate(pool: object) -> None:
    with pool.connection() as connection:
        for table in range(TABLES):
            connection.execute(
                f"create table t{table} (id serial primary key, name text unique)"
            )
            connection.execute(
                f"insert into t{table} (name) select n from generate_series(1, %s) n",
                [ROWS],
            )


def _postgresql_write(pool: object) -> None:
    with pool.connection() as connection:
        connection.execute("insert into t1 (name) values ('tea')")
        connection.execute("update t2 set name = name || '!'")


def _postgresql_change(pool: object) -> None:
    with pool.connection() as connection:
        connection.execute("alter table t1 add column more text")


def _redis_migrate(client: object) -> None:
    with client.pipeline() as all_at_once:
        for key in range(TABLES * ROWS):
            all_at_once.set(f"key{key}", key)
        all_at_once.execute()


def _mongodb_migrate(database: object) -> None:
    for table in range(TABLES):
        database[f"t{table}"].insert_many([{"n": n} for n in range(ROWS)])


def _cassandra_migrate(session: object) -> None:
    for table in range(TABLES):
        session.execute(f"create table t{table} (id int primary key, name text)")
    for row in range(ROWS):
        session.execute("insert into t1 (id, name) values (%s, 'tea')", [row])


def _dynamodb_migrate(resource: object) -> None:
    for table in range(TABLES):
        made = resource.create_table(
            TableName=f"teas{table}",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            BillingMode="PAY_PER_REQUEST",
        )
        with made.batch_writer() as rows:
            for row in range(ROWS):
                rows.put_item(Item={"id": row})


def _sqlite_migrate(connection: object) -> None:
    for table in range(TABLES):
        connection.execute(f"create table t{table} (id integer primary key, name)")
        connection.executemany(
            f"insert into t{table} (name) values (?)", [("tea",)] * ROWS
        )
    connection.commit()


def _sqlite_write(connection: object) -> None:
    connection.execute("insert into t1 (name) values ('milk')")
    connection.commit()


WRITINGS = {
    "postgresql": Writing(_postgresql_migrate, _postgresql_write, _postgresql_change),
    "redis": Writing(_redis_migrate, lambda client: client.set("key", "tea")),
    "mongodb": Writing(
        _mongodb_migrate, lambda database: database.t1.insert_one({"n": -1})
    ),
    "cassandra": Writing(
        _cassandra_migrate,
        lambda session: session.execute("insert into t1 (id, name) values (-1, 'x')"),
    ),
    "dynamodb": Writing(
        _dynamodb_migrate,
        lambda resource: resource.Table("teas1").put_item(Item={"id": -1}),
    ),
    "sqlite": Writing(_sqlite_migrate, _sqlite_write),
}


def measured(name: str, server: Embedded, rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each way to a fresh database."""
    engine, given, writing = server.engine, grant(), WRITINGS[name]
    client = clients.find(name)
    times: dict[str, list[float]] = {f"{name}: rewind": [], f"{name}: by hand": []}
    if writing.change is not None:
        times[f"{name}: rewind, tables changed"] = []
    access = server.provision(given)
    opened = client.open_client(access.native_url, name="fresh")
    try:
        writing.migrate(opened.get())
        engine.mark(server.url, given)
        for _ in range(rounds):
            for way, taken in times.items():
                change = writing.change if "changed" in way else writing.write
                change(opened.get())
                if "hand" in way:
                    # Its connections would hold the wipe up, or break in it.
                    opened.close()
                began = time.perf_counter()
                if "hand" in way:
                    engine.wipe(server.url, given)
                    engine.provision(server.url, given)
                    opened = client.open_client(access.native_url, name="fresh")
                    writing.migrate(opened.get())
                else:
                    engine.rewind(server.url, given)
                taken.append((time.perf_counter() - began) * 1000)
                if "hand" in way:
                    engine.mark(server.url, given)
    finally:
        opened.close()
    return times


def main() -> None:
    """Measure each engine, and print medians and ratios."""
    given = options(__doc__, {"rounds": 3}, rounds=15)
    times: dict[str, list[float]] = {}
    with Stage() as stage, embedding(stage.folder) as embed:
        for name in engines.NAMES:
            if given.only and given.only not in name:
                continue
            try:
                server = embed(engines.find(name))
            except GlasswareError as error:
                print(f"{name} is left out: {error.message}")
                continue
            times |= measured(name, server.start(), given.rounds)
    rows = []
    for side, taken in times.items():
        base = median(times[f"{side.partition(':')[0]}: rewind"])
        rows.append(
            (
                side,
                number(median(taken)),
                number(max(taken)),
                ratio(median(taken), base),
            )
        )
    show(
        f"A fresh database with {TABLES} tables or {TABLES * ROWS} values, in ms",
        ("", "median", "worst", "ratio"),
        rows,
    )
    keep(given, times)


if __name__ == "__main__":
    main()

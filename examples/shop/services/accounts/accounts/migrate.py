"""Bring the database up to date: `python -m accounts.migrate`.

Every file of `schema/` is run once, in the order of their names.
"""

from pathlib import Path

from psycopg import Connection

from glassware import databases


SCHEMA = Path(__file__).with_name("schema")

# Any number will do, as long as nobody else locks it in this database.
LOCK = 7_261


def migrate(connection: Connection) -> list[str]:
    """Run what has not been run; return the names of it.

    It is one transaction: all of it happens, or nothing.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        connection.execute(
            "create table if not exists migration (name text primary key)"
        )
        done = {name for (name,) in connection.execute("select name from migration")}
        todo = sorted(file for file in SCHEMA.glob("*.sql") if file.name not in done)
        for file in todo:
            connection.execute(file.read_bytes())
            connection.execute("insert into migration values (%s)", [file.name])
    return [file.name for file in todo]


if __name__ == "__main__":
    with databases.main.connection() as connection:
        for name in migrate(connection) or ["nothing to do"]:
            print(name)  # noqa: T201 - this is a command

"""What has changed in a PostgreSQL database since a mark, and how it is undone.

A row that somebody writes gets the number of his transaction, and one that
somebody removes is missing. So a table whose rows are all of transactions that
had ended at the mark, and as many as then, holds what it held. The same goes
for the catalogs, which tell of tables, types, functions and everything else.
Only sequences keep no such books: their values are compared.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from psycopg import sql

from .roles import Connection


_LOCK = "set local lock_timeout = '2s'"

# Statistics, which change by themselves; what else changes in them changes others.
_BY_THEMSELVES = ["pg_statistic", "pg_statistic_ext_data"]

_RELATIONS = """
select c.oid::int8, n.nspname, c.relname, c.relkind::text,
       n.nspname = 'pg_catalog', c.reltoastrelid <> 0
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm', 'S') and not c.relisshared
  and c.relpersistence <> 't' and n.nspname <> 'information_schema'
  and has_table_privilege(c.oid, 'select') and c.relname <> all(%s)
order by c.oid
"""

# What is written by order of the service even while its triggers are off; what
# is large; and somebody who is about to write in spite of the lock.
_ODD = """
select exists (select from pg_trigger
               where tgenabled in ('A', 'R') and not tgisinternal)
    or exists (select from pg_rewrite where ev_enabled in ('A', 'R'))
    or exists (select from pg_largeobject_metadata)
    or exists (select from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()
                 and backend_xid is not null)
"""
_COLUMNS = """
select attname from pg_attribute
where attrelid = %s::int8::oid and attnum > 0 and not attisdropped
  and attgenerated = ''
order by attnum
"""

_STRANGE = sql.SQL(
    "age(xmin) <= {since} and ((({now} - age(xmin))::text)::xid8) <> {own}::xid8"
    " and not pg_visible_in_snapshot((({now} - age(xmin))::text)::xid8,"
    " {snapshot}::pg_snapshot)"
)


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, a sequence, a materialized view or a catalog."""

    oid: int
    schema: str
    name: str
    kind: str
    catalog: bool
    toasted: bool

    @property
    def named(self) -> sql.Identifier:
        """Its name in SQL."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What was there when a database was marked, or brought back.

    Attributes:
        snapshot: Which transactions had ended.
        own: The one that wrote this down.
        rows: How many rows each table had, by its number.
        sequences: Where each sequence was.
    """

    snapshot: str
    own: int
    rows: dict[str, int]
    sequences: dict[str, list[int | bool]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what `written` has written."""
        return cls(**json.loads(text))

    def written(self) -> str:
        """Return it as a text."""
        return json.dumps(asdict(self), separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed since.

    Attributes:
        tables: With more or other rows, each with whether rows of then are missing.
        sequences: That have moved.
        whole: Something else than rows: the database has to be replaced.
    """

    tables: list[tuple[Relation, bool]]
    sequences: list[Relation]
    whole: bool = False

    def __bool__(self) -> bool:
        return bool(self.tables or self.sequences or self.whole)


def lock(connection: Connection) -> list[Relation]:
    """Let nobody write until the end of the transaction; return what there is."""
    connection.execute(_LOCK)
    found = connection.execute(_RELATIONS, [_BY_THEMSELVES]).fetchall()
    relations = [Relation(*row) for row in found]  # type: ignore[arg-type]
    tables = [r.named for r in relations if r.kind == "r" and not r.catalog]
    if tables:
        listed = sql.SQL(", only ").join(tables)
        connection.execute(
            sql.SQL("lock table only {} in share row exclusive mode").format(listed)
        )
    return relations


def books(connection: Connection, relations: Iterable[Relation]) -> Books:
    """Write down what is there, in a transaction that has `lock`ed it."""
    kept = [r for r in relations if r.kind != "S"]
    counted = _counted(connection, kept, sql.SQL("false"))
    return Books(
        **_moment(connection),
        rows={str(r.oid): counted[r.oid][0] for r in kept},
        sequences=_positions(connection, relations),
    )


def renewed(connection: Connection, before: Books) -> Books:
    """Write down that everything is as it was, in rows that may be new."""
    return Books(**_moment(connection), rows=before.rows, sequences=before.sequences)


def _moment(connection: Connection) -> dict[str, Any]:
    row = connection.execute(
        "select pg_current_snapshot()::text, pg_current_xact_id()::text::int8"
    ).fetchone()
    snapshot, own = row or ("", 0)
    return {"snapshot": snapshot, "own": own}


def changes(
    connection: Connection, relations: list[Relation], before: Books
) -> Changes:
    """Return what is not as it was, in a transaction that has `lock`ed it."""
    kept = [r for r in relations if r.kind != "S"]
    odd = connection.execute(_ODD).fetchone()
    if odd != (False,) or {str(r.oid) for r in kept} != before.rows.keys():
        return Changes([], [], whole=True)
    counted = _counted(connection, kept, strange(connection, before))
    changed = [r for r in kept if counted[r.oid] != (before.rows[str(r.oid)], 0)]
    if any(r.catalog or r.kind == "m" for r in changed):
        return Changes([], [], whole=True)
    tables = [
        (r, counted[r.oid][0] - counted[r.oid][1] != before.rows[str(r.oid)])
        for r in changed
    ]
    now = _positions(connection, relations)
    moved = [
        r
        for r in relations
        if r.kind == "S" and now[str(r.oid)] != before.sequences[str(r.oid)]
    ]
    return Changes(tables, moved)


def strange(connection: Connection, before: Books) -> sql.Composed:
    """Return the condition for rows that were written since."""
    row = connection.execute("select pg_current_xact_id()::text::int8").fetchone()
    now = int(str(row[0])) if row else 0
    oldest = int(before.snapshot.partition(":")[0])
    # The transaction that wrote the books is in its own snapshot as unfinished.
    return _STRANGE.format(
        now=sql.Literal(now),
        since=sql.Literal(now - oldest),
        own=sql.Literal(str(before.own)),
        snapshot=sql.Literal(before.snapshot),
    )


def undo(
    connection: Connection, marked: Connection | None, found: Changes, before: Books
) -> None:
    """Bring rows and sequences back.

    Args:
        connection: To the database.
        marked: To the copy that was made of it at the mark, if rows are missing.
        found: What has changed.
        before: What was there.
    """
    connection.execute("set local session_replication_role = replica")
    condition = strange(connection, before)
    for table, missing in found.tables:
        statement = sql.SQL("delete from only {}").format(table.named)
        if not missing:
            statement += sql.SQL(" where ") + condition
        connection.execute(statement)
        if missing and marked is not None:
            _copy(marked, connection, table)
    for sequence in found.sequences:
        connection.execute(
            "select setval(%s::int8::oid::regclass, %s, %s)",
            [sequence.oid, *before.sequences[str(sequence.oid)]],
        )


def _copy(source: Connection, target: Connection, table: Relation) -> None:
    names = source.execute(_COLUMNS, [table.oid]).fetchall()
    columns = sql.SQL(", ").join(sql.Identifier(str(name)) for (name,) in names)
    reading = sql.SQL("copy (select {} from only {}) to stdout (format binary)")
    writing = sql.SQL("copy {} ({}) from stdin (format binary)")
    with (
        source.cursor().copy(reading.format(columns, table.named)) as rows,
        target.cursor().copy(writing.format(table.named, columns)) as taken,
    ):
        for chunk in rows:
            taken.write(chunk)


def _counted(
    connection: Connection, relations: list[Relation], condition: sql.Composable
) -> dict[int, tuple[int, int]]:
    """Return how many rows each has, and how many for which a condition holds."""
    counts = sql.SQL(" union all ").join(
        sql.SQL(
            "select {}::int8, count(*), count(*) filter (where {}) from only {}"
        ).format(sql.Literal(r.oid), condition, r.named)
        for r in relations
    )
    rows = connection.execute(counts).fetchall()
    return {int(str(o)): (int(str(n)), int(str(m))) for o, n, m in rows}


def _positions(
    connection: Connection, relations: Iterable[Relation]
) -> dict[str, list[int | bool]]:
    parts = [
        sql.SQL("select {}::int8, last_value, is_called from {}").format(
            sql.Literal(r.oid), r.named
        )
        for r in relations
        if r.kind == "S"
    ]
    if not parts:
        return {}
    rows = connection.execute(sql.SQL(" union all ").join(parts)).fetchall()
    return {str(oid): [value, called] for oid, value, called in rows}  # type: ignore[list-item]

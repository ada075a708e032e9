"""The tables and types of a keyspace, and how they become what they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cassandra import InvalidRequest
from cassandra.cluster import Session

from .cassandra_programs import number
from .cassandra_server import identifier


Rows = Mapping[str, Mapping[str, tuple[Any, ...]]]
"""By table of the schema and by what a row is about, what is in it."""

# What a row is about: the table, or for types the type.
_OLD = {
    "schema_columnfamilies": "columnfamily_name",
    "schema_columns": "columnfamily_name",
    "schema_triggers": "columnfamily_name",
    "schema_usertypes": "type_name",
}
_NEW = {
    "tables": "table_name",
    "columns": "table_name",
    "indexes": "table_name",
    "triggers": "table_name",
    "views": "base_table_name",
    "types": "type_name",
}
_TYPES = {"schema_usertypes", "types"}


@dataclass(slots=True)
class Schema:
    """What a keyspace consists of.

    Attributes:
        keyspace: Its name.
        rows: As the server keeps it.
        columns: By table: the columns of its key, the static and the other
            ones, and those that count.
        definitions: By table, the statements that make it; without a table,
            those that make the types.
    """

    keyspace: str
    rows: Rows
    columns: dict[str, "Columns"] = field(default_factory=dict)
    definitions: dict[str, list[str]] = field(default_factory=dict)

    def define(self, session: Session) -> None:
        """Write down how everything is made."""
        session.cluster.refresh_keyspace_metadata(self.keyspace)
        known = session.cluster.metadata.keyspaces[self.keyspace]
        types = known.user_types.values()
        self.definitions = {"": [kind.as_cql_query() for kind in types]}
        self.columns = {}
        for name, table in known.tables.items():
            indexes = [index.as_cql_query() for index in table.indexes.values()]
            views = [view.as_cql_query() for view in table.views.values()]
            self.definitions[name] = [table.as_cql_query(), *indexes, *views]
            self.columns[name] = Columns.of(table)

    def restore(self, session: Session, now: "Schema") -> None:
        """Make what is different now, or gone, as it was; remove what is new."""
        mine, theirs = _by_table(self.rows), _by_table(now.rows)
        types = [_types(schema.rows) for schema in (self, now)]
        same = {name for name in mine if theirs.get(name) == mine[name]}
        if types[0] != types[1]:
            same = set()
        space = identifier(self.keyspace)
        for name in sorted(theirs.keys() - same):
            for view in _views(now.rows, name):
                session.execute(f"DROP MATERIALIZED VIEW {space}.{identifier(view)}")
            session.execute(f"DROP TABLE {space}.{identifier(name)}")
        if types[0] != types[1]:
            drops = [f"DROP TYPE {space}.{identifier(name)}" for name in types[1]]
            _in_some_order(session, drops)
            _in_some_order(session, self.definitions[""])
        for name in sorted(mine.keys() - same):
            for statement in self.definitions[name]:
                session.execute(statement)
        self.rows = schema_of(session, self.keyspace).rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a table, by what they are.

    Attributes:
        partition: Of the partition's key.
        clustering: Of the key within it.
        static: One value for a partition.
        others: All the others.
        counts: Whether the others count.
    """

    partition: tuple[str, ...]
    clustering: tuple[str, ...]
    static: tuple[str, ...]
    others: tuple[str, ...]
    counts: bool

    @classmethod
    def of(cls, table: Any) -> "Columns":
        """Return the columns of the driver's table."""
        partition = tuple(column.name for column in table.partition_key)
        clustering = tuple(column.name for column in table.clustering_key)
        rest = [c for c in table.columns.values() if c.name not in partition]
        rest = [c for c in rest if c.name not in clustering]
        return cls(
            partition=partition,
            clustering=clustering,
            static=tuple(c.name for c in rest if c.is_static),
            others=tuple(c.name for c in rest if not c.is_static),
            counts=any(c.cql_type == "counter" for c in rest),
        )

    @property
    def all(self) -> tuple[str, ...]:
        """Every column, in the order in which they are asked for."""
        return (*self.partition, *self.clustering, *self.static, *self.others)


def schema_of(session: Session, keyspace: str) -> Schema:
    """Return what a keyspace consists of now."""
    old = number(_version(session)) < (3,)
    space, tables = ("system", _OLD) if old else ("system_schema", _NEW)
    asked = {
        table: session.execute_async(
            f"SELECT * FROM {space}.{table} "  # noqa: S608 - names of our own
            f"WHERE keyspace_name = '{keyspace}'"
        )
        for table in tables
    }
    rows: dict[str, dict[str, tuple[Any, ...]]] = {}
    for table, future in asked.items():
        result = future.result()
        at = result.column_names.index(tables[table])
        by_name: dict[str, list[Any]] = {}
        for row in result:
            by_name.setdefault(row[at].decode(), []).append(tuple(row))
        rows[table] = {name: tuple(found) for name, found in by_name.items()}
    return Schema(keyspace=keyspace, rows=rows)


def _in_some_order(session: Session, statements: Sequence[str]) -> None:
    """Carry out statements of which some need others before them."""
    while statements:
        left = []
        for statement in statements:
            try:
                session.execute(statement)
            except InvalidRequest:
                left.append(statement)
        if len(left) == len(statements):
            # Nothing helps: let it say what is wrong.
            session.execute(left[0])
        statements = left


def _version(session: Session) -> str:
    (host,) = list(session.cluster.metadata.all_hosts())[:1]
    return str(host.release_version)


def _by_table(rows: Rows) -> dict[str, tuple[Any, ...]]:
    names = {name for kind in rows if kind not in _TYPES for name in rows[kind]}
    kinds = sorted(kind for kind in rows if kind not in _TYPES)
    return {name: tuple(rows[kind].get(name, ()) for kind in kinds) for name in names}


def _types(rows: Rows) -> Mapping[str, tuple[Any, ...]]:
    return next(rows[kind] for kind in _TYPES if kind in rows)


def _views(rows: Rows, table: str) -> list[str]:
    # keyspace_name, view_name, …
    return [row[1].decode() for row in rows.get("views", {}).get(table, ())]

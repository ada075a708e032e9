"""The tables and types of a keyspace, and how they become what they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cassandra import InvalidRequest
from cassandra.cluster import Session

from glassware.errors import EngineError

from .programs import number
from .server import identifier


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
_KINDS = {
    "partition_key": "partition",
    "clustering_key": "clustering",
    "clustering": "clustering",
    "static": "static",
}
_COUNTERS = {b"org.apache.cassandra.db.marshal.CounterColumnType", b"counter"}
_TYPES = {"schema_usertypes", "types"}


@dataclass(slots=True)
class Schema:
    """What a keyspace consists of.

    Attributes:
        keyspace: Its name.
        rows: As the server keeps it.
        names: What is in them, by table of the schema.
        definitions: By table, the statements that make it; without a table,
            those that make the types.
    """

    keyspace: str
    rows: Rows
    names: Mapping[str, Sequence[str]]
    definitions: dict[str, list[str]] = field(default_factory=dict)

    def define(self, session: Session) -> None:
        """Write down how everything is made."""
        session.cluster.refresh_schema_metadata()
        known = session.cluster.metadata.keyspaces[self.keyspace]
        types = known.user_types.values()
        self.definitions = {"": [kind.as_cql_query() for kind in types]}
        for name, table in known.tables.items():
            # The driver does not understand every type of Cassandra 2.1's.
            if table._exc_info is None:  # noqa: SLF001 - it says so nowhere else
                indexes = [index.as_cql_query() for index in table.indexes.values()]
                views = [view.as_cql_query() for view in table.views.values()]
                self.definitions[name] = [table.as_cql_query(), *indexes, *views]

    @property
    def columns(self) -> dict[str, "Columns"]:
        """The columns of each table."""
        kind = "columns" if "columns" in self.rows else "schema_columns"
        tables = self.rows.get("tables") or self.rows.get("schema_columnfamilies", {})
        named = self.names[kind]
        return {
            table: Columns.of([dict(zip(named, row, strict=True)) for row in rows])
            for table, rows in self.rows[kind].items()
            if table in tables
        }

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
            for statement in self._definition(name):
                session.execute(statement)
        self.rows = schema_of(session, self.keyspace).rows

    def _definition(self, table: str) -> list[str]:
        if table not in self.definitions:
            raise EngineError(
                f"the table `{self.keyspace}.{table}` has a type of its own, was "
                "changed, and cannot be made as it was",
                hint="leave the tables as they are in tests, or begin with empty "
                "databases: `glassware up --fresh`",
            )
        return self.definitions[table]


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
    def of(cls, rows: Sequence[Mapping[str, bytes | None]]) -> "Columns":
        """Return the columns that a schema lists."""
        found: dict[str, list[tuple[int, str]]] = {}
        for row in rows:
            # Of Cassandra 2.1, and of newer ones.
            kind = (row.get("kind") or row.get("type") or b"").decode()
            at = row.get("position") or row.get("component_index") or b""
            place = int.from_bytes(at, signed=True)
            name = (row["column_name"] or b"").decode()
            found.setdefault(_KINDS.get(kind, "others"), []).append((place, name))
        columns = {kind: tuple(n for _, n in sorted(found[kind])) for kind in found}
        types = [row.get("validator") or row.get("type") or b"" for row in rows]
        return cls(
            **{name: columns.get(name, ()) for name in (*_KINDS.values(), "others")},
            counts=any(kind in _COUNTERS for kind in types),
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
    names = {}
    for table, future in asked.items():
        result = future.result()
        names[table] = result.column_names
        at = result.column_names.index(tables[table])
        by_name: dict[str, list[Any]] = {}
        for row in result:
            by_name.setdefault(row[at].decode(), []).append(tuple(row))
        rows[table] = {name: tuple(found) for name, found in by_name.items()}
    return Schema(keyspace=keyspace, rows=rows, names=names)


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

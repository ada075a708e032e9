"""The rows of a keyspace as bytes: read, compared by partition, and written."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cassandra.cluster import ResponseFuture, Session
from cassandra.protocol import ResultMessage, _ProtocolHandler, read_int
from cassandra.query import BoundStatement

from .schema import Columns, Schema
from .server import identifier


Row = tuple[bytes | None, ...]
Partitions = dict[tuple[bytes | None, ...], list[Row]]
"""The rows of a table, by the key of their partition."""

State = dict[str, Partitions]
"""The rows of a keyspace, by table."""


class _Bytes(ResultMessage):  # type: ignore[misc]
    """A result whose values are left as they came."""

    def recv_results_rows(
        self, f: Any, protocol_version: int, user_type_map: Any, *rest: Any
    ) -> None:
        self.recv_results_metadata(f, user_type_map)
        metadata = self.column_metadata or rest[0]
        self.column_names = [column[2] for column in metadata]
        self.column_types = [column[3] for column in metadata]
        count = read_int(f)
        self.parsed_rows = [self.recv_row(f, len(metadata)) for _ in range(count)]


class _Handler(_ProtocolHandler):  # type: ignore[misc]
    message_types_by_opcode = {  # noqa: RUF012 - the driver's own
        **_ProtocolHandler.message_types_by_opcode,
        _Bytes.opcode: _Bytes,
    }


def read_raw(session: Session) -> None:
    """Let a session return values as bytes, whatever their types are."""
    session.client_protocol_handler = _Handler
    for profile in session.cluster.profile_manager.profiles.values():
        profile.row_factory = _as_they_are


def _as_they_are(names: Sequence[str], rows: Any) -> Any:
    del names
    return rows


class Tables:
    """How the tables of a keyspace are read and written."""

    def __init__(self, session: Session, keyspace: str, schema: Schema) -> None:
        self._session = session
        self._tables = {
            name: _Table(session, f"{identifier(keyspace)}.{identifier(name)}", columns)
            for name, columns in schema.columns.items()
        }

    def read(self) -> State:
        """Return everything that is there."""
        return self.answers(self.ask())

    def ask(self) -> dict[str, ResponseFuture]:
        """Ask for everything that is there."""
        return {name: table.ask() for name, table in self._tables.items()}

    def answers(self, asked: Mapping[str, ResponseFuture]) -> State:
        """Return what was asked for."""
        return {
            name: self._tables[name].by_partition(future.result())
            for name, future in asked.items()
        }

    def restore(self, now: State, then: State) -> None:
        """Write what is different."""
        # What is deleted has to be older than what is written in its place.
        moment = time.time_ns() // 1000
        sent = [
            self._session.execute_async(statement)
            for name, table in self._tables.items()
            for statement in table.changes(now[name], then[name], moment)
        ]
        for future in sent:
            future.result()


class _Table:
    """How one table is read and written."""

    def __init__(self, session: Session, name: str, columns: Columns) -> None:
        self._session = session
        self._name = name
        self._columns = columns
        self._statements: dict[str, Any] = {}

    def ask(self) -> ResponseFuture:
        names = ", ".join(map(identifier, self._columns.all))
        return self._session.execute_async(f"SELECT {names} FROM {self._name}")  # noqa: S608

    def by_partition(self, rows: Any) -> Partitions:
        width = len(self._columns.partition)
        found: Partitions = {}
        for row in rows:
            found.setdefault(tuple(row[:width]), []).append(tuple(row))
        return found

    def changes(
        self, now: Partitions, then: Partitions, moment: int
    ) -> Iterator[BoundStatement]:
        if now == then:
            return
        if self._columns.counts:
            yield from self._count_anew(then)
            return
        stamp = moment.to_bytes(8)
        after = (moment + 1).to_bytes(8)
        for key in now:
            if now[key] != then.get(key):
                yield self._bound(self._delete(), (stamp, *key))
        for key, rows in then.items():
            if rows != now.get(key):
                for row in rows:
                    yield from self._writes(row, after)

    def _writes(self, row: Row, stamp: bytes) -> Iterator[BoundStatement]:
        columns = self._columns
        key = len(columns.partition)
        within = key + len(columns.clustering)
        if columns.clustering and row[key] is None:
            # A partition of which there is only what is static.
            static = row[within : within + len(columns.static)]
            names = (*columns.partition, *columns.static)
            yield self._bound(self._insert(names), (*row[:key], *static, stamp))
        else:
            yield self._bound(self._insert(columns.all), (*row, stamp))

    def _count_anew(self, then: Partitions) -> Iterator[BoundStatement]:
        """Empty a table of counters, and let them count up to what they were."""
        # A counter that was deleted cannot be written any more.
        self._session.execute(f"TRUNCATE {self._name}")
        columns = self._columns
        key = len(columns.partition) + len(columns.clustering)
        names = columns.all
        for row in (row for rows in then.values() for row in rows):
            for at, value in enumerate(row[key:], start=key):
                if value is not None:
                    place = row[: len(columns.partition)]
                    where = names[: len(columns.partition)]
                    if names[at] not in columns.static:
                        place, where = row[:key], names[:key]
                    yield self._bound(self._add(names[at], where), (value, *place))

    def _delete(self) -> str:
        return f"DELETE FROM {self._name} USING TIMESTAMP ? WHERE {_equal(self._columns.partition)}"  # noqa: S608

    def _insert(self, names: Sequence[str]) -> str:
        listed = ", ".join(map(identifier, names))
        marks = ", ".join("?" for _ in names)
        return f"INSERT INTO {self._name} ({listed}) VALUES ({marks}) USING TIMESTAMP ?"  # noqa: S608

    def _add(self, name: str, where: Sequence[str]) -> str:
        name = identifier(name)
        return f"UPDATE {self._name} SET {name} = {name} + ? WHERE {_equal(where)}"  # noqa: S608

    def _bound(self, statement: str, values: Sequence[bytes | None]) -> BoundStatement:
        if statement not in self._statements:
            self._statements[statement] = self._session.prepare(statement)
        bound = BoundStatement(self._statements[statement])
        bound.values = list(values)
        return bound


def _equal(names: Sequence[str]) -> str:
    return " AND ".join(f"{identifier(name)} = ?" for name in names)

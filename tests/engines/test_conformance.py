"""What every engine promises: `glassware.testing.engines` has the promises.

One class for each engine. What an engine has no use for, such as a password,
is no part of its class; what it promises beyond is in a file of its own.
"""

import stat
from dataclasses import replace
from typing import Any

from engines.keeping import REFUSALS, connected, keep, kept
from glassware import engines
from glassware.plan.make import SHARED_ENGINES
from glassware.testing.engines import (
    Conformance,
    Embedded,
    FreshConformance,
    PasswordConformance,
    ServerConformance,
    SocketConformance,
    Subject,
    grant,
)


def ours(name: str, **differences: Any) -> Subject:
    """Return an engine of ours as it is tested."""
    return Subject(
        engine=engines.find(name),
        keep=keep,
        kept=kept,
        connected=connected,
        refusals=REFUSALS,
        shared=name in SHARED_ENGINES,
        **differences,
    )


class TestPostgreSQL(
    ServerConformance, PasswordConformance, SocketConformance, FreshConformance
):
    """One server, with a database and a role for each declaration."""

    subject = ours("postgresql")


class TestRedis(
    ServerConformance, PasswordConformance, SocketConformance, FreshConformance
):
    """A server for each declaration."""

    subject = ours("redis")


class TestMongoDB(
    ServerConformance, PasswordConformance, SocketConformance, FreshConformance
):
    """One server, with a database and a user for each declaration."""

    subject = ours("mongodb")


class TestCassandra(ServerConformance, PasswordConformance, FreshConformance):
    """One server, with a keyspace and a user for each declaration; no socket."""

    subject = ours("cassandra", starts_within=20.0, restarts_within=20.0)


class TestDynamoDB(ServerConformance, FreshConformance):
    """A server for each declaration, which checks nobody's key and has no socket."""

    subject = ours("dynamodb")

    def test_anybody_gets_in(self, shared: Embedded) -> None:
        """Which process answers keeps services apart: no password does."""
        given = grant()
        self.subject.keep(shared.provision(given).url, "tea")
        guess = replace(given, role="somebody", password="guessed")
        access = shared.engine.access(shared.url, guess)
        assert self.subject.kept(access.url) == ["tea"]
        assert access.socket == ""


class TestSQLite(Conformance, FreshConformance):
    """A file for each declaration: nothing runs, listens, or asks for a password."""

    subject = ours("sqlite")

    def test_nothing_is_started(self, shared: Embedded) -> None:
        """Who may read the file has the data; nobody but this user may."""
        access = shared.provision(grant())
        assert shared.engine.launch(shared.place) is None
        assert (access.user, access.password, access.socket) == ("", "", "")
        keep(access.url, "tea")
        (file,) = shared.place.data.glob("*.sqlite")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_every_engine_is_here() -> None:
    """No engine of ours comes without keeping the promises."""
    tested = {
        value.subject.engine.name
        for value in globals().values()
        if isinstance(value, type) and hasattr(value, "subject")
    }
    assert tested == set(engines.NAMES)

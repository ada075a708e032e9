"""What every engine promises: `glassware.testing.engines` has the promises.

One class for each engine. What an engine has no use for, such as a password,
is no part of its class; what it promises beyond is in a file of its own.
"""

from typing import Any

from engines.keeping import REFUSALS, connected, keep, kept
from glassware import engines
from glassware.plan.make import SHARED_ENGINES
from glassware.testing.engines import (
    PasswordConformance,
    ServerConformance,
    SocketConformance,
    Subject,
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


class TestPostgreSQL(ServerConformance, PasswordConformance, SocketConformance):
    """One server, with a database and a role for each declaration."""

    subject = ours("postgresql")


class TestRedis(ServerConformance, PasswordConformance, SocketConformance):
    """A server for each declaration."""

    subject = ours("redis")


def test_every_engine_is_here() -> None:
    """No engine of ours comes without keeping the promises."""
    tested = {
        value.subject.engine.name
        for value in globals().values()
        if isinstance(value, type) and hasattr(value, "subject")
    }
    assert tested == set(engines.NAMES)

"""Files of CQL: applied a statement at a time, since Cassandra has no transactions.

How far a file came is written down after each of its statements. One that broke
off goes on behind them, as long as they are what they were.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from cassandra import ConsistencyLevel, DriverException
from cassandra.cluster import EXEC_PROFILE_DEFAULT, NoHostAvailable, Session
from cassandra.protocol import ErrorMessage

from glassware.clients.cassandra import Address
from glassware.engines import Access, Script
from glassware.engines.scripts import TABLE, carry_out, digest_of, failed, shown
from glassware.engines.statements import CQL, Statement, split
from glassware.errors import TaskFailed

from .server import first_of, message_of, open_cluster


_SECONDS = 60.0

# A file has its digest when all of it was applied; until then it has how many
# of its statements were, and theirs.
_MAKE = f"""
    CREATE TABLE IF NOT EXISTS {TABLE} (
        name text PRIMARY KEY, digest text, applied_at timestamp,
        statements int, so_far text
    )"""
_FINISH = f"UPDATE {TABLE} SET digest = %s, applied_at = %s WHERE name = %s"  # noqa: S608
_ADVANCE = f"UPDATE {TABLE} SET statements = %s, so_far = %s WHERE name = %s"  # noqa: S608


def apply(
    access: Access, scripts: Sequence[Script], tell: Callable[[str], None]
) -> None:
    """Apply those of `scripts` that a keyspace has not seen, in their order."""
    address = Address.parse(access.url)
    cluster = open_cluster(address)
    profile = cluster.profile_manager.profiles[EXEC_PROFILE_DEFAULT]
    profile.consistency_level = ConsistencyLevel.LOCAL_QUORUM
    profile.request_timeout = _SECONDS
    try:
        ledger = _KeyspaceLedger(cluster.connect(address.keyspace))
        ledger.check(scripts)
        carry_out(scripts, ledger, tell)
    except (DriverException, NoHostAvailable, ErrorMessage) as error:
        raise TaskFailed(
            f"the keyspace `{access.name}` cannot be changed: "
            f"{message_of(first_of(error))}"
        ) from error
    finally:
        cluster.shutdown()


class _KeyspaceLedger:
    """The `Ledger` of one keyspace."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._begun: dict[str, tuple[int, str]] = {}

    def check(self, scripts: Sequence[Script]) -> None:
        """Check that every file that broke off is still there.

        Raises:
            TaskFailed: One is not.
        """
        self.applied()
        gone = sorted(self._begun.keys() - {script.path.name for script in scripts})
        if gone:
            raise TaskFailed(
                f"`{gone[0]}` was applied in part, and is not there any more",
                hint="put it back and mend what it broke off at, or begin with empty "
                "databases: `glassware up --fresh`",
            )

    def applied(self) -> Mapping[str, str]:
        """Return the digests of the files that were applied, by their names."""
        self._session.execute(_MAKE)
        rows = list(self._session.execute(f"SELECT * FROM {TABLE}"))  # noqa: S608
        self._begun = {r.name: (r.statements, r.so_far) for r in rows if not r.digest}
        return {row.name: row.digest for row in rows if row.digest}

    def apply(self, script: Script, digest: str) -> None:
        """Apply one file, or what is left of it, and record that it was."""
        name, statements = script.path.name, split(script.text, CQL)
        done, so_far = self._begun.get(name, (0, _digest(())))
        if _digest(statements[:done]) != so_far:
            raise TaskFailed(
                f"`{shown(script.path)}` was applied up to its statement {done}, and "
                "what was applied has been changed since",
                hint="put those statements back as they were and change what follows "
                "them, or begin with empty databases: `glassware up --fresh`",
            )
        for number, statement in enumerate(statements[done:], start=done):
            self._carry_out(script, statement, number, len(statements))
            so_far = _digest(statements[: number + 1])
            self._session.execute(_ADVANCE, (number + 1, so_far, name))
        self._session.execute(_FINISH, (digest, datetime.now(UTC), name))

    def _carry_out(
        self, script: Script, statement: Statement, number: int, count: int
    ) -> None:
        if re.match(r"USE\b", statement.text, re.IGNORECASE):
            hint = "leave it out: a service has one keyspace, and is in it"
            raise failed(script, statement, "another keyspace", hint=hint)
        try:
            # What it answers, if anything, is of no interest.
            self._session.execute(statement.text)
        except (DriverException, NoHostAvailable, ErrorMessage) as error:
            reason = message_of(first_of(error))
            kept = (
                f"the {number} before it were applied and stay: "
                if number
                else "nothing of this file was applied: "
            )
            raise failed(
                script,
                statement,
                f"{reason} (statement {number + 1} of {count})",
                hint=f"{kept}mend this statement, and the file goes on with it",
                line=_line(statement, reason),
            ) from error


def _digest(statements: Sequence[Statement]) -> str:
    return digest_of(";".join(statement.text for statement in statements))


def _line(statement: Statement, reason: str) -> int:
    """Return the line of the file that a server means: it counts from the statement."""
    said = re.match(r"line (\d+):\d+ ", reason)
    return statement.line + (int(said[1]) - 1 if said else 0)

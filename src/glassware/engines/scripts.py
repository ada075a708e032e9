"""Files of migrations: each is applied once, in their order, and never changes.

This is what engines with scripts share. What an engine does itself is a
`Ledger`: which files a database has seen, and how one more is applied.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from glassware.errors import TaskFailed

from . import Script
from .statements import Statement


TABLE = "glassware_migrations"
"""Where a database keeps which files it has seen: `name`, `digest`, `applied_at`."""

_LONGEST = 100


class Ledger(Protocol):
    """What a database has seen, and how it sees more."""

    def applied(self) -> Mapping[str, str]:
        """Return the digests of the files that were applied, by their names.

        The first time of all makes the place where they are kept.
        """

    def apply(self, script: Script, digest: str) -> None:
        """Apply one file and record its name and digest, both or none if possible.

        Raises:
            TaskFailed: It failed; see `failed`.
        """


def carry_out(
    scripts: Sequence[Script], ledger: Ledger, tell: Callable[[str], None]
) -> None:
    """Apply those of `scripts` that a database has not seen.

    A file that comes late, from another branch, is applied although others
    behind it were.

    Args:
        scripts: All there are.
        ledger: Of the database; nobody else changes it meanwhile.
        tell: Told a line for each that is applied.

    Raises:
        TaskFailed: One failed, was changed after it was applied, or is gone.
    """
    for script in due(scripts, ledger.applied()):
        ledger.apply(script, digest_of(script.text))
        tell(f"applied `{shown(script.path)}`")


def due(scripts: Sequence[Script], applied: Mapping[str, str]) -> list[Script]:
    """Return what is to be applied, in its order.

    Raises:
        TaskFailed: What was applied is not what is there.
    """
    scripts = in_order(scripts)
    for script in scripts:
        known = applied.get(script.path.name)
        if known not in {None, digest_of(script.text)}:
            raise TaskFailed(
                f"`{shown(script.path)}` was changed after it was applied",
                hint="put it back as it was and write a new file for what is to "
                "change, or begin with empty databases: `glassware up --fresh`",
            )
    gone = sorted(applied.keys() - {script.path.name for script in scripts})
    if gone:
        raise TaskFailed(
            f"`{gone[0]}` was applied, and is not there any more",
            hint="put it back: it is part of how the database came about; or begin "
            "with empty databases: `glassware up --fresh`",
        )
    return [script for script in scripts if script.path.name not in applied]


def in_order(scripts: Iterable[Script]) -> list[Script]:
    """Return scripts by their names; numbers in them count as numbers.

    So `2_shelves.sql` comes before `10_books.sql`.
    """
    return sorted(scripts, key=lambda script: _order(script.path.name))


def digest_of(text: str) -> str:
    """Return what changes with a text, but not with how its lines end."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return hashlib.sha256(plain.encode()).hexdigest()


def shown(path: Path) -> str:
    """Return a file as people know it: from the folder `migrations` on."""
    parts = path.parts[-3:]
    at = parts.index("migrations") if "migrations" in parts else -1
    return "/".join(parts[at:])


def failed(
    script: Script,
    statement: Statement | None,
    reason: str,
    *,
    hint: str | None = None,
    line: int | None = None,
) -> TaskFailed:
    """Return the error of a file that cannot be applied.

    Args:
        script: The file.
        statement: The one that failed; `None`: nobody knows which.
        reason: What the database said, on one line.
        hint: The way out, if there is one to name.
        line: Where in the file, if it is not where the statement begins.
    """
    where = f"`{shown(script.path)}`"
    if statement is None:
        return TaskFailed(f"{where} failed: {reason}", hint=hint)
    return TaskFailed(
        f"{where}, line {line or statement.line}: {reason}, "
        f"in `{_shortened(statement.text)}`",
        hint=hint,
    )


def _order(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    parts = re.findall(r"\d+|\D+", name)
    # A number comes before a word, as digits come before letters.
    keys = ((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)
    return tuple(keys), name


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"

"""SQLite: a file for each declaration, and no server.

The administrator's URL is that of a folder: one of the site's own, or one that
exists already, such as a volume that is backed up.
"""

import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from glassware.engines import (
    Access,
    Engine,
    Grant,
    Launch,
    Place,
    Program,
    Script,
    Shell,
)
from glassware.engines.folders import data_folder
from glassware.engines.scripts import carry_out
from glassware.errors import EngineError

from .copies import PATIENCE, copied, opened
from .ledger import FileLedger


# Libraries differ in whether they decode a path: only what would end it is encoded.
_NOT_PLAIN = re.compile(r"[\x00-\x1f%?#]")

_HINTS = {
    sqlite3.SQLITE_NOTADB: "restore a backup of that file, or move it away",
    sqlite3.SQLITE_CORRUPT: "restore a backup of that file, or move it away",
    sqlite3.SQLITE_FULL: "make room on that disk and start the site again; everything "
    "that was committed is kept",
    sqlite3.SQLITE_READONLY: "run the site as the user whom that file belongs to",
}


class SQLite(Engine):
    """The engine `sqlite`."""

    name = "sqlite"
    # It is part of Python.
    extra = ""
    scripts = ".sql"
    variables: Mapping[str, str] = {
        "DATABASE_URL": "{url}",
        "SQLALCHEMY_DATABASE_URI": "sqlite:///{name}",
        "SQLITE_PATH": "{name}",
    }

    def embedded(self) -> Program:
        """Return the library of this Python; services have that of theirs."""
        return Program(
            source="embedded", version=sqlite3.sqlite_version, title="SQLite"
        )

    def prepare(self, place: Place) -> None:
        """Make the folder; does little where it already is."""
        with data_folder(place, served=False):
            pass

    def launch(self, place: Place) -> Launch | None:
        """Return `None`: whoever opens the file is the server."""
        return None

    def admin_url(self, place: Place) -> str:
        """Return the folder of `place`."""
        return _url(place.data)

    def ready(self, admin_url: str) -> bool:
        """Ask whether files can be made in the folder.

        Raises:
            EngineError: They cannot; nothing gets better by waiting.
        """
        folder = _folder(admin_url)
        if not folder.is_dir():
            raise EngineError(
                f"there is no folder `{folder}` for databases",
                hint="make it, or mend `url` of `[engines.sqlite]` in `site.toml`",
            )
        if not os.access(folder, os.W_OK | os.X_OK):
            raise EngineError(f"nothing can be written to the folder `{folder}`")
        return True

    def provision(self, admin_url: str, grant: Grant) -> None:
        """Make the file of `grant`, for nobody but this user to read."""
        path = _path(admin_url, grant)
        with _told(path):
            # What SQLite puts beside it gets the same mode.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(path, timeout=PATIENCE)) as database:
                database.execute("pragma journal_mode = wal")

    def access(self, admin_url: str, grant: Grant) -> Access:
        """Return the file of `grant`."""
        path = _path(admin_url, grant)
        return Access(
            url=_url(path),
            native_url=_url(path),
            host="",
            port=0,
            user="",
            password="",
            name=str(path),
        )

    def wipe(self, admin_url: str, grant: Grant) -> None:
        """Remove the file of `grant`; where somebody has it open, empty it."""
        path = _path(admin_url, grant)
        _marked(path).unlink(missing_ok=True)
        if not path.exists():
            return
        with _told(path):
            if _emptied(path):
                for end in ("", "-wal", "-shm"):
                    path.with_name(path.name + end).unlink(missing_ok=True)

    def mark(self, admin_url: str, grant: Grant) -> None:
        """Remember what is in a database now: tests begin with it."""
        path = _path(admin_url, grant)
        new = _marked(path).with_suffix(".new")
        with _told(path):
            new.unlink(missing_ok=True)
            os.close(os.open(new, os.O_CREAT | os.O_RDWR, 0o600))
            with opened(path) as now, opened(new) as copy:
                copied(now, copy)
            new.replace(_marked(path))

    def rewind(self, admin_url: str, grant: Grant) -> None:
        """Bring a database back to what it was at the last `mark`."""
        path = _path(admin_url, grant)
        if not _marked(path).is_file():
            raise EngineError(f"nothing of `{path.name}` was marked")
        with _told(path), opened(_marked(path)) as copy, opened(path) as now:
            copied(copy, now)

    def explain(self, log: str) -> EngineError:
        """Return an error without a reason: nothing runs that could end."""
        return EngineError("SQLite has no server")

    def shell(self, access: Access) -> Shell | None:
        """Return SQLite's own shell, if it is on this machine."""
        program = shutil.which("sqlite3")
        return Shell(argv=(program, access.name)) if program else None

    def apply(
        self,
        access: Access,
        scripts: Sequence[Script],
        tell: Callable[[str], None],
    ) -> None:
        """Apply those of `scripts` that a database has not seen, in their order."""
        with closing(sqlite3.connect(access.name, timeout=PATIENCE)) as database:
            carry_out(scripts, FileLedger(database), tell)


engine = SQLite()


def _url(path: Path) -> str:
    return f"sqlite:///{_NOT_PLAIN.sub(lambda found: quote(found[0]), str(path))}"


def _folder(admin_url: str) -> Path:
    parts = urlsplit(admin_url)
    folder = Path(unquote(parts.path[1:]))
    if parts.scheme != "sqlite" or parts.netloc or not folder.is_absolute():
        raise EngineError(
            "the URL of the folder for SQLite's files cannot be read",
            hint="`sqlite:////absolute/folder`, with four slashes",
        )
    return folder


def _path(admin_url: str, grant: Grant) -> Path:
    return _folder(admin_url) / f"{grant.database}.sqlite"


def _marked(path: Path) -> Path:
    return path.with_suffix(".marked")


def _emptied(path: Path) -> bool:
    """Empty a database; tell whether nobody else has it open."""
    nothing = closing(sqlite3.connect(":memory:"))
    with opened(path) as now, nothing as empty:
        try:
            copied(empty, now)
        except sqlite3.DatabaseError:
            # What is no database has nobody who reads it as one.
            return True
        with suppress(sqlite3.OperationalError):
            mode: tuple[str] = now.execute("pragma journal_mode = delete").fetchone()
            return mode == ("delete",)
        return False


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EngineError(
            f"the database `{path}` cannot be used: {error.strerror}"
        ) from error
    except sqlite3.Error as error:
        # Of the extended code, the part that every version knows.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        said = "No space left on device" if code == sqlite3.SQLITE_FULL else error
        raise EngineError(
            f"the database `{path}` cannot be used: {said}", hint=_HINTS.get(code)
        ) from error

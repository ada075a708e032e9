"""The data folder of a PostgreSQL of the site's own: made whole, checked, never repaired."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from glassware.engines import Place
from glassware.engines.folders import data_folder
from glassware.engines.programs import (
    RESTORE,
    dying_with_parent,
    failure,
)
from glassware.engines.unprivileged import Way, way_for
from glassware.errors import EngineError
from glassware.files import write_whole


ADMINISTRATOR = "postgres"

_LOCALE = "C" if sys.platform == "darwin" else "C.UTF-8"

OLDEST = 14
"""The oldest major version that the project itself still mends, or just did."""

# From this version on text sorts the same on every machine, whatever its C library.
_BUILTIN_LOCALE = 17

_SETTINGS = (
    "--encoding=UTF8",
    f"--locale={_LOCALE}",
    "--auth=scram-sha-256",
)

HINTS = {
    "could not access directory": "that folder, or one above it, belongs to another "
    "user: run `glassware` as that one",
    "lock file": "another server still uses this data: end the process that it names",
    "could not locate a valid checkpoint": RESTORE,
    "invalid data in": RESTORE,
    "is not a valid data directory": RESTORE,
    "incorrect checksum": RESTORE,
    "need to initdb": RESTORE,
    "could not open file": RESTORE,
}


def usual_folders() -> list[Path]:
    """Return where systems keep PostgreSQL's programs, the newest first."""
    patterns = ("lib/postgresql/*/bin", "pgsql-*/bin", "local/opt/postgresql@*/bin")
    folders = [folder for each in patterns for folder in Path("/usr").glob(each)]
    folders += Path("/opt/homebrew/opt").glob("postgresql@*/bin")
    return sorted(folders, key=_number, reverse=True)


def _number(folder: Path) -> int:
    return int("".join(filter(str.isdigit, str(folder.parent.name))) or 0)


def major(version: str) -> int:
    """Return what data has to be of."""
    return int(version.partition(".")[0])


def way(place: Place) -> Way:
    """Return how the server's programs are run by this user."""
    # It looks for its own file as the server does, which `--version` does not.
    return way_for((_program(place, "initdb"), "--show", "--pgdata=/nowhere"))


def _program(place: Place, name: str) -> str:
    """Return one of the programs beside the server."""
    assert place.program.path is not None  # noqa: S101 - of a container only
    return str(place.program.path.with_name(name))


def folder(place: Place) -> Path:
    """Return where the server of `place` keeps its files."""
    return place.data / "cluster"


def prepare(place: Place) -> None:
    """Make the data folder, or check the one that is there.

    Raises:
        EngineError: It could not be made, or the one that is there is damaged,
            of another version, another user's, or in use.
    """
    cluster = folder(place)
    with data_folder(place):
        if not cluster.exists():
            _create(place, cluster)
        _check(place, cluster)
        _own(place, cluster)
        _set_password(place)


def _create(place: Place, cluster: Path) -> None:
    # Whatever a crash leaves half-done has the other name and is made again.
    new = cluster.with_name("cluster.new")
    if new.exists():
        shutil.rmtree(new)
    new.mkdir(mode=0o700)
    os.chown(new, way(place).owner, -1)
    password = place.data / "password.new"
    try:
        write_whole(password, place.password, mode=0o600)
        _run(
            place,
            *("initdb", f"--username={ADMINISTRATOR}", f"--pwfile={password}"),
            *_settings(place),
            f"--pgdata={new}",
        )
    finally:
        password.unlink(missing_ok=True)
    _single(place, new, "revoke connect on database postgres, template1 from public")
    new.rename(cluster)


def _settings(place: Place) -> tuple[str, ...]:
    if major(place.program.version) < _BUILTIN_LOCALE:
        return _SETTINGS
    return (*_SETTINGS, "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def _check(place: Place, cluster: Path) -> None:
    written = cluster / "PG_VERSION"
    if not written.is_file() or not (cluster / "global" / "pg_control").is_file():
        raise EngineError(
            f"the data folder `{cluster}` is damaged: files are missing", hint=RESTORE
        )
    theirs, ours = written.read_text().strip(), str(major(place.program.version))
    if theirs != ours:
        raise EngineError(
            f"the data folder `{cluster}` was written by PostgreSQL {theirs}, and the "
            f"{place.program.source} server is PostgreSQL {ours}",
            hint=f"name a PostgreSQL {theirs} as `program` of `[engines.postgresql]` "
            "in `site.toml`, and dump the data with it for the new one; or begin anew "
            "with `glassware down --wipe`",
        )


def _own(place: Place, cluster: Path) -> None:
    owner, wanted = cluster.stat().st_uid, way(place).owner
    if owner == wanted:
        return
    if os.geteuid() != 0:
        raise EngineError(
            f"the data folder `{cluster}` belongs to the user with the id {owner}",
            hint="run `glassware` as that user, or begin anew with "
            "`sudo rm -r` on that folder",
        )
    for path in (cluster, *cluster.rglob("*")):
        os.chown(path, wanted, -1, follow_symlinks=False)


def _set_password(place: Place) -> None:
    # What is kept is a hash of a long random text: nothing can be made of it.
    known = place.data / "administrator.sha256"
    now = hashlib.sha256(place.password.encode()).hexdigest()
    if known.is_file() and known.read_text() == now:
        return
    quoted = place.password.replace("'", "''")
    _single(place, folder(place), f"alter role {ADMINISTRATOR} password '{quoted}'")
    write_whole(known, now, mode=0o600)


def _single(place: Place, cluster: Path, statement: str) -> None:
    """Run one statement where no server runs, and nobody has to sign in."""
    argv = ("postgres", "--single", "-D", str(cluster), "postgres")
    output = _run(place, *argv, stdin=statement + "\n")
    if "ERROR:" in output:
        raise failure("the data folder could not be set up", "", {})


def _run(place: Place, name: str, *arguments: str, stdin: str = "") -> str:
    """Run a program beside the server to its end and return what it wrote."""
    prefix = (*way(place).argv, *dying_with_parent(signal.SIGTERM))
    done = subprocess.run(
        (*prefix, _program(place, name), *arguments),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": _LOCALE},
        check=False,
    )
    if done.returncode != 0:
        raise failure(f"`{name}` of PostgreSQL failed", done.stdout, HINTS)
    return done.stdout

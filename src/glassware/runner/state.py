"""What a site keeps on disk, and where its sockets are.

The state folder, `.glassware/`, lies beside the manifests and survives
restarts; the runtime folder has a short path, because a unix socket's is
limited to 107 bytes, and is made anew at each start.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shlex
import shutil
import stat
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassware.errors import GlasswareError, SiteNotRunning, SiteRunning
from glassware.files import write_whole
from glassware.manifest.schema import schema_files


ASKING = 0.3


@dataclass(frozen=True, slots=True)
class Running:
    """Where a running site is found."""

    pid: int
    url: str
    control: Path


class State:
    """The state folder of one site.

    Args:
        site: The site's folder.
        apart: A state folder elsewhere, for the same site run once more.

    Raises:
        GlasswareError: The state folder is another user's.
    """

    def __init__(self, site: Path, apart: Path | None = None) -> None:
        self.site = site
        self.folder = apart or site / ".glassware"
        _check_owner(self.folder)
        self.runtime = _runtime_root() / _short(apart or site)
        self._lock: int | None = None
        self._runtime_lock: int | None = None
        self._secrets: dict[str, Any] = {}
        self._announced = ""

    @property
    def logs(self) -> Path:
        """The folder of the log files."""
        return self.folder / "logs"

    @property
    def control(self) -> Path:
        """The control socket."""
        return self.runtime / "control"

    def claim(self) -> None:
        """Take the site for this process and make a clean runtime folder.

        Raises:
            SiteRunning: Another process has it.
            GlasswareError: The folder cannot be written.
        """
        try:
            self._make_folder()
            self._lock = _lock(self.folder / "lock", os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise GlasswareError(
                f"cannot write the state folder `{self.folder}`: {error.strerror}",
                hint="make the site's folder writable, or free some space",
            ) from error
        if self._lock is None:
            raise self._is_running()
        try:
            self._secrets = self._read("credentials.json")
            self.make_runtime()
        except GlasswareError:
            self._let_go(self._lock)
            raise
        self.announce("")

    def make_runtime(self) -> None:
        """Make a clean runtime folder, and keep it from whoever clears up.

        Raises:
            SiteRunning: It belongs to a process whose state folder was removed.
        """
        self._release_runtime()
        if self.runtime.is_dir():
            held = _lock(self.runtime, os.O_RDONLY)
            if held is None:
                raise SiteRunning(
                    f"another process still runs the site at `{self.site}`, and its "
                    "state folder was removed",
                    hint="end that process, or start the site again in a second",
                )
            os.close(held)
        shutil.rmtree(self.runtime, ignore_errors=True)
        self.runtime.mkdir(mode=0o700, parents=True)
        # It is also what `systemd-tmpfiles` heeds.
        self._runtime_lock = _lock(self.runtime, os.O_RDONLY)
        for name in ("services", "starting", "engines"):
            (self.runtime / name).mkdir(mode=0o700)

    def has_runtime(self) -> bool:
        """Tell whether the runtime folder is still the one that was made."""
        return _is_at(self.runtime, self._runtime_lock)

    def is_whole(self) -> bool:
        """Tell whether other processes still find this site by its state folder."""
        there = _is_at(self.folder / "lock", self._lock)
        return there and self._announced == self._announcement()

    def mend(self) -> None:
        """Write anew what was removed or damaged while the site runs.

        Raises:
            OSError: It cannot be written now.
        """
        self._make_folder()
        if not _is_at(self.folder / "lock", self._lock):
            mended = _lock(self.folder / "lock", os.O_RDWR | os.O_CREAT)
            if mended is None:
                return
            self._let_go(self._lock)
            self._lock = mended
        self._write("credentials.json", self._secrets)
        write_whole(self.folder / "site.json", self._announced)

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        write_whole(self.folder / ".gitignore", "*\n")
        self.logs.mkdir(exist_ok=True)
        self._write_schemas()

    def _write_schemas(self) -> None:
        """Write this version's schemas where a new manifest's first line points."""
        folder = self.folder / "schemas"
        folder.mkdir(exist_ok=True)
        for file in schema_files():
            write_whole(folder / file.path, file.text)

    def release(self) -> None:
        """Give the site back."""
        with suppress(OSError):
            (self.folder / "site.json").unlink(missing_ok=True)
        shutil.rmtree(self.runtime, ignore_errors=True)
        self._release_runtime()
        self._let_go(self._lock)
        self._lock = None

    def _release_runtime(self) -> None:
        self._let_go(self._runtime_lock)
        self._runtime_lock = None

    def _let_go(self, lock: int | None) -> None:
        if lock is not None:
            os.close(lock)

    def announce(self, url: str) -> None:
        """Write where the site runs, for the other commands.

        Args:
            url: Its public address; empty while it is not known yet.
        """
        running = {"pid": os.getpid(), "url": url, "control": str(self.control)}
        self._announced = json.dumps(running) + "\n"
        write_whole(self.folder / "site.json", self._announced)

    def _announcement(self) -> str:
        with suppress(OSError, ValueError):
            return (self.folder / "site.json").read_text()
        return ""

    def running(self) -> Running:
        """Return where the site runs.

        Raises:
            SiteNotRunning: It does not.
        """
        if not self._is_locked():
            raise SiteNotRunning(
                f"the site at `{self.site}` does not run", hint="glassware up"
            )
        with suppress(OSError, ValueError, KeyError, TypeError):
            found = json.loads((self.folder / "site.json").read_text())
            return Running(int(found["pid"]), found["url"], Path(found["control"]))
        raise SiteNotRunning(f"the site at `{self.site}` is just starting")

    def wipe(self) -> None:
        """Remove everything the site keeps, data included."""
        shutil.rmtree(self.folder, ignore_errors=False)

    def ports(self) -> dict[str, int]:
        """Return the ports that were used before, by purpose."""
        with suppress(GlasswareError, TypeError, ValueError):
            return {str(k): int(v) for k, v in self._read("ports.json").items()}
        # Damaged: others are chosen and written.
        return {}

    def keep_ports(self, ports: dict[str, int]) -> None:
        """Remember ports, so that they are the same next time."""
        self._write("ports.json", ports)

    def port_lock(self, port: int) -> Path:
        """Return the file that this user's sites lock to have a port."""
        folder = self.runtime.parent / "ports"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / str(port)

    def credential(self, purpose: str) -> str:
        """Return the secret for a purpose; made at its first use, kept for good."""
        if purpose not in self._secrets:
            self.keep_credentials({purpose: secrets.token_urlsafe(24)})
        return str(self._secrets[purpose])

    def kept_credential(self, purpose: str) -> str:
        """Return the secret for a purpose; empty: none has been made."""
        return str(self._secrets.get(purpose, ""))

    def keep_credentials(self, secrets_by_purpose: Mapping[str, str]) -> None:
        """Put secrets in the place of those that are there.

        Raises:
            OSError: They cannot be written, so those before go on counting.
        """
        made = {**self._secrets, **secrets_by_purpose}
        self._write("credentials.json", made)
        self._secrets = made

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            return dict(json.loads(path.read_text()))
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError) as error:
            raise GlasswareError(
                f"`{path}` is damaged: {error}", hint=f"mend or remove `{path}`"
            ) from error

    def _write(self, name: str, content: dict[str, Any]) -> None:
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        write_whole(self.folder / name, text, mode=0o600)

    def _is_locked(self) -> bool:
        try:
            lock = os.open(self.folder / "lock", os.O_RDONLY)
        except OSError:
            return False
        try:
            # Shared, so that those who ask at once do not find one another.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def _is_running(self) -> SiteRunning:
        try:
            running = self.running()
        except SiteNotRunning as starting:
            return SiteRunning(starting.message)
        if not running.url:
            return SiteRunning(f"the site is just starting (process {running.pid})")
        return SiteRunning(
            f"the site already runs at {running.url} (process {running.pid})",
            hint="glassware ps, or glassware down",
        )


def _lock(path: Path, how: int) -> int | None:
    """Return a descriptor that holds the lock of `path`; `None`: another has it.

    Who only asks whether it is held has it for a moment; that passes.
    """
    descriptor = os.open(path, how, 0o600)
    deadline = time.monotonic() + ASKING
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                return None
            time.sleep(0.01)
        else:
            return descriptor


def _is_at(path: Path, descriptor: int | None) -> bool:
    """Tell whether `path` is still the file that `descriptor` was opened at."""
    if descriptor is None:
        return False
    with suppress(OSError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False


def _check_owner(folder: Path) -> None:
    if not folder.exists() or os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return
    try:
        owner = folder.owner()
    except KeyError:
        owner = str(folder.stat().st_uid)
    raise GlasswareError(
        f"the state folder `{folder}` belongs to the user `{owner}`",
        hint=f"run glassware as `{owner}`, or take the folder over: "
        f"sudo chown -R {os.getuid()} {shlex.quote(str(folder))}",
    )


def _short(site: Path) -> str:
    return hashlib.sha256(os.fsencode(site.resolve())).hexdigest()[:10]


def _runtime_root() -> Path:
    """Return a folder that only this user can enter."""
    session = os.environ.get("XDG_RUNTIME_DIR")
    root = (
        Path(session) / "glassware"
        if session and os.access(session, os.W_OK)
        else Path(tempfile.gettempdir()) / f"glassware-{os.getuid()}"
    )
    if len(os.fsencode(root)) > 40:  # noqa: PLR2004 - leaves 67 bytes below it
        root = Path("/tmp") / f"glassware-{os.getuid()}"  # noqa: S108 - checked below
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = root.lstat()
    if (
        not stat.S_ISDIR(found.st_mode)
        or found.st_uid != os.getuid()
        or stat.S_IMODE(found.st_mode) & 0o077
    ):
        raise GlasswareError(
            f"`{root}` is not a folder of this user alone",
            hint=f"remove `{root}`, or set XDG_RUNTIME_DIR",
        )
    return root

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
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassware.errors import GlasswareError, SiteNotRunning, SiteRunning
from glassware.files import write_whole
from glassware.manifest.schema import schema_files


@dataclass(frozen=True, slots=True)
class Running:
    """Where a running site is found."""

    pid: int
    url: str
    control: Path


class State:
    """The state folder of one site."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.folder = site / ".glassware"
        self.runtime = _runtime_root() / _short(site)
        self._lock: int | None = None

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
            self.folder.mkdir(mode=0o700, exist_ok=True)
            write_whole(self.folder / ".gitignore", "*\n")
            self.logs.mkdir(exist_ok=True)
            self._write_schemas()
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise GlasswareError(
                f"cannot write the state folder `{self.folder}`: {error.strerror}",
                hint="make the site's folder writable, or free some space",
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise self._is_running() from None
        self._lock = lock
        shutil.rmtree(self.runtime, ignore_errors=True)
        self.runtime.mkdir(mode=0o700, parents=True)
        for name in ("services", "starting", "engines"):
            (self.runtime / name).mkdir(mode=0o700)

    def _write_schemas(self) -> None:
        """Write this version's schemas where a new manifest's first line points."""
        folder = self.folder / "schemas"
        folder.mkdir(exist_ok=True)
        for file in schema_files():
            write_whole(folder / file.path, file.text)

    def release(self) -> None:
        """Give the site back."""
        shutil.rmtree(self.runtime, ignore_errors=True)
        (self.folder / "site.json").unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def announce(self, url: str) -> None:
        """Write where the site runs, for the other commands."""
        running = {"pid": os.getpid(), "url": url, "control": str(self.control)}
        write_whole(self.folder / "site.json", json.dumps(running) + "\n")

    def running(self) -> Running:
        """Return where the site runs.

        Raises:
            SiteNotRunning: It does not.
        """
        if not self._is_locked():
            raise SiteNotRunning(
                f"the site at `{self.site}` does not run", hint="glassware up"
            )
        with suppress(OSError, ValueError, KeyError):
            found = json.loads((self.folder / "site.json").read_text())
            return Running(found["pid"], found["url"], Path(found["control"]))
        raise SiteNotRunning(f"the site at `{self.site}` is just starting")

    def wipe(self) -> None:
        """Remove everything the site keeps, data included."""
        shutil.rmtree(self.folder, ignore_errors=False)

    def ports(self) -> dict[str, int]:
        """Return the ports that were used before, by purpose."""
        return {str(k): int(v) for k, v in self._read("ports.json").items()}

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
        known = self._read("credentials.json")
        if purpose not in known:
            known[purpose] = secrets.token_urlsafe(24)
            self._write("credentials.json", known)
        return str(known[purpose])

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            content = json.loads(path.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise GlasswareError(
                f"`{path}` is damaged: {error}", hint=f"mend or remove `{path}`"
            ) from error
        return dict(content)

    def _write(self, name: str, content: dict[str, Any]) -> None:
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        write_whole(self.folder / name, text, mode=0o600)

    def _is_locked(self) -> bool:
        try:
            lock = os.open(self.folder / "lock", os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
        return SiteRunning(
            f"the site already runs at {running.url} (process {running.pid})",
            hint="glassware ps, or glassware down",
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

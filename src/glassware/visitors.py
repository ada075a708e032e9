"""What every service is told of visitors: whose word counts, and whose no longer does.

Two files of the state folder. The supervisor writes `visitors.json`: which service
signs visitors in, and the public keys that its tokens are verified with. To
`revocations`, one JSON object a line, whoever ends a sign-in appends; every service
reads what is new there before it believes a token, so an end counts everywhere at
once. Both directions of both are here.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from glassware.latest import Latest


FILE = "visitors.json"
REVOCATIONS = "revocations"

VISITOR_COOKIE = "visitor"
RENEWAL_COOKIE = "visitor_renewal"

_HOST, _SECURE = "__Host-", "__Secure-"
_HEAD = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Visiting:
    """How visitors of a site are known.

    Attributes:
        site: Its name.
        sign_in: The page at which they sign in, as `SERVICE.ENDPOINT`; empty: there
            is none, and every visitor is anonymous.
        keys: The public keys that their tokens may be signed with, by key id; the
            newest is the last one.
        renew_after: Seconds that a token lives.
        remember: Seconds after which who has not come back is signed out.
        domain: Hosts below this name share the sign-in; empty: each is alone.
    """

    site: str = ""
    sign_in: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    renew_after: float = 300.0
    remember: float = 14 * 86_400.0
    domain: str = ""

    @property
    def service(self) -> str:
        """The service that signs visitors in; empty: none does."""
        return self.sign_in.partition(".")[0]

    def cookie(self, name: str, *, secure: bool) -> str:
        """Return what a cookie is called.

        Args:
            name: `VISITOR_COOKIE` or `RENEWAL_COOKIE`.
            secure: Whether the site is visited over https: what these prefixes
                promise, a browser keeps (RFC 6265bis, section 4.1.3).
        """
        if not secure:
            return name
        return f"{_SECURE if self.domain else _HOST}{name}"


def issuer_of(site: str) -> str:
    """Return what the tokens of a site's visitors have for `iss`."""
    return f"glassware:{site}"


def names_of(cookie: str) -> tuple[str, ...]:
    """Return every name that a cookie of visitors has on some site."""
    return tuple(f"{prefix}{cookie}" for prefix in ("", _HOST, _SECURE))


def write_visiting(visiting: Visiting) -> str:
    """Return the text of `visitors.json`."""
    return json.dumps(asdict(visiting), indent=1) + "\n"


def read_visiting(text: str) -> Visiting:
    """Return what `visitors.json` says.

    Raises:
        ValueError: It is no such file.
    """
    try:
        said: dict[str, Any] = json.loads(text)
        found = Visiting(**said)
        sound = _is_sound(found)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"this says nothing of visitors: {error!r}") from error
    if not sound:
        raise ValueError("this says nothing of visitors: some of it is no text")
    return found


def _is_sound(found: Visiting) -> bool:
    texts = (found.site, found.sign_in, found.domain, *chain(*found.keys.items()))
    seconds = min(found.renew_after, found.remember)
    return seconds > 0 and all(isinstance(each, str) for each in texts)


def visiting_at(path: str | Path) -> Visiting:
    """Return what the file says now; where none can be read, nobody is signed in."""
    return _file(path).now()


@lru_cache(4)
def _file(path: str | Path) -> Latest[Visiting]:
    return Latest(path, read_visiting, Visiting())


def revoke_session(path: Path, session: str, until: float) -> None:
    """End one sign-in.

    Args:
        path: The file `revocations`.
        session: Its id, the claim `sid`.
        until: The epoch second after which no token of it can be valid anyway.

    Raises:
        OSError: It cannot be written down, so it still counts.
    """
    _append(path, {"session": session, "until": until})


def revoke_user(path: Path, user: str, until: float) -> None:
    """End every sign-in of a user that began before now.

    Raises:
        OSError: It cannot be written down, so they still count.
    """
    _append(path, {"user": user, "before": time.time(), "until": until})


def locked(path: Path) -> int:
    """Return a descriptor of `revocations`, which nobody else adds to or prunes now.

    Args:
        path: The file; it is made where there is none.

    Raises:
        OSError: It cannot be opened.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        # Another one has taken its place while this one was waited for.
        os.close(descriptor)


def _append(path: Path, line: Mapping[str, Any]) -> None:
    raw = json.dumps(line).encode() + b"\n"
    descriptor = locked(path)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            # Half a line of a machine that lost power must not spoil this one.
            raw = b"\n" + raw
        if os.write(descriptor, raw) != len(raw):
            os.ftruncate(descriptor, size)
            raise OSError(f"there is no room for all of a line in `{path}`")
    finally:
        os.close(descriptor)


class Revocations:
    """Reads the file as it grows.

    Args:
        path: The file `revocations`; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._version = (0, 0)
        self._head = b""
        self._sessions: set[str] = set()
        self._users: dict[str, float] = {}

    def ended(self, session: str, user: str, began: float) -> bool:
        """Tell whether a sign-in has been ended.

        Args:
            session: Its id.
            user: Whose it is.
            began: The epoch second at which it began.
        """
        self._look()
        return session in self._sessions or self._users.get(user, 0.0) >= began

    def _look(self) -> None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - it is in the way of requests
        except FileNotFoundError:
            return
        inode, read = self._version
        if found.st_ino == inode and found.st_size == read:
            return
        with self._lock:
            self._read_on()

    def _read_on(self) -> None:
        with self._path.open("rb") as file:
            inode = os.fstat(file.fileno()).st_ino
            head = file.read(_HEAD)
            # A file that was pruned may get the number of one that is gone.
            same = inode == self._version[0] and head.startswith(self._head)
            read = self._version[1] if same else 0
            file.seek(read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._learn(line)
        self._head, self._version = head, (inode, read + len(whole))

    def _learn(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            if "session" in said:
                self._sessions.add(str(said["session"]))
            else:
                before, user = float(said["before"]), str(said["user"])
                self._users[user] = max(before, self._users.get(user, 0.0))
        except (ValueError, KeyError, TypeError):
            # Half a line of a machine that lost power ends nobody's sign-in.
            return

"""The data folder of an embedded Valkey: its settings and its users."""

import hashlib
from pathlib import Path

from glassware.engines import Place
from glassware.engines.folders import data_folder
from glassware.files import write_whole


ADMINISTRATOR = "glassware"

_SETTINGS = """\
# Written by glassware at every start
bind 127.0.0.1
unixsocketperm 700
dir {data}
aclfile {users}
appendonly yes
appendfsync everysec
save ""
daemonize no
logfile ""
always-show-logo no
"""

INSIDE = f"""\
user default off
user {ADMINISTRATOR} on >{{password}} ~* &* +@all
appendonly yes
appendfsync everysec
save ""
dir /data
protected-mode no
"""
"""What a server in a container reads; whoever comes in has come by its one port."""

_NOBODY_ELSE = ["user default off"]


def settings(place: Place) -> Path:
    """Return where the server of `place` has its settings."""
    return place.data / "valkey.conf"


def prepare(place: Place) -> None:
    """Write the settings, and the administrator among the users.

    Raises:
        EngineError: The folder cannot be written, or another server uses it.
    """
    users = place.data / "users.acl"
    with data_folder(place):
        text = _SETTINGS.format(data=_quoted(place.data), users=_quoted(users))
        write_whole(settings(place), text, mode=0o600)
        kept = users.read_text().splitlines() if users.exists() else _NOBODY_ELSE
        write_whole(users, _with_administrator(kept, place.password), mode=0o600)


def _with_administrator(lines: list[str], password: str) -> str:
    own = f"user {ADMINISTRATOR} "
    digest = hashlib.sha256(password.encode()).hexdigest()
    others = [line for line in lines if not line.startswith(own)]
    return "\n".join([f"{own}on #{digest} ~* &* +@all", *others]) + "\n"


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'

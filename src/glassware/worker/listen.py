"""The listening socket: private to this user before anybody can connect."""

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from .job import Job


BACKLOG = 4096


def listen(job: Job) -> socket.socket:
    """Return the socket of `job`, bound and listening.

    Raises:
        OSError: Its path is too long or its port belongs to another program.
    """
    if job.address is not None:
        return _tcp(*job.address)
    if job.socket is None:
        raise ValueError("the job names neither a socket nor an address")
    return _unix(Path(job.socket))


def _unix(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    # Linux makes the file with the mode of the socket; elsewhere this is refused.
    with suppress(OSError):
        os.fchmod(listener.fileno(), 0o600)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(BACKLOG)
    return listener


def _tcp(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # Without SO_REUSEPORT: a port that is taken is an error, never shared.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener

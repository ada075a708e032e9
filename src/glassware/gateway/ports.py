"""Whether a port is free, and who has it if not.

Envoy and granian bind with `SO_REUSEPORT`: they would share a taken port
without any error, and each would get a part of the requests. So a port is
tried without it first.
"""

import contextlib
import socket
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from glassware.errors import GatewayError, PortTaken


_PROC = Path("/proc")
_LISTENING = "0A"
_TABLES = ("net/tcp", "net/tcp6")


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that listens on a port."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"`{self.command}` (pid {self.pid})"


def is_free(host: str, port: int) -> bool:
    """Tell whether `host:port` can be bound by us alone."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Connections that linger in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(
    host: str, first: int, *, avoid: Container[int] = (), tries: int = 200
) -> int:
    """Return the first free port from `first` on.

    Raises:
        PortTaken: There is none among so many.
    """
    for port in range(first, min(first + tries, 65536)):
        if port not in avoid and is_free(host, port):
            return port
    raise PortTaken(
        f"no port from {first} to {first + tries - 1} is free on `{host}`",
        hint="name another with `port` in `[gateway]` of `site.toml`",
    )


def holder(port: int) -> Holder | None:
    """Return who listens on `port`; `None` where that cannot be told."""
    inodes = set(_inodes(port))
    if not inodes:
        return None
    for process in _PROC.iterdir():
        if process.name.isdigit() and inodes & set(_sockets(process)):
            return Holder(int(process.name), _command(process))
    return None


def taken(host: str, port: int) -> PortTaken:
    """Return the error for a port that was asked for and is not free."""
    if _is_kept_back(host, port):
        return PortTaken(
            f"port {port} on `{host}` is not for the user who runs this",
            hint="name a port from 1024 on, or let users have that one: "
            f"`sysctl net.ipv4.ip_unprivileged_port_start={port}`",
        )
    who = holder(port)
    return PortTaken(
        f"port {port} on `{host}` belongs to {who or 'another program'}",
        hint="stop it, or name another `port` in `[gateway]` of `site.toml`",
    )


def taken_meanwhile(host: str, port: int) -> GatewayError:
    """Return the error for a port that was free when it was chosen."""
    who = holder(port)
    return GatewayError(
        f"port {port} on `{host}` was taken while the site started: it belongs to "
        f"{who or 'another program'}",
        hint="start the site again, and it takes the next free one",
    )


def _is_kept_back(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, port))
        except PermissionError:
            return True
        except OSError:
            return False
    return False


def _inodes(port: int) -> Iterator[str]:
    for table in _TABLES:
        with contextlib.suppress(OSError):
            for line in (_PROC / table).read_text().splitlines()[1:]:
                columns = line.split()
                # local_address is `0100007F:1F90`; the tenth column is the inode.
                if columns[3] == _LISTENING and columns[1].endswith(f":{port:04X}"):
                    yield columns[9]


def _sockets(process: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    yield target[8:-1]


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        return b" ".join(words).decode(errors="replace").strip()[:200]
    except OSError:
        return "?"

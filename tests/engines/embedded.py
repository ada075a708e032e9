"""Embedded servers for tests, started as the supervisor starts them."""

import contextlib
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from glassware.engines import Access, Engine, Grant, Place


DEADLINE = 20.0


def free_port() -> int:
    """Return a loopback port that nobody has now.

    It is below the range from which connections get theirs, so that nobody
    takes it by chance before the server does.
    """
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    """Ask `condition` until it holds; fail with `what` after the deadline."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, what()
        select.select([], [], [], 0.01)


def grant(name: str = "shop_catalog_main") -> Grant:
    """Return a grant with a password of its own."""
    return Grant(database=name, role=name, password=secrets.token_urlsafe(24))


@dataclass
class Embedded:
    """One embedded server: a process that can be ended in every way."""

    engine: Engine
    place: Place
    log: Path
    prefix: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    grants: list[Grant] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The administrator's URL."""
        return self.engine.admin_url(self.place)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Prepare and start it; do not wait for anything."""
        self.engine.prepare(self.place)
        return self.spawn_only()

    def spawn_only(self) -> subprocess.Popen[bytes]:
        """Start it in a folder that is prepared."""
        launch = self.engine.launch(self.place)
        assert launch is not None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                (*self.prefix, *launch.argv),
                env={"PATH": os.environ["PATH"], **launch.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.process

    def start(self) -> "Embedded":
        """Start it and wait until it is ready."""
        process = self.spawn()

        def ready_or_ended() -> bool:
            return process.poll() is not None or self.engine.ready(self.url)

        until(ready_or_ended, self.said)
        assert process.poll() is None, self.said()
        return self

    def stop(self) -> int:
        """End it in good order; return its exit code."""
        assert self.process is not None
        self.process.send_signal(self.engine.launch(self.place).stop)
        return self.ended()

    def kill(self) -> None:
        """End it without a warning."""
        assert self.process is not None
        self.process.kill()
        self.ended()

    def ended(self) -> int:
        """Wait until it and everything that it started has ended."""
        assert self.process is not None
        code = self.process.wait(DEADLINE)
        until(lambda: not _group(self.process.pid), self.said)  # type: ignore[union-attr]
        return code

    def said(self) -> str:
        """Return what it wrote."""
        return self.log.read_text()

    def provision(self, given: Grant) -> Access:
        """Provision `given` and return how it is reached."""
        self.grants.append(given)
        self.engine.provision(self.url, given)
        return self.engine.access(self.url, given)


def _group(leader: int) -> list[int]:
    """Return the living processes of a group."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, _, group = (
                    (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                )
                if int(group) == leader and state != "Z":
                    members.append(int(entry.name))
    return members


class Embedder:
    """Makes embedded servers, and ends what is left of them."""

    def __init__(self, data: Path, runtime: Path) -> None:
        self.data = data
        self.runtime = runtime
        self.servers: list[Embedded] = []

    def __call__(self, engine: Engine, **place: object) -> Embedded:
        """Return a server that is not started yet."""
        number = len(self.servers)
        values = {
            "program": engine.embedded(),
            "data": self.data / f"{engine.name}{number}",
            "runtime": self.runtime,
            "port": free_port(),
            "password": secrets.token_urlsafe(24),
            **place,
        }
        server = Embedded(
            engine=engine,
            place=Place(**values),  # type: ignore[arg-type]
            log=self.data / f"{engine.name}{number}.log",
        )
        self.servers.append(server)
        return server

    def end(self) -> None:
        """End every server, by its process."""
        for server in self.servers:
            if server.process is not None:
                if server.process.poll() is None:
                    server.process.send_signal(signal.SIGKILL)
                server.ended()


@contextlib.contextmanager
def embedding(folder: Path) -> Iterator[Embedder]:
    """Make embedded servers below `folder`, with short paths for their sockets."""
    runtime = Path(tempfile.mkdtemp(prefix="gw-"))
    embedder = Embedder(folder, runtime)
    try:
        yield embedder
    finally:
        embedder.end()
        shutil.rmtree(runtime)

"""Servers for the tests of engines, started as the supervisor starts them."""

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
from typing import Any

from glassware.engines import Access, Engine, Grant, Place


DEADLINE = 40.0


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
        self.engine.prepare(self.place)
        if self.engine.launch(self.place) is None:
            until(lambda: self.engine.ready(self.url), self.said)
            return self
        process = self.spawn_only()

        def ready_or_ended() -> bool:
            return process.poll() is not None or self.engine.ready(self.url)

        until(ready_or_ended, self.said)
        assert process.poll() is None, self.said()
        return self

    @property
    def ends(self) -> frozenset[int]:
        """What it ends with when it ends in good order."""
        launch = self.engine.launch(self.place)
        assert launch is not None
        return launch.ends

    def ask_to_end(self) -> None:
        """Ask it to end in good order."""
        launch = self.engine.launch(self.place)
        assert launch is not None
        assert self.process is not None
        self.process.send_signal(launch.stop)

    def stop(self) -> int:
        """End it in good order; return its exit code."""
        self.ask_to_end()
        return self.ended()

    def kill(self) -> None:
        """End it without a warning."""
        assert self.process is not None
        self.process.kill()
        self.ended()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to everything that it started."""
        assert self.process is not None
        for process in _with_children(self.process.pid):
            os.kill(process, number)

    def ended(self) -> int:
        """Wait until it and everything that it started has ended."""
        assert self.process is not None
        process = self.process
        code = process.wait(DEADLINE)
        until(lambda: not _group(process.pid), self.said)
        return code

    def said(self) -> str:
        """Return what it wrote."""
        return self.log.read_text() if self.log.exists() else ""

    def provision(self, given: Grant) -> Access:
        """Provision `given` and return how it is reached."""
        self.grants.append(given)
        self.engine.provision(self.url, given)
        return self.engine.access(self.url, given)

    def wipe(self) -> None:
        """Remove everything that was provisioned."""
        for given in self.grants:
            self.engine.wipe(self.url, given)
        self.grants.clear()


def _group(leader: int) -> list[int]:
    """Return the living processes of a group."""
    return [
        pid for pid, (state, _, group) in _listed() if group == leader and state != "Z"
    ]


def _with_children(ancestor: int) -> list[int]:
    """Return a process and what descends from it; some lead groups of their own."""
    parents = {pid: parent for pid, (_, parent, _) in _listed()}
    family = [ancestor]
    for member in family:
        family.extend(pid for pid, parent in parents.items() if parent == member)
    return family


def _listed() -> Iterator[tuple[int, tuple[str, int, int]]]:
    """Return the state, parent and group of every process."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                text = (entry / "stat").read_text().rpartition(")")[2]
                state, parent, group = text.split()[:3]
                yield int(entry.name), (state, int(parent), int(group))


class Embedder:
    """Makes embedded servers, and ends what is left of them."""

    def __init__(self, data: Path, runtime: Path) -> None:
        """Keep data in one folder and sockets in another, which has a short path."""
        self.data = data
        self.runtime = runtime
        self.servers: list[Embedded] = []

    def __call__(self, engine: Engine, **place: Any) -> Embedded:
        """Return a server that is not started yet."""
        number = len(self.servers)
        values: dict[str, Any] = {
            "program": engine.embedded(),
            "data": self.data / f"{engine.name}{number}",
            "runtime": self.runtime,
            "port": free_port(),
            "password": secrets.token_urlsafe(24),
            **place,
        }
        server = Embedded(
            engine=engine,
            place=Place(**values),
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

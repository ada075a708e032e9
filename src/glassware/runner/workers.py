"""Workers: the processes that answer for services, and what each is told."""

import asyncio
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from glassware.plan import ServicePlan, Unit
from glassware.status import Endpoint

from .processes import Child


Address = Path | tuple[str, int]
"""Where a worker listens: a socket's path, or a host and a port."""


class WorkerFailed(Exception):
    """A worker ended before it was ready.

    Attributes:
        reason: One line.
        detail: A traceback; may be empty.
        service: The member of a group that is to blame; empty: nobody knows.
    """

    def __init__(self, reason: str, detail: str = "", service: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.service = service


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a worker is told about one service that it is to serve.

    Attributes:
        plan: Of the service.
        generation: Rises with every start of its unit.
        number: From 1 up, where the service has several workers.
        socket: The path it is to bind; `None` for a program on TCP.
        port: The port that a program is to listen on; 0 for others.
        host: The address that a program is to listen on.
        outlets: What a program with a network of its own may reach outside it.
        environment: All of its variables, filled.
        development: Templates reload, errors are shown.
        terminal: It gets the terminal, for `breakpoint()`.
    """

    plan: ServicePlan
    generation: int
    number: int
    socket: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    outlets: frozenset[tuple[str, int]] = frozenset()
    environment: Mapping[str, str] = field(repr=False)
    development: bool = True
    terminal: bool = False

    @property
    def forks(self) -> bool:
        """Whether a zygote starts it."""
        return self.plan.launch == "fork" and not self.terminal

    @property
    def debugs(self) -> bool:
        """Whether errors show Werkzeug's debugger in the page."""
        said = self.environment.get("FLASK_DEBUG", "").lower()
        return said not in {"", "0", "false", "no"}


class Holder(Protocol):
    """Whose worker a worker is."""

    def worker_ended(self, worker: "Worker") -> None:
        """Take note that its process has ended."""


@dataclass(slots=True, eq=False)
class Worker:
    """One process of a unit.

    Attributes:
        unit: What it was started for.
        orders: What it was told, about each member.
        ready: What it reported of each member when it was ready; fails with
            `WorkerFailed`.
        ended: Done when its process has ended.
        holders: Told the same; whoever lets go last ends it.
        addresses: Where it listens, by member.
        silent: How often in a row it has not said that it lives.
        aside: Whether callers do not find it, because it is silent.
    """

    unit: Unit
    orders: tuple[Order, ...]
    ready: asyncio.Future[dict[str, Mapping[str, Any]]]
    ended: asyncio.Event
    holders: list[Holder]
    addresses: dict[str, Address]
    child: Child | None = None
    said: bytes = b""
    dropped: bool = False
    silent: int = 0
    aside: bool = False

    @property
    def pid(self) -> int | None:
        """Its process, once it is known."""
        return self.child.pid if self.child else None

    @property
    def generation(self) -> int:
        """That of its orders."""
        return self.orders[0].generation

    @property
    def number(self) -> int:
        """That of its orders."""
        return self.orders[0].number

    @property
    def is_ready(self) -> bool:
        """Whether it has reported that it is ready."""
        return self.ready.done() and self.ready.exception() is None

    def drop(self) -> None:
        """End it at once, or as soon as its process is known."""
        self.dropped = True
        if self.child is not None:
            self.child.kill()

    def fail(self, reason: str, detail: str = "", service: str = "") -> None:
        """Say that it will never be ready."""
        if not self.ready.done():
            self.ready.set_exception(WorkerFailed(reason, detail, service))
            # Nobody may be waiting: the failure is reported either way.
            self.ready.exception()

    def has_ended(self) -> None:
        """Tell its holders."""
        self.ended.set()
        for holder in tuple(self.holders):
            holder.worker_ended(self)


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port of the loopback that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def how_it_ended(worker: Worker) -> str:
    """Return how a worker's process ended, to be put behind a sentence."""
    if worker.child is None or not worker.child.exited.done():
        return ""
    code = worker.child.exited.result()
    if code < 0:
        return f" (killed by {signal.Signals(-code).name})"
    return f" (exit code {code})"


def endpoints_of(said: Mapping[str, Any]) -> tuple[Endpoint, ...]:
    """Return the URL rules that a worker reported when it was ready."""
    return tuple(
        Endpoint(
            name=e["name"],
            rule=e["rule"],
            methods=tuple(e["methods"]),
            file=e.get("file"),
            line=e.get("line"),
            defaults=e.get("defaults", {}),
            host=e.get("host", ""),
            websocket=e.get("websocket", False),
        )
        for e in said.get("endpoints", ())
    )

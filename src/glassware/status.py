"""What is running, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Phase(StrEnum):
    """Where a service is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    RELOADING = "reloading"
    REPLACING = "replacing"
    FAILING = "failing"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One URL rule of a service, as its worker reported it.

    Attributes:
        name: The endpoint, without the service's name.
        rule: As the framework writes it, such as `/products/<int:id>`.
        methods: Sorted, without `HEAD` and `OPTIONS`.
        file: Of the view; `None` where it has none.
        line: Of the view, counted from 1.
        defaults: Values that stand for arguments which the rule does not name.
        host: The host names that it is for, as a rule; empty: whatever the host is.
        websocket: Whether it is for WebSockets alone.
    """

    name: str
    rule: str
    methods: tuple[str, ...]
    file: str | None = None
    line: int | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    host: str = ""
    websocket: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """One service at one moment.

    Attributes:
        group: The group whose process it shares; empty: it has its own.
    """

    name: str
    group: str = ""
    phase: Phase
    pids: tuple[int, ...] = ()
    restarts: int = 0
    since: float = 0.0
    waiting_for: tuple[str, ...] = ()
    reason: str | None = None
    interface: str | None = None
    endpoints: tuple[Endpoint, ...] = ()
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """One database server at one moment.

    Attributes:
        version: Of its program; empty while nobody has looked for one.
        source: Where its program comes from, or `existing server`.
        program: What the program calls itself, where that is not the engine's
            name.
        reason: Why it is not ready.
        to_fetch: Whether it waits for somebody to fetch its program.
        phase: `ready`, `starting`, or `waiting`: for that.
    """

    key: str
    engine: str
    version: str
    source: str
    program: str = ""
    reason: str | None = None
    to_fetch: bool = False
    ready: bool = False
    pid: int | None = None
    phase: str = field(init=False)

    def __post_init__(self) -> None:
        absent = Phase.WAITING if self.to_fetch else Phase.STARTING
        object.__setattr__(self, "phase", "ready" if self.ready else str(absent))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The whole site at one moment."""

    site: str
    url: str
    pid: int
    services: tuple[ServiceState, ...] = ()
    engines: tuple[EngineState, ...] = ()
    gateway_pid: int | None = None
    faults: tuple[str, ...] = field(default=())

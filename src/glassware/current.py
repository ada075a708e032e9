"""What is known of the request that is being answered, and of whose code runs.

The worker sets both before it calls an application; the service wing reads
them. Context variables carry them, so they follow a view into whatever copies
its context (`gather`, `asyncio.to_thread`), and a call within a group, which
runs in a fresh context, has its own.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol


class Slot(Protocol):
    """A place among the views that run at once in a worker."""

    def lend(self) -> None:
        """Let another view run while this one waits for a neighbour."""

    def take_back(self) -> None:
        """Wait until this view may go on."""


class Uncaught(Protocol):
    """What ended a request that its application did not answer."""

    @property
    def status(self) -> int:
        """What the request is answered with."""


@dataclass(slots=True, kw_only=True)
class Incoming:
    """The request that is being answered.

    Attributes:
        service: Who answers.
        caller: The service that asked; empty: a visitor, or nobody knows.
        method: In capitals.
        path: Without the query.
        scheme: `http` or `https`, as the visitor asked.
        host: The header `Host`: the site's address, as the visitor spelled it.
        deadline: When the answer must be there, by `time.monotonic`; `None`:
            nobody waits for it within a known time.
        via: The services that it came through, the caller last.
        onward: The headers that calls carry onward; see `protocol.ONWARD`.
        visitor: The token of the visitor on whose behalf this is asked, as it came;
            nobody has verified it.
        cookie: The header `Cookie`, as it came.
        renewal: The token that the visitor's browser gets new ones with, cut out of
            `cookie`; empty: it has none.
        visit: Who visits, once somebody has looked; see `service.visits`.
        added: Headers that its answer gets besides those of the application; all
            copies have one list.
        fragment: What `X-Glassware-Fragment` says; empty: it becomes no piece of a
            page.
        caller_retries: Whether the caller tries again by itself.
        slot: Its place among the views that run; `None`: it has none to lend.
        asked: Whether it asks to be told of the answer's making.
        uncaught: The error of a call, or the database that is not there, that
            ended it, as its framework says.
        began: When it began, by `time.monotonic`.
        calls: In development, the calls made while answering it, the first ones.
        others: How many more were made, with all that were made for them.
        most_kept: How many `calls` takes: an answer without an end has no last one.
        log: In development, the last records that were logged meanwhile;
            `None`: nobody keeps them.
        failure: In development, what `X-Glassware-Failure` is going to say.
        replay: In development, the command that asks the same again.
        leaving: Called, each once, when it was answered, whatever became of it;
            raises nothing.
    """

    service: str = ""
    caller: str = ""
    method: str = ""
    path: str = ""
    scheme: str = "http"
    host: str = ""
    deadline: float | None = None
    via: tuple[str, ...] = ()
    onward: tuple[tuple[str, str], ...] = ()
    visitor: str = field(default="", repr=False)
    cookie: str = field(default="", repr=False)
    renewal: str = field(default="", repr=False)
    visit: Any = field(default=None, repr=False)
    added: list[tuple[str, str]] = field(default_factory=list, repr=False)
    fragment: str = ""
    caller_retries: bool = False
    slot: Slot | None = None
    asked: bool = False
    uncaught: Uncaught | None = None
    began: float = field(default_factory=time.monotonic)
    calls: list["Made"] = field(default_factory=list)
    others: int = 0
    most_kept: int = 1000
    log: deque[Any] | None = None
    failure: str = ""
    replay: str = ""
    leaving: list[Callable[[], object]] = field(default_factory=list)

    def remaining(self) -> float | None:
        """Return the seconds that are left, never below 0; `None`: no deadline."""
        if self.deadline is None:
            return None
        return max(0.0, self.deadline - time.monotonic())


@dataclass(slots=True, kw_only=True)
class Made:
    """A call that was made.

    Attributes:
        neighbour: The service that was called.
        method: In capitals.
        path: Without the query.
        status: Of its answer; 0: there was none.
        attempts: How often it was sent.
        began: Seconds from the start of the request that made it.
        seconds: How long it took.
        calls: What the neighbour called for it.
        others: How many more it called, which are only counted.
        failure: What `X-Glassware-Failure` said; empty: nothing failed.
    """

    neighbour: str
    method: str
    path: str
    status: int = 0
    attempts: int = 0
    began: float = 0.0
    seconds: float = 0.0
    calls: tuple["Made", ...] = ()
    others: int = 0
    failure: str = ""


incoming: ContextVar[Incoming | None] = ContextVar("incoming", default=None)
"""The request that is being answered; `None`: none is."""

service: ContextVar[str] = ContextVar("service", default="")
"""The service whose code runs, in a process of several; empty: the only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A service in this process, as its group has loaded it.

    Attributes:
        name: The service's.
        environment: Its own variables.
        call: Answers a request by calling its application; see `LocalCall`.
            Calls to it take this way.
        own: The same for what it asks of itself, such as its own fragments; `None`
            also where one view runs at once, and would wait for the other.
    """

    name: str
    environment: Mapping[str, str] = field(repr=False)
    call: "LocalCall | None" = None
    own: "LocalCall | None" = None


@dataclass(slots=True)
class LocalAnswer:
    """What an application of the same process answered.

    Attributes:
        status: Such as 200.
        fields: Its headers, as a server would have sent them.
        chunks: Its body; close it when nothing more is wanted.
        close: Ends the answer: the application's `close` is called, its slot
            is free again. Must be called once.
    """

    status: int
    fields: list[tuple[str, str]]
    chunks: Iterator[bytes]
    close: Callable[[], None]


LocalCall = Callable[[str, str, tuple[tuple[str, str], ...], bytes | None], LocalAnswer]
"""Answers a request to an application of the same process, as a server would.

It is given the method, path and query, headers, and body.
"""

members: dict[str, Member] = {}
"""The services of this process by name, where it has several."""


def read_flask() -> Mapping[str, Any] | None:
    """Return the environ of the request that Flask answers, without a worker."""
    # Whoever has not imported Flask is answering no request of it.
    flask = sys.modules.get("flask")
    if flask is None or not flask.has_request_context():
        return None
    environ: Mapping[str, Any] = flask.request.environ
    return environ

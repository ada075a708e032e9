"""What happened: frozen facts, told to whoever listens."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from glassware.status import Phase


Importance = Literal["info", "good", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A service, an engine or the gateway wrote lines that belong together."""

    at: float
    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The supervisor has something to say to the person at the terminal.

    Attributes:
        source: What it is about; empty for the site itself.
        text: One line.
        detail: More lines, such as a traceback.
    """

    at: float
    source: str
    text: str
    importance: Importance = "info"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseChanged:
    """A service went from one phase to another."""

    at: float
    source: str
    phase: Phase
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReady:
    """The site takes visitors.

    Attributes:
        url: Its public address.
        seconds: Since the command was given.
        failing: The services that are not running.
    """

    at: float
    source: str = ""
    url: str
    seconds: float
    failing: tuple[str, ...] = ()


Event = Logged | Told | PhaseChanged | SiteReady
Listener = Callable[[Event], None]


@dataclass(slots=True)
class Bulletin:
    """Where events are told; listeners hear each in its order."""

    listeners: list[Listener] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        """Tell every listener."""
        for listener in tuple(self.listeners):
            listener(event)

    def say(
        self,
        source: str,
        text: str,
        importance: Importance = "info",
        detail: str = "",
    ) -> None:
        """Tell the person at the terminal something, now; see `Told`."""
        self.tell(
            Told(
                at=time.time(),
                source=source,
                text=text,
                importance=importance,
                detail=detail,
            )
        )


@dataclass(slots=True)
class Complaints:
    """What goes wrong again and again, and is told once.

    Attributes:
        bulletin: Where it is told.
        source: What it is about; empty for the site itself.
    """

    bulletin: Bulletin
    source: str = ""
    _told: str = ""

    def add(self, text: str) -> None:
        """Report a failure, unless it was the last one that was reported."""
        if text != self._told:
            self._told = text
            self.bulletin.say(self.source, text, "error")

    def settle(self) -> None:
        """Take note that all is well: the same failure is a new one."""
        self._told = ""

"""What can go wrong, and how it leaves the program.

The whole tree::

    GlasswareError                  exit 1
    ├── ManifestError               exit 2  every fault of every manifest, in one run
    ├── NotASite                    exit 2
    ├── UsageError                  exit 2
    ├── MissingExtra                exit 2  also an ImportError
    ├── UnsupportedPlatform         exit 2
    ├── SiteRunning                 exit 3
    ├── SiteNotRunning              exit 3
    ├── PortTaken                   exit 3
    ├── EngineError                 exit 4
    │   └── NotFetched              exit 4  its server has to be fetched first
    ├── TaskFailed                  exit 4
    ├── GatewayError                exit 4
    ├── AppNotLoaded                exit 5
    ├── DeadLink                    exit 1  raised inside services: no such address
    └── CallError                   raised inside services; uncaught: 502
        ├── UnknownService          502  no such service, or no address of it
        ├── NotAllowed              502  the caller may not call it
        ├── Unavailable             503  not reached, or its outcome is unknown
        ├── CircuitOpen             503  not even tried: it failed too often just now
        ├── DeadlineExceeded        504  no time was left
        └── BadAnswer               502  an answer that is of no use

Every error says what, where and the way out: the message is the *what* and
the *where*, `hint` is the way out.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar


class GlasswareError(Exception):
    """Any error that glassware raises on purpose.

    Args:
        message: What is wrong and where, without a full stop.
        hint: The way out, or `None` where the message already says it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} ({self.hint})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One mistake in one manifest.

    Attributes:
        file: The manifest.
        line: Its line, counted from 1; `None` where the key is absent.
        field: The key, dotted, as it is written in that file.
        what: What is wrong with it.
        hint: What to write in its place.
    """

    file: Path
    line: int | None = None
    field: str = ""
    what: str
    hint: str | None = None

    def __str__(self) -> str:
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        field = f" {self.field}:" if self.field else ""
        return f"{place}:{field} {self.what}"


class ManifestError(GlasswareError):
    """A manifest has faults; all of them are in `faults`."""

    exit_code = 2

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"the site has {count}")
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {fault}" for fault in self.faults)])


class NotASite(GlasswareError):
    """There is no site at this folder or above it."""

    exit_code = 2


class UsageError(GlasswareError):
    """The command was asked for something that the site does not have."""

    exit_code = 2


class MissingExtra(GlasswareError, ImportError):
    """An optional package is needed and not installed.

    Args:
        extra: The extra of the distribution that brings it, such as `redis`.
        purpose: What it is needed for.
    """

    exit_code = 2

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the extra `{extra}`",
            hint=f"pip install 'glassware[{extra}]'",
        )
        self.extra = extra


class UnsupportedPlatform(GlasswareError):
    """This operating system or machine cannot run a site."""

    exit_code = 2


class SiteRunning(GlasswareError):
    """The site already runs."""

    exit_code = 3


class SiteNotRunning(GlasswareError):
    """The command needs the running site, and it does not run."""

    exit_code = 3


class PortTaken(GlasswareError):
    """A port that was asked for by number belongs to another program."""

    exit_code = 3


class EngineError(GlasswareError):
    """A database engine did not start, or refused what was asked of it."""

    exit_code = 4


class NotFetched(EngineError):
    """A server has to be fetched first, and nobody was asked yet."""


class TaskFailed(GlasswareError):
    """A migration or another task of a service failed."""

    exit_code = 4


class GatewayError(GlasswareError):
    """The gateway did not start or refused its configuration."""

    exit_code = 4


class AppNotLoaded(GlasswareError):
    """A service's application could not be found or imported."""

    exit_code = 5


class DeadLink(GlasswareError):
    """There is no public address of what a link names.

    Where Flask or Quart made the link, it is a `werkzeug.routing.BuildError` too.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was called, as the error about it tells.

    Attributes:
        caller: The service that called; empty where it runs alone.
        neighbour: The service that was called.
        method: In capitals.
        path: Without the query, which may hold what does not belong into a log.
        attempts: How often it was sent.
        seconds: How long all of it took.
    """

    caller: str = ""
    neighbour: str = ""
    method: str = ""
    path: str = ""
    attempts: int = 0
    seconds: float = 0.0


class CallError(GlasswareError):
    """A call to a neighbour has no answer.

    Args:
        message: What is wrong and where, without a full stop.
        hint: The way out, or `None` where the message already says it.
        call: What was called.
        outcome_unknown: Whether it may have been carried out all the same.

    Attributes:
        status: What a visitor is answered with if nobody catches the error.
    """

    status: ClassVar[int] = 502

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        call: Call | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.call = call or Call()
        self.outcome_unknown = outcome_unknown


class UnknownService(CallError):
    """The name is no service of the site, or its address is not known."""


class NotAllowed(CallError):
    """The caller's manifest does not name the neighbour, or it refused the caller."""


class Unavailable(CallError):
    """The neighbour could not be reached, was busy, or ended the connection."""

    status = 503


class CircuitOpen(CallError):
    """The neighbour failed so often just now that it was not even tried."""

    status = 503


class DeadlineExceeded(CallError):
    """There was no answer before the time of the call was over."""

    status = 504


class BadAnswer(CallError):
    """The neighbour's answer is not what the caller asked it to be.

    Attributes:
        response: The answer, where there was a whole one.
    """

    response: Any = None

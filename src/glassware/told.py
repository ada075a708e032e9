"""What an answer tells of its making, in development: two headers, both directions.

The worker writes them, the service wing and the command line read them; the
gateway removes them from what leaves the site.

`X-Glassware-Trace` says which calls were made for the answer. It is a list in
JSON; each call is `[NEIGHBOUR, METHOD, PATH, STATUS, ATTEMPTS, BEGAN, SECONDS,
CALLS]` with the list of its own calls at the end and times in milliseconds. A
number in a list stands for so many calls that found no room.

`X-Glassware-Failure` says which exception ended it: a `Failure` as JSON,
compressed with zlib, in base64. It tells of code, files and log lines; of the
request it has no header and no body, and of the frames no local variable.

What is read may come from another version, or be cut: then it is nothing.
"""

import base64
import json
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from .current import Made


LARGEST_TRACE = 4 * 1024
LARGEST_FAILURE = 48 * 1024

LONGEST_PATH = 200
LONGEST_MESSAGE = 4000
LONGEST_LINE = 300
MOST_FRAMES = 60
MOST_CAUSES = 16

_LARGEST_READ = 2 * 1024 * 1024
_FEW_FRAMES = 8
_SHORT = 200

# Brackets, commas and what is written of calls that are only counted.
_AROUND = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One line of a traceback, and where it stood in its file.

    Attributes:
        file: As the interpreter names it.
        line: Counted from 1.
        end_line: Of the expression that was evaluated.
        column: Of the same, in bytes of UTF-8; -1: not known.
        end_column: Likewise.
        function: Its qualified name.
        first: The line on which the function begins.
        source: The line and those around it, for who does not have the file.
        source_first: The number of the first of these.
    """

    file: str
    line: int
    end_line: int
    column: int = -1
    end_column: int = -1
    function: str
    first: int
    source: tuple[str, ...] = ()
    source_first: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """The request that an exception ended.

    Attributes:
        service: Who was asked.
        caller: The service that asked; empty: a visitor.
        method: In capitals.
        path: Without the query.
        log: What was logged while it was answered, a line each.
        replay: The command that asks the same again.
    """

    service: str
    caller: str = ""
    method: str
    path: str
    log: tuple[str, ...] = ()
    replay: str

    def __str__(self) -> str:
        asked = f", asked by `{self.caller}`" if self.caller else ""
        return f"in `{self.service}`: {self.method} {self.path}{asked}"

    def details(self) -> Iterator[str]:
        """Return what was logged, and how to ask again, a line each."""
        for line in self.log:
            yield f"log: {line}"
        if self.replay:
            yield f"replay: {self.replay}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An exception, as it is told of elsewhere.

    Attributes:
        kind: Its class, as a traceback names it.
        message: What it says of itself.
        notes: What was added to it (PEP 678).
        frames: Its traceback, the innermost one last.
        hop: The request that it ended; `None`: it only led to one that did.
        cause: What led to it.
        direct: Whether it was raised `from` its cause.
    """

    kind: str
    message: str
    notes: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()
    hop: Hop | None = None
    cause: "Failure | None" = None
    direct: bool = True

    def chain(self) -> Iterator["Failure"]:
        """Return this one, what led to it, and so on."""
        failure: Failure | None = self
        while failure is not None:
            yield failure
            failure = failure.cause

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind


class Elsewhere(Exception):  # each has a class of its own, made when it is told of
    """An exception of another service.

    Args:
        failure: All that is known of it.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def write_trace(calls: Sequence[Made], others: int = 0) -> str:
    """Return the header that tells of `calls`, in `LARGEST_TRACE` bytes.

    The nearest ones are told of one by one, those that find no room are counted.

    Args:
        calls: As they were made.
        others: How many more there were.
    """
    room, kept, waiting = LARGEST_TRACE - _AROUND, set[int](), deque(calls)
    while waiting:
        made = waiting.popleft()
        room -= len(_json(_own(made))) + _AROUND
        if room < 0:
            break
        kept.add(id(made))
        waiting.extend(made.calls)
    return _json(_listed(calls, others, kept))


def read_trace(value: str) -> tuple[tuple[Made, ...], int]:
    """Return the calls that a header tells of, and how many more there were."""
    try:
        return _calls(json.loads(value))
    except (TypeError, ValueError, RecursionError):
        return (), 0


def count(calls: Iterable[Made]) -> int:
    """Return how many calls these are, with all that were made for them."""
    return sum(1 + made.others + count(made.calls) for made in calls)


def write_failure(failure: Failure) -> str:
    """Return the header that tells of `failure`, in `LARGEST_FAILURE` bytes.

    What is too much goes in this order, at each step from the innermost
    exception to the outermost: log lines and notes, source, frames, text.
    """
    chain = list(failure.chain())[:MOST_CAUSES]
    for lessen in (_same, _without_log, _without_source, _with_few_frames, _in_short):
        for place in reversed(range(len(chain))):
            chain[place] = lessen(chain[place])
            raw = _json(asdict(_chained(chain))).encode()
            if len(raw) <= _LARGEST_READ and len(_packed(raw)) <= LARGEST_FAILURE:
                return _packed(raw)
    return _packed(_json(asdict(replace(chain[0], cause=None))).encode())


def read_failure(value: str) -> Failure | None:
    """Return what a header tells of; `None`: nothing that can be understood."""
    try:
        unpacking = zlib.decompressobj()
        raw = unpacking.decompress(base64.b64decode(value), _LARGEST_READ)
        return _failure(json.loads(raw))
    except (KeyError, TypeError, ValueError, RecursionError, zlib.error):
        return None


def _own(made: Made) -> list[Any]:
    return [
        made.neighbour,
        made.method,
        made.path[:LONGEST_PATH],
        made.status,
        made.attempts,
        round(made.began * 1000, 1),
        round(made.seconds * 1000, 1),
    ]


def _listed(calls: Sequence[Made], others: int, kept: set[int]) -> list[Any]:
    listed: list[Any] = [
        [*_own(made), _listed(made.calls, made.others, kept)]
        for made in calls
        if id(made) in kept
    ]
    others += count(made for made in calls if id(made) not in kept)
    return [*listed, others] if others else listed


def _calls(listed: list[Any]) -> tuple[tuple[Made, ...], int]:
    found, others = [], 0
    for entry in listed:
        if isinstance(entry, int):
            others += entry
            continue
        neighbour, method, path, status, attempts, began, took, underneath = entry
        calls, uncounted = _calls(underneath)
        made = Made(
            neighbour=str(neighbour),
            method=str(method),
            path=str(path),
            status=int(status),
            attempts=int(attempts),
            began=float(began) / 1000,
            seconds=float(took) / 1000,
            calls=calls,
            others=uncounted,
        )
        found.append(made)
    return tuple(found), others


def _json(said: Any) -> str:
    return json.dumps(said, separators=(",", ":"))


def _packed(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw)).decode()


def _chained(chain: Sequence[Failure]) -> Failure:
    """Return the first of `chain`, each with the next one as its cause."""
    outer: Failure | None = None
    for failure in reversed(chain):
        outer = replace(failure, cause=outer)
    assert outer is not None  # noqa: S101 - there is at least one
    return outer


def _same(failure: Failure) -> Failure:
    return failure


def _without_log(failure: Failure) -> Failure:
    hop = failure.hop and replace(failure.hop, log=())
    return replace(failure, hop=hop, notes=())


def _without_source(failure: Failure) -> Failure:
    return replace(failure, frames=tuple(replace(f, source=()) for f in failure.frames))


def _with_few_frames(failure: Failure) -> Failure:
    return replace(failure, frames=failure.frames[-_FEW_FRAMES:])


def _in_short(failure: Failure) -> Failure:
    hop = failure.hop and replace(failure.hop, path="…", replay="")
    return replace(
        failure,
        message=failure.message[:_SHORT],
        kind=failure.kind[:_SHORT],
        frames=(),
        hop=hop,
    )


def _failure(said: dict[str, Any]) -> Failure:
    """Return what `said` is of `asdict`; raise what a mistake in it raises."""
    hop, cause = said["hop"], said["cause"]
    return Failure(
        kind=str(said["kind"]),
        message=str(said["message"]),
        notes=tuple(map(str, said["notes"])),
        frames=tuple(_frame(frame) for frame in said["frames"]),
        hop=None if hop is None else Hop(**{**hop, "log": tuple(map(str, hop["log"]))}),
        cause=None if cause is None else _failure(cause),
        direct=bool(said["direct"]),
    )


def _frame(said: dict[str, Any]) -> Frame:
    return Frame(
        file=str(said["file"]),
        line=int(said["line"]),
        end_line=int(said["end_line"]),
        column=int(said["column"]),
        end_column=int(said["end_column"]),
        function=str(said["function"]),
        first=int(said["first"]),
        source=tuple(map(str, said["source"])),
        source_first=int(said["source_first"]),
    )

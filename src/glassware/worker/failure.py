"""In development, what is told of the exception that ended a request.

To the service that asked, in `X-Glassware-Failure`; to people, in notes (PEP
678), which every traceback shows: in the log, in a debugger's page, in pytest.
"""

import linecache
import logging
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import FrameType, TracebackType
from typing import NoReturn

from glassware.current import Incoming
from glassware.told import (
    LONGEST_LINE,
    LONGEST_MESSAGE,
    MOST_CAUSES,
    MOST_FRAMES,
    Elsewhere,
    Failure,
    Frame,
    Hop,
    read_failure,
    write_failure,
)

from .credentials import hide_in
from .endpoints import is_installed


MOST_RECORDS = 50

_AROUND = 2
_OUTER = MOST_FRAMES // 4
_MOST_NOTES = 20

# As Python itself says it.
_DIRECTLY = "The above exception was the direct cause of the following exception:"
_MEANWHILE = "During handling of the above exception, another exception occurred:"


class Answered(Exception):
    """The view answered with an error, and raised none.

    It stands among the exceptions that led to another, so it needs a place.
    """


def ended_by(incoming: Incoming, error: BaseException) -> None:
    """Take in that `error` ends a request: prepare the header, add the notes."""
    hide_in(error)
    noted = notes_of(error)
    if any(note.startswith(_TITLE) for note in noted):
        return
    for note in _unheeded(incoming, error):
        if note not in noted:
            error.add_note(note)
    hop = hop_of(incoming)
    incoming.failure = write_failure(describe(error, hop))
    _add_way(error, hop)


def passed_on(incoming: Incoming, status: int) -> str:
    """Return the header for an error that the view answered by itself.

    What made it do so is the exception that it logged, or else the last call
    that failed; empty: there is neither.
    """
    if (logged := _logged(incoming)) is not None:
        ended_by(incoming, logged)
        return incoming.failure
    failures = [made.failure for made in incoming.calls if made.failure]
    cause = read_failure(failures[-1]) if failures else None
    if cause is None:
        return ""
    try:
        _answer(f"`{incoming.service}` answered with status {status}")
    except Answered as error:
        told = describe(error, hop_of(incoming))
    return write_failure(replace(told, cause=cause))


def hop_of(incoming: Incoming) -> Hop:
    """Return what is told of a request."""
    return Hop(
        service=incoming.service,
        caller=incoming.caller or (incoming.via[-1] if incoming.via else ""),
        method=incoming.method,
        path=incoming.path,
        log=tuple(_line(record) for record in tuple(incoming.log or ())),
        replay=incoming.replay,
    )


def describe(error: BaseException, hop: Hop | None = None, depth: int = 0) -> Failure:
    """Return what is told of an exception, and of those that led to it.

    Args:
        error: The exception.
        hop: The request that it ended.
        depth: How many have been told of already.
    """
    if isinstance(error, Elsewhere):
        return error.failure
    cause = _cause(error)
    return Failure(
        kind=_kind(type(error)),
        message=_said(error)[:LONGEST_MESSAGE],
        notes=tuple([*notes_of(error), *_members(error)][:_MOST_NOTES]),
        frames=tuple(_frames(error.__traceback__)),
        hop=hop,
        cause=(
            None
            if cause is None or depth >= MOST_CAUSES
            else describe(cause, depth=depth + 1)
        ),
        direct=error.__cause__ is not None,
    )


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """Return `error`, what led to it, and so on, as a traceback shows them."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        yield current
        seen.add(id(current))
        current = _cause(current)


def notes_of(error: BaseException) -> list[str]:
    """Return the notes of an exception, which anybody may have written to."""
    notes = getattr(error, "__notes__", ())
    return [n for n in notes if isinstance(n, str)] if isinstance(notes, list) else []


def _logged(incoming: Incoming) -> BaseException | None:
    for record in reversed(incoming.log or ()):
        if record.exc_info and record.exc_info[1] is not None:
            error: BaseException = record.exc_info[1]
            return error
    return None


def _answer(said: str) -> NoReturn:
    raise Answered(said)


_TITLE = "  how it came about, from service to service:"


def _add_way(error: BaseException, hop: Hop) -> None:
    """Note on `error` every hop that it came by, if it came from elsewhere."""
    came = [e for e in chain_of(error) if isinstance(e, Elsewhere) and e.failure.hop]
    if not came:
        return
    lines = [str(hop), f"  replay: {hop.replay}"]
    for each in came:
        failure = each.failure
        if failure.hop is not None:
            lines += [str(failure.hop), f"  {failure}"]
            lines += [f"  {line}" for line in failure.hop.details()]
            # Said once, where the reader looks first.
            each.__notes__ = [*failure.notes, f"  {failure.hop}"]
    # Indented: a log takes it for a part of the traceback.
    error.add_note("\n".join((_TITLE, *(f"    {line}" for line in lines))))


def _unheeded(incoming: Incoming, error: BaseException) -> Iterator[str]:
    """Return a note for each failure of a call that `error` does not come from."""
    known = [
        failure
        for each in chain_of(error)
        if isinstance(each, Elsewhere)
        for failure in each.failure.chain()
    ]
    for made in tuple(incoming.calls):
        failure = read_failure(made.failure) if made.failure else None
        if failure is not None and failure not in known:
            known.append(failure)
            yield (
                f"  before that, {made.method} {made.neighbour} {made.path} was "
                f"answered with status {made.status}, because of this:\n"
                + "".join(f"    {line}\n" for line in _as_text(failure)).rstrip()
            )


def _as_text(failure: Failure) -> Iterator[str]:
    """Return the lines of a traceback, the last exception last."""
    if failure.cause is not None:
        yield from _as_text(failure.cause)
        yield from ("", _DIRECTLY if failure.direct else _MEANWHILE, "")
    frames = [(f.file, f.line, f.function, _source_of(f)) for f in failure.frames]
    if frames:
        yield "Traceback (most recent call last):"
        text = "".join(traceback.StackSummary.from_list(frames).format())
        yield from text.splitlines()
    yield from str(failure).splitlines()
    for note in failure.notes:
        yield from note.splitlines()
    if failure.hop is not None:
        for line in (str(failure.hop), *failure.hop.details()):
            yield f"  {line}"


def _source_of(frame: Frame) -> str | None:
    place = frame.line - frame.source_first
    return frame.source[place] if 0 <= place < len(frame.source) else None


def _cause(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    return None if error.__suppress_context__ else error.__context__


def _members(error: BaseException) -> Iterator[str]:
    """Return a line for each exception of a group."""
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield f"one of them: {_kind(type(member))}: {_said(member)}"[:LONGEST_LINE]


def _kind(kind: type[BaseException]) -> str:
    if kind.__module__ in {"builtins", "__main__"}:
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever its author did
        return "<exception str() failed>"


def _frames(top: TracebackType | None) -> Iterator[Frame]:
    """Return the frames from the service's first own one on."""
    found = list(_entries(top))
    files = [entry.tb_frame.f_code.co_filename for entry in found]
    own = next((n for n, file in enumerate(files) if not is_installed(file)), 0)
    found = found[own:]
    if len(found) > MOST_FRAMES:
        found = found[:_OUTER] + found[_OUTER - MOST_FRAMES :]
    for entry in found:
        yield _frame(entry)


def _entries(entry: TracebackType | None) -> Iterator[TracebackType]:
    while entry is not None:
        yield entry
        entry = entry.tb_next


def _frame(entry: TracebackType) -> Frame:
    code = entry.tb_frame.f_code
    # There is an entry for each instruction, which is two bytes wide.
    positions = list(code.co_positions())[entry.tb_lasti // 2]
    _, end_line, column, end_column = positions
    first = max(1, entry.tb_lineno - _AROUND)
    return Frame(
        file=code.co_filename,
        line=entry.tb_lineno,
        end_line=end_line or entry.tb_lineno,
        column=-1 if column is None or end_column is None else column,
        end_column=-1 if column is None or end_column is None else end_column,
        function=code.co_name,
        first=code.co_firstlineno,
        source=tuple(_source(entry.tb_frame, range(first, entry.tb_lineno + 3))),
        source_first=first,
    )


def _source(frame: FrameType, numbers: Iterable[int]) -> Iterator[str]:
    file = frame.f_code.co_filename
    for number in numbers:
        yield linecache.getline(file, number, frame.f_globals).rstrip()[:LONGEST_LINE]


def _line(record: logging.LogRecord) -> str:
    try:
        said = " ↵ ".join(record.getMessage().splitlines())
    except Exception:  # noqa: BLE001 - arguments that do not fit their format
        said = str(record.msg)
    if record.exc_info and record.exc_info[1] is not None:
        said += f" ({_kind(type(record.exc_info[1]))}: {_said(record.exc_info[1])})"
    return f"{record.levelname} {record.name}: {said}"[:LONGEST_LINE]

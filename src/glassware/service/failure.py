"""Exceptions of neighbours, made anew from what their answers tell of them.

They have real tracebacks, so that whatever shows an exception shows these: a
log, a debugger's page, pytest. Each frame belongs to code that is compiled to
stand where the neighbour's stood and does nothing but raise; so it has the file,
the line, the columns and the name, and none of the neighbour's values.
"""

import ast
import linecache
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType, TracebackType
from typing import Any

from glassware.protocol import FAILURE
from glassware.told import Elsewhere, Failure, Frame, read_failure

from .settings import current


def cause_of(fields: Iterable[tuple[str, str]]) -> BaseException | None:
    """Return the exception that an answer tells of; `None`: it tells of none.

    Args:
        fields: The answer's headers.
    """
    # Elsewhere nobody writes it; who does so all the same is not believed.
    if not current().development:
        return None
    wanted = FAILURE.lower()
    told = next((value for name, value in fields if name.lower() == wanted), None)
    failure = read_failure(told) if told else None
    return None if failure is None else remade(failure)


def remade(failure: Failure) -> BaseException:
    """Return the exception that `failure` describes, and those that led to it."""
    sources = _sources(failure.frames)
    module, _, name = failure.kind.rpartition(".")
    kind = type(name, (Elsewhere,), {"__module__": module or "builtins"})
    error: BaseException = kind(failure)
    for note in failure.notes:
        error.add_note(note)
    if failure.hop is not None:
        # Indented: a log takes it for a part of the traceback.
        lines = (str(failure.hop), *failure.hop.details())
        error.add_note("\n".join(f"  {line}" for line in lines))
    if failure.cause is not None:
        cause = remade(failure.cause)
        error.__context__ = cause
        if failure.direct:
            error.__cause__ = cause
    return error.with_traceback(_traceback(failure.frames, sources))


class _Source:
    """Gives `linecache` the lines of a file that is not on this machine."""

    def __init__(self, lines: Mapping[int, str]) -> None:
        self._lines = lines

    def get_source(self, name: str) -> str:
        """Return the lines that are known, each in its place."""
        last = max(self._lines, default=0)
        return "".join(f"{self._lines.get(n, '')}\n" for n in range(1, last + 1))


def _sources(frames: Sequence[Frame]) -> dict[str, _Source]:
    lines: dict[str, dict[int, str]] = {}
    for frame in frames:
        if not Path(frame.file).exists():
            # Lines that came with another failure may be in its place.
            linecache.cache.pop(frame.file, None)
            known = lines.setdefault(frame.file, {})
            known.update(enumerate(frame.source, frame.source_first))
    return {file: _Source(known) for file, known in lines.items()}


def _traceback(
    frames: Sequence[Frame], sources: Mapping[str, _Source]
) -> TracebackType | None:
    entry: TracebackType | None = None
    for frame in reversed(frames):
        try:
            raised = _raised(frame, sources.get(frame.file))
        except (SyntaxError, ValueError, OverflowError, TypeError):
            # Numbers that no file has.
            continue
        entry = TracebackType(entry, raised.tb_frame, raised.tb_lasti, frame.line)
    return entry


class _Raised(Exception):  # nobody else sees it
    """What the code of a frame raises."""


def _raised(frame: Frame, source: _Source | None) -> TracebackType:
    """Return the entry of a traceback that went through such a frame."""
    names: dict[str, Any] = {
        "__name__": frame.file,
        "__loader__": source,
        "_Raised": _Raised,
    }
    function = FunctionType(_code(frame), names)
    try:
        function()
    except _Raised as error:
        own = error.__traceback__
        inner = None if own is None else own.tb_next
        if inner is not None:
            return inner
    raise ValueError(f"the code of {frame.file} raises nothing")


def _code(frame: Frame) -> CodeType:
    """Return the code of a function that raises at the place of `frame`."""
    module = ast.parse("def f(): raise _Raised")
    for node in ast.walk(module):
        if isinstance(node, (ast.stmt, ast.expr)):
            node.lineno = frame.line
            node.end_lineno = max(frame.line, frame.end_line)
            node.col_offset = frame.column
            node.end_col_offset = frame.end_column
    # The function itself begins where the neighbour's does.
    module.body[0].lineno = min(frame.first, frame.line)
    compiled = compile(module, frame.file, "exec")
    code = next(c for c in compiled.co_consts if isinstance(c, CodeType))
    return code.replace(co_name=frame.function, co_qualname=frame.function)

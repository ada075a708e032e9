"""What a worker tells its supervisor, one JSON object a line."""

import json
import os
import traceback
from pathlib import Path
from types import TracebackType

from glassware.errors import GlasswareError

from .credentials import hide_in


class Report:
    """The writing end of the status pipe.

    Args:
        descriptor: The pipe; `None` writes nothing.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def say(self, event: str, **facts: object) -> None:
        """Write one line; a supervisor that has gone away is no error here."""
        if self._descriptor is None:
            return
        line = json.dumps({"event": event, **facts}).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError:
            self._descriptor = None

    def failed(self, error: BaseException) -> None:
        """Say why the worker will never be ready."""
        self.say("failed", **describe(error))

    def inheritable(self) -> int | None:
        """Return the descriptor, for a program that this process becomes."""
        if self._descriptor is not None:
            os.set_inheritable(self._descriptor, True)
        return self._descriptor

    def close(self) -> None:
        """Close the pipe: nothing more will be said."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def describe(error: BaseException) -> dict[str, str]:
    """Return the one line and the traceback that tell what `error` is."""
    hide_in(error)
    if isinstance(error, GlasswareError):
        return {"reason": str(error), "traceback": ""}
    last = traceback.format_exception_only(error)[-1].strip().splitlines()
    return {
        "reason": _reason(error) or (last[0] if last else repr(error)),
        "traceback": "".join(
            traceback.format_exception(
                type(error), error, from_user_code(error.__traceback__)
            )
        ),
    }


def from_user_code(trace: TracebackType | None) -> TracebackType | None:
    """Return `trace` without the frames of this room and of the import system."""
    room = str(Path(__file__).parent)
    inner = trace
    while inner is not None:
        file = inner.tb_frame.f_code.co_filename
        if not file.startswith((room, "<frozen ")) and "importlib" not in file:
            return inner
        inner = inner.tb_next
    return None if trace is None or trace.tb_next is None else trace


def _reason(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the application ended the process at import (exit code {error.code})"
    if isinstance(error, SyntaxError) and error.filename:
        return f"{type(error).__name__}: {error.msg} ({error.filename}:{error.lineno})"
    return ""

"""What becomes of an error that the application did not catch.

Its traceback is written, and the answer is a 500. Where it is an error of a call,
that would say that this service is at fault: so the answer has the status that the
error's class names, 502, 503 or 504. Where it says that a database is not there, the
answer is a 503 with that reason. An application that handles such errors, or all
errors, goes on doing so.

How each framework is told stands in `frameworks`.
"""

import importlib
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from glassware import current
from glassware.errors import CallError
from glassware.protocol import REFUSED

from .credentials import hide_in
from .lost import Missing, missing_database
from .refusals import RETRY_AFTER, Header


_FAILED = 500
_REFUSED = REFUSED.lower()
_SIGNALS = ("flask.signals", "quart.signals", "django.core.signals")


def answer_to(error: BaseException) -> tuple[HTTPStatus, list[Header], bytes]:
    """Return what answers a request that `error` has ended."""
    found = known(error)
    status = HTTPStatus(_FAILED if found is None else found.status)
    return status, head_of(status), text_of(status, found)


def head_of(status: HTTPStatus) -> list[Header]:
    """Return the headers of a plain answer."""
    return [("Content-Type", "text/plain; charset=utf-8"), *_more(status)]


def text_of(status: HTTPStatus, found: current.Uncaught | None) -> bytes:
    """Return the body of a plain answer."""
    told = found.told if isinstance(found, Missing) else ""
    return f"{told or status.phrase}\n".encode()


def known(error: BaseException | None) -> current.Uncaught | None:
    """Return what `error` says of another than this service; `None`: nothing."""
    return error if isinstance(error, CallError) else missing_database(error)


def at_the_edge(
    status: int, headers: Sequence[Header]
) -> tuple[HTTPStatus | None, list[Header]]:
    """Return what the head of an application's answer is when it leaves the service.

    Whoever passes on a neighbour's answer passes on its headers: a refusal was
    not this service's. What glassware has to add is added. And a framework's bare
    500 gets the status that it should have.

    Returns:
        The status, where it is another one, and the headers.
    """
    kept = [header for header in headers if header[0].lower() != _REFUSED]
    incoming = current.incoming.get()
    if incoming is not None and incoming.added:
        kept += incoming.added
    if status != _FAILED or incoming is None or incoming.uncaught is None:
        return None, kept
    settled = HTTPStatus(incoming.uncaught.status)
    return settled, [*kept, *_more(settled)]


def show(error: BaseException) -> None:
    """Write a traceback to stderr in one piece, so that its lines stay together."""
    hide_in(error)
    missing_database(error)
    text = "".join(traceback.format_exception(error))
    sys.stderr.write(text)
    sys.stderr.flush()


def note(sender: Any, exception: BaseException | None = None, **_: Any) -> None:
    """Take in the exception that a framework has caught.

    Frameworks make their page of a 500, the application's own if it has one; at
    the edge it gets the right status.
    """
    # Django does not say which error it was.
    error = exception or sys.exc_info()[1]
    hide_in(error)
    incoming = current.incoming.get()
    if incoming is not None and not _shows(sender):
        incoming.uncaught = known(error) or incoming.uncaught


def hear_of_exceptions(receiver: Callable[..., None]) -> None:
    """Let the frameworks that are imported tell of the exceptions that they catch.

    Args:
        receiver: Called with the sender and, not by Django, the `exception`. It
            hears of each once, however often this is called.
    """
    for name in _SIGNALS:
        if (module := sys.modules.get(name)) is not None:
            # Old versions of Flask have signals only where another package is.
            with suppress(RuntimeError):
                module.got_request_exception.connect(receiver, weak=False)


def propagates(app: Any) -> bool:
    """Return whether errors in Flask or Quart are to reach a debugger or a test."""
    wanted = app.config["PROPAGATE_EXCEPTIONS"]
    return bool(app.testing or app.debug) if wanted is None else bool(wanted)


def _more(status: HTTPStatus) -> list[Header]:
    return [RETRY_AFTER] if status is HTTPStatus.SERVICE_UNAVAILABLE else []


def _shows(sender: Any) -> bool:
    """Return whether a debugger answers for the error."""
    if hasattr(sender, "handle_http_exception"):
        return propagates(sender)
    if hasattr(sender, "add_exception_handler"):
        return bool(sender.debug)
    return bool(importlib.import_module("django.conf").settings.DEBUG)

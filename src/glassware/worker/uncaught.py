"""What becomes of an error that the application did not catch.

Its traceback is written, and the answer is a 500. Where it is an error of a call,
that would say that this service is at fault: so the answer has the status that the
error's class names, 502, 503 or 504. An application that handles such errors, or all
errors, goes on doing so.
"""

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from glassware import current
from glassware.errors import CallError
from glassware.protocol import REFUSED

from .find import Application
from .refusals import RETRY_AFTER, Header


_FAILED = 500
_REFUSED = REFUSED.lower()
_SIGNALS = ("flask.signals", "quart.signals", "django.core.signals")


def answer_to(error: BaseException) -> tuple[HTTPStatus, list[Header], bytes]:
    """Return what answers a request that `error` has ended."""
    status = HTTPStatus(error.status if isinstance(error, CallError) else _FAILED)
    headers = [("Content-Type", "text/plain; charset=utf-8"), *_more(status)]
    return status, headers, f"{status.phrase}\n".encode()


def at_the_edge(
    status: int, headers: Sequence[Header]
) -> tuple[HTTPStatus | None, list[Header]]:
    """Return what the head of an application's answer is when it leaves the service.

    Whoever passes on a neighbour's answer passes on its headers: a refusal was
    not this service's. And a framework's bare 500 gets the status that it should
    have.

    Returns:
        The status, where it is another one, and the headers.
    """
    kept = [header for header in headers if header[0].lower() != _REFUSED]
    incoming = current.incoming.get()
    if status != _FAILED or incoming is None or incoming.uncaught is None:
        return None, kept
    settled = HTTPStatus(incoming.uncaught.status)
    return settled, [*kept, *_more(settled)]


def show(error: BaseException) -> None:
    """Write a traceback to stderr in one piece, so that its lines stay together."""
    text = "".join(traceback.format_exception(error))
    sys.stderr.write(text)
    sys.stderr.flush()


def _more(status: HTTPStatus) -> list[Header]:
    return [RETRY_AFTER] if status is HTTPStatus.SERVICE_UNAVAILABLE else []


def answer_errors_of_calls(application: Application) -> None:
    """Let a framework answer such errors, where the application does not yet.

    Args:
        application: As it was loaded; what stands around it is told by a signal.
    """
    hear_of_exceptions(_note)
    if hasattr(application, "error_handler_spec"):
        _handle_in_flask(application)
    elif hasattr(application, "add_exception_handler"):
        _note_in_starlette(application)


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


def _handle_in_flask(app: Any) -> None:
    own = app.error_handler_spec.get(None, {}).get(None, {})
    # A blueprint's handler comes before ours anyway.
    if any(base in own for base in CallError.__mro__):
        return
    awaited = inspect.iscoroutinefunction(app.handle_http_exception)
    handler = _for_quart(app) if awaited else _for_flask(app)
    # One that has answered requests while it was imported takes no more handlers.
    with suppress(AssertionError):
        app.register_error_handler(CallError, handler)


def _for_flask(app: Any) -> Any:
    signal: Any = importlib.import_module("flask").got_request_exception
    # What makes coroutines of receivers work; older versions do not know it.
    known = "_async_wrapper" in inspect.signature(signal.send).parameters
    more = {"_async_wrapper": app.ensure_sync} if known else {}

    def answer(error: CallError) -> Any:
        if _propagates(app):
            raise error
        signal.send(app, exception=error, **more)
        app.log_exception(sys.exc_info())
        response = app.make_response(app.handle_http_exception(_page_of(error)))
        return _asking_to_wait(response)

    return answer


def _for_quart(app: Any) -> Any:
    quart: Any = importlib.import_module("quart")
    signal: Any = importlib.import_module("quart.signals").got_request_exception

    async def answer(error: CallError) -> Any:
        if _propagates(app) or not quart.has_request_context():
            raise error
        await signal.send_async(app, _sync_wrapper=app.ensure_async, exception=error)
        app.log_exception(sys.exc_info())
        page = await app.handle_http_exception(_page_of(error))
        return _asking_to_wait(await app.make_response(page))

    return answer


def _note_in_starlette(app: Any) -> None:
    # It has no signal. Its own page of a 500 is sent outside of handlers, and the
    # application's, if it has one.
    if any(base in app.exception_handlers for base in CallError.__mro__):
        return

    async def note(_: Any, error: CallError) -> None:
        _note(app, error)
        raise error

    app.add_exception_handler(CallError, note)


def _propagates(app: Any) -> bool:
    """Return whether errors are to reach a debugger or a test."""
    wanted = app.config["PROPAGATE_EXCEPTIONS"]
    return bool(app.testing or app.debug) if wanted is None else bool(wanted)


def _page_of(error: CallError) -> Any:
    exceptions: Any = importlib.import_module("werkzeug.exceptions")
    return exceptions.default_exceptions[error.status]()


def _asking_to_wait(response: Any) -> Any:
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers.setdefault(*RETRY_AFTER)
    return response


def _note(sender: Any, exception: BaseException | None = None, **_: Any) -> None:
    # Frameworks make their page of a 500, the application's own if it has one; at
    # the edge it gets the right status. Django does not say which error it was.
    error = exception or sys.exc_info()[1]
    incoming = current.incoming.get()
    if isinstance(error, CallError) and incoming is not None and not _shows(sender):
        incoming.uncaught = error


def _shows(sender: Any) -> bool:
    """Return whether a debugger answers for the error."""
    if hasattr(sender, "handle_http_exception"):
        return _propagates(sender)
    if hasattr(sender, "add_exception_handler"):
        return bool(sender.debug)
    return bool(importlib.import_module("django.conf").settings.DEBUG)

"""In development, what is heard of a request while it is answered.

Frameworks catch the exceptions of views, and say so; what is logged is kept as
long as the request is being answered.
"""

import logging
import sys
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any

from glassware import current

from .failure import ended_by
from .find import Application
from .uncaught import hear_of_exceptions


def listen() -> None:
    """Hear of the exceptions that frameworks catch, and keep what is logged."""
    hear_of_exceptions(_hear)
    _keep_records()


def noting(application: Application) -> Application:
    """Return a WSGI application that takes in what ends its requests.

    It stands inside a debugger, which lets no exception out.
    """

    def noted(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        # Werkzeug's page leaves such a frame out.
        __traceback_hide__ = True
        try:
            answer: Iterable[bytes] = application(environ, start_response)
        except Exception as error:
            _hear(None, error)
            raise
        return answer

    return noted


def _hear(sender: object, exception: BaseException | None = None, **_: Any) -> None:
    # Django does not say which one.
    error = exception or sys.exc_info()[1]
    incoming = current.incoming.get()
    if error is not None and incoming is not None:
        ended_by(incoming, error)


@cache
def _keep_records() -> None:
    logging.setLogRecordFactory(partial(_keep, logging.getLogRecordFactory()))


def _keep(
    make: Callable[..., logging.LogRecord], *arguments: Any, **named: Any
) -> logging.LogRecord:
    # A handler would change what gets logged: `basicConfig` and Flask look for some.
    record = make(*arguments, **named)
    incoming = current.incoming.get()
    if incoming is not None and incoming.log is not None:
        incoming.log.append(record)
    return record

"""Passwords of databases, kept out of what is written about errors.

Client libraries say in their errors what was wrong with a URL, and may say all of it:
libpq does. So the messages of errors that end a request or the start, and whatever
is logged, are written without the passwords that this process was given.
"""

import importlib
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from glassware import current


_FIRST, _LAST = "GLASSWARE_DATABASE_", "_URL"


def keep_out_of_logs(variables: Mapping[str, str]) -> None:
    """Let what is logged from now on be without the passwords in `variables`."""
    if secrets := _secrets([variables]):
        make = logging.getLogRecordFactory()
        logging.setLogRecordFactory(partial(_record, make, secrets))


def hide_in(error: BaseException | None) -> None:
    """Take passwords out of the message of an error, and of those that led to it."""
    variables = [member.environment for member in current.members.values()]
    if error is not None and (secrets := _secrets(variables)):
        secrets.hide_in(error)


def _secrets(each: Iterable[Mapping[str, str]]) -> Any:
    """Return the `clients.secrets.Secrets` of variables; `None`: there are none."""
    urls = [
        url
        for variables in each
        for name, url in variables.items()
        if name.startswith(_FIRST) and name.endswith(_LAST)
    ]
    if not urls:
        return None
    module: Any = importlib.import_module("glassware.clients.secrets")
    return module.Secrets(urls)


def _record(
    make: Callable[..., logging.LogRecord], secrets: Any, *arguments: Any, **named: Any
) -> logging.LogRecord:
    record = make(*arguments, **named)
    if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
        secrets.hide_in(record.exc_info[1])
    try:
        said = record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit their format
        return record
    if (hidden := secrets.hide(said)) != said:
        record.msg, record.args = hidden, None
    return record

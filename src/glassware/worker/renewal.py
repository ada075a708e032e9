"""A visitor's token made anew: what the gateway asks the service that signs them in.

It asks when a token has expired, with the cookies of the request that waits for it.
The answer is always a 200, because any other would keep the visitor from the page,
and from the page to sign in at.
"""

import asyncio
import importlib
from collections.abc import Callable, Coroutine, MutableMapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from glassware import current
from glassware.protocol import RENEW
from glassware.visitors import RENEWAL_COOKIE, names_of

from .refusals import AnsweredHere
from .uncaught import show


_COOKIE = "HTTP_COOKIE"
_NAMES = frozenset(names_of(RENEWAL_COOKIE))
# The public gateway alone says by which name a visitor came.
_VISITED = "HTTP_X_FORWARDED_HOST"


_loop: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("loop", default=None)


async def aside(enter: Callable[[Any], object], environ: Any) -> None:
    """Let a request at `protocol.RENEW` be answered while others go on.

    Args:
        enter: Of the admission.
        environ: What it is given.

    Raises:
        AnsweredHere: Always.
    """
    _loop.set(asyncio.get_running_loop())
    await asyncio.to_thread(enter, environ)


def _run(said: Coroutine[Any, Any, Any]) -> Any:
    """Run what the service says of a visitor where its own connections are."""
    loop = _loop.get()
    if loop is None:
        return asyncio.run(said)
    return asyncio.run_coroutine_threadsafe(said, loop).result()


def cut_renewal(environ: MutableMapping[str, Any]) -> str:
    """Take the token to renew with out of a request's cookies, and return it.

    No application is to see it.
    """
    header = environ.get(_COOKIE, "")
    if RENEWAL_COOKIE not in header:
        return ""
    environ[_COOKIE], token = without_renewal(header)
    if not environ[_COOKIE]:
        del environ[_COOKIE]
    return token


def without_renewal(header: str) -> tuple[str, str]:
    """Return a header `Cookie` without the token to renew with, and the token."""
    if RENEWAL_COOKIE not in header:
        return header, ""
    kept, found = [], ""
    for part in map(str.strip, header.split(";")):
        name, _, value = part.partition("=")
        if name in _NAMES:
            found = found or value
        else:
            kept.append(part)
    return "; ".join(kept), found


def renewed(environ: MutableMapping[str, Any], service: str) -> AnsweredHere:
    """Return the answer to a request at `protocol.RENEW`, or below it.

    Args:
        environ: Of WSGI.
        service: Who is asked.
    """
    path = environ["PATH_INFO"]
    if not (path == RENEW or path.startswith(f"{RENEW}/")) or _VISITED in environ:
        # Scripts of a page are to have no way to read a token.
        return AnsweredHere(HTTPStatus.NOT_FOUND)
    token = current.service.set(service)
    try:
        renewal: Any = importlib.import_module("glassware.website.visitor.renewal")
        headers = renewal.renew(environ.get(_COOKIE, ""), _run)
    except Exception as error:  # noqa: BLE001 - the visitor goes on without
        show(error)
        headers = []
    finally:
        current.service.reset(token)
    return AnsweredHere(HTTPStatus.OK, headers=headers)

"""In development, answers tell of their making, and pages of their many calls.

What both `telling_wsgi` and `telling_asgi` do. They stand around an application,
inside what admits a request: what is known of the request is there, and what is
written into an answer's head is the last word on it. In production nothing of it
is loaded.
"""

import shlex
from collections import deque
from collections.abc import Iterator
from urllib.parse import quote

from glassware.current import Incoming
from glassware.protocol import FAILURE, TRACE
from glassware.told import write_trace

from .failure import MOST_RECORDS, passed_on
from .find import Application
from .refusals import Header
from .remarks import Remarks, remark_on_page, remarks_on_way


FAILED = 500

_TOLD = frozenset({TRACE.lower(), FAILURE.lower()})
_UNQUOTED = "/:@!$&'()*+,;=~%"


class Telling:
    """An application whose answers tell of their making.

    Args:
        application: What answers.
        most: How many calls a page may make without a remark.
    """

    def __init__(self, application: Application, most: int) -> None:
        self._application = application
        self._most = most
        self._remarks = Remarks()

    def _begin(
        self, incoming: Incoming, path: str | bytes, query: str, kind: str | None
    ) -> None:
        """Take in that a request begins.

        Args:
            incoming: What is known of it.
            path: Its path below the service's prefix, decoded.
            query: As it came.
            kind: The type of its body; `None`: it has none.
        """
        target = quote(path, _UNQUOTED) + (f"?{query}" if query else "")
        incoming.replay = _replay(incoming, target, kind)
        incoming.log = deque(maxlen=MOST_RECORDS)
        for remark in remarks_on_way(incoming):
            self._remarks.say("", remark)

    def _end(self, incoming: Incoming, page: str) -> None:
        """Take in that it was answered.

        Args:
            incoming: What is known of it.
            page: What it has in common with others like it.
        """
        # A visitor asked, as far as anybody knows.
        if incoming.calls and not incoming.caller and not incoming.via:
            self._remarks.say(page, remark_on_page(incoming, self._most))


def told_of(incoming: Incoming, status: int) -> Iterator[Header]:
    """Return the headers that tell of an answer's making, if somebody wants them."""
    # Who does not ask may not take as long a head.
    if not incoming.asked:
        return
    if incoming.calls:
        yield TRACE, write_trace(tuple(incoming.calls), incoming.others)
    if status >= FAILED:
        failure = incoming.failure or passed_on(incoming, status)
        if failure:
            yield FAILURE, failure


def is_told(name: str) -> bool:
    """Whether it is a header of ours: an application may pass on a neighbour's."""
    return name.lower() in _TOLD


def _replay(incoming: Incoming, target: str, kind: str | None) -> str:
    words = ["glassware", "call", incoming.service, target]
    if incoming.method != "GET":
        words += ["-X", incoming.method]
    if kind:
        words += ["-H", f"Content-Type:{kind}"]
    return shlex.join(words) + (" -d …" if kind is not None else "")

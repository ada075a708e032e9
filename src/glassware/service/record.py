"""In development, what was called is kept with the request being answered."""

import time

from glassware.current import Incoming, Made
from glassware.protocol import FAILURE, TRACE
from glassware.told import count, read_trace

from .outgoing import Outgoing
from .retries import Sent, header


def record(
    asked: Incoming, neighbour: str, call: Outgoing, answer: Sent | None
) -> None:
    """Keep what is known of `call`, with its answer or without one."""
    calls, others = read_trace((answer and header(answer, TRACE)) or "[]")
    made = Made(
        neighbour=neighbour,
        method=call.method,
        path=call.path,
        status=0 if answer is None else answer.status_code,
        attempts=call.attempts,
        began=call.began - asked.began,
        seconds=time.monotonic() - call.began,
        calls=calls,
        others=others,
        failure=(answer and header(answer, FAILURE)) or "",
    )
    if len(asked.calls) < asked.most_kept:
        asked.calls.append(made)
    else:
        asked.others += count((made,))

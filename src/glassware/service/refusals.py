"""Answers that come from no application: the neighbour has started nothing."""

from glassware.errors import DeadlineExceeded, NotAllowed, Unavailable
from glassware.protocol import REFUSED

from .outgoing import Outgoing
from .response import CLIENT_ERROR
from .retries import Sent, header


def check_refusal(
    answer: Sent, neighbour: str, call: Outgoing, *, signed: bool
) -> None:
    """Raise what `X-Glassware-Refused` stands for, and give up such an answer.

    Args:
        answer: The neighbour's, or its worker's.
        neighbour: Its name.
        call: What was asked.
        signed: Whether this process has a key to say who it is.

    Raises:
        DeadlineExceeded: The time of the call was over when it arrived.
        Unavailable: Too much was under way there.
        NotAllowed: The neighbour does not answer this caller.
    """
    if answer.status_code < CLIENT_ERROR:
        return
    why = header(answer, REFUSED)
    if why is None:
        return
    answer.close()
    match why:
        case "deadline":
            raise DeadlineExceeded(
                f"`{neighbour}` did not begin with {call}: no time was left when "
                "its turn came"
            )
        case "busy":
            raise Unavailable(
                f"`{neighbour}` did not begin with {call}: it was too busy",
                hint=f"`workers` in the manifest of `{neighbour}` gives it more",
            )
        case "identity":
            raise NotAllowed(
                f"`{neighbour}` did not begin with {call}: it could not verify "
                "who calls",
                hint="were both started by the same `glassware up`?"
                if signed
                else "a worker keeps its key from the programs that it starts: name "
                "them in `[processes]`, start them with `glassware run`, or let them "
                f"call the address that `{{services.{neighbour}.url}}` stands for",
            )
        case "caller":
            raise NotAllowed(
                f"`{neighbour}` did not begin with {call}: it does not name the "
                "caller among those that may call it",
                hint=f'write `calls = ["{neighbour}"]` in the caller\'s '
                "`service.toml`, and let the neighbour start anew",
            )
        case _:
            pass

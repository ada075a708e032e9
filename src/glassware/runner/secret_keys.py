"""The `SECRET_KEY` of each service, and the one that counts beside it.

A service gets another key without signing anybody out, in two steps with a restart
after each. In between, some of its workers have been started before a step and some
after it, and each has to understand what the others have signed: so the new key is
accepted everywhere before anybody signs with it.
"""

import json
import secrets
from typing import Literal

from .state import State


Step = Literal["announce", "take"]


def secret_key(state: State, service: str) -> str:
    """Return the key that a service signs with."""
    return state.credential(_signing(service))


def other_keys(state: State, service: str) -> str:
    """Return the keys that it accepts besides, as JSON; empty: there are none."""
    kept = state.kept_credential(_accepted(service))
    return json.dumps([kept]) if kept else ""


def change_key(state: State, service: str, step: Step) -> None:
    """Make one step; the service has to start anew after it.

    Args:
        state: Where the keys are kept.
        service: Whose key it is.
        step: `announce`: a new key is accepted, in the place of the last but one;
            `take`: it is the one that signs, and the one before is accepted.
    """
    if step == "announce":
        state.keep_credentials({_accepted(service): secrets.token_urlsafe(32)})
        return
    announced = state.kept_credential(_accepted(service))
    if announced:
        former = secret_key(state, service)
        state.keep_credentials(
            {_signing(service): announced, _accepted(service): former}
        )


def _signing(service: str) -> str:
    return f"secret key {service}"


def _accepted(service: str) -> str:
    return f"other secret key {service}"

"""Who calls the workers of these tests, and with which tokens."""

import os
from collections.abc import Mapping
from http.client import HTTPResponse

from glassware.environment import Settings, to_variables
from glassware.protocol import IDENTITY, write_deadline
from glassware.tokens import SITE, Key
from worker.worker_process import Connection


KEYS = {name: Key.generate() for name in ("storefront", "accounts", SITE)}
CALLERS = {name: KEYS[name].public for name in ("storefront", SITE)}
OWN = Key.generate()


def variables(service: str = "catalog") -> dict[str, str]:
    """Return the variables of a service that `storefront` and the site may call."""
    settings = Settings(
        site="shop", service=service, key=OWN.text, callers=CALLERS, calls=("reviews",)
    )
    return {"PATH": os.environ["PATH"], **to_variables(settings)}


def by(caller: str, callee: str = "catalog", **more: str) -> dict[str, str]:
    """Return the headers of a caller's request."""
    return {IDENTITY: KEYS[caller].sign(caller, callee), **more}


def within(seconds: float) -> dict[str, str]:
    """Return the header of a request that has so much time."""
    return {"X-Glassware-Deadline": write_deadline(seconds)}


def begun(
    path: str, target: str, headers: Mapping[str, str] | None = None
) -> Connection:
    """Send a request and return its connection, without reading the answer."""
    connection = Connection(path)
    connection.request("GET", target, headers=dict(headers or {}))
    return connection


def ended(connection: Connection) -> tuple[HTTPResponse, bytes]:
    """Return the answer of a connection, read to its end, and close it."""
    try:
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()

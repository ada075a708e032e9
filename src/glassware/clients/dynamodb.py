"""DynamoDB through boto3: a resource for each thread."""

import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from weakref import WeakSet

from glassware.errors import MissingExtra

from . import Access, Opened
from .urls import query_of


if TYPE_CHECKING:
    from boto3 import Session

CONNECT_PATIENCE = 2.0
PATIENCE = 5.0
ATTEMPTS = 2
SIGN_OF_LIFE = 2.0

_HERE = {"127.0.0.1", "localhost", "::1"}

# Overloaded, out of order, or nobody gets in with these credentials.
_LOST = {
    *("InternalServerError", "InternalFailure", "ServiceUnavailable"),
    *("ThrottlingException", "ProvisionedThroughputExceededException"),
    *("RequestLimitExceeded", "UnrecognizedClientException"),
    *("InvalidSignatureException", "ExpiredTokenException"),
    *("InvalidClientTokenId", "MissingAuthenticationTokenException"),
}
# Asking was in vain, and somebody was there to say so.
_REFUSALS = {"AccessDeniedException", "ThrottlingException"}


def access(url: str) -> Access:
    """Return the parts of a URL; of Amazon's own there is no host."""
    parts = urlsplit(url)
    return Access(
        host=parts.hostname or "",
        port=parts.port or (80 if _is_plain(url) else 443),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        name=query_of(url).get("name", ""),
        socket="",
        region=unquote(parts.path.strip("/")),
    )


def open_client(url: str, *, name: str) -> Opened:
    """Return resources that are told within seconds that nobody answers."""
    try:
        import boto3  # noqa: PLC0415 - an optional package, and a heavy one
        from botocore.config import Config  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra("dynamodb", "a DynamoDB database") from error
    parts = access(url)
    # What a person set up for Amazon is nothing to a server that has its own keys.
    variables = _NOBODYS if parts["user"] else {}
    session = boto3.Session(
        botocore_session=Session(session_vars=variables),
        aws_access_key_id=parts["user"] or None,
        aws_secret_access_key=parts["password"] or None,
        region_name=parts["region"] or None,
    )
    options: dict[str, Any] = {"endpoint_url": _endpoint(url, parts)}
    # `HTTP_PROXY` is for the way to other machines.
    proxies: dict[str, Any] = {"proxies": {}} if parts["host"] in _HERE else {}
    limits, short = _limits(PATIENCE), _limits(SIGN_OF_LIFE, attempts=1)
    resources = _Resources(session, {**options, "config": Config(**limits, **proxies)})
    sign = {**options, "config": Config(**short, **proxies)}
    return Opened(
        resources.get, resources.close, lambda: resources.of_one_use(_ping, sign)
    )


def is_lost(error: BaseException) -> bool:
    """Tell whether the server is not there."""
    known = sys.modules.get("botocore.exceptions")
    if known is None:
        return False
    if isinstance(error, known.ClientError):
        return error.response.get("Error", {}).get("Code") in _LOST
    return isinstance(
        error,
        (
            *(known.ConnectionError, known.HTTPClientError),
            *(known.NoCredentialsError, known.CredentialRetrievalError),
        ),
    )


class _Resources:
    """Resources by thread: boto3 lets no two threads share one.

    Nor can resources share a client: it is theirs alone, and the first of them
    would number the names and values of everybody's conditions.
    """

    def __init__(self, session: "Session", options: dict[str, Any]) -> None:
        self._session = session
        self._options = options
        self._own = threading.local()
        self._making = threading.Lock()
        self._clients: WeakSet[Any] = WeakSet()

    def get(self) -> Any:
        """Return the resource of the thread that asks."""
        try:
            return self._own.resource
        except AttributeError:
            # A session is not for several threads at once either.
            with self._making:
                resource = self._session.resource("dynamodb", **self._options)
                self._clients.add(resource.meta.client)
            self._own.resource = resource
            return resource

    def of_one_use(self, use: Callable[[Any], None], options: dict[str, Any]) -> None:
        """Use a client with options of its own."""
        with self._making:
            client = self._session.client("dynamodb", **options)
        try:
            use(client)
        finally:
            client.close()

    def close(self) -> None:
        """Close the connections of every thread."""
        for client in tuple(self._clients):
            client.close()


# Each is: a key of Amazon's settings, a variable, what it is without, a type.
_NOBODYS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def _limits(patience: float, *, attempts: int = ATTEMPTS) -> dict[str, Any]:
    return {
        "connect_timeout": CONNECT_PATIENCE,
        "read_timeout": patience,
        "retries": {"mode": "standard", "total_max_attempts": attempts},
        "tcp_keepalive": True,
    }


def _is_plain(url: str) -> bool:
    return urlsplit(url).scheme != "dynamodb+https" and bool(urlsplit(url).hostname)


def _endpoint(url: str, parts: Access) -> str | None:
    if not parts["host"]:
        return None
    host = f"[{parts['host']}]" if ":" in parts["host"] else parts["host"]
    return f"{'http' if _is_plain(url) else 'https'}://{host}:{parts['port']}"


def _ping(client: Any) -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as above

    try:
        client.list_tables(Limit=1)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSALS:
            raise

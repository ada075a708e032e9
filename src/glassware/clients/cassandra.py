"""A session of Cassandra on one keyspace."""

import ssl
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from glassware.errors import MissingExtra

from . import Access, Opened


if TYPE_CHECKING:
    from cassandra.cluster import Cluster, Session

PORT = 9042
PATIENCE = 5.0
SIGN_OF_LIFE = 2.0

# How long to wait between two attempts to reach a node that went away.
_PAUSES = (0.1, 1.0)
_HEARTBEAT = 10.0

_ALIVE = "SELECT key FROM system.local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a URL says: `cassandra://USER:PASSWORD@HOST:PORT,HOST/KEYSPACE?…`.

    Attributes:
        hosts: Nodes to begin with; the others are learned from them.
        user: May be empty: there is no password then.
        password: Of the user.
        keyspace: May be empty.
        options: `protocol_version`, `datacenter`, `tls`, `tls_ca` and others.
    """

    hosts: tuple[tuple[str, int], ...]
    user: str
    password: str = field(repr=False)
    keyspace: str
    options: Mapping[str, str]

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Return what `url` says.

        Raises:
            ValueError: It is no such URL.
        """
        parts = urlsplit(url)
        login, _, places = parts.netloc.rpartition("@")
        user, _, password = login.partition(":")
        return cls(
            hosts=tuple(_host(place) for place in places.split(",")),
            user=unquote(user),
            password=unquote(password),
            keyspace=unquote(parts.path.strip("/")),
            options=dict(parse_qsl(parts.query)),
        )


def access(url: str) -> Access:
    """Return the parts of a URL; of several hosts, the first."""
    address = Address.parse(url)
    host, port = address.hosts[0]
    return Access(
        host=host,
        port=port,
        user=address.user,
        password=address.password,
        name=address.keyspace,
        socket="",
    )


def open_client(url: str, *, name: str) -> Opened:
    """Return a session that connects when it is first used."""
    try:
        import cassandra.cluster  # noqa: F401, PLC0415 - an optional package
    except ImportError as error:
        raise MissingExtra("cassandra", "a Cassandra database") from error
    connection = _Connection(Address.parse(url), name)
    return Opened(connection.session, connection.close, connection.ping)


def is_lost(error: BaseException) -> bool:
    """Tell whether the server is not there."""
    driver = sys.modules.get("cassandra")
    cluster = sys.modules.get("cassandra.cluster")
    connection = sys.modules.get("cassandra.connection")
    if driver is None or cluster is None or connection is None:
        return False
    if isinstance(error, cluster.NoHostAvailable):
        causes = error.errors.values() if isinstance(error.errors, dict) else ()
        return not causes or any(not _is_answer(cause) for cause in causes)
    lost = (
        *(driver.OperationTimedOut, driver.Timeout, driver.Unavailable),
        *(driver.AuthenticationFailed, connection.ConnectionException),
    )
    return isinstance(error, lost)


def make_cluster(address: Address, *, name: str = "glassware", **options: Any) -> Any:
    """Return the driver's `Cluster` for an address; it does not connect yet.

    Args:
        address: Where, and who.
        name: What the server is told who connects.
        options: Of `Cluster`, in place of those that a service gets.
    """
    from cassandra.auth import PlainTextAuthProvider  # noqa: PLC0415 - optional
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster  # noqa: PLC0415
    from cassandra.policies import ExponentialReconnectionPolicy  # noqa: PLC0415

    if version := address.options.get("protocol_version"):
        options["protocol_version"] = int(version)
    if address.user:
        login = PlainTextAuthProvider(address.user, address.password)
        options["auth_provider"] = login
    if address.options.get("tls", "").lower() in {"1", "true", "yes"}:
        options["ssl_context"] = ssl.create_default_context(
            cafile=address.options.get("tls_ca")
        )
        options["ssl_options"] = {"server_hostname": address.hosts[0][0]}
    defaults: dict[str, Any] = {
        "contact_points": list(address.hosts),
        "port": address.hosts[0][1],
        "application_name": name,
        "connect_timeout": PATIENCE,
        "control_connection_timeout": PATIENCE,
        "execution_profiles": {EXEC_PROFILE_DEFAULT: _profile(address)},
        "idle_heartbeat_interval": _HEARTBEAT,
        "idle_heartbeat_timeout": PATIENCE,
        "monitor_reporting_enabled": False,
        "reconnection_policy": ExponentialReconnectionPolicy(
            *_PAUSES, max_attempts=None
        ),
    }
    return Cluster(**(defaults | options))


class _Connection:
    """Connects at the first use; what fails is tried again at the next one."""

    def __init__(self, address: Address, name: str) -> None:
        self._address = address
        self._name = name
        self._lock = threading.Lock()
        self._cluster: Cluster | None = None
        self._session: Session | None = None
        self._failures = 0
        self._failure: Exception | None = None

    def session(self, patience: float = PATIENCE) -> "Session":
        if self._session is not None:
            return self._session
        failures = self._failures
        with self._lock:
            if self._session is None:
                if self._failure is not None and self._failures != failures:
                    # Who waited for somebody else's attempt does not wait again.
                    raise self._failure
                self._connect(patience)
            return self._session

    def ping(self) -> None:
        self.session(SIGN_OF_LIFE).execute(_ALIVE, timeout=SIGN_OF_LIFE)

    def close(self) -> None:
        with self._lock:
            cluster, self._cluster, self._session = self._cluster, None, None
        if cluster is not None:
            cluster.shutdown()

    def _connect(self, patience: float) -> None:
        cluster = make_cluster(
            self._address,
            name=self._name,
            connect_timeout=patience,
            control_connection_timeout=patience,
        )
        try:
            self._session = cluster.connect(self._address.keyspace or None)
        except Exception as error:
            cluster.shutdown()
            self._failures, self._failure = self._failures + 1, error
            raise
        self._cluster, self._failure = cluster, None
        cluster.connect_timeout = cluster.control_connection_timeout = PATIENCE


def _host(place: str) -> tuple[str, int]:
    parts = urlsplit(f"//{place}")
    return parts.hostname or "localhost", parts.port or PORT


def _profile(address: Address) -> Any:
    from cassandra.cluster import ExecutionProfile  # noqa: PLC0415 - optional
    from cassandra.policies import (  # noqa: PLC0415
        DCAwareRoundRobinPolicy,
        RoundRobinPolicy,
        TokenAwarePolicy,
    )

    datacenter = address.options.get("datacenter")
    nodes = DCAwareRoundRobinPolicy(datacenter) if datacenter else RoundRobinPolicy()
    return ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(nodes), request_timeout=PATIENCE
    )


def _is_answer(error: BaseException) -> bool:
    """Tell whether a node answered, and is well: it just cannot do this."""
    protocol = sys.modules["cassandra.protocol"]
    busy = (protocol.OverloadedErrorMessage, protocol.IsBootstrappingErrorMessage)
    return isinstance(error, protocol.ErrorMessage) and not isinstance(error, busy)

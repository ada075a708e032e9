"""A Cassandra server: its URL, and the session of its administrator."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cassandra
from cassandra.cluster import NoHostAvailable, Session
from cassandra.protocol import ErrorMessage

from glassware.clients.cassandra import Address, make_cluster
from glassware.engines import Grant, addresses
from glassware.errors import EngineError

from . import files


ADMINISTRATOR = "cassandra"

_OWN = "own"
_SECONDS = 5.0
_REPLICAS = 3
_FAILURES = (cassandra.DriverException, NoHostAvailable, ErrorMessage, OSError)

# What of an administrator's URL is a service's business too.
_SHARED_OPTIONS = {"protocol_version", "datacenter", "tls", "tls_ca"}


class Denied(EngineError):
    """The server does not let the administrator in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a server is, and who administers it.

    Attributes:
        address: What its URL says.
        data: The data folder, if it is the site's own.
    """

    address: Address
    data: Path | None = None

    @classmethod
    def parse(cls, url: str) -> "Server":
        """Return the server that `url` leads to.

        Raises:
            EngineError: It leads nowhere; the message does not repeat it.
        """
        try:
            address = Address.parse(url)
            options = dict(address.options)
            int(options.get("protocol_version", "3"))
            int(options.get("replication", "1"))
        except ValueError:
            raise EngineError(
                "the URL of the Cassandra server cannot be read",
                hint="`cassandra://USER:PASSWORD@HOST:PORT`, with special characters "
                "percent-encoded",
            ) from None
        own = options.pop(_OWN, None)
        address = replace(address, options=options, keyspace="")
        return cls(address=address, data=Path(own) if own else None)

    def url(self) -> str:
        """Return the URL of the administrator."""
        own = {_OWN: str(self.data)} if self.data else {}
        options = {**self.address.options, **own}
        return _url(replace(self.address, options=options))

    def theirs(self, keyspace: str, user: str, password: str) -> str:
        """Return the URL of a service."""
        said = self.address.options.items()
        return _url(
            replace(
                self.address,
                keyspace=keyspace,
                user=user,
                password=password,
                options={k: v for k, v in said if k in _SHARED_OPTIONS},
            )
        )

    def replication(self, session: Session) -> str:
        """Return what a new keyspace is made with, as CQL writes it."""
        factor = self.address.options.get("replication")
        if self.data:
            return "{'class': 'SimpleStrategy', 'replication_factor': 1}"
        local = session.execute("SELECT data_center FROM system.local").one()
        datacenter = self.address.options.get("datacenter", local.data_center)
        if factor is None:
            peers = session.execute("SELECT data_center FROM system.peers")
            nodes = [node for node in (local, *peers) if node.data_center == datacenter]
            factor = str(min(_REPLICAS, len(nodes)))
        strategy = "'class': 'NetworkTopologyStrategy'"
        return f"{{{strategy}, {text(datacenter)}: {int(factor)}}}"

    def listens(self) -> bool:
        """Tell whether something takes connections there."""
        for place in self.address.hosts:
            with suppress(OSError), socket.create_connection(place, timeout=2):
                return True
        return False

    def let_in(self) -> bool:
        """Connect once, and settle who administers a server of the site's own.

        Raises:
            Denied: It refuses this administrator for good.
        """
        try:
            with self.administrator():
                pass
        except Denied:
            return self._change_password()
        except EngineError:
            return False
        if self.data:
            files.settle(self.data, self.address.password)
        return True

    @contextmanager
    def administrator(self, grant: Grant | None = None) -> Iterator[Session]:
        """Connect, and turn what goes wrong into an error without secrets."""
        secrets = (self.address.password, grant.password if grant else None)
        cluster = open_cluster(self.address)
        try:
            yield cluster.connect()
        except _FAILURES as error:
            raise self.refusal(error, *secrets) from None
        finally:
            cluster.shutdown()

    def refusal(self, error: BaseException, *secrets: str | None) -> EngineError:
        """Return the error for what the server, or the way to it, answered."""
        reason = first_of(error)
        where = ", ".join(f"`{addresses.at(*host)}`" for host in self.address.hosts)
        said = addresses.hidden(message_of(reason), self.address.password, *secrets)
        denied = isinstance(reason, cassandra.AuthenticationFailed)
        limited = isinstance(reason, cassandra.Unauthorized)
        return (Denied if denied else EngineError)(
            f"the Cassandra server at {where} refused: {said}",
            hint="its administrator needs to be a superuser; check the URL of "
            "`[engines.cassandra]` in `site.toml`"
            if denied or limited
            else None,
        )

    def _change_password(self) -> bool:
        """Give the administrator of the site's own server the password it is to have.

        Raises:
            Denied: It is not to have this one, or none of the known ones works.
        """
        if self.data is None:
            raise self._denied()
        *known, wanted = files.passwords(self.data)
        if wanted != self.address.password:
            raise self._denied()
        for password in reversed(known):
            login = replace(self.address, user=ADMINISTRATOR, password=password)
            try:
                with replace(self, address=login).administrator() as session:
                    _check_alone(session, password)
                    session.execute(
                        f"ALTER USER {text(ADMINISTRATOR)} WITH PASSWORD {text(wanted)}"
                    )
            except Denied:
                continue
            files.settle(self.data, wanted)
            return True
        if files.FIRST_PASSWORD in known:
            # A new server makes its first user a moment after it opens its port.
            return False
        raise self._denied()

    def _denied(self) -> Denied:
        where = ", ".join(f"`{addresses.at(*host)}`" for host in self.address.hosts)
        return Denied(
            f"the Cassandra server at {where} refused the administrator "
            f"`{self.address.user}`: the password is wrong",
            hint="check the URL of `[engines.cassandra]` in `site.toml`; if the server "
            "is the site's own, begin anew with `glassware down --wipe`",
        )


def open_cluster(address: Address) -> Any:
    """Return a small `Cluster` for administration; it does not connect yet."""
    return make_cluster(
        address,
        connect_timeout=_SECONDS,
        control_connection_timeout=_SECONDS,
        idle_heartbeat_interval=0,
        schema_metadata_enabled=False,
        token_metadata_enabled=False,
    )


def text(value: str) -> str:
    """Return a text as CQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name as CQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def first_of(error: BaseException) -> BaseException:
    """Return what is behind an error of a whole cluster."""
    if isinstance(error, NoHostAvailable) and isinstance(error.errors, dict):
        first: BaseException = next(iter(error.errors.values()), error)
        return first
    return error


def message_of(error: BaseException) -> str:
    """Return what an error says, on one line."""
    line = str(error).strip().partition("\n")[0]
    # Error from server: code=2100 [Unauthorized] message="…"
    return line.partition('message="')[2].removesuffix('"') or line


def _check_alone(session: Session, password: str) -> None:
    # Whoever knows Cassandra knows this password: until now anybody on this
    # machine could have made a user.
    if password != files.FIRST_PASSWORD:
        return
    users = [row.name for row in session.execute("LIST USERS")]
    if users != [ADMINISTRATOR]:
        raise EngineError(
            "somebody else made users on the new Cassandra server: "
            + ", ".join(f"`{user}`" for user in users if user != ADMINISTRATOR),
            hint="begin anew with `glassware down --wipe`",
        )


def _url(address: Address) -> str:
    place = ",".join(addresses.at(*host) for host in address.hosts)
    login = (address.user, address.password)
    return addresses.join(
        "cassandra", login, place, quote(address.keyspace), address.options
    )

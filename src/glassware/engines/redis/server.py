"""A Redis or Valkey server: its URL, and the connection of its administrator."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from glassware.engines import addresses
from glassware.errors import EngineError


_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "unix": "unix"}
_DEFAULT_PORT = 6379
_SECONDS = 3.0

# What of an administrator's URL is a service's business too.
_SHARED_OPTIONS = {"ssl_cert_reqs", "ssl_ca_certs", "ssl_ca_path", "ssl_check_hostname"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a server is, and who somebody is there.

    Attributes:
        scheme: `redis`, `rediss` or `unix`.
        user: Empty for the default user.
        password: Of that user.
        host: Empty where there is only a socket.
        port: Of the host.
        socket: Its file; empty where there is none.
        own: Whether the server serves one declaration and nobody else.
        options: Of the URL, as redis-py knows them.
    """

    scheme: str = "redis"
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: int = _DEFAULT_PORT
    socket: str = ""
    own: bool = False
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the server that `url` leads to.

        Raises:
            EngineError: It leads nowhere; the message does not repeat it.
        """
        try:
            server = cls._parse(url)
            # What redis-py thinks of the options, before anything is connected.
            redis.ConnectionPool.from_url(server.native_url()).make_connection()
        except (KeyError, TypeError, ValueError):
            raise EngineError(
                "the URL of the Redis server cannot be read",
                hint="`redis://USER:PASSWORD@HOST:PORT`, `rediss://…` or "
                "`unix:///PATH`, with special characters percent-encoded",
            ) from None
        return server

    @classmethod
    def _parse(cls, url: str) -> Self:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        options.pop("db", None)
        scheme = _SCHEMES[parts.scheme]
        own_socket = options.pop("socket", "")
        password = options.pop("password", "")
        return cls(
            scheme=scheme,
            user=unquote(parts.username or options.pop("username", "")),
            password=unquote(parts.password) if parts.password else password,
            host="" if scheme == "unix" else parts.hostname or "localhost",
            port=parts.port or _DEFAULT_PORT,
            socket=unquote(parts.path) if scheme == "unix" else own_socket,
            own=bool(own_socket),
            options=options,
        )

    def theirs(self, user: str, password: str) -> "Server":
        """Return the same server for somebody who is not its administrator."""
        options = {k: v for k, v in self.options.items() if k in _SHARED_OPTIONS}
        return replace(self, user=user, password=password, own=False, options=options)

    def url(self, number: int = 0) -> str:
        """Return the URL over TCP, where there is TCP."""
        if not self.host:
            return self.native_url(number)
        options = {"socket": self.socket, **self.options} if self.own else self.options
        login = (self.user, self.password)
        place = addresses.at(self.host, self.port)
        return addresses.join(self.scheme, login, place, str(number), options)

    def native_url(self, number: int = 0) -> str:
        """Return the URL through the socket, where there is one."""
        if not self.socket:
            return self.url(number)
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        password = f"&password={quote(self.password, safe='')}" if self.password else ""
        return f"unix://{user}{quote(self.socket)}?db={number}{password}"

    @contextmanager
    def connect(self, number: int = 0) -> Iterator[redis.Redis]:
        """Connect to a database of the server; one try, and no long wait."""
        client = redis.Redis.from_url(
            self.native_url(number),
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=_SECONDS,
            socket_timeout=_SECONDS,
        )
        with client:
            yield client

    @contextmanager
    def administrator(self, *secrets: str, number: int = 0) -> Iterator[redis.Redis]:
        """Connect, and turn what goes wrong into an error without `secrets`."""
        try:
            with self.connect(number) as client:
                yield client
        except (redis.RedisError, OSError) as error:
            raise self.refusal(error, *secrets) from None

    def refusal(self, error: Exception, *secrets: str) -> EngineError:
        """Return the error for what the server, or the way to it, answered."""
        where = addresses.at(self.host, self.port) if self.host else self.socket
        denied = isinstance(error, (redis.AuthenticationError, NoPermissionError))
        return EngineError(
            f"the Redis server at `{where}` refused: "
            f"{addresses.hidden(str(error), self.password, *secrets)}",
            hint="check the URL of `[engines.redis]` in `site.toml`: its user needs "
            "every right, `ACL` included"
            if denied
            else None,
        )

"""A MongoDB server: its URL, and the connection of its administrator."""

import socket
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from glassware.engines import addresses
from glassware.errors import EngineError


Client = MongoClient[dict[str, Any]]

UNAUTHORIZED, REFUSED = 13, 18
_DEFAULT_PORT = 27017
_SCHEMES = {"mongodb", "mongodb+srv"}
_PATIENCE = 3.0
_LONG_PATIENCE = 60.0

# What of an administrator's URL is a service's business too; options have any case.
_SHARED_OPTIONS = {
    *("tls", "ssl", "tlscafile", "tlscrlfile", "tlsinsecure"),
    *("tlsallowinvalidcertificates", "tlsallowinvalidhostnames"),
    *("tlsdisableocspendpointcheck", "replicaset", "directconnection", "loadbalanced"),
    *("w", "wtimeoutms", "journal", "readconcernlevel", "readpreference"),
    *("readpreferencetags", "maxstalenessseconds", "retrywrites", "retryreads"),
    *("compressors", "srvservicename", "srvmaxhosts"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a server is, and who somebody is there.

    Attributes:
        scheme: `mongodb`, or `mongodb+srv`.
        user: Who signs in; empty for nobody.
        password: Of that user.
        places: Hosts with their ports, as they are written.
        name: Of a database.
        options: Of the URL, in its order.
        socket: Of a server of the site's own on this machine.
        member: What a server of the site's own calls itself in its replica set;
            empty for a server of somebody else's.
    """

    scheme: str = "mongodb"
    user: str = ""
    password: str = field(default="", repr=False)
    places: tuple[str, ...]
    name: str = ""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    socket: str = ""
    member: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the server that `url` leads to.

        Raises:
            EngineError: It leads nowhere; the message does not repeat it.
        """
        try:
            server = cls._parse(url)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                # What pymongo thinks of the options, before anything is connected.
                MongoClient(server.native_url(), connect=False).close()
        except (PyMongoError, OSError, TypeError, ValueError, Warning):
            raise EngineError(
                "the URL of the MongoDB server cannot be read",
                hint="`mongodb://USER:PASSWORD@HOST:PORT` or `mongodb+srv://…`, with "
                "special characters percent-encoded",
            ) from None
        return server

    @classmethod
    def _parse(cls, url: str) -> Self:
        scheme, _, rest = url.partition("://")
        if scheme not in _SCHEMES:
            raise ValueError(scheme)
        place, _, query = rest.partition("?")
        place, _, name = place.partition("/")
        login, _, hosts = place.rpartition("@")
        user, _, password = login.partition(":")
        options = dict(parse_qsl(query, strict_parsing=bool(query)))
        return cls(
            scheme=scheme,
            user=unquote(user),
            password=unquote(password),
            places=tuple(hosts.split(",")),
            name=unquote(name),
            socket=options.pop("socket", ""),
            member=options.pop("member", ""),
            options=options,
        )

    @property
    def first(self) -> tuple[str, int]:
        """The first host, and its port."""
        host, _, port = self.places[0].rpartition(":")
        if not port.isdigit() or self.places[0].endswith("]"):
            host, port = self.places[0], str(_DEFAULT_PORT)
        return unquote(host).strip("[]"), int(port)

    @property
    def where(self) -> str:
        """Where it is, for people."""
        return ", ".join(f"`{unquote(place)}`" for place in self.places)

    def shared_options(self) -> dict[str, str]:
        """Return what services are told of the options."""
        return {k: v for k, v in self.options.items() if k.lower() in _SHARED_OPTIONS}

    def url(self) -> str:
        """Return the URL with which `parse` makes this server again."""
        own = {"socket": self.socket, "member": self.member}
        return self._url(",".join(self.places), {k: v for k, v in own.items() if v})

    def tcp_url(self) -> str:
        """Return the URL over TCP."""
        return self._url(",".join(self.places), {})

    def native_url(self) -> str:
        """Return the URL through the socket, where there is one."""
        place = quote(self.socket, safe="") if self.socket else ",".join(self.places)
        return self._url(place, {})

    def _url(self, place: str, more: Mapping[str, str]) -> str:
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@"
        options = "&".join(
            f"{name}={quote(value, safe='')}"
            for name, value in {**self.options, **more}.items()
        )
        return (
            f"{self.scheme}://{login if self.user else ''}{place}/"
            f"{quote(self.name, safe='')}{'?' if options else ''}{options}"
        )

    def listens(self) -> bool:
        """Tell whether somebody takes connections there; knows that of our own alone."""
        if not self.member:
            return True
        try:
            socket.create_connection(self.first, timeout=_PATIENCE).close()
        except OSError:
            return False
        return True

    @contextmanager
    def connect(self, patience: float = _PATIENCE) -> Iterator[Client]:
        """Connect; what takes longer than `patience` seconds is an error."""
        seconds = int(_PATIENCE * 1000)
        client: Client = MongoClient(
            self.native_url(),
            appname="glassware",
            connectTimeoutMS=seconds,
            serverSelectionTimeoutMS=seconds,
            socketTimeoutMS=int(patience * 1000),
        )
        with client:
            yield client

    @contextmanager
    def administrator(self, *secrets: str) -> Iterator[Client]:
        """Connect, and turn what goes wrong into an error without `secrets`."""
        try:
            with self.connect(_LONG_PATIENCE) as client:
                yield client
        except (PyMongoError, OSError) as error:
            raise self.refusal(error, *secrets) from None

    def refusal(self, error: Exception, *secrets: str) -> EngineError:
        """Return the error for what the server, or the way to it, answered."""
        code, said = None, str(error).partition(", Timeout:")[0]
        if isinstance(error, OperationFailure):
            code, said = error.code, str((error.details or {}).get("errmsg") or said)
        said = addresses.hidden(said, self.password, *secrets)
        return EngineError(
            f"the MongoDB server at {self.where} refused: {said}", hint=_hint(code)
        )


def _hint(code: int | None) -> str | None:
    if code == REFUSED:
        return "check the URL of `[engines.mongodb]` in `site.toml`"
    if code == UNAUTHORIZED:
        return (
            "its administrator needs the role `root`, or `readWriteAnyDatabase`, "
            "`dbAdminAnyDatabase` and `userAdminAnyDatabase` on `admin`"
        )
    return None


def is_away(error: PyMongoError) -> bool:
    """Tell whether an error says that the server is not there, or not yet."""
    return isinstance(error, ConnectionFailure)

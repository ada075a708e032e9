"""MongoDB: one server for the site, a database and a user for each declaration.

The server is a replica set of one: transactions and change streams need that,
and what it acknowledges is in its journal.
"""

import shutil
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pymongo.errors import PyMongoError

from glassware.engines import (
    Access,
    Engine,
    Grant,
    Launch,
    Place,
    Program,
    Shell,
)
from glassware.engines.addresses import LOOPBACK
from glassware.engines.folders import lock
from glassware.engines.programs import alone_with, check_socket, dying_with_parent
from glassware.errors import EngineError

from . import files, marks, programs, replica, users
from .server import Server, is_away


_SETTINGS = (
    *("--bind_ip", LOOPBACK, "--filePermissions", "0700"),
    *("--replSet", programs.REPLICA_SET),
    *("--oplogSize", "50", "--wiredTigerCacheSizeGB", "0.25"),
    *("--wiredTigerEngineConfigString", "log=(file_max=10MB,prealloc=false)"),
    # Decompression by zlib once leaked memory to whoever asked.
    *("--networkMessageCompressors", "snappy,zstd"),
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    *("--setParameter", "enableLocalhostAuthBypass=false"),
    # Passwords are long and random: guessing is hopeless, signing in is quick.
    *("--setParameter", "scramSHA256IterationCount=5000"),
    "--quiet",
)

# A shell shows its arguments to everybody, and its variables to nobody else.
_CONNECT = "db = connect(process.env.MONGODB_URL)"


class MongoDB(Engine):
    """The engine `mongodb`."""

    name = "mongodb"
    extra = "mongodb"
    package = programs.package
    image = programs.image
    variables: Mapping[str, str] = {
        "MONGODB_URL": "{url}",
        "MONGODB_URI": "{url}",
        "MONGO_URL": "{url}",
        "MONGO_URI": "{url}",
        "MONGODB_HOST": "{host}",
        "MONGODB_PORT": "{port}",
        "MONGODB_USERNAME": "{user}",
        "MONGODB_PASSWORD": "{password}",
        "MONGODB_DB": "{name}",
    }

    def on_machine(self, path: Path | None) -> Program | None:
        """Return the server's program that is already on this machine, if it is."""
        return programs.on_machine(path)

    def embedded(self) -> Program:
        """Return the server's program that was fetched."""
        return programs.embedded()

    def prepare(self, place: Place) -> None:
        """Make the data folder usable; does little where it already is."""
        check_socket(_socket(place))
        files.prepare(place)

    def launch(self, place: Place) -> Launch:
        """Return the program that serves `place` in the foreground."""
        check_socket(_socket(place))
        program = place.program.path or Path(programs.PROGRAM)
        return Launch(
            argv=(
                *alone_with(lock(place)),
                *dying_with_parent(signal.SIGTERM),
                *(str(program), "--dbpath", str(files.folder(place))),
                *("--port", str(place.port)),
                *("--unixSocketPrefix", str(place.runtime)),
                *("--keyFile", str(files.key_file(place))),
                *_SETTINGS,
            ),
            environment=programs.environment(program),
        )

    def admin_url(self, place: Place) -> str:
        """Return how the administrator reaches the server of `place`."""
        contained = place.program.source == "container"
        port = programs.image.port if contained else place.port
        return Server(
            user=programs.ADMINISTRATOR,
            password=place.password,
            places=(f"{LOOPBACK}:{place.port}",),
            options={
                "authSource": "admin",
                "directConnection": "true",
                "w": "majority",
            },
            socket="" if contained else str(_socket(place)),
            member=f"{LOOPBACK}:{port}",
        ).url()

    def ready(self, admin_url: str) -> bool:
        """Ask whether the server takes connections now; never waits long."""
        server = Server.parse(admin_url)
        if server.member:
            return server.listens() and replica.is_ready(server)
        try:
            with server.connect() as client:
                return bool(client.admin.command("hello").get("isWritablePrimary"))
        except PyMongoError as error:
            if is_away(error):
                return False
            raise server.refusal(error) from None

    def provision(self, admin_url: str, grant: Grant) -> None:
        """Make the database and user of `grant`, or bring them up to date."""
        with Server.parse(admin_url).administrator(grant.password) as client:
            users.provision(client, users.named(grant))

    def access(self, admin_url: str, grant: Grant) -> Access:
        """Return how the holder of `grant` reaches its database."""
        grant = users.named(grant)
        server = Server.parse(admin_url)
        theirs = replace(
            server,
            user=grant.role,
            password=grant.password,
            name=grant.database,
            options={"authSource": grant.database, **server.shared_options()},
            member="",
        )
        host, port = server.first
        return Access(
            url=theirs.tcp_url(),
            native_url=theirs.native_url(),
            host=host,
            port=port,
            user=grant.role,
            password=grant.password,
            name=grant.database,
            socket=server.socket,
        )

    def wipe(self, admin_url: str, grant: Grant) -> None:
        """Remove the database and user of `grant` from a server."""
        grant = users.named(grant)
        with Server.parse(admin_url).administrator(grant.password) as client:
            if users.wipe(client, grant):
                marks.forget(client, grant)

    def mark(self, admin_url: str, grant: Grant) -> None:
        """Remember what is in a database now: tests begin with it."""
        with Server.parse(admin_url).administrator(grant.password) as client:
            marks.mark(client, users.named(grant))

    def rewind(self, admin_url: str, grant: Grant) -> None:
        """Bring a database back to what it was at the last `mark`."""
        with Server.parse(admin_url).administrator(grant.password) as client:
            marks.rewind(client, users.named(grant))

    def explain(self, log: str) -> EngineError:
        """Return what a server's last output says about why it ended."""
        return files.explain(log)

    def shell(self, access: Access) -> Shell | None:
        """Return `mongosh`; `None`: it is not on this machine."""
        mongosh = shutil.which("mongosh")
        if mongosh is None:
            return None
        return Shell(
            argv=(mongosh, "--nodb", "--quiet", "--shell", "--eval", _CONNECT),
            environment={"MONGODB_URL": access.native_url},
        )


engine = MongoDB()


def _socket(place: Place) -> Path:
    return place.runtime / f"mongodb-{place.port}.sock"

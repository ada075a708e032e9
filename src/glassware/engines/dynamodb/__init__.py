"""DynamoDB: a server of its own for each declaration, or Amazon's.

No server for development checks who somebody is: the process keeps services
apart. On an existing server nothing is made; a name to begin tables with, and
who may touch them, keep services apart there.
"""

import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from glassware.engines import (
    Access,
    Engine,
    Grant,
    Image,
    Launch,
    Place,
    Program,
)
from glassware.engines.addresses import LOOPBACK
from glassware.engines.folders import data_folder, lock
from glassware.engines.programs import (
    RESTORE,
    alone_with,
    dying_with_parent,
    failure,
)
from glassware.errors import EngineError
from glassware.files import write_whole

from . import marks, programs
from .server import Server


_ADMINISTRATOR = "glassware"

_TAKEN = "is already in use"
_HINTS = {
    "not a valid SQLite database": RESTORE,
    "disk image is malformed": RESTORE,
    "file is not a database": RESTORE,
    "disk is full": "make room on that disk and start the site again; everything that "
    "was acknowledged is kept",
}


class DynamoDB(Engine):
    """The engine `dynamodb`."""

    name = "dynamodb"
    extra = "dynamodb"
    package = programs.package
    image = Image(
        name="docker.io/amazon/dynamodb-local:2.5.4",
        port=8000,
        data="/home/dynamodblocal/data",
        arguments=(
            *("-jar", "DynamoDBLocal.jar", "-sharedDb"),
            *("-dbPath", "/home/dynamodblocal/data"),
        ),
    )
    # Nothing here is about another service of Amazon's that a service may use.
    variables: Mapping[str, str] = {
        "DYNAMODB_URL": "{url}",
        "AWS_ENDPOINT_URL_DYNAMODB": "{endpoint}",
    }

    def on_machine(self, path: Path | None) -> Program | None:
        """Return the Dynoxide that is already on this machine."""
        return programs.on_machine(path)

    def embedded(self) -> Program:
        """Return what was fetched, or moto's server where that is installed."""
        return programs.embedded()

    def prepare(self, place: Place) -> None:
        """Make the data folder usable; does little where it already is."""
        with data_folder(place):
            _check_version(place)

    def launch(self, place: Place) -> Launch:
        """Return the program that serves `place` in the foreground."""
        where = ("--host", LOOPBACK, "--port", str(place.port))
        if programs.is_moto(place.program):
            serve = (sys.executable, "-m", "moto.server", *where)
        else:
            file = str(marks.database(place.data))
            serve = (str(place.program.path), *where, "--db-path", file)
        return Launch(
            argv=(
                *alone_with(lock(place)),
                *dying_with_parent(signal.SIGTERM),
                *serve,
            )
        )

    def admin_url(self, place: Place) -> str:
        """Return how the administrator reaches the server of `place`."""
        options = {"data": str(place.data)}
        if _is_dynoxide(place.program):
            options["snapshots"] = "sqlite"
        return Server(
            host=LOOPBACK,
            port=place.port,
            key=_ADMINISTRATOR,
            secret=place.password,
        ).url(options)

    def ready(self, admin_url: str) -> bool:
        """Ask whether the server takes connections now; never waits long."""
        server = Server.parse(admin_url)
        # Amazon's own is there; whether it lets a service in, only that one knows.
        return not server.host or server.answers()

    def provision(self, admin_url: str, grant: Grant) -> None:
        """Do nothing: tables are made by services, and nobody is asked who it is."""
        Server.parse(admin_url)

    def access(self, admin_url: str, grant: Grant) -> Access:
        """Return how the holder of `grant` reaches its database."""
        server = Server.parse(admin_url)
        key, secret = server.key, server.secret
        if server.data:
            # Amazon's own server for development takes only these for a key.
            key, secret = re.sub(r"[^A-Za-z0-9]", "", grant.role), grant.password
        theirs = Server(
            scheme=server.scheme,
            host=server.host,
            port=server.port,
            region=server.region,
            key=key,
            secret=secret,
        )
        url = theirs.url({"name": grant.database})
        return Access(
            url=url,
            native_url=url,
            host=server.host,
            port=server.port,
            user=key,
            password=secret,
            name=grant.database,
            endpoint=server.endpoint,
        )

    def wipe(self, admin_url: str, grant: Grant) -> None:
        """Remove every table of a server of the site's own."""
        server = _own(admin_url, "are removed by their owner")
        for table in server.tables():
            server.drop(table)
        marks.forget(server)

    def mark(self, admin_url: str, grant: Grant) -> None:
        """Remember what is in a database now: tests begin with it."""
        marks.mark(_own(admin_url, "have no state to go back to"))

    def rewind(self, admin_url: str, grant: Grant) -> None:
        """Bring a database back to what it was at the last `mark`."""
        marks.rewind(_own(admin_url, "have no state to go back to"))

    def explain(self, log: str) -> EngineError:
        """Return what a server's last output says about why it ended."""
        # The program finds out by itself, and says it in words of its own.
        plain = log.replace(_TAKEN, f"{_TAKEN}: Address already in use")
        return failure("the DynamoDB server ended", plain, _HINTS)


engine = DynamoDB()


def _is_dynoxide(program: Program) -> bool:
    return program.source != "container" and not programs.is_moto(program)


def _own(admin_url: str, truth: str) -> Server:
    server = Server.parse(admin_url)
    if not server.data:
        raise EngineError(f"tables on a DynamoDB server that exists already {truth}")
    return server


def _check_version(place: Place) -> None:
    """Check that no newer Dynoxide wrote the data; tell the next one who did."""
    note, version = place.data / "version", place.program.version
    written = note.read_text().strip() if note.is_file() else ""
    if not _is_dynoxide(place.program):
        _check_unwritten(place, written)
        return
    if written and _numbers(written) > _numbers(version):
        raise EngineError(
            f"the data folder `{place.data}` was written by Dynoxide {written}, and "
            f"the {place.program.source} server is Dynoxide {version}",
            hint=f"name a Dynoxide {written} as `program` of `[engines.dynamodb]` in "
            "`site.toml`, or begin anew with `glassware down --wipe`",
        )
    write_whole(note, version, mode=0o600)


def _check_unwritten(place: Place, written: str) -> None:
    """Let nobody believe that data is gone that only another server can read."""
    if written:
        raise EngineError(
            f"the data folder `{place.data}` was written by Dynoxide {written}, and "
            f"the {place.program.source} server is another one",
            hint="`glassware install` fetches Dynoxide; or begin anew with "
            "`glassware down --wipe`",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])

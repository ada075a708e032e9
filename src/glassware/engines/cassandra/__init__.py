"""Cassandra: one server for the site, a keyspace and a user for each declaration.

The embedded server is the real one, and an old one: the only Cassandra in the
registries is 2.1.0, of 2014. It serves development and tests alone.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from glassware.clients.cassandra import Address
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
)
from glassware.engines.addresses import LOOPBACK
from glassware.engines.folders import lock
from glassware.engines.programs import (
    RESTORE,
    alone_with,
    dying_with_parent,
    failure,
)
from glassware.errors import EngineError

from . import files, programs, shell, users
from . import scripts as migrations
from .marks import marks
from .server import ADMINISTRATOR, Server


_HINTS = {
    "in use by another process": "another program took a port meanwhile; start the "
    "site again",
    "OutOfMemoryError": "it has 256 MB for itself: name an existing server with `url` "
    "below `[engines.cassandra]` in `site.toml`",
    "insufficient memory for the Java Runtime": "this machine has too little free "
    "memory for it: about 300 MB",
    "CommitLogReplayException": RESTORE,
    "CorruptSSTableException": RESTORE,
    "unreadable sstables": RESTORE,
    "Incompatible SSTable": RESTORE,
    "UnsupportedClassVersionError": "the server needs another Java: install Java 17",
    "security.manager": "the server needs an older Java: install Java 17",
    "Cannot start node if snitch": RESTORE,
}

_MACHINE = (
    *("-Xms32m", "-Xmx256m", "-Xss512k"),
    # One thread cleans up, and code is translated once: it starts sooner.
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
    *("-XX:+ExitOnOutOfMemoryError", "-XX:-OmitStackTraceInFastThrow"),
)
# Alone, it has nobody to wait for.
_ALONE = (
    "cassandra.skip_wait_for_gossip_to_settle=0",
    "cassandra.ring_delay_ms=0",
    "cassandra.superuser_setup_delay_ms=0",
)
_PROPERTIES = (
    *_ALONE,
    "cassandra-foreground=yes",
    # An estimate that is made at every start, of as many rows.
    "cassandra.memtable_row_overhead_computation_step=100",
    # Without JNA it does not lock all of its memory.
    "cassandra.boot_without_jna=true",
    "java.net.preferIPv4Stack=true",
    "file.encoding=UTF-8",
)


# Cassandra 2.1 does not notice that it has not got its port, and runs without.
_WITH_PORT = """\
import os, socket, sys
held = socket.socket()
held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    held.bind(("127.0.0.1", int(sys.argv[1])))
except OSError as error:
    sys.exit(f"127.0.0.1:{sys.argv[1]}: {error.strerror}")
held.close()
os.execv(sys.argv[2], sys.argv[2:])
"""


class Cassandra(Engine):
    """The engine `cassandra`."""

    name = "cassandra"
    extra = "cassandra"
    scripts = ".cql"
    package = programs.package
    image = Image(
        name="docker.io/library/cassandra:5",
        port=9042,
        data="/var/lib/cassandra",
        environment={
            "MAX_HEAP_SIZE": "512M",
            "HEAP_NEWSIZE": "100M",
            "JVM_EXTRA_OPTS": " ".join(f"-D{text}" for text in _ALONE),
        },
        # The image lets everybody in, and offers no variable against that.
        arguments=(
            *("bash", "-c"),
            (
                "sed -i 's/AllowAllAuthenticator/PasswordAuthenticator/;"
                "s/AllowAllAuthorizer/CassandraAuthorizer/;"
                "s/^commitlog_sync: periodic/commitlog_sync: batch/;"
                "s/^commitlog_sync_period/# &/' /etc/cassandra/cassandra.yaml "
                "&& exec docker-entrypoint.sh cassandra -f"
            ),
        ),
    )
    variables: Mapping[str, str] = {
        "CASSANDRA_URL": "{url}",
        "CASSANDRA_HOST": "{host}",
        "CASSANDRA_PORT": "{port}",
        "CASSANDRA_USER": "{user}",
        "CASSANDRA_PASSWORD": "{password}",
        "CASSANDRA_KEYSPACE": "{name}",
    }

    def on_machine(self, path: Path | None) -> Program | None:
        """Return the Cassandra that is already on this machine."""
        return programs.on_machine(path)

    def embedded(self) -> Program:
        """Return the server that was fetched."""
        return programs.embedded()

    def prepare(self, place: Place) -> None:
        """Make the data folder usable; does little where it already is."""
        files.prepare(place)

    def launch(self, place: Place) -> Launch:
        """Return the program that serves `place` in the foreground."""
        argv, environment = (
            _fetched(place) if place.program.source == "embedded" else _theirs(place)
        )
        return Launch(
            argv=(
                *alone_with(lock(place)),
                *dying_with_parent(signal.SIGTERM),
                *argv,
            ),
            environment={**environment, "LC_ALL": "C.UTF-8"},
            stop=signal.SIGTERM,
            # What Java ends with when it is asked to.
            ends=frozenset({0, 128 + signal.SIGTERM}),
        )

    def admin_url(self, place: Place) -> str:
        """Return how the administrator reaches the server of `place`."""
        if place.program.source == "container" and place.data.is_dir():
            # Nothing of ours prepared its folder.
            files.expect(place.data, place.password)
        protocol = programs.protocol(place.program.version)
        address = Address(
            hosts=((LOOPBACK, place.port),),
            user=ADMINISTRATOR,
            password=place.password,
            keyspace="",
            options={"protocol_version": str(protocol)},
        )
        return Server(address=address, data=place.data).url()

    def ready(self, admin_url: str) -> bool:
        """Ask whether the server takes connections now; never waits long.

        The first time of all, the administrator of a server of the site's own
        gets its password here.
        """
        server = Server.parse(admin_url)
        return server.listens() and server.let_in()

    def provision(self, admin_url: str, grant: Grant) -> None:
        """Make the keyspace and user of `grant`, or bring them up to date."""
        server = Server.parse(admin_url)
        with server.administrator(grant) as session:
            users.provision(session, grant, server.replication(session))

    def access(self, admin_url: str, grant: Grant) -> Access:
        """Return how the holder of `grant` reaches its keyspace."""
        server = Server.parse(admin_url)
        keyspace = users.keyspace_of(grant)
        url = server.theirs(keyspace, grant.role, grant.password)
        host, port = server.address.hosts[0]
        return Access(
            url=url,
            native_url=url,
            host=host,
            port=port,
            user=grant.role,
            password=grant.password,
            name=keyspace,
        )

    def wipe(self, admin_url: str, grant: Grant) -> None:
        """Remove the keyspace and user of `grant` from a server."""
        marks.forget(admin_url, grant)
        with Server.parse(admin_url).administrator(grant) as session:
            users.wipe(session, grant)

    def mark(self, admin_url: str, grant: Grant) -> None:
        """Remember, in this process, what is in a keyspace now."""
        marks.mark(admin_url, grant)

    def rewind(self, admin_url: str, grant: Grant) -> None:
        """Bring a keyspace back: the partitions that differ, and tables that do."""
        marks.rewind(admin_url, grant)

    def apply(
        self,
        access: Access,
        scripts: Sequence[Script],
        tell: Callable[[str], None],
    ) -> None:
        """Apply those of `scripts` that a keyspace has not seen, in their order."""
        migrations.apply(access, scripts, tell)

    def shell(self, access: Access) -> Shell | None:
        """Return cqlsh."""
        return shell.shell(access)

    def explain(self, log: str) -> EngineError:
        """Return what a server's last output says about why it ended."""
        return failure("the Cassandra server ended", log, _HINTS)


engine = Cassandra()


def _fetched(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return how the server of the package is started, without its scripts."""
    home = place.program.path or Path()
    java = programs.java(home)
    jars = (jar for jar in sorted(home.glob("lib/*.jar")) if jar.stem[:4] != "jna-")
    properties = [
        *_PROPERTIES,
        f"java.io.tmpdir={files.scratch(place)}",
        f"cassandra.storagedir={place.data}",
        f"cassandra.triggers_dir={place.data / 'triggers'}",
        f"cassandra.config={(files.conf(place) / 'cassandra.yaml').as_uri()}",
        f"logback.configurationFile={(files.conf(place) / 'logback.xml').as_uri()}",
    ]
    argv = (
        *(sys.executable, "-I", "-S", "-c", _WITH_PORT, str(place.port)),
        *(str(java), f"@{files.java_options(place)}"),
        *(*_MACHINE, *(f"-D{text}" for text in properties)),
        *("-cp", os.pathsep.join(map(str, jars))),
        "org.apache.cassandra.service.CassandraDaemon",
    )
    return argv, {}


def _theirs(place: Place) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return how a server on the machine is started: by its own script."""
    as_root = ("-R",) if os.geteuid() == 0 else ()
    environment = {
        "CASSANDRA_CONF": str(files.conf(place)),
        "CASSANDRA_LOG_DIR": str(files.scratch(place)),
        "MAX_HEAP_SIZE": "512M",
        "HEAP_NEWSIZE": "100M",
        "JVM_EXTRA_OPTS": " ".join(f"-D{text}" for text in _ALONE),
    }
    for name in ("CASSANDRA_HOME", "JAVA_HOME", "HOME"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return (str(place.program.path), "-f", *as_root), environment

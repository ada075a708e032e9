"""Where a MongoDB comes from: the machine, or a real `mongod` out of two wheels.

The one has the program, the other three libraries that it needs and that no
machine of today has; the Python parts of both are not used.
"""

import functools
import os
import platform
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from glassware.engines import Image, Program
from glassware.engines.packages import Package, Part, require
from glassware.engines.programs import found
from glassware.errors import EngineError


PROGRAM = "mongod"
ADMINISTRATOR = "glassware"
REPLICA_SET = "glassware"

_OLDEST = (4, 4)

# By the names that the program asks for; the wheel adds a checksum to each.
_LIBRARIES = {
    "libcurl.so.4": "libcurl-*.so*",
    "libssl.so.1.1": "libssl-*.so*",
    "libcrypto.so.1.1": "libcrypto-*.so*",
}


def _arrange(folder: Path) -> None:
    """Let the program be found with its libraries, and run."""
    program = next(each for each in folder.rglob(PROGRAM) if each.is_file())
    program.chmod(0o755)
    _link(folder / "bin" / PROGRAM, program)
    bundled = next(folder.rglob("pycurl.libs"))
    for library in bundled.iterdir():
        _link(folder / "lib" / library.name, library)
    for name, pattern in _LIBRARIES.items():
        _link(folder / "lib" / name, next(bundled.glob(pattern)))


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(os.path.relpath(target, link.parent))


package = Package(
    folder="mongodb-6.0.27",
    title="MongoDB 6.0.27",
    licence="SSPL-1.0",
    size=47_200_000,
    note="That licence is not an open-source one: anybody may run it, but who offers "
    "MongoDB itself as a service has to publish all that surrounds it.",
    parts=(
        Part(
            registry="pypi",
            name="fiftyone-db",
            version="0.4.5",
            digests={
                "linux-x86_64": "sha256:"
                "d57b2308d0ddfce9cbbd8ad5197b24fa86b58a34941cb7867ec4f498ce1bbbb5",
                "linux-aarch64": "sha256:"
                "3991f47475dc4e6245e6008e69c5820c01d173628d0e6db45e915f5d0711fa09",
            },
        ),
        Part(
            registry="pypi",
            name="pycurl",
            version="7.45.3",
            digests={
                "linux-x86_64": "sha256:"
                "1e0d32d6ed3a7ba13dbbd3a6fb50ca76c40c70e6bc6fe347f90677478d3422c7",
                "linux-aarch64": "sha256:"
                "483f3aa5d1bc8cff5657ad96f68e1d89281f971a7b6aa93408a31e3199981ea9",
            },
        ),
    ),
    arrange=_arrange,
)

# A replica set with users needs a key file that nobody else can read, which
# nobody can mount for a user of the image's own: it is made inside.
_START = (
    'umask 077; printf %s "$MONGO_INITDB_ROOT_PASSWORD" | sha256sum | cut -c1-64'
    ' > /tmp/key; test "$(id -u)" != 0 || chown mongodb /tmp/key;'
    " exec docker-entrypoint.sh mongod --bind_ip_all --keyFile /tmp/key"
    f" --replSet {REPLICA_SET} --oplogSize 50 --wiredTigerCacheSizeGB 0.25 --quiet"
)

image = Image(
    name="docker.io/library/mongo:8",
    port=27017,
    data="/data/db",
    environment={
        "MONGO_INITDB_ROOT_USERNAME": ADMINISTRATOR,
        "MONGO_INITDB_ROOT_PASSWORD": "{password}",
    },
    arguments=("bash", "-c", _START),
)


def embedded() -> Program:
    """Return the program that was fetched.

    Raises:
        NotFetched: Nobody has fetched it yet.
        EngineError: There is none for this machine.
    """
    path = require(package) / "bin" / PROGRAM
    return Program(source="embedded", version=_version(path), path=path)


def on_machine(path: Path | None) -> Program | None:
    """Return the program that is already on this machine.

    Raises:
        EngineError: The one that the site names is none, or too old.
    """
    at = found(path, (PROGRAM,))
    if at is None:
        return None
    version = _version(at)
    if tuple(int(part) for part in version.split(".")[:2]) >= _OLDEST:
        return Program(source="machine", version=version, path=at)
    if path is None:
        return None
    oldest = ".".join(map(str, _OLDEST))
    raise EngineError(
        f"`{at}` is MongoDB {version}, and {oldest} is the oldest that will do",
        hint="leave `program` out of `site.toml`, or name another one there",
    )


def environment(program: Path) -> Mapping[str, str]:
    """Return the variables that a program needs: those of the wheels, for theirs."""
    libraries = program.parent.parent / "lib"
    if (libraries / "libcurl.so.4").is_symlink() and program.is_symlink():
        return {"LD_LIBRARY_PATH": str(libraries)}
    return {}


def lacks_avx() -> bool:
    """Tell whether this processor cannot run what MongoDB is built for."""
    if platform.machine() != "x86_64":
        return False
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return re.search(r"^flags\b.*\bavx\b", said, re.MULTILINE) is None


def too_old_a_processor() -> EngineError:
    """Return the error for a program that died of an unknown instruction."""
    return EngineError(
        "this machine's processor cannot run MongoDB: it has no AVX, or is too old",
        hint="name an existing server, with `url` in `[engines.mongodb]` of "
        "`site.toml`, or a `program` of MongoDB 4.4 there",
    )


@functools.cache
def _version(program: Path) -> str:
    try:
        done = subprocess.run(
            (program, "--version"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            env={**os.environ, **environment(program)},
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        done = None
    if done is not None and done.returncode == -signal.SIGILL:
        raise too_old_a_processor()
    said = re.search(r"db version v(\d+(?:\.\d+)+)", done.stdout if done else "")
    if said is None:
        what = (done.stderr if done else "").strip().rpartition("\n")[2]
        raise EngineError(
            f"`{program}` is no MongoDB that runs here{': ' if what else ''}{what}"
        )
    return said[1]

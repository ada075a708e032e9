"""Where a DynamoDB for development comes from: Dynoxide, or moto's server.

Dynoxide is one static binary of a platform's package in npm's registry. Where
there is none, or nothing may be fetched, moto's server does, and keeps nothing.
"""

import functools
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from glassware.engines import Program, Source
from glassware.engines.packages import (
    Package,
    Part,
    is_for_this_machine,
    is_there,
    require,
)
from glassware.engines.programs import found, version_of
from glassware.errors import MissingExtra


PROGRAM = "dynoxide"

_PART = "@dynoxide/linux-x64"


def _arrange(folder: Path) -> None:
    """Let the program be found, and run."""
    inside = Path(_PART, PROGRAM)
    (folder / inside).chmod(0o755)
    (folder / PROGRAM).symlink_to(inside)


package = Package(
    folder="dynoxide-1.2.1",
    title="Dynoxide 1.2.1",
    licence="MIT OR Apache-2.0",
    size=3_500_000,
    note="It stands in for Amazon DynamoDB, which has no open server.",
    parts=(
        Part(
            registry="npm",
            name=_PART,
            version="1.2.1",
            # No other machine's package is published in this version.
            digests={
                "linux-x86_64": "sha512-sBHqlxJ9ANkLluFkYRfd5r8Y0ApFew4FhOrlhgRAgD4"
                "XzEoFOukEo1nuBTQ1+jTtofqwn4NWQ2k0Tn5mNTjgUg=="
            },
        ),
    ),
    arrange=_arrange,
)


def embedded() -> Program:
    """Return what was fetched, or moto's server where that is installed.

    Raises:
        MissingExtra: There is no Dynoxide for this machine, and no moto.
        NotFetched: There is a Dynoxide for it.
    """
    moto = _moto()
    if moto is not None and not is_there(package):
        return moto
    if not is_for_this_machine(package):
        raise MissingExtra("moto", "DynamoDB on this machine")
    path = require(package) / PROGRAM
    return _dynoxide("embedded", path)


def on_machine(path: Path | None) -> Program | None:
    """Return the Dynoxide that is already on this machine."""
    at = found(path, (PROGRAM,))
    return None if at is None else _dynoxide("machine", at)


def is_moto(program: Program) -> bool:
    """Tell whether a program is moto's server: this Python runs it."""
    return program.path == Path(sys.executable)


def _dynoxide(source: Source, path: Path) -> Program:
    return Program(source=source, version=version_of(path), path=path, title="Dynoxide")


@functools.cache
def _moto() -> Program | None:
    try:
        number = version("moto")
    except PackageNotFoundError:
        return None
    # Without its extra `server` it is a library, for tests of one process.
    if find_spec("flask_cors") is None or find_spec("docker") is None:
        return None
    return Program(
        source="embedded",
        version=number,
        path=Path(sys.executable),
        title="moto (keeps nothing over a restart)",
    )

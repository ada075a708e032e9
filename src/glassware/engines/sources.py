"""Where a server's programs come from, in this order, unless the site says so.

A URL is no matter of this file: there is no program then. Otherwise it is a
program that is already on the machine, the embedded one, or a container.
"""

from dataclasses import dataclass
from pathlib import Path

from . import Engine, Program, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the site says about an engine.

    Attributes:
        source: Where its programs have to come from; `None`: wherever.
        program: The program on the machine.
        image: What the container is made of.
    """

    source: Source | None = None
    program: Path | None = None
    image: str | None = None


def choose(engine: Engine, wanted: Wanted) -> Program:
    """Return the program that is to serve an engine.

    Raises:
        EngineError: There is none.
        MissingExtra: There is none, and an extra would bring one.
        NotFetched: There is none, and one can be fetched.
    """
    if wanted.source in {None, "machine"}:
        found = engine.on_machine(wanted.program)
        if found is not None:
            return found
    return engine.embedded()

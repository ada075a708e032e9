"""Where a server's programs come from, in this order, unless the site says so.

A URL is no matter of this file: there is no program then. Otherwise it is a
program that is already on the machine, the embedded one, or a container. Data
stays with the source that made it, for as long as that is there: a program
that somebody installs meanwhile may not be able to read it. What a container
wrote is left to containers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

from glassware.errors import EngineError, MissingExtra, NotFetched
from glassware.files import write_whole

from . import Engine, Launch, Place, Program, Source, containers


_KEPT = "source"

# Not every server makes its files for its own user alone.
_FOR_NOBODY_ELSE = ("/bin/sh", "-c", 'umask 077; exec "$@"', "sh")


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

    def order(self, data: Path | None) -> tuple[Source, ...]:
        """Return the sources to look at, the preferred one first.

        Args:
            data: The folder of data that may be there already.
        """
        if self.source is not None:
            return (self.source,)
        if self.program is not None:
            return ("machine",)
        if self.image is not None:
            return ("container",)
        every: tuple[Source, ...] = get_args(Source)
        kept = _kept(data)
        if kept is not None:
            # What a container wrote is where no other program looks for it.
            within = kept == "container"
            every = tuple(s for s in every if (s == "container") == within)
        return tuple(sorted(every, key=lambda source: source != kept))


def choose(engine: Engine, wanted: Wanted, data: Path | None = None) -> Program:
    """Return the program that is to serve an engine.

    Args:
        engine: The engine.
        wanted: What the site says about it.
        data: The folder of data that may be there already.

    Raises:
        EngineError: There is none.
        MissingExtra: There is none, and an extra would bring one.
        NotFetched: There is none, and one can be fetched.
    """
    refusal: EngineError | None = None
    for source in wanted.order(data):
        try:
            found = _from(source, engine, wanted)
        except (MissingExtra, NotFetched):
            raise
        except EngineError as error:
            refusal = error
        else:
            if found is not None:
                return found
    raise refusal or _nowhere(engine, wanted.order(data))


def prepare(engine: Engine, place: Place) -> None:
    """Make ready what `launch` needs; does little where it already is."""
    if place.program.source == "container" and engine.image is not None:
        containers.prepare(engine.image, place)
    else:
        engine.prepare(place)
    kept = place.data / _KEPT
    if _kept(place.data) != place.program.source:
        write_whole(kept, place.program.source, mode=0o600)


def launch(engine: Engine, place: Place) -> Launch | None:
    """Return what serves `place` in the foreground; `None`: it needs no server."""
    if place.program.source == "container" and engine.image is not None:
        return containers.launch(engine.image, place)
    found = engine.launch(place)
    return found and replace(found, argv=(*_FOR_NOBODY_ELSE, *found.argv))


def _from(source: Source, engine: Engine, wanted: Wanted) -> Program | None:
    match source:
        case "machine":
            return engine.on_machine(wanted.program)
        case "embedded":
            return engine.embedded()
        case "container":
            if engine.image is None:
                return None
            return containers.program(engine.image, wanted.image)


def _kept(data: Path | None) -> Source | None:
    kept = data / _KEPT if data is not None else None
    if kept is None or not kept.is_file():
        return None
    return cast("Source", kept.read_text().strip())


def _nowhere(engine: Engine, where: tuple[Source, ...]) -> EngineError:
    hints = dict(_hints(engine))
    said = {
        "machine": f"there is no program of `{engine.name}` on this machine",
        "embedded": f"there is no embedded `{engine.name}`",
        "container": "neither Docker nor Podman runs here"
        if engine.image is not None
        else f"`{engine.name}` does not run in a container",
    }
    return EngineError(said[where[-1]], hint=hints[where[-1]])


def _hints(engine: Engine) -> Iterator[tuple[Source, str]]:
    section = f"`[engines.{engine.name}]` of `site.toml`"
    yield "machine", f"install it, or name its `program` in {section}"
    yield "embedded", f"name another `source`, or a `url`, in {section}"
    yield "container", f"start one of them, or name another `source` in {section}"

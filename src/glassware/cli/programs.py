"""Which program serves each database, decided but not started."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from glassware import engines
from glassware.engines import Engine, Program, packages
from glassware.engines.packages import Package
from glassware.engines.sources import Wanted, choose
from glassware.errors import EngineError, GlasswareError, NotFetched
from glassware.model import Site
from glassware.plan import Plan, ServerPlan


EXISTING = "existing server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What serves a database, or why nothing does.

    Attributes:
        source: `machine`, `embedded`, `container` or `existing server`; empty:
            there is none.
        version: Of the program; an existing server has not been asked.
        program: What the program calls itself, where that is not the engine's name.
        note: Why there is none.
        hint: The way out.
        package: What would have to be fetched.
    """

    source: str = ""
    version: str = ""
    program: str = ""
    note: str = ""
    hint: str | None = None
    package: Package | None = None

    def __str__(self) -> str:
        words = (self.program, self.version, self.source)
        return self.note or " ".join(filter(None, words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A package that has to be fetched, and the services that wait for it."""

    package: Package
    services: tuple[str, ...] = ()


def choice_for(server: ServerPlan, data: Path | None = None) -> Choice:
    """Return what serves a server of a plan.

    Args:
        server: The server.
        data: The folder of its data.
    """
    if server.url is not None:
        return Choice(source=EXISTING)
    wanted = Wanted(source=server.source, program=server.program, image=server.image)
    try:
        engine = engines.find(server.engine)
    except GlasswareError as error:
        return Choice(note=error.message, hint=error.hint)
    try:
        return _of_program(choose(engine, wanted, data))
    except NotFetched as error:
        return _not_fetched(engine, error)
    except GlasswareError as error:
        return Choice(note=error.message, hint=error.hint)


def choices_of(site: Site | None) -> Iterator[tuple[str, Choice]]:
    """Give every engine there is, and what would serve it in a site."""
    for name in engines.names():
        server = ServerPlan(key=name, engine=name)
        if site is not None and name in site.engines:
            said = site.engines[name]
            server = replace(
                server,
                url=said.url,
                source=said.source,
                program=site.folder / said.program if said.program else None,
                image=said.image,
            )
        yield name, choice_for(server)


def missing(
    plan: Plan, folder: Path | None, only: Iterable[str] = ()
) -> tuple[Missing, ...]:
    """Return what a plan needs that has to be fetched, each once.

    Args:
        plan: The plan.
        folder: Where the data of its servers is; `None`: there is none.
        only: Just what these services need; none: all of them.
    """
    services = frozenset(only) or {d.service for d in plan.databases}
    found: dict[str, Missing] = {}
    for server in plan.servers:
        users = [d.service for d in plan.databases if d.server == server.key]
        users = sorted(services.intersection(users))
        if not users or not _may_be_missing(server):
            continue
        data = folder / server.key if folder is not None else None
        package = choice_for(server, data).package
        if package is not None:
            before = found.get(package.folder, Missing(package=package)).services
            names = tuple(dict.fromkeys((*before, *users)))
            found[package.folder] = Missing(package=package, services=names)
    return tuple(found.values())


def package_of(engine: str) -> Missing:
    """Return what is fetched for an engine, whether or not it is there.

    Raises:
        EngineError: There is no such engine, or nothing is fetched for it.
    """
    package = engines.find(engine).package
    if package is None:
        raise EngineError(f"nothing has to be fetched for `{engine}`")
    return Missing(package=package)


def _may_be_missing(server: ServerPlan) -> bool:
    """Tell quickly whether it is worth looking closely: programs are asked then."""
    try:
        package = engines.find(server.engine).package
    except GlasswareError:
        return False
    return package is not None and not packages.is_there(package)


def _of_program(program: Program) -> Choice:
    return Choice(source=program.source, version=program.version, program=program.title)


def _not_fetched(engine: Engine, error: NotFetched) -> Choice:
    package = engine.package
    note = error.message
    if package is not None:
        note = f"not fetched ({packages.megabytes(package.size)})"
    hint = f"glassware install --engine {engine.name}"
    return Choice(note=note, hint=hint, package=package)

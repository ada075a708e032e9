"""What one test has put together, and what it did that no test may do."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from glassware import current
from glassware.directory import FILE as DIRECTORY_FILE
from glassware.environment import DIRECTORY, FAULTS, spelled
from glassware.errors import UsageError
from glassware.files import write_whole
from glassware.injection import FILE, InjectedFault, Injections, write_injections
from glassware.service.local import Local
from glassware.service.settings import forget as forget_settings
from glassware.service.transports import stand_ins
from glassware.visitors import FILE as VISITORS_FILE
from glassware.website.links.addresses import informants

from .application import become, kept
from .calls import Asking
from .fake import Fake
from .serving import local_call, served
from .signing_in import variables_of, write_visitors
from .stand_in import Nobody, StandIn


if TYPE_CHECKING:
    from .loadable import Description, Loadable
    from .service import Entry, Service
    from .site import Site
    from .site_databases import SiteDatabases

T = TypeVar("T")


@dataclass(slots=True, repr=False)
class Bench:
    """The workbench of one test.

    Attributes:
        describe: Reads the manifests of the site that the test belongs to.
        site: The real site, if the test uses it.
        databases: Those of the site, if the test uses them: with the site, or
            without it.
        test: What the test itself is taken for where it calls.
        refusals: What was called and is nowhere declared; each fails the test.
    """

    describe: "Callable[[], Description]"
    site: "Site | None" = None
    databases: "SiteDatabases | None" = None
    test: Asking = field(default_factory=Asking)
    refusals: list[str] = field(default_factory=list)
    _fakes: dict[str, Fake] = field(default_factory=dict)
    _entries: "dict[str, Entry]" = field(default_factory=dict)
    _faults: tuple[InjectedFault, ...] = ()
    _file: Path | None = None
    _names: frozenset[str] = frozenset()
    _ending: ExitStack = field(default_factory=ExitStack)

    def begin(self) -> None:
        """Let calls of this test be kept with it."""
        current.incoming.set(self.test)

    def fake(self, name: str) -> Fake:
        """Return the fake that stands in for a service, the same one every time."""
        if name not in self._fakes:
            self._check(name)
            fake = self._fakes[name] = Fake(name, self.refusals.append)
            stand_ins[spelled(name)] = StandIn(Local(local_call(fake)))
            if self.site is not None:
                url = self._ending.enter_context(served(fake))
                self._ending.enter_context(self.site.faked(name, url))
        return self._fakes[name]

    def service(
        self, name: str, environment: Mapping[str, str] | None = None
    ) -> "Service":
        """Return a service of the site, loaded into this process.

        Args:
            name: Its name.
            environment: Variables that it gets besides its own.

        Raises:
            GlasswareError: It cannot be loaded.
        """
        if name not in self._entries:
            self._load(name, environment or {})
        return self._entries[name].service

    @contextmanager
    def fault(self, fault: InjectedFault) -> Iterator[None]:
        """Put a fault on an edge between services of this process."""
        self._faults = (*self._faults, fault)
        self._write_faults()
        try:
            yield
        finally:
            self._faults = tuple(f for f in self._faults if f is not fault)
            self._write_faults()

    def complaints(self) -> Iterator[str]:
        """Return why the test fails, whatever else it found, each once."""
        yield from dict.fromkeys(self.refusals)

    def hints(self) -> Iterator[str]:
        """Return what may be the reason if the test fails."""
        for name, entry in self._entries.items():
            databases = ", ".join(f"`{each}`" for each in entry.databases)
            if self.databases is None and databases:
                yield (
                    f"the databases of `{name}` ({databases}) are there only in a test "
                    "that uses one of the fixtures `site`, `site_databases` and "
                    "`fresh_databases`, too"
                )

    def end(self) -> None:
        """Take everything down."""
        stand_ins.clear()
        if (databases := sys.modules.get("glassware.service.databases")) is not None:
            databases.databases.close()
        self._ending.close()
        forget_settings()
        current.service.set("")
        current.incoming.set(None)

    def _load(self, name: str, environment: Mapping[str, str]) -> None:
        from .service import load_service  # noqa: PLC0415 - a fake alone needs less

        description = self.describe()
        described = description.service(name)
        first = self._file is None
        if first:
            self._prepare(description)
        variables = {
            **_variables(self.databases, described),
            FAULTS: str(self._file),
            **self._directory(description),
            **self._visitors(description.sign_in, name),
            **environment,
        }
        entry = load_service(described, variables, self.test)
        self._entries[name] = entry
        self._ending.callback(entry.end)
        stand_ins[spelled(name)] = StandIn(Local(local_call(entry.answering)))
        if first:
            # What the test itself runs, it runs as the first one.
            current.service.set(name)
            self._enter(become(variables, described.folder))

    def _directory(self, description: "Description") -> dict[str, str]:
        """Return the variable by which links find neighbours."""
        known = description.neighbourhood
        # While the site runs, its own file says more.
        if known is None or self.site is not None or self._file is None:
            return {}
        file = self._file.with_name(DIRECTORY_FILE)
        if not file.exists():
            known.write(file)

            def inform(service: str) -> None:
                known.inform(service, file)

            informants.append(inform)
            self._ending.callback(informants.remove, inform)
        return {DIRECTORY: str(file)}

    def _visitors(self, sign_in: str, service: str) -> dict[str, str]:
        """Return the variables by which a service knows who visits."""
        if self._file is None or not sign_in:
            return {}
        folder = self._file.parent
        if not (folder / VISITORS_FILE).exists():
            write_visitors(folder, sign_in)
        return variables_of(folder, service, sign_in)

    def _prepare(self, description: "Description") -> None:
        self._file = Path(self._enter(tempfile.TemporaryDirectory())) / FILE
        self._write_faults()
        self._enter(kept())
        self._ending.callback(current.members.clear)
        for name in description.names:
            stand_ins.setdefault(spelled(name), StandIn(Nobody(self.refusals.append)))
        self._names = frozenset(map(spelled, description.names))
        for name in self._fakes:
            self._check(name)

    def _check(self, name: str) -> None:
        if self._names and spelled(name) not in self._names:
            known = ", ".join(f"`{other}`" for other in sorted(self._names))
            raise UsageError(
                f"`{name}` is no service of this site", hint=f"there is {known}"
            )

    def _enter(self, context: AbstractContextManager[T]) -> T:
        return self._ending.enter_context(context)

    def _write_faults(self) -> None:
        if self._file is not None:
            text = write_injections(Injections(faults=self._faults))
            write_whole(self._file, text)


def _variables(
    databases: "SiteDatabases | None", described: "Loadable"
) -> Mapping[str, str]:
    if databases is None:
        return described.variables
    return databases.environment(described.name)

"""What one test has put together, and what it did that no test may do."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from .fake import Fake
from .serving import served
from .site import Site


@dataclass(slots=True)
class Bench:
    """The workbench of one test.

    Attributes:
        site: The real site, if the test uses it.
        refusals: What was called and is nowhere declared; each fails the test.
    """

    site: Site | None = None
    refusals: list[str] = field(default_factory=list)
    _fakes: dict[str, Fake] = field(default_factory=dict)
    _ending: ExitStack = field(default_factory=ExitStack)

    def fake(self, name: str) -> Fake:
        """Return the fake that stands in for a service, the same one every time."""
        if name not in self._fakes:
            fake = self._fakes[name] = Fake(name, self.refusals.append)
            if self.site is not None:
                url = self._ending.enter_context(served(fake))
                self._ending.enter_context(self.site.faked(name, url))
        return self._fakes[name]

    def end(self) -> None:
        """Take everything down."""
        self._ending.close()

    def complaints(self) -> Iterator[str]:
        """Return why the test fails, whatever else it found."""
        yield from self.refusals

"""A service that a test can load, whoever describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Loadable:
    """A service that can be loaded into this process.

    Attributes:
        name: Its name.
        folder: Its folder.
        app: Its application; `None`: found by convention.
        databases: The names of its databases.
        variables: Its own, as they are while the site does not run.
    """

    name: str
    folder: Path
    app: str | None
    databases: tuple[str, ...]
    variables: Mapping[str, str] = field(repr=False)


class Neighbours(Protocol):
    """Knows where the services of a site would be public, and what they answer to."""

    def write(self, file: Path) -> None:
        """Write all that is known into a file, for `GLASSWARE_DIRECTORY`."""

    def inform(self, service: str, file: Path) -> None:
        """Find out what a service answers to, and write the file anew."""


class Description(Protocol):
    """What is known of a site that need not run."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its services."""

    @property
    def neighbourhood(self) -> Neighbours | None:
        """What links need; `None`: the variables say where that stands."""

    @property
    def sign_in(self) -> str:
        """The page at which visitors sign in; empty: there is none."""

    def service(self, name: str) -> Loadable:
        """Return a service that can be loaded into this process.

        Raises:
            UsageError: There is none, or it is of another kind.
        """

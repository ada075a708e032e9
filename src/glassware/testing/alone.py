"""The one service of an environment of its own, where no manifest can be read.

`glassware test` runs the tests of such a service there, in its folder and with
its variables.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from glassware.environment import from_variables
from glassware.errors import UsageError

from .loadable import Loadable


@dataclass(frozen=True, slots=True)
class Alone:
    """A site of which one service is here; see `loadable.Description`.

    Attributes:
        folder: The service's.
    """

    folder: Path

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the site's services, as `spelled` has them."""
        return tuple(from_variables(os.environ).neighbours)

    @property
    def neighbourhood(self) -> None:
        """What links need; see `loadable.Description.neighbourhood`."""

    @property
    def sign_in(self) -> str:
        """A page at which visitors sign in; what the manifests say cannot be known."""
        return f"{from_variables(os.environ).service}.sign_in"

    def service(self, name: str) -> Loadable:
        """Return the service that is here; see `loadable.Description.service`."""
        settings = from_variables(os.environ)
        if name != settings.service:
            raise UsageError(
                f"`{name}` cannot be loaded into the environment of another service",
                hint=f'`fake("{name}")` stands in for it',
            )
        return Loadable(
            name=name,
            folder=self.folder,
            app=os.environ.get("FLASK_APP"),
            databases=tuple(settings.databases),
            variables=dict(os.environ),
        )

"""What the manifests say of the services that a test loads."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from glassware.environment import database_variable
from glassware.errors import UsageError
from glassware.manifest import dotenv_variables, find_site, load
from glassware.plan import Plan, make_plan
from glassware.runner.inspection import variables_at_rest

from .loadable import Loadable
from .neighbourhood import Neighbourhood


@dataclass(frozen=True, slots=True)
class Described:
    """A site by its manifests; see `Description`.

    Attributes:
        plan: Of all its services.
        neighbourhood: What links need.
    """

    plan: Plan
    neighbourhood: Neighbourhood

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its services."""
        return self.plan.known

    @property
    def sign_in(self) -> str:
        """The page at which visitors sign in; empty: there is none."""
        return self.plan.visitors.sign_in or ""

    def service(self, name: str) -> Loadable:
        """Return a service that can be loaded; see `Description.service`."""
        if name not in self.names:
            near = get_close_matches(name, self.names, n=3) or self.names
            known = ", ".join(f"`{other}`" for other in near)
            raise UsageError(
                f"`{name}` is no service of this site", hint=f"there is {known}"
            )
        found = self.plan.service(name)
        if found.launch == "command":
            raise UsageError(
                f"`{name}` is a program, which no test can load",
                hint="the fixture `site` runs it",
            )
        if found.interpreter and found.interpreter.parent.parent != Path(sys.prefix):
            raise UsageError(
                f"`{name}` has requirements of its own, which are not installed here",
                hint=f"glassware test {name}",
            )
        described = found.service
        return Loadable(
            name=name,
            folder=described.folder,
            app=described.app,
            databases=tuple(described.databases),
            variables=self._variables(name),
        )

    def _variables(self, name: str) -> Mapping[str, str]:
        found = self.plan.service(name)
        folder = found.service.folder
        inherited = {**dotenv_variables(self.plan.folder, folder), **os.environ}
        variables = variables_at_rest(self.plan, found, inherited)
        # Whoever asks for one is told where it would be.
        closed = (database_variable(each, "URL") for each in found.service.databases)
        return {**variables, **dict.fromkeys(closed, "")}


def describe(start: Path) -> Described:
    """Return the site that a folder belongs to.

    Raises:
        NotASite: It belongs to none.
        ManifestError: The site's manifests have faults.
    """
    return _described(find_site(start))


@cache
def _described(folder: Path) -> Described:
    plan = make_plan(load(folder))
    return Described(plan, Neighbourhood(plan))

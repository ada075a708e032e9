"""Where the services of a site would be public, for the links of those under test."""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassware.directory import write_directory
from glassware.files import write_whole
from glassware.plan import Plan
from glassware.runner.dead_links import directory_at_rest
from glassware.runner.inspection import inspect, variables_at_rest


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Asks services for their rules when a link needs them: that takes a while.

    Attributes:
        plan: Of all services.
    """

    plan: Plan
    _said: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def write(self, file: Path) -> None:
        """Write all that is known into a file, for `GLASSWARE_DIRECTORY`."""
        write_whole(file, write_directory(directory_at_rest(self.plan, self._said)))

    def inform(self, service: str, file: Path) -> None:
        """Find out what a service answers to, and write the file anew."""
        with self._asking:
            if service not in self._said:
                found = self.plan.service(service)
                variables = variables_at_rest(self.plan, found, os.environ)
                self._said[service] = inspect(self.plan, found, variables)
            self.write(file)

"""What a service of this process was told, read once for each."""

import os
from collections.abc import Mapping

from glassware.current import members, service
from glassware.environment import Settings, from_variables


_read: dict[str, tuple[Mapping[str, str], Settings]] = {}


def current() -> Settings:
    """Return the settings of the service that asks."""
    name = service.get()
    variables = _variables(name)
    known = _read.get(name)
    if known is not None and known[0] is variables:
        return known[1]
    settings = from_variables(variables)
    _read[name] = variables, settings
    return settings


def forget() -> None:
    """Read the variables again at the next use."""
    _read.clear()


def _variables(name: str) -> Mapping[str, str]:
    member = members.get(name)
    if member is None and not name and len(members) == 1:
        # A thread that the service has started: it can be of no other.
        member = next(iter(members.values()))
    return os.environ if member is None else member.environment


# A worker is forked first and told who it is afterwards.
os.register_at_fork(after_in_child=forget)

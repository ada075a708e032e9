"""What this process was told about its service, read once."""

import os
from functools import cache

from glassware.environment import Settings, from_variables


@cache
def current() -> Settings:
    """Return the settings of the service that asks."""
    return from_variables(os.environ)


def forget() -> None:
    """Read the variables again at the next use."""
    current.cache_clear()


# A worker is forked first and told who it is afterwards.
os.register_at_fork(after_in_child=forget)

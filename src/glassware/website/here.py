"""What the service that runs here knows of its site."""

from glassware.directory import Directory, directory_at
from glassware.service.settings import current


def directory() -> Directory:
    """Return where every service of the site is public, as it is now."""
    path = current().directory
    return directory_at(path) if path else Directory()


def own_name() -> str:
    """Return the name of the service whose code runs; empty: it runs alone."""
    return current().service

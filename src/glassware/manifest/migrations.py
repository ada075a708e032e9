"""Find what brings a service's databases up to date: a command, or files."""

from collections.abc import Mapping
from pathlib import Path

from glassware.model import SCRIPTS


FOLDER = "migrations"


def find_migrate(folder: Path, app: str | None) -> str | None:
    """Return the command of the migration tool that the folder is set up for.

    Args:
        folder: The service's.
        app: Its application, as manifests write it.

    Returns:
        A command for Alembic, Flask-Migrate or Django; `None`: none is set up.
    """
    if (folder / "alembic.ini").is_file():
        return "alembic upgrade head"
    if (folder / "migrations" / "alembic.ini").is_file() and app:
        return "flask db upgrade"
    if (folder / "manage.py").is_file():
        return "python manage.py migrate --noinput"
    return None


def find_scripts(folder: Path, databases: Mapping[str, str]) -> dict[str, Path]:
    """Return the folders of migrations by the database that they are for.

    Files in `migrations/NAME/` are for that database; those in `migrations/`
    for the only one whose engine takes files that end like them.

    Args:
        folder: The service's.
        databases: Their engines, by name.
    """
    found = {}
    for name, engine in databases.items():
        ending = SCRIPTS.get(engine)
        if ending is None:
            continue
        own = folder / FOLDER / name
        alone = takers(databases, ending) == [name]
        if scripts_in(own, ending):
            found[name] = own
        elif alone and scripts_in(folder / FOLDER, ending):
            found[name] = folder / FOLDER
    return found


def takers(databases: Mapping[str, str], ending: str) -> list[str]:
    """Return the databases whose engine takes files that end so."""
    return [name for name, engine in databases.items() if SCRIPTS.get(engine) == ending]


def scripts_in(folder: Path, ending: str) -> list[Path]:
    """Return the files of a folder that end so, by their names."""
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if path.name.endswith(ending) and not path.name.startswith(".")
        )
    except OSError:
        return []

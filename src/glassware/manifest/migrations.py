"""Find the command that brings a service's databases up to date."""

from pathlib import Path


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

"""Secrets: from the environment, or from files that are never committed."""

from collections.abc import Mapping
from pathlib import Path

from glassware.errors import Fault, ManifestError

from .draft import Manifest
from .read import read_manifest
from .variables import dotenv_variables


FILE = "secrets.toml"


def secret(name: str, site_folder: Path, environ: Mapping[str, str]) -> str:
    """Return a secret: from the environment, `secrets.toml`, or the site's `.env`.

    Args:
        name: As in `{secret.NAME}`.
        site_folder: Where the files are.
        environ: The real environment, which wins.

    Raises:
        ManifestError: It is in none of them, or a file is faulty.
    """
    value = find_secret(name, site_folder, environ)
    if value is None:
        what, hint = no_secret(name)
        raise ManifestError((Fault(file=site_folder / FILE, what=what, hint=hint),))
    return value


def find_secret(name: str, site_folder: Path, environ: Mapping[str, str]) -> str | None:
    """Return a secret, or `None` where it is nowhere.

    Raises:
        ManifestError: A file is faulty.
    """
    if name in environ:
        return environ[name]
    file = site_folder / FILE
    match read_manifest(file):
        case Fault() as fault:
            raise ManifestError((fault,))
        case Manifest(table=table, lines=lines) if name in table:
            value = table[name]
            if not isinstance(value, str):
                what = "must be text in quotes"
                line = lines.get((name,))
                fault = Fault(file=file, line=line, field=name, what=what)
                raise ManifestError((fault,))
            return value
        case _:
            return dotenv_variables(site_folder).get(name)


def no_secret(name: str) -> tuple[str, str]:
    """Say that a secret is nowhere, and where to put it."""
    hint = (
        f'set the variable `{name}`, or write `{name} = "…"` into `{FILE}` in the '
        "site's folder, and never commit that file"
    )
    return f"the secret `{name}` is nowhere to be found", hint

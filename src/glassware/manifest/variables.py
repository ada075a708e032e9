"""Variables from `.env` and `.flaskenv`, read as Flask reads them."""

from pathlib import Path

from dotenv import dotenv_values

from glassware.errors import Fault, ManifestError


FILES = (".flaskenv", ".env")
"""The one that wins last, as in Flask."""


def dotenv_variables(*folders: Path) -> dict[str, str]:
    """Return the variables of the folders' `.env` and `.flaskenv`.

    Args:
        folders: The one that wins last, so first the site's, then the
            service's. A variable of the real environment wins over all of
            them; that is for the caller to do.

    Raises:
        ManifestError: A file cannot be read.
    """
    variables: dict[str, str] = {}
    faults: list[Fault] = []
    for file in (folder / name for folder in folders for name in FILES):
        if not file.exists() or file.is_dir():  # some call a virtualenv `.env`
            continue
        try:
            values = dotenv_values(file, encoding="utf-8")
        except (OSError, ValueError) as error:
            faults.append(Fault(file=file, what=f"cannot be read: {error}"))
            continue
        variables |= {k: v for k, v in values.items() if v is not None}
    if faults:
        raise ManifestError(tuple(faults))
    return variables

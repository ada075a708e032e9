"""What the user's npm is told, read without Node: variables and `.npmrc`."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from glassware.errors import EngineError

from .web import Web, credentials_in


NPM = "https://registry.npmjs.org"


@dataclass(frozen=True, slots=True)
class Settings:
    """What npm is told: its options by name, in the spelling of `.npmrc`."""

    options: Mapping[str, str] = field(repr=False)

    def registry(self, name: str) -> str:
        """Return where the package `name` is looked for."""
        scope = name.partition("/")[0] if name.startswith("@") else ""
        of_scope = self.options.get(f"{scope}:registry") if scope else None
        return (of_scope or self.options.get("registry") or NPM).rstrip("/")

    def web(self) -> Web:
        """Return how the registries are reached."""
        options = self.options
        named = (options.get("cafile"), os.environ.get("NODE_EXTRA_CA_CERTS"))
        proxies = {
            "http": options.get("proxy") or options.get("http-proxy"),
            "https": options.get("https-proxy") or options.get("proxy"),
        }
        return Web(
            certificates=tuple(Path(file) for file in named if file),
            proxies={scheme: url for scheme, url in proxies.items() if url},
            credentials=dict(self._credentials()),
        )

    def _credentials(self) -> Iterator[tuple[str, str]]:
        for name, value in self.options.items():
            # //registry.example/npm/:_authToken=…
            place, _, what = name.rpartition(":")
            words = {"_authToken": "Bearer", "_auth": "Basic"}.get(what)
            if place.startswith("//") and words:
                beginning = place.rstrip("/") + "/"
                yield f"https:{beginning}", f"{words} {value}"
                yield f"http:{beginning}", f"{words} {value}"
            elif name == "registry" or what == "registry":
                yield from credentials_in(value).items()


def read_settings(site: Path | None) -> Settings:
    """Return what is set now, as npm reads it: variables, the site's file, the user's."""
    variables = {
        name.lower().removeprefix("npm_config_").replace("_", "-"): value
        for name, value in os.environ.items()
        if name.lower().startswith("npm_config_") and value
    }
    user = Path(variables.get("userconfig") or Path.home() / ".npmrc")
    options: dict[str, str] = {}
    for file in (variables.get("globalconfig"), user, site and site / ".npmrc"):
        if file:
            options |= _read(Path(file))
    return Settings({**options, **variables})


def _read(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"`{file}` cannot be read: {error}") from error
    found = {}
    for line in lines:
        name, separator, value = line.partition("=")
        if separator and not name.lstrip().startswith((";", "#")):
            found[name.strip()] = _filled(value.strip().strip("\"'"))
    return found


def _filled(value: str) -> str:
    """Return a value with its `${NAME}` replaced; npm leaves unknown ones alone."""
    return re.sub(
        r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], found[0]), value
    )

"""Archives of npm, without Node."""

import json
from urllib.parse import quote, urlsplit

from glassware.engines.packages import Part

from .npm_settings import NPM, Settings
from .web import Absent, Web, shown


ACCEPT = "application/vnd.npm.install-v1+json, application/json;q=0.5"


def find_archive(part: Part, settings: Settings, web: Web) -> str:
    """Return where an archive is.

    Raises:
        EngineError: The registry does not have it.
    """
    registry = settings.registry(part.name)
    page = f"{registry}/{quote(part.name, safe='@')}"
    try:
        said = json.loads(web.read(page, ACCEPT).body)
        url = str(said["versions"][part.version]["dist"]["tarball"])
    except (ValueError, TypeError, KeyError) as error:
        raise Absent(
            f"there is no `{part.name}` {part.version} in `{shown(registry)}`",
            hint="the registry is npm's: `registry` in `.npmrc`, or "
            "`npm_config_registry`",
        ) from error
    # A mirror may give the addresses of what it mirrors.
    if urlsplit(url).netloc == urlsplit(NPM).netloc:
        url = registry + urlsplit(url).path
    return url

"""The variables that carry a plan into a service: both directions.

The toolkit writes them with `to_variables`, the service wing reads them with
`from_variables`; nothing else of either wing knows how they are spelled. A
person can set them by hand: that is how a service that runs alone under plain
`flask run` finds its neighbours and databases.

====================================  ========================================
`GLASSWARE_SITE`                      name of the site
`GLASSWARE_SERVICE`                   name of this service
`GLASSWARE_URL`                       public address of the site
`GLASSWARE_MOUNTS`                    public prefixes of this service, by comma
`GLASSWARE_CALLS`                     neighbours it may call, by comma
`GLASSWARE_SERVICE_<NAME>_URL`        where that neighbour is
`GLASSWARE_DATABASE_<NAME>_ENGINE`    engine of that database
`GLASSWARE_DATABASE_<NAME>_URL`       where that database is, with credentials
====================================  ========================================

A neighbour's address is `http://host:port`, or `unix:FOLDER` for a folder
whose entries are the sockets of its ready workers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One database, as a service sees it.

    Attributes:
        engine: Name of its engine; empty where nobody said.
        url: Where it is, with the service's own credentials.
    """

    engine: str = ""
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the plan tells one service.

    Attributes:
        site: Name of the site; empty where the service runs alone.
        service: Name of the service; empty where it runs alone.
        url: The site's public address, such as `http://localhost:8000`.
        mounts: Its public prefixes, the principal one first.
        calls: The neighbours it may call; `None`: nobody decided, all allowed.
        neighbours: Addresses by name.
        databases: Bindings by name.
    """

    site: str = ""
    service: str = ""
    url: str = ""
    mounts: tuple[str, ...] = ()
    calls: tuple[str, ...] | None = None
    neighbours: Mapping[str, str] = field(default_factory=dict)
    databases: Mapping[str, Binding] = field(default_factory=dict)


def to_variables(settings: Settings) -> dict[str, str]:
    """Return the variables that carry `settings`."""
    variables = {
        "GLASSWARE_SITE": settings.site,
        "GLASSWARE_SERVICE": settings.service,
        "GLASSWARE_URL": settings.url,
        "GLASSWARE_MOUNTS": ",".join(settings.mounts),
    }
    if settings.calls is not None:
        variables["GLASSWARE_CALLS"] = ",".join(settings.calls)
    for name, address in settings.neighbours.items():
        variables[neighbour_variable(name)] = address
    for name, binding in settings.databases.items():
        variables[database_variable(name, "ENGINE")] = binding.engine
        variables[database_variable(name, "URL")] = binding.url
    return variables


def from_variables(variables: Mapping[str, str]) -> Settings:
    """Return what `variables` say; the opposite of `to_variables`.

    Names come back in lower case with `_` for `-`: look neighbours and
    databases up by `spelled(name)`.
    """
    return Settings(
        site=variables.get("GLASSWARE_SITE", ""),
        service=variables.get("GLASSWARE_SERVICE", ""),
        url=variables.get("GLASSWARE_URL", ""),
        mounts=_list(variables.get("GLASSWARE_MOUNTS", "")),
        calls=(
            _list(variables["GLASSWARE_CALLS"])
            if "GLASSWARE_CALLS" in variables
            else None
        ),
        neighbours=dict(_named(variables, "GLASSWARE_SERVICE_", "_URL")),
        databases={
            name: Binding(
                engine=variables.get(database_variable(name, "ENGINE"), ""), url=url
            )
            for name, url in _named(variables, "GLASSWARE_DATABASE_", "_URL")
        },
    )


def spelled(name: str) -> str:
    """Return how a name of a service or database is spelled as an attribute."""
    return name.lower().replace("-", "_")


def neighbour_variable(name: str) -> str:
    """Return the variable that holds a neighbour's address."""
    return f"GLASSWARE_SERVICE_{spelled(name).upper()}_URL"


def database_variable(name: str, what: str) -> str:
    """Return the variable that holds a database's `ENGINE` or `URL`."""
    return f"GLASSWARE_DATABASE_{spelled(name).upper()}_{what}"


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _named(
    variables: Mapping[str, str], start: str, end: str
) -> Iterator[tuple[str, str]]:
    for key, value in variables.items():
        if key.startswith(start) and key.endswith(end) and len(key) > len(start + end):
            yield key[len(start) : -len(end)].lower(), value

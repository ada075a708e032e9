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
`GLASSWARE_NEIGHBOURS`                what was said of single neighbours, as JSON
`GLASSWARE_KEY`                       private key of this service; see `tokens`
`GLASSWARE_CALLERS`                   `NAME=PUBLIC_KEY` of whoever may call it, by
                                      comma; absent: anybody may
`GLASSWARE_DEVELOPMENT`               `1` where its authors use it, not its visitors
`GLASSWARE_VISITORS`                  file that says how visitors are known; see
                                      `visitors`
`GLASSWARE_VISITOR_KEY`               private key that visitors' tokens are signed
                                      with; only for the service that signs them in
`GLASSWARE_COOKIE_PATH`               path of this service's own cookies; absent: as its
                                      framework has it
`GLASSWARE_COOKIE_KEY`                private key that signs what this service keeps
                                      with visitors for the others to read
`GLASSWARE_FAULTS`                    file that says what is done to calls on
                                      purpose; see `injection`
`GLASSWARE_DIRECTORY`                 file that says where every service is public;
                                      see `directory`
`GLASSWARE_LAYOUT`                    folder of the site's look: its templates and
                                      files
`GLASSWARE_DATABASE_<NAME>_ENGINE`    engine of that database
`GLASSWARE_DATABASE_<NAME>_URL`       where that database is, with credentials
====================================  ========================================

A neighbour's address is `http://host:port`, or `unix:FOLDER` for a folder
whose entries are the sockets of its ready workers.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


KEY = "GLASSWARE_KEY"
VISITOR_KEY = "GLASSWARE_VISITOR_KEY"
COOKIE_KEY = "GLASSWARE_COOKIE_KEY"

# Tests set these themselves for the services that they load.
FAULTS = "GLASSWARE_FAULTS"
DIRECTORY = "GLASSWARE_DIRECTORY"
VISITORS = "GLASSWARE_VISITORS"

_OPTIONAL = {
    "key": KEY,
    "faults": FAULTS,
    "directory": DIRECTORY,
    "layout": "GLASSWARE_LAYOUT",
    "visitors": VISITORS,
    "visitor_key": VISITOR_KEY,
    "cookie_path": "GLASSWARE_COOKIE_PATH",
    "cookie_key": COOKIE_KEY,
}

PRIVATE = frozenset({KEY, VISITOR_KEY, COOKIE_KEY})
"""The variables that a worker takes out of its environment when it starts."""


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
class Policy:
    """How calls to one neighbour are made; the defaults hold for all others.

    Attributes:
        timeout: Seconds for all of a call.
        retries: How often a call that may be repeated is sent again.
        at_once: Calls under way at once, from one process.
        max_answer: Largest body of an answer, in bytes.
        breaker: Failures in a row after which it is left alone for a while;
            0: never.
    """

    timeout: float = 10.0
    retries: int = 2
    at_once: int = 32
    max_answer: int = 64 * 1024 * 1024
    breaker: int = 5


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
        policies: How neighbours are called, by name, where it was said.
        key: The private key that its tokens are signed with; empty: it has none.
        callers: The public keys of those that may call it, by name; `None`:
            nobody decided, so everybody may.
        development: Whether its authors use it, rather than its visitors.
        faults: The file that says what is done to calls on purpose; empty:
            nothing ever is.
        directory: The file that says where every service is public; empty: it
            runs alone.
        layout: The folder of the site's look; empty: it has none.
        visitors: The file that says how visitors are known; empty: it runs alone.
        visitor_key: `KEY_ID:PRIVATE_KEY` that their tokens are signed with; empty:
            this service signs nobody in.
        cookie_path: The path of its own cookies; empty: as its framework has it.
        cookie_key: The private key that signs what it keeps with visitors for
            others to read; empty: it keeps nothing for them.
        databases: Bindings by name.
    """

    site: str = ""
    service: str = ""
    url: str = ""
    mounts: tuple[str, ...] = ()
    calls: tuple[str, ...] | None = None
    neighbours: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    key: str = field(default="", repr=False)
    callers: Mapping[str, str] | None = None
    development: bool = False
    faults: str = ""
    directory: str = ""
    layout: str = ""
    visitors: str = ""
    visitor_key: str = field(default="", repr=False)
    cookie_path: str = ""
    cookie_key: str = field(default="", repr=False)
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
    if settings.callers is not None:
        variables["GLASSWARE_CALLERS"] = ",".join(
            f"{name}={key}" for name, key in settings.callers.items()
        )
    if settings.development:
        variables["GLASSWARE_DEVELOPMENT"] = "1"
    said = {name: getattr(settings, key) for key, name in _OPTIONAL.items()}
    variables |= {name: value for name, value in said.items() if value}
    if settings.policies:
        policies = {name: asdict(policy) for name, policy in settings.policies.items()}
        variables["GLASSWARE_NEIGHBOURS"] = json.dumps(policies)
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
        policies=_policies(variables.get("GLASSWARE_NEIGHBOURS", "")),
        callers=callers_of(variables),
        development=variables.get("GLASSWARE_DEVELOPMENT", "") == "1",
        **{key: variables.get(name, "") for key, name in _OPTIONAL.items()},
        databases={
            name: Binding(
                engine=variables.get(database_variable(name, "ENGINE"), ""), url=url
            )
            for name, url in _named(variables, "GLASSWARE_DATABASE_", "_URL")
        },
    )


def callers_of(variables: Mapping[str, str]) -> dict[str, str] | None:
    """Return the public keys of those that may call a service, by name."""
    if "GLASSWARE_CALLERS" not in variables:
        return None
    pairs = (each.partition("=") for each in _list(variables["GLASSWARE_CALLERS"]))
    return {name: key for name, _, key in pairs}


def of_nobody(variables: Mapping[str, str]) -> dict[str, str]:
    """Return a service's variables for whoever runs the site: no service at all.

    He may call every service, and has no key of his own.
    """
    own = {"GLASSWARE_CALLS", "GLASSWARE_SERVICE", *PRIVATE}
    return {name: value for name, value in variables.items() if name not in own}


def spelled(name: str) -> str:
    """Return how a name of a service or database is spelled as an attribute."""
    return name.lower().replace("-", "_")


def neighbour_variable(name: str) -> str:
    """Return the variable that holds a neighbour's address."""
    return f"GLASSWARE_SERVICE_{spelled(name).upper()}_URL"


def database_variable(name: str, what: str) -> str:
    """Return the variable that holds a database's `ENGINE` or `URL`."""
    return f"GLASSWARE_DATABASE_{spelled(name).upper()}_{what}"


def _policies(text: str) -> dict[str, Policy]:
    if not text:
        return {}
    known = {f.name for f in fields(Policy)}
    said: dict[str, dict[str, Any]] = json.loads(text)
    return {
        spelled(name): Policy(**{k: v for k, v in keys.items() if k in known})
        for name, keys in said.items()
    }


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _named(
    variables: Mapping[str, str], start: str, end: str
) -> Iterator[tuple[str, str]]:
    for key, value in variables.items():
        if key.startswith(start) and key.endswith(end) and len(key) > len(start + end):
            yield key[len(start) : -len(end)].lower(), value

"""What is wrong with a link that cannot be made, and the way out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from glassware.errors import DeadLink

from .listing import Directory, Entry
from .rules import Pattern


_MOST = 8


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried.

    Attributes:
        patterns: The rules of the endpoint.
        values: What they were to be filled with.
        method: What one of them had to take; `None`: anything.
    """

    patterns: Sequence[Pattern]
    values: Mapping[str, Any] = field(default_factory=dict)
    method: str | None = None


def trouble(
    directory: Directory, entry: Entry | None, name: str, tried: Tried
) -> DeadLink:
    """Return what is wrong with a link.

    Args:
        directory: The whole site.
        entry: The service that it names; `None`: there is none.
        name: `SERVICE.ENDPOINT`.
        tried: Why it is no link.
    """
    service, _, endpoint = name.partition(".")
    if entry is None:
        return _no_service(directory, name, service, endpoint)
    if not entry.places:
        return DeadLink(
            f"`{name}` is not public: no address leads to `{service}`",
            hint=f'give it one in its service.toml: `route = "/{service}"`',
        )
    if not tried.patterns:
        return _no_endpoint(name, service, endpoint, entry)
    public = [pattern for pattern in tried.patterns if pattern.rule.places]
    if not public:
        rule = tried.patterns[0].rule.rule
        return DeadLink(
            f"`{name}` is not public: the routes of `{service}` leave `{rule}` out",
            hint=f"see `path`, `only` and `except` in the service.toml of `{service}`",
        )
    readable = [pattern for pattern in public if pattern.readable]
    if not readable:
        return DeadLink(
            f"`{name}` has a regular expression for its address, from which no link "
            f"can be made: `{public[0].rule.rule}`",
            hint="give it named groups alone, or a plain rule besides",
        )
    return _unfit(name, readable, tried)


def inside_trouble(
    directory: Directory, entry: Entry | None, name: str, tried: Tried
) -> DeadLink:
    """Return what is wrong with a name, whether or not it is public."""
    service, _, endpoint = name.partition(".")
    if entry is None:
        return _no_service(directory, name, service, endpoint)
    if not tried.patterns:
        return _no_endpoint(name, service, endpoint, entry)
    return _unfit(name, tried.patterns, tried)


def _no_service(
    directory: Directory, name: str, service: str, endpoint: str
) -> DeadLink:
    if not endpoint:
        return DeadLink(
            f"`{name}` names no service", hint="a link is to `SERVICE.ENDPOINT`"
        )
    near = get_close_matches(service, directory.services, n=1)
    return DeadLink(
        f"`{name}`: the site has no service `{service}`",
        hint=f"did you mean `{near[0]}.{endpoint}`?" if near else None,
    )


def _no_endpoint(name: str, service: str, endpoint: str, entry: Entry) -> DeadLink:
    names = tuple(dict.fromkeys(rule.endpoint for rule in entry.rules))
    if not names:
        below = entry.places[0].prefix if entry.places else ""
        return DeadLink(
            f"`{name}`: `{service}` does not tell what it answers to",
            hint=f"write its paths in full, below `{below}/`",
        )
    near = get_close_matches(endpoint, names, n=1)
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    listed = ", ".join(f"`{each}`" for each in names[:_MOST])
    hint = f"did you mean `{service}.{near[0]}`?" if near else f"it has {listed}{more}"
    return DeadLink(f"`{name}`: `{service}` has no endpoint `{endpoint}`", hint=hint)


def _unfit(name: str, public: Sequence[Pattern], tried: Tried) -> DeadLink:
    values, method = tried.values, tried.method
    rules = _named([pattern.rule.rule for pattern in public])
    if method is not None and not any(each.takes(method) for each in public):
        taken = sorted({each for pattern in public for each in pattern.rule.methods})
        return DeadLink(
            f"`{name}` takes no `{method}`", hint=f"it takes {_named(taken)}"
        )
    lacking = [[n for n in p.arguments if n not in values] for p in public]
    needed = min((each for each in lacking if each), key=len, default=[])
    if needed:
        return DeadLink(f"`{name}` needs {_named(needed)}", hint=f"its rule is {rules}")
    said = {key: value for p in public for key, value in p.rule.defaults.items()}
    wrong = [key for key, value in said.items() if values.get(key, value) != value]
    return DeadLink(
        f"`{name}` has no address for such a value of {_named(wrong)}",
        hint=f"its rule is {rules}",
    )


def _named(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))

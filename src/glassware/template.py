"""Text with values that are known late, such as `{databases.main.url}`.

Manifests check the references in it, the plan keeps them, and the runner or an
exporter fills them in at the last moment.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that is known late, such as `{databases.main.url}`.

    Attributes:
        kind: `services`, `databases` or `secret`.
        name: Of the service or database; the secret's own name.
        field: Such as `url`, `host`, `port`, `password`; empty for a secret.
    """

    kind: str
    name: str
    field: str = ""

    def __str__(self) -> str:
        return "{" + ".".join(filter(None, (self.kind, self.name, self.field))) + "}"


Template = tuple[str | Reference, ...]

SERVICE_FIELDS = ("url", "host", "port")
DATABASE_FIELDS = ("url", "host", "port", "user", "password", "name", "socket")

_REFERENCE = re.compile(
    r"\{(?:(services|databases)\.([a-zA-Z0-9_-]+)\.([a-z]+)|(secret)\.([A-Za-z0-9_]+))\}"
)
_LOOKALIKE = re.compile(r"\{(services?|databases?|secrets?)\.[^{}]*\}")


def parse(text: str) -> Template:
    """Split `text` at its references; any other brace stands for itself."""
    parts: list[str | Reference] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        parts.append(text[end : match.start()])
        kind, name, what, secret, secret_name = match.groups()
        parts.append(Reference(kind or secret, name or secret_name, what or ""))
        end = match.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")


def fill(template: Template, value: Callable[[Reference], str]) -> str:
    """Return the text of `template` with every reference replaced by its value."""
    return "".join(
        value(part) if isinstance(part, Reference) else part for part in template
    )


def references(template: Template) -> Iterator[Reference]:
    """Return the references of `template` in their order."""
    return (part for part in template if isinstance(part, Reference))


def lookalikes(text: str) -> Iterator[str]:
    """Return the parts of `text` that were meant as references and are none."""
    for match in _LOOKALIKE.finditer(text):
        if not _REFERENCE.fullmatch(match[0]):
            yield match[0]

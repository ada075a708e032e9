"""A site, as the manifests describe it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from .databases import Engine
from .gateway import Gateway
from .services import Service
from .types import Name
from .visitors import Visitors


PathKey = Annotated[
    str,
    Meta(
        min_length=1,
        description="Where the service's folder is, from the site's folder. Absent: "
        "`services/NAME`.",
    ),
]
"""The key `path` of `[services.NAME]` in `site.toml`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything the manifests say.

    `folder` and `services` come from where they were found; every other field
    is a key of `site.toml`.
    """

    folder: Path
    services: tuple[Service, ...] = ()
    name: Annotated[Name, Meta(description="Absent: made from the folder's name.")] = ""
    gateway: Annotated[Gateway, Meta(description="The public address.")] = field(
        default_factory=Gateway
    )
    visitors: Annotated[
        Visitors, Meta(description="How visitors are known, by every service alike.")
    ] = field(default_factory=Visitors)
    groups: Annotated[
        Mapping[Name, tuple[str, ...]],
        Meta(description="Services that share one process, by the group's name."),
    ] = field(default_factory=dict)
    engines: Annotated[
        Mapping[str, Engine],
        Meta(description="`[engines.postgresql]`: where that engine comes from."),
    ] = field(default_factory=dict)

    def service(self, name: str) -> Service | None:
        """Return the service of that name, or `None`."""
        return next((s for s in self.services if s.name == name), None)

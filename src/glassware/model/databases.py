"""Databases of services, and where their engines come from."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta


ENGINES = (
    "postgresql",
    "redis",
    "mongodb",
    "cassandra",
    "dynamodb",
    "sqlite",
)
"""The engines that a service may choose from, in the order of the docs."""

SCRIPTS = {"cassandra": ".cql", "postgresql": ".sql", "sqlite": ".sql"}
"""The engines that take migrations as files, and how these end."""

Source = Literal["machine", "embedded", "container"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database of a service, where there is more to say than its engine."""

    engine: Annotated[
        str,
        Meta(
            description="Its engine.",
            extra_json_schema={"enum": list(ENGINES)},
        ),
    ] = ""
    url: Annotated[
        str | None,
        Meta(
            description="A database that exists and is used as it is, with the "
            "credentials in this URL: a URL, or `env:NAME` to read one."
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Where a database engine comes from."""

    url: Annotated[
        str | None,
        Meta(description="An existing server: a URL, or `env:NAME` to read one."),
    ] = None
    source: Annotated[
        Source | None,
        Meta(
            description="Where the server comes from otherwise. Absent: the first of "
            "these that is there."
        ),
    ] = None
    program: Annotated[
        str | None,
        Meta(description="The server's program on this machine. Absent: found out."),
    ] = None
    image: Annotated[
        str | None,
        Meta(description="What the container is made of. Absent: the engine's usual."),
    ] = None

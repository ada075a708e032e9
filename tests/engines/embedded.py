"""Servers for tests: those that engines of others are tested with, too."""

from glassware.testing.engines import (
    Embedded,
    Embedder,
    embedding,
    free_port,
    grant,
    until,
)
from glassware.testing.engines.servers import DEADLINE


__all__ = [
    "DEADLINE",
    "Embedded",
    "Embedder",
    "embedding",
    "free_port",
    "grant",
    "until",
]

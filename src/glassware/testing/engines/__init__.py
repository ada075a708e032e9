"""The promises of engines, as tests: for whoever writes an engine.

A test module subclasses what fits its engine; see `docs/how-to/add-an-engine.md`:

    class TestShelf(ServerConformance, PasswordConformance):
        subject = Subject(engine=engine, keep=keep, kept=kept, refusals=(OSError,))
"""

import pytest


# A failed promise shows what it compared.
pytest.register_assert_rewrite(
    *(f"{__name__}.{part}" for part in ("any", "fresh", "passwords", "sockets")),
    *(f"{__name__}.{part}" for part in ("opened", "served", "survival")),
)

from .any import Conformance  # noqa: E402 - after pytest knows of it
from .fresh import FreshConformance  # noqa: E402
from .passwords import PasswordConformance  # noqa: E402
from .served import ServerConformance  # noqa: E402
from .servers import Embedded, Embedder, embedding, free_port, grant, until  # noqa: E402
from .sockets import SocketConformance  # noqa: E402
from .subject import Subject  # noqa: E402


__all__ = [
    "Conformance",
    "Embedded",
    "Embedder",
    "FreshConformance",
    "PasswordConformance",
    "ServerConformance",
    "SocketConformance",
    "Subject",
    "embedding",
    "free_port",
    "grant",
    "until",
]

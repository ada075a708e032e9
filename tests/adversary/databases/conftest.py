"""Fixtures of the tests that try to break databases."""

from engines.conftest import embed, engine


__all__ = ["embed", "engine"]

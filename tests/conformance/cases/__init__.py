"""All cases: the caller runs them, the tests read what is expected of them."""

from . import bare_wsgi, bodies, ends, failures, frameworks, heads, nested
from .declared import CASES, Case


__all__ = [
    "CASES",
    "Case",
    "bare_wsgi",
    "bodies",
    "ends",
    "failures",
    "frameworks",
    "heads",
    "nested",
]

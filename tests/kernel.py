"""What the kernel allows here: containers and chroots often forbid namespaces."""

import functools
import subprocess
import sys

import pytest

from glassware.runner.network import refusal


_NAMES = """
import sys, tempfile
from pathlib import Path
from glassware.runner.names import give_names
with tempfile.TemporaryDirectory() as folder:
    refused = give_names({}, Path(folder, "hosts"))
sys.exit(refused)
"""


def need_user_namespaces() -> None:
    """Skip the test where nobody may become another user of their own making."""
    _need(_fault("unshare", "--user", "--map-root-user", "--", "true"))


def need_host_names() -> None:
    """Skip the test where a site cannot have an `/etc/hosts` of its own."""
    _need(_fault(sys.executable, "-c", _NAMES))


def need_networks() -> None:
    """Skip the test where a program cannot have a network of its own."""
    _need(refusal())


def _need(refused: str | None) -> None:
    if refused:
        pytest.skip(refused)


@functools.cache
def _fault(*argv: str) -> str | None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stderr.strip() or "it fails" if done.returncode else None

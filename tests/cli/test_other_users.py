"""A folder that is not this user's is an error with a way out, never a traceback."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root is two users")

ORDINARY = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    # Lets this user read the checkout and its interpreter, wherever they are.
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"),
)
COMMANDS = (
    "up",
    "ps",
    "logs",
    "down",
    "restart",
    "routes",
    "call home /",
    "run home id",
)


@pytest.fixture
def site() -> Iterator[Path]:
    """A site of root's, with a state folder, that everybody may read."""
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    folder.chmod(0o755)
    (folder / "services/home").mkdir(parents=True)
    (folder / "services/home/app.py").write_text(
        "from flask import Flask\napp = Flask('x')\n"
    )
    (folder / ".glassware").mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


def glassware(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody who is not root."""
    return subprocess.run(
        (*ORDINARY, sys.executable, "-m", "glassware", *arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_state_folder_of_another_user_names_its_owner(
    site: Path, command: str
) -> None:
    """With the line that takes it over."""
    answer = glassware(site, *command.split())

    assert "belongs to the user `root`" in answer.stderr
    assert "sudo chown -R 65534" in answer.stderr
    assert answer.returncode == 1


@pytest.mark.parametrize("command", ["new service x", "new site x"])
def test_nothing_is_written_where_nothing_may_be_written(
    site: Path, command: str
) -> None:
    """The folder is named."""
    answer = glassware(site, *command.split())

    assert answer.stderr.startswith("error: cannot write `")
    assert "Permission denied" in answer.stderr
    assert answer.returncode == 1

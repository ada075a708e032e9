"""Engines run for an ordinary user as they do for root."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from glassware import engines


@pytest.mark.skipif(os.geteuid() != 0, reason="every test is such a test here")
def test_an_ordinary_user_runs_every_engine() -> None:
    """Nothing that only root may do is needed."""
    # The capability lets this user read the checkout and its interpreter, which
    # may be in a folder of root's; it makes nobody root.
    prefix = (
        *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
        *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
        *("--securebits=+no_setuid_fixup", "--"),
    )
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    os.chown(folder, 65534, 65534)
    done = subprocess.run(
        (*prefix, sys.executable, "-m", "engines.ordinary_user", folder),
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(folder)
    assert done.stdout.splitlines() == [f"{name} tea" for name in engines.NAMES]
    assert done.returncode == 0, done.stderr

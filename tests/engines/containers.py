"""An image for tests, made of what is on this machine: nothing is fetched."""

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from glassware import engines


IMAGE = "localhost/glassware-tests-valkey:9"

# Where a user may have fewer of something than a container is given at first.
LIMITS = '[containers]\ndefault_ulimits=["nofile=4096:4096","nproc=4096:4096"]\n'


@contextmanager
def podman(folder: Path) -> Iterator[str]:
    """Provide an image with Valkey in it; skip where no container runs."""
    tool = shutil.which("podman")
    if tool is None:
        pytest.skip("there is no Podman")
    settings = folder / "containers.conf"
    settings.write_text(LIMITS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_CONF", str(settings))
        archive = folder / "image.tar"
        with tarfile.open(archive, "w") as tar:
            _add_program(tar, _valkey())
        _run(tool, "import", str(archive), IMAGE)
        refused = _run(
            tool, "run", "--rm", IMAGE, "valkey-server", "--version", check=False
        )
        try:
            if refused:
                pytest.skip(f"no container runs here: {refused}")
            yield tool
        finally:
            _run(tool, "rmi", "--force", IMAGE, check=False)


def _valkey() -> Path:
    path = engines.find("redis").embedded().path
    assert path is not None
    return path


def _add_program(tar: tarfile.TarFile, program: Path) -> None:
    """Add a program as `/bin/NAME`, and the libraries that it is linked with."""
    tar.add(program, f"bin/{program.name}")
    linked = subprocess.check_output(("ldd", program), text=True)
    for library in dict.fromkeys(re.findall(r"/\S+", linked)):
        tar.add(os.path.realpath(library), library.lstrip("/"))
    for name in ("data", "etc", "tmp"):
        folder = tarfile.TarInfo(name)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o777
        tar.addfile(folder)


def _run(*argv: str, check: bool = True) -> str:
    """Run a command; return what it complained of, if it failed."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, done.stderr
    return done.stderr.strip().rpartition("\n")[2] if done.returncode else ""

"""The site in each of its forms, started once."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from conformance.running import Running, running
from worker.worker_process import Zygote, become_subreaper


@pytest.fixture(scope="module")
def forms() -> Iterator[dict[str, Running]]:
    """The site over the wire, and as a group."""
    become_subreaper(1)
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    zygote = Zygote()
    with ExitStack() as stack:
        yield {
            mode: stack.enter_context(running(mode, folder, zygote))
            for mode in ("wire", "group")
        }
    zygote.end()
    become_subreaper(0)
    shutil.rmtree(folder)

"""Root runs programs that refuse root, also where namespaces are not to be had."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.embedded import Embedder
from glassware import engines
from glassware.engines import programs, unprivileged
from glassware.engines.postgresql import cluster as postgresql_cluster


MEMORIES = (unprivileged.way_for, programs.dying_with_parent, programs.alone_with)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a way")


@pytest.fixture
def without_namespaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Take `unshare` away, as a plain container does in effect."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("setpriv", "flock", "sh", "true"):
        (folder / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(folder))
    for memory in MEMORIES:
        memory.cache_clear()
    yield
    for memory in MEMORIES:
        memory.cache_clear()


def test_a_program_in_a_closed_folder_is_run(
    tmp_path: Path, without_namespaces: None
) -> None:
    """A checkout below a folder that only root may enter is no obstacle."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "pg_config"
    server = engines.find("postgresql").embedded().path
    assert server is not None
    shutil.copy(server.with_name("pg_config"), program)

    way = unprivileged.way_for((str(program), "--bindir"))

    assert way.owner != 0


def test_postgresql_runs_without_namespaces(
    embed: Embedder, without_namespaces: None
) -> None:
    """The server starts as somebody else, over data that root alone may enter."""
    server = embed(engines.find("postgresql")).start()

    assert server.engine.ready(server.url)
    assert postgresql_cluster.folder(server.place).stat().st_uid != 0

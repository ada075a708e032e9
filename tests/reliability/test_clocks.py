"""Somebody sets the clock while a site runs (row 28 of the goal table)."""

import mmap
import shutil
import struct
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from row_sites import CHAIN


SOURCE = Path(__file__).with_name("wall_clock.c")
ASKED = 20


@pytest.fixture
def set_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Give what sets the wall clock of every process that is started from now on."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler: nobody can set the clock of a process")
    library, file = tmp_path / "wall_clock.so", tmp_path / "wall_clock"
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True
    )
    file.write_bytes(struct.pack("l", 0))
    monkeypatch.setenv("WALL_CLOCK", str(file))
    monkeypatch.setenv("LD_PRELOAD", str(library))

    def set_to(seconds: int) -> None:
        with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as page:
            page[:] = struct.pack("l", seconds)

    return set_to


def test_the_clock_is_really_set(site, set_clock):
    """What the other tests stand on: services see the other time."""
    site.write(
        {
            "services/clock/app.py": """
                import time
                from flask import Flask

                app = Flask(__name__)

                @app.get("/")
                def tell():
                    return {"wall": time.time(), "monotonic": time.monotonic()}
                """,
            "services/clock/service.toml": 'route = "/"\n',
        }
    )
    site.up()
    before = site.get("/").json()

    set_clock(7200)

    after = site.get("/").json()
    assert after["wall"] - before["wall"] >= 7200
    assert after["monotonic"] - before["monotonic"] < 3600


def test_no_call_is_refused_when_the_clock_is_set(site, set_clock):
    """Neither deadlines nor tokens nor the gateway take it for the time that passed."""
    site.write(CHAIN)
    site.up()
    assert site.get("/").status == 200
    restarts = [s["restarts"] for s in site.snapshot()["services"]]

    for seconds in (-30, 0, -10, 30, -7200, 7200, 0):
        set_clock(seconds)
        seen = Counter(site.get("/").status for _ in range(ASKED))
        assert seen == {200: ASKED}, seconds

    assert [s["restarts"] for s in site.snapshot()["services"]] == restarts

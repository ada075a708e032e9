import json
import re
import subprocess
import sys
from pathlib import Path

import glassware.worker


LOADED = """
import sys
import granian
before = set(sys.modules)
import glassware.worker.zygote, glassware.worker.__main__
import glassware.worker.granian_private, glassware.worker.wsgi
import json
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""
RUN = """
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("glassware.worker", run_name="__main__")
"""
TOOLKIT = ("click", "rich", "watchfiles", "msgspec", "pycurl", "dotenv", "envoy")


def test_a_worker_needs_no_toolkit():
    """It imports nothing of it beyond what granian itself imports."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert not set(TOOLKIT) & set(json.loads(done.stdout))


def test_a_foreign_environment_can_run_a_worker(start, folder):
    """Through `PYTHONPATH` alone, without any distribution of ours installed."""
    link = folder / "glassware-worker"
    link.mkdir()
    (link / "glassware").symlink_to(Path(glassware.__file__).parent)
    site = next(p for p in sys.path if p.endswith("site-packages"))
    for name in ("granian", "click"):
        (link / name).symlink_to(Path(site, name))
    job = start.job(
        {
            "app.py": "def app(environ, start_response):\n"
            "    start_response('200 OK', [])\n    return [b'ok']"
        }
    )
    done = subprocess.run(
        [
            *(sys.executable, "-I", "-S", "-c"),
            RUN,
            str(link),
            "inspect",
        ],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout)["interface"] == "wsgi", done.stderr


def test_the_picture_of_the_room_names_each_file():
    """Who reads the room's docstring knows where to look, also when a file is new."""
    room = Path(glassware.worker.__file__).parent
    files = {file.stem for file in room.glob("*.py")} - {"__init__"}
    assert set(re.findall(r"`(\w+)`", glassware.worker.__doc__)) == files

"""From a save to the new code being served, for a small service.

Each round saves another version and asks the gateway until it answers with it.
The other side is Flask's own development server with its reloader.

    ./dev run python benchmarks/reload.py
"""

import http.client
import sys
import time
from pathlib import Path

from rig.figures import keep, median, number, options, ratio, show
from rig.processes import Stage, free_port, until
from rig.servers import text
from rig.site import Site, write


APP = """
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "version {version}"
"""


def serves(port: int, version: int) -> bool:
    """Whether the server answers with a version."""
    try:
        return text(port, "/") == f"version {version}"
    except (OSError, RuntimeError, http.client.HTTPException):
        return False


def save(file: Path, version: int) -> None:
    """Save another version."""
    file.write_text(APP.replace("{version}", str(version)))


def main() -> None:
    """Run the rounds, both sides in turn, and print medians and the ratio."""
    given = options(__doc__, {"rounds": 3}, rounds=15)
    with Stage() as stage:
        ours = stage.folder / "site" / "services" / "small" / "app.py"
        write(ours.parent, {"service.toml": 'route = "/"\n', "app.py": ""})
        alone = write(stage.folder / "alone", {"app.py": ""}) / "app.py"
        for file in (ours, alone):
            save(file, 0)
        port = free_port()
        flask = ("-m", "flask", "run", "--debug", "--port", str(port))
        stage.start("flask", [sys.executable, *flask], cwd=alone.parent)
        site = Site(stage, stage.folder / "site")
        sides = {"glassware": (site.wait(), ours), "flask run": (port, alone)}
        times: dict[str, list[float]] = {name: [] for name in sides}
        for door, _ in sides.values():
            until(lambda door=door: serves(door, 0))
        for version in range(1, given.rounds + 1):
            for name, (port, file) in sides.items():
                save(file, version)
                took = until(lambda p=port, v=version: serves(p, v), 30)
                times[name].append(took * 1000)
                time.sleep(0.5)
    base = median(times["glassware"])
    show(
        "From a save until the new code is served, in ms",
        ("", "median", "worst", "ratio"),
        [
            (name, number(median(ms)), number(max(ms)), ratio(median(ms), base))
            for name, ms in times.items()
        ],
    )
    keep(given, times)


if __name__ == "__main__":
    main()

"""What the gateway adds to a request, against the server asked directly.

The same small service twice: as a worker of ours, which answers nobody but the
gateway and its neighbours, and as a program of its own, which answers anybody.

    ./dev run python benchmarks/gateway.py
"""

import json
import sys

from rig.figures import keep, median, number, options, show
from rig.kept import Kept
from rig.processes import Stage
from rig.servers import text
from rig.site import Site, write


APP = """
import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return {"port": os.environ.get("PORT", "")}
"""
PROGRAM = f"""
route = "/program"
command = "{sys.executable} -m granian app:app --interface wsgi --host $HOST --port $PORT"
"""
FILES = {
    "services/worker/app.py": APP,
    "services/worker/service.toml": 'route = "/worker"\n',
    "services/program/app.py": APP,
    "services/program/service.toml": PROGRAM,
}


def main() -> None:
    """Run the rounds and print medians."""
    given = options(__doc__, {"rounds": 2}, rounds=15, count=200)
    with Stage() as stage:
        folder = write(stage.folder / "site", FILES)
        port = Site(stage, folder, "--production").wait()
        own = int(json.loads(text(port, "/program/"))["port"])
        sides = {
            "the worker through the gateway": (Kept(port), "/worker/"),
            "the program through the gateway": (Kept(port), "/program/"),
            "the program directly": (Kept(own), "/"),
        }
        times: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(given.rounds):
            for name, (asked, path) in sides.items():
                took = [asked.ask(path)[0] * 1e6 for _ in range(given.count)]
                times[name].append(median(took))
    results = {name: median(found) for name, found in times.items()}
    _, through, directly = results.values()
    results["the gateway adds"] = through - directly
    rows = [(name, number(found)) for name, found in results.items()]
    show("A request that does nothing: medians in µs", ("", "µs"), rows)
    keep(given, results)


if __name__ == "__main__":
    main()

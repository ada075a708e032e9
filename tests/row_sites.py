"""A site of three services in a row, and many that ask it at once."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


FRONT = """
    from flask import Flask, request
    from glassware import deadline, services

    app = Flask(__name__)


    @app.get("/")
    def page():
        return services.middle.get("/").json()


    @app.get("/alone")
    def alone():
        return "alone"


    @app.get("/remaining")
    def remaining():
        return [deadline.remaining(), *services.middle.get("/remaining").json()]


    @app.get("/to/<path:path>")
    def to(path):
        answer = services.back.get(f"/{path}")
        return answer.content, answer.status_code
"""

MIDDLE = """
    from flask import Flask
    from glassware import deadline, services

    app = Flask(__name__)


    @app.get("/")
    def page():
        answer = services.back.get("/")
        return answer.content, answer.status_code


    @app.get("/remaining")
    def remaining():
        return [deadline.remaining(), *services.back.get("/remaining").json()]
"""

BACK = """
    from flask import Flask
    from glassware import deadline

    app = Flask(__name__)


    @app.get("/")
    def page():
        return {"from": "back"}


    @app.get("/remaining")
    def remaining():
        return [deadline.remaining()]
"""

CHAIN = {
    "services/front/app.py": FRONT,
    "services/front/service.toml": 'route = "/"\ncalls = ["middle", "back"]\n',
    "services/middle/app.py": MIDDLE,
    "services/middle/service.toml": 'calls = ["back"]\n',
    "services/back/app.py": BACK,
}


def all_at_once(count: int, ask: Callable[[], int]) -> Counter[int]:
    """Return how often each status came when `count` ask at the same time."""
    barrier = threading.Barrier(count)

    def one(_: int) -> int:
        barrier.wait()
        return ask()

    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(one, range(count)))


def recorded(path: Path) -> list[object]:
    """Return what services wrote down, a line of JSON each."""
    return [json.loads(line) for line in path.read_text().splitlines()]

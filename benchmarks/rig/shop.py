"""The three small services, as each side writes them, started on a stage."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .processes import Stage, free_port, listens
from .rabbit import rabbit
from .servers import SHOP, Side, have, text
from .site import Files, Site, write


FUNCTIONS = "one Flask app, granian"
FUNCTIONS_GUNICORN = "one Flask app, gunicorn"
ANEW = "Flask, gunicorn, requests.get"
SESSION = "Flask, gunicorn, requests.Session"
FASTAPI = "FastAPI, uvicorn, httpx"
GRPC = "Flask, gunicorn, gRPC"
NAMEKO = "Nameko, RabbitMQ"
WIRE = "glassware, wire"
GROUPED = "glassware, grouped"

GROUP = '[groups]\nshop = ["storefront", "catalog"]\n'
"""The one line more in `site.toml`."""


def rivals(stage: Stage) -> Iterator[tuple[str, int]]:
    """Start every other side that can run here; return the ports of their A."""
    yield FUNCTIONS, Side(stage, "granian", flask("functions")).granian("storefront")
    if have("gunicorn"):
        plain = Side(stage, "gunicorn", flask("functions"))
        yield FUNCTIONS_GUNICORN, plain.gunicorn("storefront")
    if have("gunicorn") and have("requests"):
        for name, client in ((ANEW, "anew"), (SESSION, "session")):
            yield name, requests(stage, client)["storefront"]
    if have("fastapi") and have("uvicorn") and have("httpx"):
        yield FASTAPI, _fastapi(stage)
    if have("gunicorn") and have("grpc_tools"):
        yield GRPC, _grpc(stage)
    if have("nameko") and (broker := rabbit(stage)) is not None:
        yield NAMEKO, _nameko(stage, broker)


def ours(
    stage: Stage, name: str, site: str = "", timeout: float = 10.0, tables: str = ""
) -> Site:
    """Start A, B and C as a site.

    Args:
        stage: Where it runs.
        name: Its folder.
        site: Its `site.toml`.
        timeout: Seconds that the gateway gives a page.
        tables: What else stands in the manifest of A and of B.
    """
    calls = {"storefront": ["catalog"], "catalog": ["reviews"], "reviews": []}
    routes = {"storefront": "/", "reviews": "/reviews"}
    files: dict[str, str | Path] = {"site.toml": site}
    for service, neighbours in calls.items():
        lines = [f"calls = {neighbours}"]
        if service in routes:
            lines += [f'[[routes]]\npath = "{routes[service]}"\ntimeout = {timeout}']
        for neighbour in neighbours:
            lines += [tables.format(neighbour=neighbour)]
        files[f"services/{service}/service.toml"] = "\n".join([*lines, ""])
        for file, source in package(service, "glassware").items():
            files[f"services/{service}/{file}"] = source
    return Site(stage, write(stage.folder / name, files), "--production")


def grouped(stage: Stage, *options: Any, **more: Any) -> dict[str, int]:
    """Start the same site as a group; return its port, by its name.

    Args:
        stage: Where it runs.
        *options: As `ours` takes them after its `site.toml`.
        **more: Likewise.
    """
    port = ours(stage, "grouped", GROUP, *options, **more).wait()
    caller, callee = json.loads(text(port, "/calls/1"))["pids"]
    if caller == callee:
        return {GROUPED: port}
    print("groups are not in force: not measured", file=sys.stderr)
    return {}


def requests(stage: Stage, client: str, **environment: str) -> dict[str, int]:
    """Start A, B and C as Flask on gunicorn with `requests`; return their ports."""
    side = Side(stage, f"requests-{client}", flask(client))
    # Every service reads it, also those that call nobody.
    side.environment = {"CATALOG_URL": "", **environment}
    ports = {}
    for service in ("reviews", "catalog", "storefront"):
        ports[service] = side.gunicorn(service)
        url = f"http://127.0.0.1:{ports[service]}"
        side.environment[f"{service.upper()}_URL"] = url
    return ports


def flask(client: str) -> Files:
    """Return the files of the Flask services with one of the clients."""
    return {
        name: source
        for service in ("storefront", "catalog", "reviews")
        for name, source in package(service, client).items()
    }


def package(service: str, client: str) -> dict[str, Path]:
    """Return the files of a Flask service with one of the clients."""
    return {
        f"{service}/__init__.py": SHOP / f"{service}.py",
        f"{service}/client.py": SHOP / f"client_{client}.py",
    }


def _fastapi(stage: Stage) -> int:
    names = ("storefront", "catalog")
    files = {f"{name}.py": SHOP / f"fastapi_{name}.py" for name in names}
    side = Side(stage, "fastapi", files)
    side.environment["CATALOG_URL"] = f"http://127.0.0.1:{side.uvicorn('catalog')}"
    return side.uvicorn("storefront")


def _grpc(stage: Stage) -> int:
    names = ("grpc_catalog.py", "catalog.proto")
    side = Side(stage, "grpc", {**flask("grpc"), **{n: SHOP / n for n in names}})
    made = ("--python_out=.", "--grpc_python_out=.")
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", "-I.", *made, "catalog.proto"],
        cwd=side.folder,
        check=True,
    )
    port = free_port()
    side.environment["CATALOG_TARGET"] = f"127.0.0.1:{port}"
    side.program("grpc_catalog", port)
    return side.gunicorn("storefront")


def _nameko(stage: Stage, broker: str) -> int:
    names = ("storefront", "catalog")
    port = free_port()
    config = f"AMQP_URI: {broker}\nWEB_SERVER_ADDRESS: 127.0.0.1:{port}\n"
    code = {f"{name}.py": SHOP / f"nameko_{name}.py" for name in names}
    side = Side(stage, "nameko", {**code, "config.yaml": config})
    main = "from nameko.cli.main import main; main()"
    run = (sys.executable, "-c", main, "run", "--config", "config.yaml")
    for name in ("catalog", "storefront"):
        # Without its broker it would wait for it before it ends.
        argv = [*run, name]
        stage.start(f"nameko-{name}", argv, cwd=side.folder, end=signal.SIGKILL)
    stage.until("nameko-storefront", lambda: listens(port))
    return port

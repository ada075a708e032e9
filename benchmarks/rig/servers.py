"""The servers of the other sides, each on a loopback port of its own."""

import http.client
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .processes import Stage, free_port, listens
from .site import Files, write


SHOP = Path(__file__).parent.parent / "shop"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
NO_NGINX = "nginx is not here (Debian: apt-get install nginx-light)"

_UPSTREAM = """
  upstream up{port} {{ server 127.0.0.1:{port}; keepalive 32; }}
"""
_LOCATION = """
    location {prefix}/ {{
      proxy_pass http://up{port}/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }}
"""
_SERVER = """
  server {{
    listen 127.0.0.1:{edge};
    {locations}
  }}
"""
_NGINX = """
daemon off;
pid nginx.pid;
worker_processes 1;
error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
  uwsgi_temp_path t4; scgi_temp_path t5;
  {servers}
}}
"""


def have(package: str) -> bool:
    """Whether a package is installed; if not, say so."""
    found = importlib.util.find_spec(package) is not None
    if not found:
        print(f"{package} is not installed, so not measured", file=sys.stderr)
    return found


def nginx(stage: Stage, ports: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Put an nginx before some servers; return its port for each name.

    Connections to them are kept: that is not nginx's default, but what its
    handbooks advise.

    Args:
        stage: Where it runs.
        ports: For each name, the servers by their public prefixes.
    """
    if NGINX is None:
        print(f"{NO_NGINX}: sides behind it are not measured", file=sys.stderr)
        return {}
    edges, servers = {}, ""
    for name, prefixes in ports.items():
        edges[name] = free_port()
        pairs = [{"prefix": prefix, "port": port} for prefix, port in prefixes.items()]
        servers += "".join(_UPSTREAM.format_map(pair) for pair in pairs)
        locations = "".join(_LOCATION.format_map(pair) for pair in pairs)
        servers += _SERVER.format(edge=edges[name], locations=locations)
    file = stage.folder / "nginx.conf"
    file.write_text(_NGINX.format(servers=servers))
    stage.start("nginx", [NGINX, "-p", str(stage.folder), "-c", str(file)])
    for edge in edges.values():
        stage.until("nginx", lambda edge=edge: listens(edge))
    return edges


class Side:
    """The services of one side, in a folder of their own.

    Args:
        stage: Where they run.
        name: Such as `gunicorn`; also the folder's name.
        files: What stands in the folder.
    """

    def __init__(self, stage: Stage, name: str, files: Files) -> None:
        self._stage = stage
        self._name = name
        self.folder = write(stage.folder / name, files)
        self.environment: dict[str, str] = {}
        self.masters: list[subprocess.Popen[bytes]] = []

    def gunicorn(self, module: str, workers: int = 1, threads: int = 4) -> int:
        """Serve a Flask application as it is served today; return the port."""
        port = free_port()
        argv = [
            *(sys.executable, "-m", "gunicorn", f"{module}:app", "--no-control-socket"),
            *("--worker-class", "gthread", "--graceful-timeout", "1"),
            *("--workers", str(workers), "--threads", str(threads)),
            *("--bind", f"127.0.0.1:{port}"),
        ]
        return self._serve(module, argv, port)

    def granian(self, module: str) -> int:
        """Serve a Flask application with our server and without us."""
        port = free_port()
        argv = [
            *(sys.executable, "-m", "granian", f"{module}:app", "--interface", "wsgi"),
            *("--workers", "1", "--blocking-threads", "4", "--port", str(port)),
        ]
        return self._serve(module, argv, port)

    def uvicorn(self, module: str) -> int:
        """Serve an ASGI application."""
        port = free_port()
        argv = [
            *(sys.executable, "-m", "uvicorn", f"{module}:app", "--no-access-log"),
            *("--port", str(port)),
        ]
        return self._serve(module, argv, port)

    def program(self, module: str, port: int) -> int:
        """Run a module that listens on a port."""
        return self._serve(module, [sys.executable, f"{module}.py"], port)

    def _serve(self, module: str, argv: list[str], port: int) -> int:
        name = f"{self._name}-{module}-{port}"
        self.masters.append(
            self._stage.start(name, argv, cwd=self.folder, environment=self.environment)
        )
        self._stage.until(name, lambda: listens(port))
        return port


def text(port: int, path: str) -> str:
    """Return what a server answers to `GET`, which must be a 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        # Its name at the gateway of a site.
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        response = connection.getresponse()
        body = response.read().decode()
    finally:
        connection.close()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}: {body[:500]}")
    return body


def answers(port: int, path: str) -> bool:
    """Whether a server answers `GET` with 200."""
    try:
        text(port, path)
    except (OSError, http.client.HTTPException, RuntimeError):
        return False
    return True

"""A gateway with its real Envoy, as a test drives it."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway.certificates import Shown
from gateway.exchange import Answer, ask
from glassware.gateway import Gateway, Place, Upstream, Version, free_port
from glassware.gateway.admin import Admin
from glassware.gateway.limits import Limits
from glassware.model import Mount, Route
from glassware.plan import GatewayPlan, PublicRoute
from glassware.status import Phase
from glassware.visitors import Visiting
from waiting import until


def public(
    service: str,
    path: str = "/",
    *,
    mount: Mount = "script_name",
    aliases: tuple[str, ...] = (),
    **more: Any,
) -> PublicRoute:
    """Return one public route."""
    route = Route(path=path, **more)
    return PublicRoute(service=service, route=route, mount=mount, aliases=aliases)


def running(name: str, *targets: Path | tuple[str, int], **more: Any) -> Upstream:
    """Return a service with ready workers."""
    return Upstream(name=name, phase=Phase.RUNNING, targets=targets, **more)


def plan(*routes: PublicRoute, hosts: tuple[str, ...] = (), **more: Any) -> GatewayPlan:
    """Return the plan of a gateway on the loopback address."""
    return GatewayPlan(port=None, bind="127.0.0.1", hosts=hosts, routes=routes, **more)


_given: set[int] = set()


def fresh_port(host: str = "127.0.0.1") -> int:
    """Return a port that no other test of this run, and likely no other run, uses."""
    first = 10_000 + os.getpid() * 13 % 20_000
    port = free_port(host, first, avoid=_given, tries=2_000)
    _given.add(port)
    return port


class EnvoySite:
    """One Envoy: started by `start`, ended by `stop`."""

    def __init__(
        self,
        folder: Path,
        routes: Iterable[PublicRoute],
        *,
        hosts: tuple[str, ...] = (),
        production: bool = False,
        limits: Limits | None = None,
        certificate: Shown | None = None,
        **more: Any,
    ) -> None:
        self.place = Place(
            folder=folder,
            plan=plan(*routes, hosts=hosts, **more),
            port=fresh_port(),
            site="shop",
            production=production,
            limits=limits or Limits(),
        )
        self.gateway = Gateway(self.place)
        if certificate is not None:
            self.gateway.certify(certificate.chain, certificate.key)
        self.log = folder / "envoy.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.visiting = Visiting()

    @property
    def port(self) -> int:
        """The public port."""
        return self.place.port

    def start(self, *upstreams: Upstream) -> None:
        """Write, start Envoy, and return when it serves."""
        version = self.gateway.update(upstreams, self.visiting)
        self.launch()
        until(self._up, "Envoy's start")
        self.settle(version)

    def run_to_end(self) -> int:
        """Start an Envoy that ends by itself, and return its exit status."""
        self.launch()
        assert self.process is not None
        return self.process.wait(10)

    def update(self, *upstreams: Upstream) -> Version:
        """Write, and return when Envoy has it."""
        version = self.gateway.update(upstreams, self.visiting)
        self.settle(version)
        return version

    def settle(self, version: Version) -> None:
        """Return when Envoy has `version`."""
        asyncio.run(self.gateway.wait(version))

    def ask(self, target: str = "/", **more: Any) -> Answer:
        """Send one request to the public port."""
        return ask(self.port, target, **more)

    def count(self, name: str) -> int:
        """Return one of Envoy's own counters."""
        _, text = Admin(self.place.admin).ask(f"/stats?filter=^{name}$")
        return sum(int(line.rpartition(" ")[2]) for line in text.splitlines())

    def memory(self) -> int:
        """Return Envoy's resident memory, in bytes."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def stop(self) -> None:
        """End Envoy; kill it if it does not go."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def watchers(self) -> int:
        """Return the number of inotify instances that Envoy uses."""
        assert self.process is not None
        instances = 0
        for descriptor in Path(f"/proc/{self.process.pid}/fd").iterdir():
            # A connection may end between the two questions.
            with contextlib.suppress(FileNotFoundError):
                instances += "inotify" in str(descriptor.readlink())
        return instances

    def launch(self) -> None:
        """Start Envoy; wait for nothing."""
        argv, environment = self.gateway.launch()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                argv, env=environment, stdout=log, stderr=log
            )

    def _up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        return self.gateway.ready()

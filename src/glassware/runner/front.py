"""The gateway as a part of the running site: its process, and what it is told."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from glassware.errors import GatewayError, PortTaken
from glassware.gateway import Gateway, Holder, Place, Upstream, holder, is_free
from glassware.plan import Plan

from .addresses import Ports
from .events import Bulletin, Told
from .lifecycle import pause
from .processes import Child, Nursery
from .services import RunningService


FIRST_PORT = 8000
READY_WITHIN = 20.0
TAKEN_WITHIN = 5.0
ASK_EVERY = 0.005


class Surroundings(Protocol):
    """What the front needs of the supervisor."""

    plan: Plan
    bulletin: Bulletin
    nursery: Nursery
    runtime: Path
    services: Mapping[str, RunningService]
    addresses: Mapping[str, tuple[str, int]]

    def output(self, source: str) -> int:
        """Return the writing end of a pipe for a source."""


class Front:
    """Keeps the gateway running and told.

    Args:
        around: The supervisor.
        port: The public port that was asked for; `None`: the manifest's.
    """

    def __init__(self, around: Surroundings, port: int | None) -> None:
        self._around = around
        self._asked = port
        self._gateway: Gateway | None = None
        self._child: Child | None = None
        self._stopping = False
        self._publishing = asyncio.Lock()
        self.url = ""
        self.ready = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Its process."""
        return self._child.pid if self._child and self._child.running else None

    def prepare(self, ports: Ports) -> None:
        """Choose the public port.

        Raises:
            PortTaken: It was asked for by number and belongs to another.
        """
        plan = self._around.plan.gateway
        wanted = self._asked or plan.port
        if wanted is None:
            port = ports.claim_public(plan.bind, FIRST_PORT)
            if port != FIRST_PORT:
                self._say_who_has(FIRST_PORT, f"the site is at port {port} instead")
        elif is_free(plan.bind, wanted):
            port = wanted
        else:
            raise PortTaken(
                f"port {wanted} is taken{_by(holder(plan.bind, wanted))}",
                hint="end that program, or name another port: glassware up --port N",
            )
        host = plan.hosts[0] if plan.hosts else "localhost"
        self.url = f"http://{host}:{port}"
        folder = self._around.runtime / "gateway"
        folder.mkdir(mode=0o700)
        self._gateway = Gateway(
            Place(
                folder=folder,
                plan=plan,
                port=port,
                site=self._around.plan.site,
                production=self._around.plan.production,
            )
        )
        self._gateway.update(self._upstreams())

"""The gateway as a part of the running site: its process, and what it is told."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from glassware.errors import GatewayError
from glassware.gateway import (
    Gateway,
    Place,
    is_free,
    taken,
    taken_meanwhile,
)
from glassware.model import LAYOUT
from glassware.plan import GatewayPlan
from glassware.status import Phase

from .addresses import Ports
from .certificates import Certificates
from .events import Bulletin, Complaints, Importance
from .lifecycle import pause
from .processes import Child, Nursery
from .services import RunningService
from .state import State
from .upstreams import Serving, upstreams_of
from .visitors import Visitors


FIRST_PORT = 8000
READY_WITHIN = 20.0
ASK_EVERY = 0.005
GATHER = 0.1
MANY = 10
TRY_AGAIN = 1.0
CATCHES_UP_WITHIN = 1.0
HEALTHY_AFTER = 10.0
PAGES_WITHIN = 5.0
"""Seconds that the gateway waits for the site's own pages of errors."""
CERTIFICATE_EVERY = 1.0
"""Seconds between two looks whether there is another certificate."""
LOOKS_EVERY = 60.0
"""Seconds between two looks at the tokens that the gateway shows."""


class Surroundings(Serving, Protocol):
    """What the front needs of the supervisor."""

    bulletin: Bulletin
    nursery: Nursery
    state: State
    runtime: Path
    visitors: Visitors

    def output(self, source: str) -> int:
        """Return the writing end of a pipe for a source."""


class Front:
    """Keeps the gateway running and told.

    Args:
        around: The supervisor.
        port: The public port that was asked for; 0: any that is free; `None`:
            the manifest's.
    """

    def __init__(self, around: Surroundings, port: int | None) -> None:
        self._around = around
        self._asked = port
        self._gateway: Gateway | None = None
        self._child: Child | None = None
        self._stopping = asyncio.Event()
        self._publishing = asyncio.Lock()
        self._round: asyncio.Task[bool] | None = None
        self._complaints = Complaints(around.bulletin, "gateway")
        self._certificates = Certificates(
            around.plan.folder, around.state.folder, around.bulletin
        )
        self.port = 0
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
            GatewayError: The certificate cannot be shown to visitors.
        """
        plan = self._around.plan.gateway
        wanted = plan.port if self._asked is None else self._asked
        if wanted == 0:
            port = ports.claim("gateway", plan.bind)
        elif wanted is None:
            port = ports.claim("gateway", plan.bind, FIRST_PORT)
            if port != FIRST_PORT and not is_free(plan.bind, FIRST_PORT):
                self._tell(f"port {FIRST_PORT} is taken; the site is at {port}", "info")
        elif is_free(plan.bind, wanted):
            port = wanted
        else:
            raise taken(plan.bind, wanted)
        self.port = port
        self._gateway = self._make()
        self.url = self._gateway.url
        second = self._gateway.place.redirect
        if second is not None and not is_free(plan.bind, second):
            raise taken(plan.bind, second)

    def move_in(self) -> None:
        """Start anew in a runtime folder that was made anew."""
        self._gateway = self._make()
        if self._child is not None:
            self._child.kill()

    def _make(self) -> Gateway:
        folder = self._around.runtime / "gateway"
        folder.mkdir(mode=0o700)
        gateway = Gateway(
            Place(
                folder=folder,
                plan=self._around.plan.gateway,
                port=self.port,
                site=self._around.plan.site,
                production=self._around.plan.production,
            )
        )
        if gateway.place.terminates:
            first = self._certificates.first(gateway.place)
            gateway.certify(first.chain, first.key)
        return gateway

    async def run(self) -> None:
        """Bring the gateway up and keep it up until `stop`."""
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                await self._bring_up(self._theirs())
            except GatewayError as error:
                self._complaints.add(f"{error.message}: {error.hint or ''}")
            except OSError as error:
                self._complaints.add(f"the gateway cannot be started: {error}")
            await self._until_it_ends()
            if self.ready.is_set() and not self._stopping.is_set():
                self._complaints.add("ended; it is started again")
            self.ready.clear()
            lived = time.monotonic() - began
            failures = 1 if lived > HEALTHY_AFTER else failures + 1
            if not self._stopping.is_set():
                await asyncio.sleep(max(0.0, pause(failures) - lived))

    async def renew(self) -> None:
        """See that the gateway's tokens never come to their end."""
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            if self._around.keys.are_due():
                await self.publish()

    async def keep_certificate(self) -> None:
        """See that the gateway shows the newest certificate."""
        while True:
            await asyncio.sleep(CERTIFICATE_EVERY)
            gateway = self._gateway
            if gateway is None or not gateway.place.terminates:
                continue
            if (newer := self._certificates.newer(gateway.place)) is not None:
                gateway.certify(newer.chain, newer.key)

    async def publish(self) -> bool:
        """Tell who serves; return when Envoy has it, and whether it has it.

        Whoever asks while a round is under way shares the next one: a hundred
        services that become ready at once cost a few rounds, not a hundred.
        """
        if self._round is None:
            self._round = asyncio.create_task(self._publish())
        return await asyncio.shield(self._round)

    async def caught_up(self) -> None:
        """Return when the gateway has what it is being told, or soon in any case."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCHES_UP_WITHIN):
                if not self._is_gone():
                    await self.ready.wait()
                if self._round is not None:
                    await asyncio.shield(self._round)
                async with self._publishing:
                    pass

    def hurry(self) -> None:
        """Wait no longer for the gateway to take what it is told."""
        self._stopping.set()

    async def stop(self, grace: float) -> None:
        """End the gateway, at the latest after `grace` seconds."""
        self._stopping.set()
        if self._child is not None:
            await self._child.stop(signal.SIGTERM, grace)

    async def _publish(self) -> bool:
        async with self._publishing:
            if self._more_to_come():
                await asyncio.sleep(GATHER)
            self._round = None
            gateway = self._theirs()
            plan, pages = self._plan(gateway.place), self._pages()
            gateway.place = replace(gateway.place, plan=plan, pages=pages)
            try:
                version = gateway.update(
                    upstreams_of(self._around), self._around.visitors.published()
                )
            except OSError as error:
                self._complaints.add(f"the gateway cannot be told who serves: {error}")
                asyncio.get_running_loop().call_later(TRY_AGAIN, self._publish_again)
                return False
            if self._is_gone() or not self.ready.is_set():
                # It reads it all when it starts.
                return True
            try:
                await self._unless_stopping(gateway.wait(version))
            except GatewayError as error:
                if self._is_gone() or self._stopping.is_set():
                    return True
                self._complaints.add(f"{error.message}: {error.hint or ''}")
                return False
            self._complaints.settle()
            return True

    def _publish_again(self) -> None:
        if self._round is None and not self._stopping.is_set():
            self._round = asyncio.create_task(self._publish())

    async def _unless_stopping(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for `work`, or for the wish that the site stops."""
        tasks = {asyncio.create_task(work), asyncio.create_task(self._stopping.wait())}
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        for task in done:
            task.result()

    def _more_to_come(self) -> bool:
        """Whether so many services start that one round is best kept for several."""
        phases = [service.phase for service in self._around.services.values()]
        return phases.count(Phase.STARTING) >= MANY

    def _plan(self, place: Place) -> GatewayPlan:
        """Return the plan of now, with what a gateway cannot change while it runs."""
        plan, own = self._around.plan.gateway, place.plan
        return replace(plan, bind=own.bind, tls=own.tls)

    def _pages(self) -> Mapping[int, str]:
        layout = self._around.services.get(LAYOUT)
        return layout.pages if layout and self._around.plan.production else {}

    async def _until_there_are_pages(self) -> None:
        """Wait for the layout: the gateway takes most of its pages when it starts."""
        layout = self._around.services.get(LAYOUT)
        if layout is None or not self._around.plan.production:
            return
        with suppress(TimeoutError):
            known = self._unless_stopping(_settled(layout))
            await asyncio.wait_for(known, PAGES_WITHIN)

    async def _bring_up(self, gateway: Gateway) -> None:
        await self._until_there_are_pages()
        if self._stopping.is_set():
            return
        async with self._publishing:
            gateway.place = replace(gateway.place, pages=self._pages())
            gateway.update(
                upstreams_of(self._around), self._around.visitors.published()
            )
            argv, environment = gateway.launch()
            output = self._around.output("gateway")
            try:
                self._child = self._around.nursery.spawn(
                    argv, environment=environment, output=output
                )
            finally:
                os.close(output)
        try:
            await self._until_ready(gateway)
        except GatewayError:
            self._child.kill()
            raise
        self.ready.set()
        self._complaints.settle()

    async def _until_ready(self, gateway: Gateway) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not await asyncio.to_thread(gateway.ready):
            if self._is_gone() or time.monotonic() > deadline:
                plan, port = gateway.place.plan, gateway.place.port
                if self._is_gone() and not is_free(plan.bind, port):
                    raise taken_meanwhile(plan.bind, port)
                raise GatewayError(
                    "the gateway does not start", hint="glassware logs gateway"
                )
            await asyncio.sleep(ASK_EVERY)

    def _is_gone(self) -> bool:
        return self._child is None or not self._child.running

    async def _until_it_ends(self) -> None:
        if self._child is not None:
            await self._child.wait()

    def _theirs(self) -> Gateway:
        if self._gateway is None:
            raise GatewayError("the gateway has no port yet")
        return self._gateway

    def _tell(self, text: str, importance: Importance = "warning") -> None:
        self._around.bulletin.say("gateway", text, importance)


async def _settled(service: RunningService) -> None:
    await service.life.settled.wait()

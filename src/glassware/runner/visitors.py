"""What the running site does for its visitors' sign-ins: keys, and what has ended."""

import asyncio
from typing import Any, Protocol

from glassware.errors import GlasswareError, UsageError
from glassware.files import write_whole
from glassware.gateway import key_set
from glassware.plan import Plan, ServicePlan
from glassware.visitors import (
    FILE,
    REVOCATIONS,
    Visiting,
    visiting_at,
    write_visiting,
)

from .events import Bulletin, Complaints
from .revocations import prune
from .services import RunningService
from .state import State
from .visitor_keys import VisitorKeys


KEY_SET = "visitors.jwks.json"
"""The public keys once more, in the form that other languages' libraries read."""

LOOKS_EVERY = 3600.0
"""Seconds between two looks at what is due."""


class Surroundings(Protocol):
    """What is needed of the supervisor."""

    plan: Plan
    state: State
    bulletin: Bulletin
    services: dict[str, RunningService]

    async def publish(self) -> bool:
        """Tell the gateway who serves, and by which keys visitors are known."""

    async def restart(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Start services anew, one after the other; return all that were."""


class Visitors:
    """Keeps the files of `visitors` true while a site runs.

    Args:
        around: The supervisor.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._folder = around.state.folder
        self._keys = VisitorKeys(self._folder)
        self._complaints = Complaints(around.bulletin, "")
        self._rotating = asyncio.Lock()
        self._written: Visiting | None = None

    @property
    def file(self) -> str:
        """Where every service reads how visitors are known."""
        return str(self._folder / FILE)

    def now(self) -> Visiting:
        """Return how visitors are known now.

        Raises:
            GlasswareError: The keys are damaged.
            OSError: A first key cannot be kept.
        """
        said = self._around.plan.visitors
        sign_in = said.sign_in or ""
        return Visiting(
            site=self._around.plan.site,
            sign_in=sign_in,
            keys=self._keys.public() if sign_in else {},
            renew_after=said.renew_after,
            remember=said.remember,
            # No browser takes it from `localhost`.
            domain=(said.domain or "") if self._around.plan.production else "",
        )

    def published(self) -> Visiting:
        """Return what was written last."""
        return self._written or Visiting()

    def private(self, plan: ServicePlan) -> str:
        """Return the key that a worker signs visitors' tokens with; empty: none.

        Raises:
            GlasswareError: The keys are damaged.
            OSError: A first key cannot be kept.
        """
        if plan.process is not None or plan.service.name != self.published().service:
            return ""
        return self._keys.signing()

    def write(self) -> None:
        """Write what holds now, also where somebody removed the files."""
        try:
            self._keys.mend()
            if self._written is None and self._keys.are_due():
                # Nobody signs yet, so nobody has to be started anew.
                self._keys.rotate()
            now = self.now()
            if now == self._written == visiting_at(self._folder / FILE):
                return
            write_whole(self._folder / KEY_SET, key_set(now))
            write_whole(self._folder / FILE, write_visiting(now))
        except (OSError, GlasswareError) as error:
            self._complain(error)
            return
        self._complaints.settle()
        self._written = now

    async def rotate(self) -> dict[str, Any]:
        """Let a new key sign, without anybody being signed out.

        Everybody knows the new public key before the first token is signed with it.

        Returns:
            The new key's id, and the services that were started anew.

        Raises:
            UsageError: Nobody signs visitors in.
            GlasswareError: The new key cannot be kept, or who signs cannot get it.
        """
        async with self._rotating:
            if not self.published().sign_in:
                raise UsageError(
                    "nobody signs visitors in on this site",
                    hint='`sign_in = "SERVICE.ENDPOINT"` of `[visitors]` names who does',
                )
            try:
                name = self._keys.rotate()[-1].name
            except OSError as error:
                raise GlasswareError(f"a new key cannot be kept: {error}") from error
            self.write()
            await self._around.publish()
            service = self.published().service
            names = (service,) if service in self._around.services else ()
            restarted = await self._around.restart(names)
            if any(self._around.services[each].reason for each in names):
                raise GlasswareError(
                    f"`{service}` does not start anew, and signs with the former key",
                    hint=f"glassware logs {service}",
                )
            return {"key": name, "restarted": restarted}

    async def run(self) -> None:
        """See to what is due: a new key, old ones, and ended sign-ins."""
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY)

    async def look(self) -> None:
        """See to what is due now."""
        try:
            await asyncio.to_thread(prune, self._folder / REVOCATIONS)
            if self.published().sign_in:
                if self._keys.are_due():
                    await self.rotate()
                if self._keys.drop(self._around.plan.visitors.remember):
                    self.write()
                    await self._around.publish()
        except (OSError, GlasswareError) as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        self._complaints.add(f"visitors' sign-ins cannot be kept: {error}")

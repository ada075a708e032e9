"""The databases of a site without its services: started, migrated, seeded."""

import asyncio
from typing import Protocol

from glassware.errors import NotFetched
from glassware.plan import Plan, ServicePlan

from .background import all_of
from .databases import Databases
from .workers import WorkerFailed


READY_WITHIN = 120.0
ASK_EVERY = 0.05


class Surroundings(Protocol):
    """What is needed of the supervisor."""

    plan: Plan
    databases: Databases

    async def migrate(self, plan: ServicePlan) -> None:
        """Bring the service's databases up to date; raises `WorkerFailed`."""

    async def seed(self, plan: ServicePlan) -> None:
        """Put first data into what has none; raises `WorkerFailed`."""


async def bring_up_data(site: Surroundings) -> None:
    """Return when every service would find its data.

    Raises:
        WorkerFailed: One never will.
    """

    async def prepare(plan: ServicePlan) -> None:
        try:
            await _reached(site, plan.name)
        except NotFetched:
            # The tests of the others go on without it.
            return
        try:
            await site.migrate(plan)
            await site.seed(plan)
        except WorkerFailed as failure:
            failure.service = plan.name
            raise

    services = (plan for plan in site.plan.services if plan.process is None)
    try:
        async with asyncio.timeout(READY_WITHIN):
            await all_of(map(prepare, services))
    except TimeoutError:
        raise WorkerFailed("the databases were not ready in time") from None


async def _reached(site: Surroundings, service: str) -> None:
    """Return when a service reaches its databases.

    Raises:
        NotFetched: It will not, before something is fetched.
    """
    reached = asyncio.ensure_future(site.databases.accesses_of(service))
    try:
        while not reached.done():
            site.databases.check_fetched(service)
            await asyncio.wait({reached}, timeout=ASK_EVERY)
    finally:
        reached.cancel()
    reached.result()

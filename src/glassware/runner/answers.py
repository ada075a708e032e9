"""What the running site answers at its control socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from glassware.errors import UsageError
from glassware.plan import Plan, ServicePlan
from glassware.status import Snapshot

from .control import Answer, ControlServer, Stream
from .databases import Databases
from .events import Bulletin, Event, Logged
from .injected import Injected
from .keys import Keys
from .secret_keys import change_key, secret_key
from .state import State
from .visitors import Visitors


class Supervised(Protocol):
    """What is asked of the supervisor."""

    plan: Plan
    state: State
    bulletin: Bulletin
    injected: Injected
    keys: Keys
    databases: Databases
    visitors: Visitors

    def snapshot(self) -> Snapshot:
        """Return the whole site at this moment."""

    async def caught_up(self) -> None:
        """Return when the gateway knows what holds now, or soon in any case."""

    async def restart(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Start services anew, one after the other; return all that were."""

    async def variables(self, plan: ServicePlan) -> dict[str, str]:
        """Return the complete environment of a service."""


def control_of(site: Supervised) -> ControlServer:
    """Return the control server of a site; it is not open yet."""
    return ControlServer(
        _of_services(site)
        | _of_keys(site)
        | _of_databases(site)
        | _of_visitors(site)
        | _for_tests(site),
        {"follow": _follow(site)},
    )


def _of_services(site: Supervised) -> dict[str, Answer]:
    """Return what tells of services, and what is done with them."""

    async def snapshot(_: dict[str, Any]) -> Mapping[str, Any]:
        # What is said to run is reached by visitors, too.
        await site.caught_up()
        return asdict(site.snapshot())

    async def restart(request: dict[str, Any]) -> Mapping[str, Any]:
        return {"restarted": await site.restart(tuple(request["services"]))}

    async def environment(request: dict[str, Any]) -> Mapping[str, Any]:
        plan = site.plan.service(request["service"])
        site.databases.check_fetched(plan.service.name)
        async with asyncio.timeout(20.0):
            return {"environment": await site.variables(plan)}

    async def token(request: dict[str, Any]) -> Mapping[str, Any]:
        plan = site.plan.service(request["service"])
        return {"token": site.keys.token(plan.service.name)}

    async def inject(request: dict[str, Any]) -> Mapping[str, Any]:
        return site.injected.change(request)

    return {
        "snapshot": snapshot,
        "restart": restart,
        "environment": environment,
        "token": token,
        "inject": inject,
    }


def _follow(site: Supervised) -> Stream:
    """Return what tells each line of the log."""

    async def follow(_: dict[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        queue: asyncio.Queue[Event] = asyncio.Queue(maxsize=10_000)

        def hear(event: Event) -> None:
            # A reader that is too slow loses lines here, never in the files.
            if isinstance(event, Logged) and not queue.full():
                queue.put_nowait(event)

        site.bulletin.listeners.append(hear)
        try:
            while True:
                yield asdict(await queue.get())
        finally:
            site.bulletin.listeners.remove(hear)

    return follow


def _of_keys(site: Supervised) -> dict[str, Answer]:
    """Return what gives services other keys."""

    async def change(request: dict[str, Any]) -> Mapping[str, Any]:
        plan = site.plan.service(request["service"])
        name = plan.service.name
        async with asyncio.timeout(20.0):
            given = (await site.variables(plan))["SECRET_KEY"]
        if given != secret_key(site.state, name):
            raise UsageError(
                f"the `SECRET_KEY` of `{name}` is none that glassware has made",
                hint="change it where it is set, and keep the one before in "
                "`SECRET_KEY_FALLBACKS`",
            )
        change_key(site.state, name, request["step"])
        return {}

    return {"change_key": change}


def _of_databases(site: Supervised) -> dict[str, Answer]:
    """Return what tells of databases, and leads to them."""

    async def databases(_: dict[str, Any]) -> Mapping[str, Any]:
        return {"databases": [*map(site.databases.told, site.plan.databases)]}

    async def access(request: dict[str, Any]) -> Mapping[str, Any]:
        declared = {d.name: d for d in site.plan.databases_of(request["service"])}
        async with asyncio.timeout(20.0):
            return asdict(await site.databases.access(declared[request["name"]]))

    return {"databases": databases, "access": access}


def _of_visitors(site: Supervised) -> dict[str, Answer]:
    """Return what is done for the visitors' sign-ins."""

    async def rotate(_: dict[str, Any]) -> Mapping[str, Any]:
        return await site.visitors.rotate()

    return {"rotate": rotate}


def _for_tests(site: Supervised) -> dict[str, Answer]:
    """Return what lets each test begin with the same databases."""

    async def mark(_: dict[str, Any]) -> Mapping[str, Any]:
        await site.databases.each(lambda engine, url, grant: engine.mark(url, grant))
        return {}

    async def rewind(_: dict[str, Any]) -> Mapping[str, Any]:
        await site.databases.each(lambda engine, url, grant: engine.rewind(url, grant))
        return {}

    return {"mark": mark, "rewind": rewind}

"""What a worker is started with: its variables, and where it listens."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from glassware import directory
from glassware.environment import VISITOR_KEY
from glassware.injection import FILE
from glassware.model import EVERYWHERE
from glassware.plan import Plan, ServicePlan
from glassware.template import references

from .addresses import LOOPBACK
from .databases import Databases
from .keys import Keys, cookie_key
from .secret_keys import other_keys, secret_key
from .services import RunningService
from .state import State
from .variables import Late, variables
from .visitors import Visitors
from .workers import Order, free_port
from .zygotes import findable


class Surroundings(Protocol):
    """What the orders need of the supervisor."""

    plan: Plan
    state: State
    databases: Databases
    services: dict[str, RunningService]
    addresses: dict[str, tuple[str, int]]
    pairs: dict[tuple[str, str], tuple[str, int]]
    keys: Keys
    visitors: Visitors

    @property
    def url(self) -> str:
        """The site's public address."""

    @property
    def port(self) -> int:
        """The site's public port."""

    def inherited(self, folder: Path) -> Mapping[str, str]:
        """Return the variables that a program in a folder starts from."""


class Orders:
    """Writes the orders for the workers of one site.

    Args:
        around: The supervisor.
        secrets: Looks a secret up by its name.
        terminal: The service that gets the terminal.
    """

    def __init__(
        self, around: Surroundings, secrets: Callable[[str], str], terminal: str | None
    ) -> None:
        self._around = around
        self._secrets = secrets
        self._terminal = terminal

    async def variables(self, plan: ServicePlan) -> dict[str, str]:
        """Return the complete environment of a service, as it runs now."""
        around, name = self._around, plan.service.name
        late = Late(
            url=around.url,
            neighbours={other: self._neighbour(other) for other in around.plan.known},
            addresses=around.addresses | self._pairs(name),
            accesses=await around.databases.accesses_of(name),
            offered=around.databases.offered_to(name),
            secrets={
                reference.name: self._secrets(reference.name)
                for template in plan.environment.values()
                for reference in references(template)
                if reference.kind == "secret"
            },
            secret_key=secret_key(around.state, name),
            other_keys=other_keys(around.state, name),
            faults="" if around.plan.production else str(around.state.runtime / FILE),
            directory=str(around.state.folder / directory.FILE),
            visitors=around.visitors.file,
            key=around.keys.private(name),
            callers=around.keys.callers(around.plan, name),
            cookie_key=cookie_key(
                around.state.credential(f"cookie key {name}")
            ).private,
        )
        inherited = around.inherited(plan.service.folder)
        own = variables(around.plan, plan, late, inherited)
        return findable(own, plan.interpreter)

    async def order(self, plan: ServicePlan, generation: int, number: int) -> Order:
        """Return what a worker is to be started with."""
        environment = await self.variables(plan)
        # Nobody but the worker gets it: no task, and nobody at the terminal.
        if key := self._around.visitors.private(plan):
            environment[VISITOR_KEY] = key
        host, port, path = LOOPBACK, 0, None
        if plan.launch == "command":
            host, port = self._listens(plan)
            environment |= {"PORT": str(port), "HOST": host}
        if plan.network or plan.launch in {"fork", "isolated"}:
            name = f"{plan.name}.{generation}.{number}.sock"
            path = self._around.state.runtime / "starting" / name
        return Order(
            plan=plan,
            generation=generation,
            number=number,
            socket=path,
            host=host,
            port=port,
            outlets=await self._outlets(plan) if plan.network else frozenset(),
            environment=environment,
            development=not self._around.plan.production,
            terminal=self._terminal == plan.name,
        )

    def _listens(self, plan: ServicePlan) -> tuple[str, int]:
        """Return where a program is told to listen."""
        if plan.listens_itself:
            return self._around.addresses[plan.name]
        wanted = plan.service.address if plan.network else None
        if wanted is None:
            return LOOPBACK, free_port()
        return EVERYWHERE, wanted.port or free_port()

    async def _outlets(self, plan: ServicePlan) -> frozenset[tuple[str, int]]:
        """Return the addresses of this machine that its variables may name."""
        accesses = await self._around.databases.accesses_of(plan.service.name)
        addresses = [
            (LOOPBACK, self._around.port),
            *((access.host, access.port) for access in accesses.values()),
            *self._around.addresses.values(),
            *self._pairs(plan.service.name).values(),
        ]
        mine = self._around.addresses.get(plan.name)
        return frozenset(
            (LOOPBACK if host == "localhost" else host, port)
            for host, port in addresses
            if (host == "localhost" or host.startswith("127.")) and (host, port) != mine
        )

    def _pairs(self, caller: str) -> dict[str, tuple[str, int]]:
        """Return where a service's own code reaches others, in its own name."""
        return {
            callee: self._around.pairs[caller, callee]
            for caller_of, callee in self._around.plan.pairs
            if caller_of == caller
        }

    def _neighbour(self, name: str) -> str:
        """Return where calls to a service go; see `glassware.environment`."""
        service = self._around.services.get(name)
        if service is not None and service.plan.launch == "command":
            host, port = self._around.addresses.get(name, (LOOPBACK, 0))
            return f"http://{host}:{port}"
        return f"unix:{self._around.state.runtime / 'services' / name}"

"""What the gateway is told: where it listens, and how each service stands."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from glassware.plan import GatewayPlan
from glassware.status import Endpoint, Phase

from .limits import Limits


LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
ANY = ("0.0.0.0", "::", "")  # noqa: S104 - to recognise, not to bind

Target = Path | tuple[str, int]
Standing = Literal["serving", "starting", "failing", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An address at which one service reaches another, and nobody else does.

    Attributes:
        caller: The service that it is for, and in whose name it calls.
        address: Where the gateway listens for it.
        timeout: Seconds until the gateway gives up.
    """

    caller: str
    address: tuple[str, int]
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One service at one moment, as the gateway needs to know it.

    Attributes:
        name: The service.
        phase: Where it is in its life.
        targets: Its ready workers: unix sockets, or `(host, port)`.
        reason: Why it fails, such as a traceback; shown in development only.
        endpoints: Its URL rules, for the page that lists them.
        address: The plain TCP address on which the gateway is to listen for
            this service alone; `None`: it wants none.
        names: Host names that lead to that address.
        pairs: The addresses at which its callers' ordinary code reaches it.
        tokens: What proves to it who calls, by caller; see `tokens`.
        alive: Whether its workers answer `protocol.ALIVE`.
    """

    name: str
    phase: Phase
    targets: tuple[Target, ...] = ()
    reason: str | None = None
    endpoints: tuple[Endpoint, ...] = ()
    address: tuple[str, int] | None = None
    names: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    alive: bool = False

    @property
    def standing(self) -> Standing:
        """What a visitor meets.

        Without a worker, requests are held for some seconds wherever one is
        expected to come soon.
        """
        if self.targets:
            return "serving"
        match self.phase:
            case Phase.FAILING:
                return "failing"
            case Phase.WAITING if self.reason is not None:
                return "failing"
            case Phase.STOPPING | Phase.STOPPED:
                return "stopped"
            case Phase.WAITING | Phase.STARTING:
                return "starting"
            case Phase.RUNNING | Phase.RELOADING | Phase.REPLACING:
                return "serving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What never changes while one Envoy runs.

    Attributes:
        folder: For its files and its admin socket; of mode 0700, short-pathed.
        plan: The public side of the site.
        port: The public port.
        site: Name of the site, for pages.
        production: Whether pages are plain and only declared hosts are served.
        threads: Worker threads of Envoy; `None`: as many as there are processors,
            in development at most two.
        limits: Sizes, counts and times.
        pages: In production, the site's own pages of errors by status: whole
            documents.
    """

    folder: Path
    plan: GatewayPlan
    port: int
    site: str = ""
    production: bool = False
    threads: int | None = None
    limits: Limits = field(default_factory=Limits)
    pages: Mapping[int, str] = field(default_factory=dict)

    @property
    def concurrency(self) -> int:
        """How many worker threads Envoy gets."""
        processors = os.cpu_count() or 1
        return self.threads or (processors if self.production else min(processors, 2))

    @property
    def secure(self) -> bool:
        """Whether the site's addresses begin with `https`."""
        return self.plan.tls is not None

    @property
    def terminates(self) -> bool:
        """Whether TLS ends here, and not before."""
        return self.plan.tls is not None and not self.plan.tls.elsewhere

    @property
    def redirect(self) -> int | None:
        """The second port, which leads to https."""
        return self.plan.tls.redirect if self.plan.tls and self.terminates else None

    @property
    def url(self) -> str:
        """The public address, as a person opens it."""
        scheme = "https" if self.secure else "http"
        host = self.plan.bind
        if self.production and self.plan.hosts:
            host = self.plan.hosts[0]
        elif host in {*ANY, *LOOPBACK, "::1"}:
            host = "localhost"
        host = f"[{host}]" if ":" in host else host
        port = 443 if self.secure and not self.terminates else self.port
        usual = 443 if self.secure else 80
        return f"{scheme}://{host}" + (f":{port}" if port != usual else "")

    @property
    def admin(self) -> Path:
        """The admin socket."""
        return self.folder / "admin.sock"

    def resource(self, kind: str) -> Path:
        """Return the file from which Envoy learns its `kind` of resources."""
        # A folder for each: a rename next to a watched file is an event as well.
        return self.folder / kind / "current.json"

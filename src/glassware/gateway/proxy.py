"""The gateway at work: it writes what Envoy reads, and asks what Envoy has."""

import asyncio
import json
import resource
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

from glassware.errors import GatewayError
from glassware.files import write_whole
from glassware.visitors import Visiting

from .admin import Admin
from .binary import find_envoy
from .clusters import marks
from .envoy import (
    KINDS,
    NOBODY,
    VISITORS,
    Data,
    bootstrap,
    complete,
    discovery,
    resources,
)
from .limits import affordable
from .ports import taken_meanwhile
from .state import Place, Upstream
from .tls import CERTIFICATE_TYPE, SECRETS, secret


_LONGEST_SOCKET = 107
_STATISTICS = {
    "clusters": "cluster_manager.cds",
    "listeners": "listener_manager.lds",
    "routes": "http.public.rds.public",
    "visitors": f"extension_config_discovery.http_filter.{VISITORS}",
}
_THREADS = "thread_local_cluster_manager.worker_{}.clusters_inflated"
_WORKERS = "listener_manager.workers_started"
# Until its workers have been asked once, a cluster does not take over.
_WARMING = "cluster_manager.warming_clusters"
_ASKED = (
    rf"\.(cds|lds|rds\.public|http_filter\.{VISITORS})\.(version_text|update_rejected)$"
    r"|worker_\d*\.clusters_inflated$|\.warming_clusters$"
)


@dataclass(frozen=True, slots=True)
class Version:
    """What was written: the number of the last change of each kind of resources."""

    clusters: int
    listeners: int
    routes: int
    visitors: int


class Gateway:
    """One Envoy, to be started and watched by the supervisor.

    Write first, start then: `update`, `launch`, the process, `ready`. Methods
    are synchronous and answer within milliseconds, but `validate` (half a
    second) and `wait` (a coroutine).

    Args:
        place: What never changes while this Envoy runs.

    Raises:
        GatewayError: The folder's path is too long for a socket.
        UnsupportedPlatform: There is no Envoy for this system.
    """

    def __init__(self, place: Place) -> None:
        if len(str(place.admin).encode()) > _LONGEST_SOCKET:
            raise GatewayError(
                f"the path of the gateway's socket is too long: `{place.admin}`",
                hint="set `XDG_RUNTIME_DIR` to a folder with a shorter path",
            )
        self.place = place
        self._envoy = find_envoy()
        self._admin = Admin(place.admin)
        self._upstreams: tuple[Upstream, ...] = ()
        self._visiting = NOBODY
        self._written: dict[str, list[Data]] = {}
        self._numbers = dict.fromkeys(KINDS, 0)
        self._clusters = "0"
        self._certified = 0
        self._refused_before: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The public address, as a person opens it."""
        return self.place.url

    def certify(self, certificate: str, key: str) -> None:
        """Write the certificate; open connections keep the one that they have.

        Args:
            certificate: With its chain, PEM.
            key: PEM.

        Raises:
            OSError: The file cannot be written.
        """
        self._certified += 1
        path = self.place.resource(SECRETS)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {
            "version_info": str(self._certified),
            "type_url": CERTIFICATE_TYPE,
            "resources": [{"@type": CERTIFICATE_TYPE, **secret(certificate, key)}],
        }
        write_whole(path, json.dumps(content), mode=0o600)

    def update(
        self, upstreams: Iterable[Upstream], visiting: Visiting = NOBODY
    ) -> Version:
        """Write what has changed, clusters before the routes that need them.

        Args:
            upstreams: The services as they stand.
            visiting: How visitors are known.

        Raises:
            OSError: The files cannot be written; Envoy keeps what it has.
        """
        self._upstreams = tuple(upstreams)
        self._visiting = visiting
        for kind, parts in resources(self.place, self._upstreams, visiting).items():
            if self._written.get(kind) != parts:
                self._write(kind, parts)
        return Version(**self._numbers)

    def launch(self) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """Return the program to start and its whole environment.

        A socket that an earlier Envoy left behind is removed.
        """
        path = self.place.folder / "envoy.json"
        # Envoy itself raises its soft limit to the hard one.
        _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
        limits = affordable(self.place.limits, descriptors)
        place = replace(self.place, limits=limits)
        write_whole(path, json.dumps(bootstrap(place)), mode=0o600)
        self.place.admin.unlink(missing_ok=True)
        self._refused_before = {}
        return (*self._command(path), "--log-level", "warning"), {}

    def ready(self) -> bool:
        """Ask whether the public port is served.

        Raises:
            GatewayError: Envoy runs, and has given the port up: somebody else
                began to listen there while it started.
        """
        try:
            status, _ = self._admin.ask("/ready")
            if status != HTTPStatus.OK:
                return False
            _, listeners = self._admin.ask("/listeners")
            known = self._admin.statistics(_WORKERS)
        except GatewayError:
            return False
        ports = {"public": self.place.port, "redirect": self.place.redirect}
        for name, port in ports.items():
            if port is not None and f"{name}::" not in listeners:
                raise taken_meanwhile(self.place.plan.bind, port)
        return known.get(_WORKERS) == "1"

    def applied(self, version: Version) -> bool:
        """Ask whether Envoy has taken all of `version`, in each of its threads.

        Raises:
            GatewayError: It refused a part, or does not answer.
        """
        known = self._admin.statistics(_ASKED)
        for kind in KINDS:
            prefix = _STATISTICS[kind]
            has = int(known.get(f"{prefix}.version_text") or 0)
            if has < getattr(version, kind):
                refused = known.get(f"{prefix}.update_rejected", "0")
                if refused != self._refused_before.get(kind, "0"):
                    self._refused_before[kind] = refused
                    self._complain(kind)
                return False
        if version.clusters < self._numbers["clusters"]:
            return True
        threads = (_THREADS.format(n) for n in range(self.place.concurrency))
        everywhere = all(known.get(name) == self._clusters for name in threads)
        return everywhere and known.get(_WARMING) == "0"

    async def wait(self, version: Version, *, seconds: float = 5.0) -> None:
        """Return as soon as Envoy has taken all of `version`.

        From then on no thread of Envoy leads a new request to a worker that
        `version` no longer names. One that was led there a moment ago may still
        be on its way: a worker that ends takes what waits at its socket first.

        Raises:
            GatewayError: It refused a part, or took too long.
        """
        end = time.monotonic() + seconds
        while not await asyncio.to_thread(self.applied, version):
            if time.monotonic() > end:
                raise GatewayError(
                    f"the gateway has not taken its routes within {seconds:g} s",
                    hint="its log says why",
                )
            await asyncio.sleep(0.002)

    def validate(self, upstreams: Iterable[Upstream]) -> None:
        """Let Envoy itself judge the whole configuration; nothing is touched.

        Raises:
            GatewayError: It would not take it; the message has Envoy's words.
        """
        path = self.place.folder / "validate.json"
        content = complete(self.place, upstreams, self._visiting)
        write_whole(path, json.dumps(content), mode=0o600)
        try:
            judged = subprocess.run(
                [*self._command(path), "--mode", "validate"],
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
                env={},
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise GatewayError(f"Envoy cannot be run: {error}") from error
        finally:
            path.unlink(missing_ok=True)
        if judged.returncode:
            raise GatewayError(
                f"Envoy refuses its configuration: {_words(judged.stderr)}"
            )

    def _write(self, kind: str, parts: list[Data]) -> None:
        number = self._numbers[kind] + 1
        marked = [*parts, *marks(number)] if kind == "clusters" else parts
        path = self.place.resource(kind)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = discovery(kind, marked, number)
        write_whole(path, json.dumps(content), mode=0o600)
        self._written[kind] = parts
        self._numbers[kind] = number
        if kind == "clusters":
            self._clusters = str(len(marked))

    def _command(self, path: Path) -> tuple[str, ...]:
        threads = str(self.place.concurrency)
        return (
            *(str(self._envoy), "--config-path", str(path)),
            *("--concurrency", threads, "--disable-hot-restart"),
            # Of its access log, which is how remarks come into ours.
            *("--file-flush-interval-msec", "500"),
        )

    def _complain(self, kind: str) -> None:
        """Raise what Envoy says of the update that it refused."""
        if faults := self._admin.listener_faults():
            raise GatewayError(f"the gateway cannot listen at {'; '.join(faults)}")
        self.validate(self._upstreams)
        raise GatewayError(
            f"the gateway refused an update of its {kind}", hint="its log says why"
        )


def _words(log: str) -> str:
    """Return what is the matter, of all that Envoy wrote before it ended."""
    lines = log.strip().splitlines() or ["it gave no reason"]
    start = next((n for n, line in enumerate(lines) if "[critical]" in line), -1)
    # `[time][pid][critical][main] [source/…:76] error …`
    return "\n".join(lines[start:]).rpartition("] ")[2]

"""The service that calls nobody: as ours, and as Flask on gunicorn behind nginx."""

import random
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .load import Asked
from .processes import Stage
from .servers import SHOP, Side, have, nginx
from .site import Site, write


OURS = "glassware"
GUNICORN = "Flask, gunicorn"

# As long as our gateway lets a service take, unless a manifest says otherwise.
PATIENCE = 10.0

BRIEF = "brief"
"""A service of this name has a route that may take no longer than `BRIEFLY`."""

BRIEFLY = 1.0

MANIFEST = """
workers = {workers}

[[routes]]
path = "/{name}"
timeout = {timeout}

[environment]
NOTES = "{notes}"
"""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server to ask.

    Attributes:
        port: Of its edge.
        paths: Where its services are, without a trailing slash.
        notes: The file that they write to.
        code: Their modules.
        renew: Serves the code as it is then, without an interruption.
    """

    port: int
    paths: tuple[str, ...]
    notes: Path
    code: tuple[Path, ...]
    renew: Callable[[], object]

    def lines(self) -> list[str]:
        """Return what the services have noted."""
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def mixed(self, number: int) -> Asked:
        """Return a request to any of the services, every fourth of them a POST."""
        path = random.choice(self.paths)
        if number % 4:
            return Asked(path=f"{path}/view", tag=path, patience=PATIENCE)
        note = f"{path}/note?id={number}"
        return Asked(path=note, method="POST", tag=path, patience=PATIENCE)

    def release(self, version: int) -> None:
        """Write another version, and serve it."""
        for file in self.code:
            text = re.sub("VERSION = .*", f"VERSION = {version}", file.read_text())
            file.write_text(text)
        self.renew()


def both(
    stage: Stage, services: Sequence[str] = ("lone",), workers: int = 1
) -> Iterator[tuple[str, Served]]:
    """Start both sides.

    Args:
        stage: Where they run.
        services: The names of the services, all with the same code.
        workers: For each.
    """
    yield OURS, ours(stage, services, workers)
    if not have("gunicorn"):
        return
    side = Side(stage, "gunicorn", {"lone.py": SHOP / "lone.py"})
    notes = stage.folder / "notes-gunicorn"
    side.environment["NOTES"] = str(notes)
    ports = {f"/{name}": side.gunicorn("lone", workers) for name in services}
    for edge in nginx(stage, {GUNICORN: ports}).values():
        yield (
            GUNICORN,
            Served(
                port=edge,
                paths=tuple(ports),
                notes=notes,
                code=(side.folder / "lone.py",),
                renew=lambda: [m.send_signal(signal.SIGHUP) for m in side.masters],
            ),
        )


def ours(stage: Stage, services: Sequence[str] = ("lone",), workers: int = 1) -> Served:
    """Start the services as a site; see `both`."""
    notes = stage.folder / "notes-site"
    files: dict[str, str | Path] = {}
    for name in services:
        files[f"services/{name}/service.toml"] = MANIFEST.format(
            name=name,
            workers=workers,
            timeout=BRIEFLY if name == BRIEF else PATIENCE,
            notes=notes,
        )
        files[f"services/{name}/app.py"] = SHOP / "lone.py"
    site = Site(stage, write(stage.folder / "site", files), "--production")
    return Served(
        port=site.wait(),
        paths=tuple(f"/{name}" for name in services),
        notes=notes,
        code=tuple(site.folder / f"services/{name}/app.py" for name in services),
        renew=lambda: site.command("restart"),
    )

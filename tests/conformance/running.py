"""The services of this folder, running as one process or as many."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassware.environment import Policy, Settings, to_variables
from glassware.identity import SITE, Key
from worker.worker_process import Starter, Zygote


HERE = Path(__file__).parent
GROUP = ("storefront", "catalog", "plain", "blog")
ALONE = ("events",)
CALLS = {
    "storefront": ("catalog", "plain", "blog", "events"),
    "catalog": ("storefront", "plain"),
}
URL = "http://shop.test:8000"


@dataclass
class Running:
    """The site in one of its forms.

    Attributes:
        mode: Its name.
        folder: Where its services are.
        sockets: Of each service.
        key: The site's own.
    """

    mode: str
    folder: Path
    sockets: Mapping[str, str]
    key: Key
    starter: Starter

    def run(self, case: str) -> Any:
        """Run a case in the caller, and return what is told of it."""
        worker = self.starter.at(self.sockets["storefront"])
        token = self.key.sign(SITE, "storefront")
        said = worker.ask(f"/case/{case}", headers={"X-Glassware-Identity": token})
        assert said.status == 200, (said.body, self.log())
        return json.loads(said.body.decode().replace(URL, "http://SITE"))

    def seen(self, case: str) -> list[dict[str, Any]]:
        """Return the events that callees have recorded for a case, in order."""
        found = []
        for record in sorted(self.folder.glob("*/record.jsonl")):
            lines = map(json.loads, record.read_text().splitlines())
            found += [line for line in lines if line.pop("case") == case]
        return found

    def log(self) -> str:
        """Return what all services have printed."""
        return "".join(p.read_text()[-3000:] for p in self.folder.parent.glob("*.log"))


@contextmanager
def running(mode: str, folder: Path, zygote: Zygote) -> Iterator[Running]:
    """Start the site; `mode` is `group` or `wire`."""
    site = folder / mode
    services = site / "s"
    shutil.copytree(HERE / "services", services)
    shutil.copy(HERE / "cases.py", services / "storefront")
    file = services / "catalog" / "file.txt"
    file.write_text("abcdefg")
    os.utime(file, (0, 0))
    starter = Starter(site, zygote)
    key = Key.generate()
    jobs = {job["service"]: job for job in jobs_of(site, key)}
    try:
        if mode == "group":
            workers = [starter.group(*(jobs.pop(name) for name in GROUP))]
        else:
            workers = []
        workers += [starter.fork_job(job) for job in jobs.values()]
        for worker in workers:
            worker.ready()
        sockets = {name: str(site / name / "1.sock") for name in (*GROUP, *ALONE)}
        yield Running(mode, services, sockets, key, starter)
    finally:
        starter.end()


def jobs_of(site: Path, key: Key) -> Iterator[dict[str, Any]]:
    """Return the job of each service, as the runner would make it."""
    names = (*GROUP, *ALONE)
    keys = {name: Key.generate() for name in names}
    for name in names:
        (site / name).mkdir()
        callers = {n: keys[n].public for n, calls in CALLS.items() if name in calls}
        settings = Settings(
            site="shop",
            service=name,
            url=URL,
            mounts=(f"/{name}",) if name == "catalog" else (),
            calls=CALLS.get(name, ()),
            # A case that is about failures must not shut the others out.
            policies={n: Policy(breaker=0) for n in names},
            neighbours={n: f"unix:{site / n}" for n in (*names, "hidden")},
            key=keys[name].text,
            callers={**callers, SITE: key.public},
        )
        yield {
            "service": name,
            "folder": str(site / "s" / name),
            "app": "app.py",
            "socket": str(site / name / "1.sock"),
            "threads": 4,
            "mounts": list(settings.mounts),
            "environment": to_variables(settings),
        }

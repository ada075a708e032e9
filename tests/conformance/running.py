"""The services of this folder as a site, in each of the forms that it can have."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sites import SiteUnderTest, ended


HERE = Path(__file__).parent
GROUP = '[groups]\nweb = ["storefront", "catalog", "plain", "blog", "hidden"]\n'
FORMS = {
    "wire": ("", ()),
    "group": (GROUP, ()),
    "forced wire": (GROUP, ("--wire",)),
}
CALLS = {
    "storefront": ("catalog", "plain", "blog", "events"),
    "catalog": ("storefront", "plain"),
}
ROUTES = {"storefront": "/front", "catalog": "/catalog"}
PORT = re.compile(r'(SERVER_PORT\\?": ?\\?")[0-9]+')


@dataclass
class Running:
    """The site in one of its forms.

    Attributes:
        site: It runs.
        records: What the callees have recorded, a file each.
    """

    site: SiteUnderTest
    records: Path

    def run(self, case: str) -> Any:
        """Run a case in the caller, and return what is told of it."""
        said = self.site.get(f"/front/case/{case}")
        assert said.status == 200, (said.text, self.log())
        return json.loads(self._settled(said.text))

    def seen(self, case: str) -> list[dict[str, Any]]:
        """Return the events that callees have recorded for a case, in order."""
        found = []
        for record in sorted(self.records.iterdir()):
            lines = map(json.loads, self._settled(record.read_text()).splitlines())
            found += [line for line in lines if line.pop("case") == case]
        return found

    def log(self) -> str:
        """Return what all services have printed."""
        return self.site.log.read_text()[-6000:]

    def _settled(self, text: str) -> str:
        """Return `text` without what is different in each form: the public port."""
        address = urlsplit(self.site.url)
        text = text.replace(f"localhost:{address.port}", "SITE")
        # In a body that is text within text the quotation marks are escaped.
        return PORT.sub(r"\1PORT", text)


@contextmanager
def running(folder: Path) -> Iterator[dict[str, Running]]:
    """Start the site in all of its forms."""
    with ExitStack() as stack:
        forms = {}
        for name, (groups, options) in FORMS.items():
            place = folder / name.replace(" ", "-")
            place.mkdir()
            site = stack.enter_context(ended(place / "site"))
            records = place / "records"
            records.mkdir()
            write(site, groups, records)
            site.up("--production", *options, wait=False)
            forms[name] = Running(site, records)
        for form in forms.values():
            form.site.until(lambda: "➜" in form.log(), "readiness")  # noqa: B023
        yield forms


def write(site: SiteUnderTest, groups: str, records: Path) -> None:
    """Write the site's folder."""
    shutil.copytree(HERE / "services", site.folder / "services")
    shutil.copytree(HERE / "cases", site.folder / "services" / "storefront" / "cases")
    file = site.folder / "services" / "catalog" / "file.txt"
    file.write_text("abcdefg")
    os.utime(file, (0, 0))
    site.write({"site.toml": f'name = "conformance"\n{groups}'})
    for service in (site.folder / "services").iterdir():
        (service / "service.toml").write_text(manifest(service.name, records))


def manifest(name: str, records: Path) -> str:
    """Return the manifest of a service."""
    lines = [f"calls = {json.dumps(CALLS.get(name, ()))}"]
    # A case that is about failures must not shut the others out.
    lines += [f"[neighbours.{n}]\nbreaker = 0" for n in CALLS.get(name, ())]
    lines += [f'[environment]\nRECORD = "{records / name}.jsonl"']
    if route := ROUTES.get(name):
        lines += [f'[[routes]]\npath = "{route}"\ntimeout = 50']
    return "\n".join(lines) + "\n"

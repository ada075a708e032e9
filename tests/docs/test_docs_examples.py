"""The code of the pages works: it is run, loaded or compiled."""

import re
import tomllib
from typing import Any

import pytest

from docs.follow import Reader, holds
from docs.pages import ROOT, Block, blocks, pages
from glassware.errors import ManifestError
from glassware.manifest import load
from sites import SiteUnderTest


APP = "from flask import Flask\n\napp = Flask(__name__)\n"
EVERY = [block for page in pages() for block in blocks(page)]


def of(*languages: str) -> list[Block]:
    """Return the blocks of these languages."""
    return [block for block in EVERY if block.language in languages]


def test_the_smallest_site_of_the_readme(site: SiteUnderTest):
    """It is under 20 lines, and the page and the terminal are as the README says."""
    found = list(blocks(ROOT / "README.md"))
    code = [line for b in found if b.file for line in b.content.splitlines() if line]

    Reader(site).follow(found)

    assert len(code) < 20


@pytest.mark.timeout(120)
def test_the_tutorial(site: SiteUnderTest):
    """Each step, in its order, with what the page says that it shows."""
    Reader(site).follow(blocks(ROOT / "docs/tutorial/first-site.md"))

    assert site.process is None


def test_a_reader_has_another_port_and_a_slower_machine():
    """And sees the same: what a page shows is not this machine's."""
    page = ["  ➜ http://localhost:8000   ready in 0.6 s", "home  running  41 s  12011"]
    said = "  ➜ http://localhost:8001   ready in 12.3 s\nhome   running  1 min   7\n"

    assert holds(said, page)
    assert not holds(said.replace("running", "failed"), page)


@pytest.mark.parametrize("block", of("python"), ids=str)
def test_python_compiles(block):
    """Whatever is shown as Python is Python."""
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize("block", of("toml"), ids=str)
def test_manifests_have_no_fault(block, tmp_path):
    """Whatever is shown as a manifest loads in a site that has what it names."""
    table = tomllib.loads(block.text)
    if block.file == "secrets.toml" or block.file is None:
        return
    site = tmp_path / "site"
    for folder in _folders(block.file, table):
        (site / folder).mkdir(parents=True, exist_ok=True)
        (site / folder / "app.py").write_text(APP)
    for name in _signing_in(table):
        (site / f"services/{name}/service.toml").write_text(f'route = "/{name}"\n')
    (site / block.file).parent.mkdir(parents=True, exist_ok=True)
    (site / block.file).write_text(block.content)
    named = re.findall(r"env:(\w+)|secret\.(\w+)", block.text)
    environment = {name: "redis://a:b@localhost" for pair in named for name in pair}

    try:
        load(
            site,
            environment=environment,
            production="production" in block.file,
        )
    except ManifestError as error:
        pytest.fail(f"{block}: {error}")


def _signing_in(table: dict[str, Any]) -> set[str]:
    """Return the service at which visitors sign in, which has to be public."""
    sign_in = table.get("visitors", {}).get("sign_in")
    return {sign_in.partition(".")[0]} if sign_in else set()


def _folders(file: str, table: dict[str, Any]) -> set[str]:
    """Return the folders of services that a manifest speaks of, and a few more."""
    described = table.get("services", {})
    names = {"bread", "cart", "catalog", "storefront", *table.get("calls", ())}
    names |= _signing_in(table)
    if file.startswith("services/"):
        names.add(file.split("/")[1])
    elsewhere = {service["path"] for service in described.values() if "path" in service}
    return {f"services/{name}" for name in names} | elsewhere

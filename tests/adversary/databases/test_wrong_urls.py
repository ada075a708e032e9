"""Addresses that are wrong, in every engine: told soon, and nothing else suffers."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from adversary.databases.wrong_sites import SECRET, silent, site_of
from glassware import engines
from sites import SiteUnderTest, ended


FORMS = {
    "postgresql": "postgresql://me:{}@127.0.0.1:{}/{}",
    "redis": "redis://me:{}@127.0.0.1:{}/0?client_name={}",
    "mongodb": "mongodb://me:{}@127.0.0.1:{}/{}",
    "cassandra": "cassandra://me:{}@127.0.0.1:{}/{}",
    "dynamodb": "dynamodb://me:{}@127.0.0.1:{}/{}",
}


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that takes connections and never answers."""
    with silent() as port:
        yield port


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site that is ended with the test, and has to leave nothing behind."""
    with ended(tmp_path / "site") as under_test:
        yield under_test


def wrong(engine: str, form: str, mute: int) -> Mapping[str, tuple[str, str]]:
    """Return what people write into URLs, by the name of a service."""
    return {
        f"{engine}_mute": (engine, form.format(SECRET, mute, "x")),
        f"{engine}_slash": (engine, form.format(f"{SECRET}/x", 1, "x")),
        f"{engine}_bracket": (engine, form.format(f"[{SECRET}", 1, "x")),
        f"{engine}_port": (engine, form.format(SECRET, SECRET, "x")),
    }


def test_urls_of_databases(site: SiteUnderTest, mute: int) -> None:
    """A reason for each, and what is right runs; no password is seen anywhere."""
    urls = {"file": ("sqlite", "sqlite:////nowhere/at/all.sqlite")}
    for engine, form in FORMS.items():
        urls |= wrong(engine, form, mute)
    site.write(site_of(urls))
    expect_reasons(site, len(urls))


def test_urls_of_servers(site: SiteUnderTest, mute: int) -> None:
    """The same for `[engines.NAME] url`: here of servers that are silent."""
    places = {e: form.format(SECRET, mute, "x") for e, form in FORMS.items()}
    places["sqlite"] = "sqlite:////nowhere/at/all"
    site.write(site_of(dict.fromkeys(places, ("", ""))))
    for engine, url in places.items():
        site.write(
            {
                f"services/{engine}/service.toml": f"""
                    route = "/{engine}"
                    databases.main = "{engine}"
                    """
            }
        )
        with (site.folder / "site.toml").open("a") as file:
            file.write(f'[engines.{engine}]\nurl = "{url}"\n')
    assert set(places) == set(engines.NAMES)
    expect_reasons(site, len(places))


def expect_reasons(site: SiteUnderTest, number: int) -> None:
    """Start a site in which each of some databases is out of reach."""
    site.up(wait=False)
    site.until(lambda: answered(site), "the page of a service without a database")
    site.until(lambda: len(reasons(site)) == number, "a reason for each")

    listed = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in site.processes()]
    seen = "".join(
        [
            site.log.read_text(),
            site.run("ps", "--json").stdout,
            site.run("ps").stdout,
            site.run("logs").stdout,
            b"\n".join(listed).decode(),
        ]
    )
    assert SECRET not in seen
    assert "Traceback" not in seen
    assert answered(site)
    assert site.stop() == 0
    kept = (p for p in site.folder.glob(".glassware/**/*") if p.is_file())
    assert [p for p in kept if SECRET.encode() in p.read_bytes()] == []


def answered(site: SiteUnderTest) -> bool:
    """Tell whether a visitor gets the page that needs no database."""
    with suppress(OSError):
        return site.get("/plain/").text == "plain"
    return False


def reasons(site: SiteUnderTest) -> list[str]:
    """Return why databases are not there."""
    snapshot = json.loads(site.run("ps", "--json").stdout)
    return [e["reason"] for e in snapshot["engines"] if e["reason"]]

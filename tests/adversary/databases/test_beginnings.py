"""A site with every engine, stopped and killed where it hurts most."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from glassware import engines
from sites import SiteUnderTest, ended


APP = """
    from flask import Flask
    from glassware import databases

    app = Flask(__name__)

    @app.get("/count")
    def count():
        with databases.postgresql.connection() as db:
            db.execute("create table if not exists seen (at timestamptz)")
            db.execute("insert into seen values (now())")
            rows = db.execute("select count(*) from seen").fetchone()[0]
        databases.mongodb.seen.insert_one({})
        cql = databases.cassandra
        cql.execute("create table if not exists seen (at timeuuid primary key)")
        cql.execute("insert into seen (at) values (now())")
        names = [table.name for table in databases.dynamodb.tables.all()]
        if "seen" not in names:
            databases.dynamodb.create_table(
                TableName="seen",
                AttributeDefinitions=[{"AttributeName": "at", "AttributeType": "N"}],
                KeySchema=[{"AttributeName": "at", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
        table = databases.dynamodb.Table("seen")
        table.put_item(Item={"at": rows})
        lite = databases.sqlite
        lite.execute("create table if not exists seen (at int)")
        lite.execute("insert into seen values (1)")
        lite.commit()
        return {
            "postgresql": rows,
            "redis": databases.redis.incr("seen"),
            "mongodb": databases.mongodb.seen.count_documents({}),
            "cassandra": len(list(cql.execute("select at from seen"))),
            "dynamodb": table.scan(ConsistentRead=True)["Count"],
            "sqlite": lite.execute("select count(*) from seen").fetchone()[0],
        }
    """
SITE = {
    "services/all/app.py": APP,
    "services/all/service.toml": 'route = "/"\n\n[databases]\n'
    + "".join(f'{name} = "{name}"\n' for name in engines.NAMES),
}
PATIENT = ("--yes",)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """A site with all engines, which each test finds and leaves stopped."""
    with ended(tmp_path_factory.mktemp("all") / "site") as under_test:
        under_test.write(SITE)
        yield under_test


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """Another site of the same kind."""
    with ended(tmp_path_factory.mktemp("more") / "site") as under_test:
        under_test.write(SITE)
        yield under_test


def counts(number: int) -> dict[str, int]:
    """Return what the page says when it is asked for the `number`th time."""
    return dict.fromkeys(engines.NAMES, number)


def sockets(runtime: Path) -> list[Path]:
    """Return the sockets that are left of a site."""
    return [path for path in runtime.rglob("*") if path.is_socket()]


def ends(site: SiteUnderTest) -> None:
    """Wait until nothing of a site runs."""
    site.until(lambda: not site.processes(), "the end of every process")


def runtime_of(site: SiteUnderTest) -> Path:
    """Return the folder of a running site's sockets."""
    known = json.loads((site.folder / ".glassware/site.json").read_text())
    return Path(known["control"]).parent


@pytest.mark.parametrize("moment", ["starts postgresql", "starts Cassandra"])
def test_ctrl_c_in_the_middle_of_a_first_start(
    site: SiteUnderTest, moment: str
) -> None:
    """No process and no socket is left, whatever had begun."""
    before = site.log.read_text().count(moment) if site.log.exists() else 0
    site.up(*PATIENT, wait=False)
    site.until(lambda: site.log.read_text().count(moment) > before, moment)
    runtime = runtime_of(site)
    assert site.stop() == 0
    ends(site)
    assert sockets(runtime) == []


def test_two_sites_at_the_same_time_and_a_kill(
    site: SiteUnderTest, second: SiteUnderTest
) -> None:
    """Ports and data are apart; servers end with the supervisor and its guard."""
    site.up(*PATIENT, wait=False)
    second.up(*PATIENT, wait=False)
    for each in (site, second):
        each.until(lambda each=each: "➜" in each.log.read_text(), "readiness")
        assert each.get("/count").json() == counts(1)
    assert second.stop() == 0
    assert site.get("/count").json() == counts(2)

    # Nobody says goodbye: supervisor, guard and zygotes go at once.
    assert site.process is not None
    for pid in {site.process.pid, *filter(is_keeper, site.processes())}:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    site.process.wait(10)
    ends(site)


def is_keeper(pid: int) -> bool:
    """Tell whether a process is one of glassware's own, and no server."""
    with suppress(OSError):
        return (
            b"glassware" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"-m")[-1]
        )
    return False


def test_fresh_is_killed_halfway(site: SiteUnderTest) -> None:
    """Each database is as it was or empty; the next start has them all."""
    before = site.log.read_text().count("starts Cassandra")
    site.up(*PATIENT, "--fresh", wait=False)
    site.until(
        lambda: site.log.read_text().count("starts Cassandra") > before, "the start"
    )
    assert site.process is not None
    site.process.kill()
    site.process.wait(10)
    site.process = None
    ends(site)
    site.up(*PATIENT)
    found = site.get("/count").json()
    assert {key: number in {1, 3} for key, number in found.items()} == dict.fromkeys(
        engines.NAMES, True
    ), found
    assert site.run("down", "--wipe", "--yes").returncode == 0
    assert site.process is not None
    site.process.wait(20)
    site.process = None
    ends(site)
    assert site.run("down", "--wipe", "--yes").returncode == 0
    assert not (site.folder / ".glassware/engines").exists()

"""Servers of databases that die or fall silent below a running site."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sites import SiteUnderTest, ended


SHOP = """
    import sqlalchemy
    from flask import Flask
    from glassware import databases

    app = Flask(__name__)
    engine = sqlalchemy.create_engine(
        databases.url("main").replace("postgresql:", "postgresql+psycopg:"),
        pool_pre_ping=True,
        connect_args={"connect_timeout": 2},
    )

    @app.get("/plain")
    def plain():
        return "plain"

    @app.get("/cache")
    def cache():
        return str(databases.cache.incr("seen"))

    @app.get("/main")
    def main():
        with databases.main.connection() as db:
            return str(db.execute("select 1").fetchone()[0])

    @app.get("/sql")
    def sql():
        with engine.connect() as db:
            return str(db.execute(sqlalchemy.text("select 1")).scalar())
    """
FRONT = """
    from flask import Flask
    from glassware import services

    app = Flask(__name__)

    @app.get("/")
    def index():
        answer = services.shop.get("/cache")
        return f"{answer.status_code} {answer.text}"
    """
SITE = {
    "services/shop/app.py": SHOP,
    "services/shop/service.toml": """
        route = "/"

        [databases]
        main = "postgresql"
        cache = "redis"
        """,
    "services/front/app.py": FRONT,
    "services/front/service.toml": 'route = "/front"\ncalls = ["shop"]\n',
}
GROUPED = {"site.toml": '[groups]\nall = ["shop", "front"]\n'}
KEYS = {"/main": "postgresql", "/sql": "postgresql", "/cache": "redis.shop.cache"}
SLOTS = 4


@pytest.fixture(scope="module", params=[{}, GROUPED], ids=["apart", "grouped"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SiteUnderTest]:
    """A site that the tests share: each leaves its servers as it found them."""
    with ended(tmp_path_factory.mktemp("lost") / "site") as under_test:
        under_test.write(SITE | request.param)
        under_test.up()
        yield under_test


@pytest.fixture
def well(site: SiteUnderTest) -> Iterator[SiteUnderTest]:
    """The site; before and after the test every page is answered, by one process."""
    _until_well(site)
    before = [s["pids"] for s in site.snapshot()["services"]]
    yield site
    _until_well(site)
    assert [s["pids"] for s in site.snapshot()["services"]] == before


def _until_well(site: SiteUnderTest) -> None:
    for page in KEYS:
        site.until(lambda page=page: site.get(page).status == 200, page)


@contextmanager
def frozen(site: SiteUnderTest, key: str) -> Iterator[None]:
    """Let a server stand still, with every process of it."""
    pids = _tree(_pid(site, key))
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _pid(site: SiteUnderTest, key: str) -> int:
    return next(e["pid"] for e in site.snapshot()["engines"] if e["key"] == key)


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, tasks.read_text().split())
    return found


def health_of(site: SiteUnderTest, service: str) -> tuple[int, dict]:
    """Return the exit code of `glassware call`, and what the page said."""
    done = site.run("call", service, "/healthz")
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("page", ["/main", "/cache"])
def test_a_silent_server_costs_no_other_page_its_visitors(
    well: SiteUnderTest, page: str
) -> None:
    """Pages without it are answered, those with it fail: soon, and then at once."""
    with frozen(well, KEYS[page]), ThreadPoolExecutor(SLOTS) as visitors:
        asked = [visitors.submit(well.get, page) for _ in range(SLOTS)]
        assert well.get("/plain").text == "plain"
        # Nobody had to give up first.
        assert [future.done() for future in asked] == [False] * SLOTS
        for answer in [future.result() for future in asked]:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
            assert "does not answer" in answer.text
        answers = list(visitors.map(well.get, [page] * 5 * SLOTS))
        assert {answer.status for answer in answers} == {503}
        assert "did not answer just now" in well.log.read_text()


def test_the_site_is_told_which_database_it_is(well: SiteUnderTest) -> None:
    """Whoever runs it, and a neighbour; a visitor finds the application's 404."""
    # What was found a moment ago counts for a second.
    well.until(lambda: health_of(well, "shop")[0] == 0, "health")
    with frozen(well, KEYS["/cache"]):
        well.until(lambda: health_of(well, "shop")[0] == 1, "its loss")
        _, said = health_of(well, "shop")
        signs = {name: sign["status"] for name, sign in said["databases"].items()}
        assert (said["status"], signs) == ("lost", {"main": "ok", "cache": "lost"})
        assert well.get("/healthz").status == 404
        said = well.get("/front/").text
        assert said.startswith("503")
        assert "the database `cache` (redis) of `shop` does not answer" in said
    assert health_of(well, "front") == (
        (0, {"service": "front", "status": "ok", "databases": {}})
    )


@pytest.mark.parametrize("page", KEYS)
def test_a_killed_server_is_a_503_until_it_is_back(
    well: SiteUnderTest, page: str
) -> None:
    """No page answers anything else meanwhile, and none hangs."""
    os.kill(_pid(well, KEYS[page]), signal.SIGKILL)
    seen = set()

    def is_back() -> bool:
        seen.add(well.get(page).status)
        return 200 in seen and _pid(well, KEYS[page]) is not None

    well.until(is_back, page)
    assert seen <= {200, 503}


def test_no_password_is_written_anywhere(site: SiteUnderTest) -> None:
    """After all that: not to the terminal, nor into a log."""
    secrets = json.loads((site.folder / ".glassware/credentials.json").read_text())
    logs = [site.log, *(site.folder / ".glassware/logs").iterdir()]
    text = "".join(log.read_text() for log in logs)
    assert "Traceback" in text
    assert not [name for name, secret in secrets.items() if secret in text]

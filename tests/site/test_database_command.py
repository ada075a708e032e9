"""`glassware database`, and databases that exist and are given by a URL."""

import json
import os
import pty
import select
import subprocess
from pathlib import Path

import pytest

from sites import COMMAND, SiteUnderTest, ended
from waiting import until


APP = """
    from flask import Flask
    from glassware import databases

    app = Flask(__name__)

    @app.post("/<name>")
    def add(name):
        with databases.main.connection() as db:
            db.execute("insert into thing values (%s)", [name])
        return {}, 201

    @app.get("/")
    def index():
        with databases.main.connection() as db:
            return [name for (name,) in db.execute("select name from thing")]
    """
POSTGRESQL = 'route = "/stock"\ndatabases.main = "postgresql"\n'
SITE = {
    "services/stock/app.py": APP,
    "services/stock/service.toml": """
        route = "/stock"

        [databases]
        main = "postgresql"
        cache = "redis"
        """,
    "services/stock/migrations/1.sql": "create table thing (name text);",
    "services/plain/app.py": "from flask import Flask\napp = Flask(__name__)\n",
}


class Typist:
    """A person at a terminal: types, and reads what is shown."""

    def __init__(self, site: SiteUnderTest, *arguments: str) -> None:
        self.screen = ""
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, "database", "shell", *arguments],
            cwd=site.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={
                **os.environ,
                "TERM": "dumb",
                "PAGER": "cat",
                "HOME": str(site.folder),
            },
            start_new_session=True,
        )
        os.close(theirs)

    def types(self, line: str) -> None:
        """Type a line."""
        os.write(self._ours, line.encode() + b"\n")

    def sees(self, text: str) -> None:
        """Wait until something is on the screen."""
        until(lambda: text in self._look(), f"`{text}` on the screen", patience=30)

    def leaves(self) -> int:
        """Press Ctrl-D; return the exit code."""
        os.write(self._ours, b"\x04")
        until(lambda: self._look() and self.process.poll() is not None, "the end", 30)
        os.close(self._ours)
        return self.process.returncode

    def secrets_in_view(self) -> str:
        """Return the arguments of the process, and what the screen shows."""
        listed = Path(f"/proc/{self.process.pid}/cmdline").read_text()
        return listed + self.screen

    def _look(self) -> str:
        while select.select([self._ours], [], [], 0.01)[0]:
            try:
                data = os.read(self._ours, 65536)
            except OSError:
                break
            self.screen += data.decode(errors="replace")
        return self.screen


def secrets_of(site: SiteUnderTest) -> set[str]:
    """Return every credential of a site."""
    text = (site.folder / ".glassware/credentials.json").read_text()
    return set(json.loads(text).values())


def test_databases_are_listed_and_opened(site):
    """In a list, in the engine's shell, and in Python; no secret is in view."""
    site.write(SITE)
    at_rest = json.loads(site.run("database", "--json").stdout)
    assert [(d["service"], d["name"], d["state"]) for d in at_rest] == [
        *(("stock", "main", "stopped"), ("stock", "cache", "stopped"))
    ]
    refused = site.run("database", "shell", "stock.main")
    assert refused.returncode == 3
    assert "glassware up" in refused.stderr

    site.up()
    listed = json.loads(site.run("database", "--json").stdout)
    assert [(d["engine"], d["state"]) for d in listed] == [
        *(("postgresql", "ready"), ("redis", "ready"))
    ]
    assert all(d["source"] and d["version"] for d in listed)
    assert "stock.main" in site.run("database").stdout

    person = Typist(site, "stock.main")
    person.sees("=>")
    person.types("insert into thing values ('typed') returning 'it is ' || name;")
    person.sees("it is typed")
    shown = person.secrets_in_view()
    assert person.leaves() == 0

    person = Typist(site, "stock.main", "--python")
    person.sees("`db` is stock.main, a `psycopg_pool.ConnectionPool` of postgresql")
    person.types("with db.connection() as c: print(*c.execute('table thing'))\n")
    person.sees("('typed',)")
    shown += person.secrets_in_view()
    assert person.leaves() == 0
    assert {secret for secret in secrets_of(site) if secret in shown} == set()

    for wanted, said in (
        ("stock", "has 2 databases"),
        ("stock.mian", "did you mean `main`?"),
        ("plain", "has no database"),
        ("stork.main", "did you mean `stock`?"),
    ):
        refused = site.run("database", "shell", wanted)
        assert refused.returncode == 2
        assert said in refused.stderr


@pytest.fixture(scope="module")
def owner(tmp_path_factory):
    """Another site, whose server and database exist already."""
    with ended(tmp_path_factory.mktemp("owner") / "owner") as running:
        running.write(SITE | {"services/stock/service.toml": POSTGRESQL})
        running.up()
        yield running


@pytest.mark.timeout(120)  # two sites, one of which starts twice
def test_a_database_that_is_given_is_used_as_it_is(site, owner):
    """With its own credentials; `--fresh` and seeds leave its data alone."""
    url = owner.run(
        *("run", "stock", "--", "sh", "-c", "echo $DATABASE_URL")
    ).stdout.strip()
    given = POSTGRESQL.replace(
        '"postgresql"', '{ engine = "postgresql", url = "env:STOCK_URL" }'
    )
    site.write(SITE | {"services/stock/service.toml": f"{given}tasks.seed = 'false'"})
    site.write({".env": f"STOCK_URL={url}\n"})
    site.up("--fresh")
    assert site.get("/stock/apple", "POST").status == 201
    [listed] = json.loads(site.run("database", "--json").stdout)
    assert (listed["source"], listed["state"]) == ("existing database", "ready")
    site.stop()

    site.write({".env": f"STOCK_URL={url.replace('@', 'x@')}\n"})
    site.up(wait=False)
    site.until(
        lambda: "check the database's `url` in `[databases]`" in site.log.read_text(),
        "the way out",
    )
    text = site.log.read_text()
    assert "password authentication failed" in text
    assert url.split(":")[2].split("@")[0] not in text


@pytest.mark.timeout(120)  # two sites, one of which starts twice
def test_an_existing_server_begins_anew_only_if_somebody_says_so(site, owner):
    """A seed does not run there by itself, but after `--fresh --yes`."""
    state = owner.folder / ".glassware"
    port = json.loads((state / "ports.json").read_text())["engine postgresql"]
    password = json.loads((state / "credentials.json").read_text())["engine postgresql"]
    seeded = f"{POSTGRESQL}tasks.seed = 'python seed.py'\n"
    site.write(SITE | {"services/stock/service.toml": seeded})
    site.write(
        {
            "services/stock/seed.py": """
                import os
                import psycopg

                with psycopg.connect(os.environ["DATABASE_URL"]) as db:
                    db.execute("insert into thing values ('seed')")
                """,
            "site.toml": '[engines.postgresql]\nurl = "env:SERVER"\n',
            ".env": f"SERVER=postgresql://postgres:{password}@127.0.0.1:{port}/postgres",
        }
    )
    site.up()
    assert site.get("/stock/apple", "POST").status == 201
    assert site.get("/stock/").json() == ["apple"]
    site.stop()

    site.up("--fresh", "--yes")
    assert site.get("/stock/").json() == ["seed"]
    site.stop()


def test_data_on_an_existing_server_is_not_removed_unasked(site):
    """Where nobody can answer, `--fresh` wants a `--yes`."""
    site.write(SITE)
    site.write({"site.toml": '[engines.postgresql]\nurl = "env:SERVER"\n'})
    environment = {**os.environ, "SERVER": "postgresql://u:p@127.0.0.1:9/postgres"}
    refused = site.run("up", "--fresh", env=environment)
    assert refused.returncode == 2
    assert "`--fresh` would remove the data of `stock.main`" in refused.stderr
    assert "add `--yes`" in refused.stderr

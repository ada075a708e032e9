"""Services with databases of their own, in a running site."""

import json
import os
import signal
import stat
from contextlib import suppress
from pathlib import Path

import pytest


STOCK = """
    import os
    from flask import Flask, abort
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
            return {"things": [row[0] for row in db.execute("select name from thing")]}

    @app.get("/steal")
    def steal():
        import psycopg
        mine = databases.settings("main")
        try:
            psycopg.connect(
                host=mine["host"], port=mine["port"], user=mine["user"],
                password=mine["password"], dbname=os.environ["OTHER"],
            ).close()
        except psycopg.OperationalError as error:
            abort(403, str(error))
        return "stolen"
    """
MIGRATE = """
    import os
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        db.execute("create table if not exists thing (name text)")
    """
SITE = {
    "services/stock/app.py": STOCK,
    "services/stock/migrate.py": MIGRATE,
    "services/stock/service.toml": """
        route = "/stock"

        [databases]
        main = "postgresql"

        [tasks]
        migrate = "python migrate.py"

        [environment]
        OTHER = "site__secrets__main"
        """,
    "services/secrets/app.py": """
        from flask import Flask
        from glassware import databases

        app = Flask(__name__)

        @app.get("/")
        def index():
            databases.counts.incr("visits")
            return {"visits": int(databases.counts.get("visits"))}
        """,
    "services/secrets/service.toml": """
        route = "/secrets"

        [databases]
        main = "postgresql"
        counts = "redis"
        """,
}


def open_to_others(folder):
    """Give the files of a folder that somebody else has a right to."""
    for path in filter(Path.is_file, folder.rglob("*")):
        # Servers remove files of theirs at any time.
        with suppress(FileNotFoundError):
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                yield path


def secrets_of(site):
    """Return every credential of a site."""
    text = (site.folder / ".glassware/credentials.json").read_text()
    return set(json.loads(text).values())


def test_databases_are_there_isolated_and_kept(site):
    """Data survives a restart; a neighbour's database is out of reach."""
    site.write(SITE)
    site.up()
    assert site.get("/stock/apple", "POST").status == 201
    site.get("/secrets/")

    stolen = site.get("/stock/steal")
    site.stop()
    site.up()

    assert site.get("/stock/").json() == {"things": ["apple"]}
    assert site.get("/secrets/").json() == {"visits": 2}
    assert stolen.status == 403
    assert "permission denied" in stolen.text


def test_wipe_forgets_the_data(site):
    """After `down --wipe` everything is as at the first time."""
    site.write(SITE)
    site.up()
    site.get("/stock/apple", "POST")
    assert site.run("down", "--wipe", "--yes").returncode == 0
    site.process.wait(10)
    site.up()

    assert site.get("/stock/").json() == {"things": []}


def test_credentials_are_seen_by_nobody(site):
    """Not in logs, `ps`, the process list; files are this user's alone."""
    site.write(SITE)
    site.up()
    site.get("/stock/")
    shown = [site.log.read_text(), site.run("ps", "--json").stdout]
    shown += [path.read_text() for path in (site.folder / ".glassware/logs").iterdir()]
    for pid in site.processes():
        shown.append(Path(f"/proc/{pid}/cmdline").read_text())

    found = {secret for secret in secrets_of(site) for text in shown if secret in text}
    folder = site.folder / ".glassware"
    assert found == set()
    assert stat.S_IMODE((folder / "credentials.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(open_to_others(folder / "engines")) == []


@pytest.mark.parametrize("key", ["postgresql", "redis.secrets.counts"])
def test_a_killed_engine_comes_back_without_restarting_services(site, key):
    """Data is there, workers are the same, pages without it were not touched."""
    site.write(SITE)
    site.up()
    site.get("/stock/apple", "POST")
    site.get("/secrets/")
    before = site.snapshot()
    victim = next(e["pid"] for e in before["engines"] if e["key"] == key)

    os.kill(victim, signal.SIGKILL)
    site.until(
        lambda: site.get("/stock/").status == site.get("/secrets/").status == 200,
        "both databases",
    )

    after = site.snapshot()
    assert site.get("/stock/").json() == {"things": ["apple"]}
    pids = [[s["pids"] for s in shot["services"]] for shot in (before, after)]
    assert pids[0] == pids[1]


def test_a_failed_migration_is_named_and_a_save_mends_it(site):
    """The service waits, the site serves, the terminal says why."""
    site.write(SITE | {"services/stock/migrate.py": "raise SystemExit('no such idea')"})
    site.up()

    assert site.get("/secrets/").status == 200
    assert site.get("/stock/").status == 503
    assert "no such idea" in site.log.read_text()
    assert "`python migrate.py` failed: exit code 1" in site.log.read_text()
    site.write({"services/stock/migrate.py": MIGRATE})
    site.until(lambda: site.get("/stock/").status == 200, "the migration")


FRONT = {
    "services/front/app.py": """
        from flask import Flask
        from glassware import services

        app = Flask(__name__)
        first = services.stock.get("/").status_code

        @app.get("/")
        def index():
            return str(first)
        """,
    "services/front/service.toml": 'route = "/"\ncalls = ["stock"]\n',
}


def test_an_engine_that_cannot_start_is_told_once_and_the_rest_serves(site):
    """The terminal names what does not run and why; nobody waits in silence."""
    site.write(SITE | FRONT)
    site.write(
        {
            ".glassware/engines/postgresql/cluster/note.txt": "not a database",
            "services/plain/app.py": """
                from flask import Flask

                app = Flask(__name__)
                app.add_url_rule("/", view_func=lambda: "hello")
                """,
            "services/plain/service.toml": 'route = "/plain"\n',
        }
    )
    site.up()

    text = site.log.read_text()
    assert "not running: front, secrets, stock" in text
    assert text.count("files are missing") == 1
    assert "down --wipe" in text
    assert site.get("/plain/").text == "hello"
    assert "files are missing" in site.service("front")["reason"]
    site.stop()
    text = site.log.read_text()
    assert text.count("starts postgresql") == text.count("➜") == 1


def test_a_caller_takes_traffic_after_the_migrations_of_what_it_calls(site):
    """Nobody sees a half-migrated neighbour."""
    slow = MIGRATE + "    import time; time.sleep(0.3)\n"
    site.write(SITE | FRONT | {"services/stock/migrate.py": slow})
    site.up()

    site.until(lambda: site.get("/").status == 200, "the front")
    assert site.get("/").text == "200"


def test_an_existing_server_is_used_in_place_of_the_embedded_one(site, tmp_path):
    """`url = "env:NAME"`: provisioned there, isolated there, nothing embedded."""
    owner = type(site)(tmp_path / "owner")
    owner.folder.mkdir()
    owner.write(
        {
            "services/a/app.py": STOCK,
            "services/a/service.toml": 'databases.main = "postgresql"\n',
        }
    )
    owner.up()
    try:
        state = json.loads((owner.folder / ".glassware/credentials.json").read_text())
        port = json.loads((owner.folder / ".glassware/ports.json").read_text())
        url = "postgresql://postgres:{}@127.0.0.1:{}/postgres".format(
            state["engine postgresql"], port["engine postgresql"]
        )
        site.write(SITE | {"site.toml": '[engines.postgresql]\nurl = "env:SERVER"\n'})
        os.environ["SERVER"] = url
        try:
            site.up()
        finally:
            del os.environ["SERVER"]

        assert site.get("/stock/apple", "POST").status == 201
        engines = {e["key"]: e for e in site.snapshot()["engines"]}
        assert engines["postgresql"]["pid"] is None
        assert engines["postgresql"]["source"] == "existing server"
        assert not (site.folder / ".glassware/engines/postgresql").exists()
        site.stop()
    finally:
        owner.stop()

"""Migrations that are files, and seeds, in a running site."""

import re
from collections import Counter

import pytest


STOCK = """
    from flask import Flask
    from glassware import databases

    app = Flask(__name__)

    @app.get("/")
    def index():
        with databases.main.connection() as db:
            return {"things": [r[0] for r in db.execute("select name from thing")]}

    @app.post("/<name>")
    def add(name):
        with databases.main.connection() as db:
            db.execute("insert into thing values (%s)", [name])
        return {}, 201
    """
SEED = """
    import os
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        db.execute("insert into thing values ('seed')")
    """
SITE = {
    "services/stock/app.py": STOCK,
    "services/stock/service.toml": """
        route = "/stock"

        [databases]
        main = "postgresql"
        """,
    "services/stock/migrations/1_thing.sql": "create table thing (name text);\n",
}
SEEDED = {
    **SITE,
    "services/stock/seed.py": SEED,
    "services/stock/service.toml": SITE["services/stock/service.toml"]
    + """
        [tasks]
        seed = "python seed.py"
        """,
}


def things(site):
    """Return what the service answers."""
    return site.get("/stock/").json()["things"]


def both(site):
    """Return what the service and the other one like it answer."""
    return things(site), site.get("/depot/").json()["things"]


def test_a_broken_file_keeps_the_old_version_and_a_save_mends_it(site):
    """File, line, statement and reason are told; the database is as it was."""
    site.write(SITE)
    site.up()
    assert site.get("/stock/apple", "POST").status == 201

    site.write(
        {
            "services/stock/migrations/2_more.sql": """
                alter table thing add column price int;
                alter table thing add column nam nonsense;
                """
        }
    )
    site.until(lambda: site.service("stock")["reason"], "the failure")
    reason = site.service("stock")["reason"]
    assert "`migrations/2_more.sql`, line 2: " in reason
    assert "`alter table thing add column nam nonsense`" in reason
    assert 'type "nonsense" does not exist' in reason
    assert reason in site.log.read_text()
    assert things(site) == ["apple"]

    site.write(
        {
            "services/stock/migrations/2_more.sql": """
                alter table thing add column price int;
                update thing set name = 'pear';
                """
        }
    )
    site.until(lambda: site.service("stock")["reason"] is None, "the mended file")
    site.until(lambda: things(site) == ["pear"], "the migration")
    assert site.log.read_text().count("applied `migrations/2_more.sql`") == 1


def test_a_service_that_never_ran_shows_why_on_its_page(site):
    """The development page of the service has what the terminal has."""
    site.write(SITE | {"services/stock/migrations/2_more.sql": "selec 1"})
    site.up()
    page = site.get("/stock/", headers={"Accept": "text/html"})
    assert page.status == 503
    assert "migrations/2_more.sql" in page.text
    assert "syntax error" in page.text

    changed = {"services/stock/migrations/1_thing.sql": "create table thing (n int)"}
    (site.folder / "services/stock/migrations/2_more.sql").unlink()
    site.until(lambda: site.get("/stock/").status == 200, "the service")
    site.write(changed)
    site.until(lambda: site.service("stock")["reason"], "the refusal")
    assert "was changed after it was applied" in site.service("stock")["reason"]
    assert site.get("/stock/").status == 200


@pytest.mark.timeout(120)
def test_a_seed_runs_once_for_new_data(site):
    """A restart leaves the data alone; `--fresh` and `--wipe` begin anew.

    The databases of services that do not run keep their data.
    """
    other = {name.replace("stock", "depot"): text for name, text in SEEDED.items()}
    other["services/depot/service.toml"] = SEEDED[
        "services/stock/service.toml"
    ].replace("/stock", "/depot")
    site.write(SEEDED | other)
    site.up()
    assert both(site) == (["seed"], ["seed"])
    site.get("/stock/apple", "POST")
    site.get("/depot/apple", "POST")
    site.stop()

    site.up("stock", "--only", "--fresh")
    assert things(site) == ["seed"]
    site.get("/stock/pear", "POST")
    site.stop()

    site.up()
    assert both(site) == (["seed", "pear"], ["seed", "apple"])
    site.stop()

    site.up("--fresh")
    assert both(site) == (["seed"], ["seed"])
    site.run("down", "--wipe", "--yes")
    site.process.wait(20)

    site.up()
    assert both(site) == (["seed"], ["seed"])
    said = re.findall(r"(\w+) +│ runs `python seed.py`", site.log.read_text())
    assert Counter(said) == {"stock": 4, "depot": 3}


def test_a_failed_seed_is_tried_again(site):
    """The service waits for its first data; a save mends the seed."""
    site.write(SEEDED | {"services/stock/seed.py": "raise SystemExit('no seed')"})
    site.up()
    assert "`python seed.py` failed: exit code 1" in site.service("stock")["reason"]
    site.write({"services/stock/seed.py": SEED})
    site.until(lambda: site.get("/stock/").status == 200, "the seed")
    assert things(site) == ["seed"]


def test_what_is_added_while_a_fresh_site_runs_keeps_its_data(site):
    """Nobody has said that this is to go: it was not there."""
    app = """
        from flask import Flask
        from glassware import databases

        app = Flask(__name__)

        @app.get("/")
        def index():
            return databases.visits.get("n") or "empty"

        @app.post("/")
        def write():
            databases.visits.set("n", "kept")
            return "", 201

        @app.get("/plain")
        def plain():
            return "plain"
        """
    without = "route = '/'\n"
    declared = f"{without}[databases]\nvisits = 'redis'\n"
    beside = {"services/other/app.py": app, "services/other/service.toml": ""}
    site.write(beside | {"services/stock/app.py": app})
    site.write({"services/stock/service.toml": declared})
    site.up()
    assert site.get("/", "POST").status == 201
    site.stop()

    site.write({"services/stock/service.toml": without})
    site.up("stock", "--only", "--fresh")
    assert site.get("/plain").text == "plain"
    site.write({"services/stock/service.toml": declared})
    site.until(lambda: site.get("/").status == 200, "the database")
    assert site.get("/").text == "kept"


def test_a_caller_waits_for_files_of_what_it_calls(site):
    """One service migrates after the other; each in its own database."""
    front = {
        "services/front/app.py": """
            from flask import Flask
            from glassware import databases, services

            app = Flask(__name__)
            first = services.stock.get("/").json()["things"]

            @app.get("/")
            def index():
                return {"first": first}
            """,
        "services/front/service.toml": """
            route = "/"
            calls = ["stock"]
            databases.main = "postgresql"
            """,
        "services/front/migrations/main/1_thing.sql": "create table thing (x int);",
    }
    slow = "select pg_sleep(0.5); create table thing (name text);"
    site.write(SITE | front | {"services/stock/migrations/1_thing.sql": slow})
    site.up()
    site.until(lambda: site.get("/").status == 200, "the front")
    assert site.get("/").json() == {"first": []}


def test_a_migration_that_takes_long_says_so_and_dies_with_the_site(site, tmp_path):
    """Killed halfway, it leaves nothing; the next start does it."""
    task = "import threading; threading.Event().wait()"
    site.write(
        SITE
        | {
            "services/stock/migrations/2_more.sql": "create table more ();"
            "select pg_sleep(1000);",
            "services/slow/app.py": "from flask import Flask\napp = Flask(__name__)\n",
            "services/slow/forever.py": task,
            "services/slow/service.toml": '[tasks]\nmigrate = "python forever.py"\n',
        }
    )
    site.up(wait=False)
    site.until(
        lambda: (
            "migration of `main` runs for 10 s now" in site.log.read_text()
            and "`python forever.py` runs for 10 s now" in site.log.read_text()
        ),
        "word of the migrations",
    )
    site.write({"services/slow/forever.py": ""})
    assert site.run("restart", "slow").returncode == 0
    assert site.service("slow")["phase"] == "running"

    assert site.stop() == 0
    site.until(lambda: not site.processes(), "the end of all")

    (site.folder / "services/slow/service.toml").unlink()
    site.write({"services/stock/migrations/2_more.sql": "create table more ()"})
    site.up()
    assert things(site) == []

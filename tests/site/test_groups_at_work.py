"""What a service of a group has of its own: databases, tasks, programs, workers."""

from grouped import APP, GROUPED, pids, said
from versions import visitors


DATABASE = """
    from flask import Flask
    from glassware import databases

    app = Flask(__name__)

    @app.get("/")
    def index():
        with databases.main.connection() as db:
            (table,) = db.execute("select who from migrated").fetchone()
            (where,) = db.execute("select current_database()").fetchone()
        databases.cache.incr("visits")
        return {"who": table, "where": where, "visits": int(databases.cache.get("visits"))}
    """
MIGRATE = """
    import os
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        db.execute("create table if not exists migrated (who text)")
        db.execute("insert into migrated values ('NAME')")
    """


def with_database(name, calls):
    """The files of a service with two databases and a migration."""
    return {
        f"services/{name}/app.py": DATABASE,
        f"services/{name}/migrate.py": MIGRATE.replace("NAME", name),
        f"services/{name}/service.toml": f"""
            route = "/{name}"
            calls = ["{calls}"]
            databases.main = "postgresql"
            databases.cache = "redis"
            tasks.migrate = "python migrate.py"
            """,
    }


def test_members_have_databases_and_migrations_of_their_own(site):
    """Also if they call one another, so that neither can wait for the other's start."""
    site.write({"site.toml": 'name = "grouped"\n[groups]\nweb = ["one", "two"]\n'})
    site.write(with_database("one", "two") | with_database("two", "one"))
    site.up()

    said(site, "/one/")
    one, two = said(site, "/one/"), said(site, "/two/")

    assert (one["who"], two["who"]) == ("one", "two")
    assert one["where"] != two["where"]
    assert (one["visits"], two["visits"]) == (2, 1)
    assert pids(site)["one"] == pids(site)["two"]


def test_services_that_call_one_another_migrate_before_either_starts(site):
    """A circle of calls is no circle of waiting, with a process each."""
    site.write(with_database("one", "two") | with_database("two", "one"))
    site.up()

    assert said(site, "/one/")["who"] == "one"
    assert said(site, "/two/")["who"] == "two"


def test_a_migration_that_fails_is_that_of_its_service(site):
    """The group waits for it, and says whose it is."""
    site.write(GROUPED)
    site.write(
        {
            "services/back/service.toml": """
                route = "/back"
                tasks.migrate = "python migrate.py"
                """,
            "services/back/migrate.py": "raise SystemExit(3)\n",
        }
    )
    site.up()

    report = "the group `web` does not start: `python migrate.py` failed: exit code 3"
    assert report in site.run("logs", "back").stdout
    assert "`back`, of the same group" in site.service("front")["reason"]
    site.write({"services/back/migrate.py": ""})
    site.until(lambda: site.get("/front/").status == 200, "the group")


def test_a_program_beside_a_member_has_a_process_of_its_own(site):
    """It is nobody's neighbour, and a save of its service starts it anew, too."""
    site.write(GROUPED)
    program = "print('at work', flush=True)\nimport time\ntime.sleep(1000)\n"
    site.write(
        {
            "services/back/service.toml": """
                route = "/back"
                processes.mail = "python mail.py"
                """,
            "services/back/mail.py": program,
        }
    )
    site.up()

    site.until(lambda: pids(site)["back.mail"], "the program")
    site.until(lambda: "at work" in site.run("logs", "back.mail").stdout, "its line")
    assert pids(site)["back.mail"] != pids(site)["back"] == pids(site)["front"]


def test_a_group_has_as_many_processes_as_its_busiest_member(site):
    """Each of them answers for every member."""
    site.write(GROUPED)
    site.write({"services/back/service.toml": 'route = "/back"\nworkers = 2\n'})
    site.up()

    assert len(pids(site)["front"]) == 2
    assert pids(site)["front"] == pids(site)["back"]
    with visitors(site, path="/front/") as seen:
        site.until(lambda: seen[200] > 100, "visits")
    answered = {said(site, "/front/")["pid"] for _ in range(50)}
    assert answered == {*pids(site)["front"]}


def test_who_has_the_terminal_has_a_process_of_his_own(site):
    """Whoever stops in a view does not stop the neighbours."""
    site.write(GROUPED)
    site.up("--debug", "back")

    assert said(site, "/front/through")["pid"] == said(site, "/back/")["pid"]
    assert pids(site)["front"] != pids(site)["back"]
    assert {s["name"]: s["group"] for s in site.snapshot()["services"]} == {
        "back": "",
        "front": "web",
        "single": "",
    }


def test_a_service_that_cannot_move_in_leaves_everything_as_it_is(site):
    """Two modules of one name are found by the worker, where the manifest cannot."""
    hidden = "\n    import importlib\n    importlib.import_module('config')\n"
    site.write(GROUPED)
    for name in ("back", "single"):
        app = APP.replace("NAME", name) + hidden
        site.write({f"services/{name}/app.py": app, f"services/{name}/config.py": ""})
    site.up()
    before = pids(site)

    with visitors(site, path="/back/") as seen:
        everybody = '"front", "back", "single"'
        site.write(
            {"site.toml": GROUPED["site.toml"].replace('"front", "back"', everybody)}
        )
        report = "the old code of the group `web` serves on"
        site.until(lambda: report in site.log.read_text(), "the report")
        assert pids(site) == before
        site.write({"site.toml": GROUPED["site.toml"]})
        site.until(lambda: pids(site)["back"] not in ([], before["back"]), "the group")

    assert set(seen) == {200}
    assert pids(site)["single"] != pids(site)["back"]


def test_the_old_process_serves_on_for_who_cannot_leave_it(site):
    """A group is split, and one of its services does not load by itself."""
    site.write(GROUPED)
    site.up()
    (former,) = pids(site)["back"]

    site.write({"site.toml": 'name = "grouped"\n', "services/back/app.py": "1 / 0\n"})
    site.until(lambda: pids(site)["front"] not in ([], [former]), "its own process")
    site.until(lambda: "the old code serves on" in site.log.read_text(), "the report")

    assert said(site, "/back/")["pid"] == former
    assert said(site, "/front/through")["pid"] == former
    site.write({"services/back/app.py": GROUPED["services/back/app.py"]})
    site.until(lambda: said(site, "/back/")["pid"] != former, "a process for back")
    site.until(lambda: former not in site.processes(), "the end of the old one")


def test_what_one_member_waits_for_the_others_wait_for(site):
    """And each says for whom, and why."""
    site.write(GROUPED)
    site.write(
        {
            ".glassware/engines/postgresql/cluster/note.txt": "not a database",
            "services/back/service.toml": 'route = "/back"\ndatabases.m = "postgresql"\n',
        }
    )
    site.up()

    states = {s["name"]: s for s in site.snapshot()["services"]}
    assert states["front"]["reason"].startswith("`back`, of the same group: ")
    assert "files are missing" in states["back"]["reason"]
    assert states["back"]["waiting_for"] == ["postgresql"]
    assert states["front"]["waiting_for"] == []
    assert said(site, "/single/")["name"] == "single"

"""Where the servers of a site come from: what `site.toml` says, and what is there."""

import os
from pathlib import Path

import pytest

from glassware import engines


APP = """
    from flask import Flask
    from glassware import databases

    app = Flask(__name__)

    @app.get("/")
    def index():
        with databases.main.connection() as db:
            return db.execute("show server_version").fetchone()[0]

    @app.get("/plain")
    def plain():
        return "plain"
    """
SERVICE = """
    route = "/"

    [databases]
    main = "postgresql"
    """
SITE = {"services/shop/app.py": APP, "services/shop/service.toml": SERVICE}


def embedded() -> Path:
    """Return the embedded PostgreSQL's program."""
    path = engines.find("postgresql").embedded().path
    assert path is not None
    return path


def test_a_program_on_the_machine_comes_first(site, monkeypatch):
    """Without a word in `site.toml`, `ps` says that the machine's own is used."""
    folder = site.folder.parent / "bin"
    folder.mkdir()
    for program in ("postgres", "initdb"):
        (folder / program).symlink_to(embedded().with_name(program))
    site.write(SITE)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    site.up()

    (server,) = site.snapshot()["engines"]
    assert server["source"] == "machine"
    assert site.get("/").text.startswith(server["version"])


@pytest.mark.parametrize("said", ['source = "embedded"', f'program = "{embedded()}"'])
def test_the_site_says_where_from(site, said):
    """One line of `site.toml` decides, and `ps` shows it."""
    site.write(SITE | {"site.toml": f"[engines.postgresql]\n{said}\n"})
    site.up()

    (server,) = site.snapshot()["engines"]
    assert server["source"] == ("embedded" if "embedded" in said[:20] else "machine")
    assert site.get("/").text == engines.find("postgresql").embedded().version


def test_data_stays_with_its_source(site):
    """A PostgreSQL that is installed later is not let near the data."""
    site.write(SITE | {"site.toml": '[engines.postgresql]\nsource = "embedded"\n'})
    site.up()
    site.stop()
    site.write({"site.toml": ""})
    site.up()

    (server,) = site.snapshot()["engines"]
    assert server["source"] == "embedded"


def test_a_program_that_is_not_there_is_told(site):
    """The service waits and says why; the message has the path and the key."""
    site.write(SITE | {"site.toml": '[engines.postgresql]\nprogram = "bin/pg"\n'})
    site.up()

    site.until(lambda: "there is no program at" in site.log.read_text(), "the reason")
    assert "`program` in `site.toml`" in site.log.read_text()
    page = {"Accept": "text/html"}
    site.until(
        lambda: "there is no program at" in site.get("/", headers=page).text,
        "a page that says why",
    )


def test_a_missing_url_is_a_server_of_its_own(site):
    """`env:NAME` is for where the variable is set; its authors need none."""
    site.write(SITE | {"site.toml": '[engines.postgresql]\nurl = "env:NOWHERE_URL"\n'})
    site.up()

    assert site.get("/").status == 200


def test_production_starts_no_database(site):
    """The refusal names the engine and both ways out, and nothing is started."""
    site.write(SITE)
    done = site.run("up", "--production")

    assert done.returncode == 2
    assert "there is no URL for `postgresql`" in done.stderr
    assert "[engines.postgresql]" in done.stderr
    assert "--embedded" in done.stderr


def test_production_starts_one_if_told_to(site):
    """`--embedded` is for those who know."""
    site.write(SITE)
    site.up("--production", "--embedded")

    assert site.get("/").status == 200

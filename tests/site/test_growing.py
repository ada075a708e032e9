"""A site that grows while it runs: databases, migrations, variables."""

APP = """
    from flask import Flask
    from glassware import databases

    app = Flask(__name__)

    @app.get("/")
    def index():
        with databases.main.connection() as db:
            return {"database": db.execute("select current_database()").fetchone()[0]}
    """
PLAIN = """
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "plain"
    """


def test_a_database_on_a_server_that_runs_already(site):
    """A running service and a new one get theirs without a restart of the site."""
    declared = '[databases]\nmain = "postgresql"\n'
    site.write(
        {
            "services/first/app.py": APP,
            "services/first/service.toml": f'route = "/first"\n{declared}',
            "services/second/app.py": PLAIN,
            "services/second/service.toml": 'route = "/second"\n',
        }
    )
    site.up()
    assert site.get("/second/").text == "plain"

    site.write(
        {
            "services/second/app.py": APP,
            "services/second/service.toml": f'route = "/second"\n{declared}',
            "services/third/service.toml": f'route = "/third"\n{declared}',
            "services/third/app.py": APP,
        }
    )

    site.until(lambda: "_second_" in site.get("/second/").text, "the second database")
    site.until(lambda: "_third_" in site.get("/third/").text, "the third database")
    assert site.stop() == 0


def test_a_migration_that_a_running_service_is_given(site):
    """A manifest that begins to name a task has it run before the next traffic."""
    site.write(
        {
            "services/notes/app.py": PLAIN,
            "services/notes/service.toml": 'route = "/"\n',
        }
    )
    site.up()

    site.write(
        {
            "services/notes/mark.py": "from pathlib import Path\nPath('ran').touch()",
            "services/notes/service.toml": """
                route = "/"
                tasks.migrate = "python mark.py"
                """,
        }
    )

    site.until((site.folder / "services/notes/ran").exists, "the migration")


def test_a_variable_in_the_sites_own_file(site):
    """A save of the site's `.env` reaches the services that run."""
    site.write(
        {
            ".env": "GREETING=good morning\n",
            "services/hello/app.py": """
                import os
                from flask import Flask

                app = Flask(__name__)

                @app.get("/")
                def index():
                    return os.environ["GREETING"]
                """,
            "services/hello/service.toml": 'route = "/"\n',
        }
    )
    site.up()
    assert site.get("/").text == "good morning"

    site.write({".env": "GREETING=good evening\n"})

    site.until(lambda: site.get("/").text == "good evening", "the new greeting")


def test_a_stop_while_a_migration_runs(site):
    """Whatever is being brought up when the site stops is not waited for."""
    site.write(
        {
            "services/notes/app.py": PLAIN,
            "services/notes/service.toml": 'route = "/"\n',
        }
    )
    site.up()
    site.write(
        {
            "services/notes/mark.py": """
                import time
                from pathlib import Path

                Path("ran").touch()
                time.sleep(30)
                """,
            "services/notes/service.toml": 'tasks.migrate = "python mark.py"\n',
        }
    )
    site.until((site.folder / "services/notes/ran").exists, "the migration")

    assert site.stop() == 0


def test_what_a_new_database_writes_is_left_to_the_logs(site):
    """Its lines are hidden as those of a database that was there from the start."""
    site.write(
        {"services/notes/app.py": PLAIN, "services/notes/service.toml": 'route = "/"\n'}
    )
    site.up()
    site.write(
        {"services/notes/service.toml": 'route = "/"\ndatabases.main = "postgresql"\n'}
    )
    site.until(lambda: "ready: postgresql" in site.log.read_text(), "the database")

    assert "LOG:" not in site.log.read_text()
    assert "LOG:" in site.run("logs", "postgresql").stdout

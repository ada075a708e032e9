"""Flask-Migrate works as its documentation says, against the running site."""

import pytest


APP = """
    import os

    from flask import Flask
    from flask_migrate import Migrate
    from flask_sqlalchemy import SQLAlchemy

    db = SQLAlchemy()
    migrate = Migrate()


    class User(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String(40))


    def create_app():
        app = Flask(__name__)
        app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
        db.init_app(app)
        migrate.init_app(app, db)

        @app.get("/count")
        def count():
            return {"users": db.session.query(User).count()}

        return app
    """
SITE = {
    "services/users/src/people/__init__.py": APP,
    "services/users/service.toml": """
        route = "/"

        [databases]
        main = "postgresql"

        [environment]
        DATABASE_URL = "postgresql+psycopg://{databases.main.user}:{databases.main.password}@{databases.main.host}:{databases.main.port}/{databases.main.name}"
        """,
}


def flask(site, *arguments):
    """Run a command of the service's, in the running site's surroundings."""
    done = site.run("run", "users", "--", "flask", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.timeout(120)  # six commands, each a start of Flask and SQLAlchemy
def test_migrations_are_made_in_the_terminal_and_run_before_traffic(site):
    """`flask db` finds application and database; what it made runs by itself then."""
    site.write(SITE)
    site.up()
    flask(site, "db", "init")
    flask(site, "db", "migrate", "-m", "users")
    flask(site, "db", "upgrade")

    assert site.get("/count").json() == {"users": 0}

    site.stop()
    assert site.run("down", "--wipe", "--yes").returncode == 0
    site.up()
    assert site.get("/count").json() == {"users": 0}
    assert "runs `flask db upgrade`" in site.log.read_text()

"""Migration tools keep their own records, however many share a server."""

import pytest


ENV = """
    import os

    from alembic import context
    from sqlalchemy import create_engine

    with create_engine(os.environ["SQLALCHEMY_DATABASE_URI"]).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
    """
REVISION = """
    from alembic import op

    revision = "{name}"
    down_revision = None


    def upgrade():
        op.execute("create table {name} (x int)")
    """
APP = """
    from flask import Flask
    from glassware import databases

    app = Flask(__name__)
    TABLES = "select tablename from pg_tables where schemaname = 'public'"

    @app.get("/")
    def index():
        with databases.main.connection() as db:
            return {
                "tables": sorted(name for (name,) in db.execute(TABLES)),
                "version": db.execute("select * from alembic_version").fetchall(),
            }
    """


def service(name: str) -> dict[str, str]:
    """Return the files of a service whose tables Alembic makes."""
    folder = f"services/{name}"
    return {
        f"{folder}/app.py": APP,
        f"{folder}/service.toml": f"""
            route = "/{name}"
            databases.main = "postgresql"
            """,
        f"{folder}/alembic.ini": "[alembic]\nscript_location = %(here)s/alembic\n",
        f"{folder}/alembic/env.py": ENV,
        f"{folder}/alembic/versions/{name}.py": REVISION.replace("{name}", name),
    }


@pytest.mark.timeout(120)  # each start of Alembic and SQLAlchemy takes a while
def test_two_services_on_one_server_have_versions_of_their_own(site):
    """Each has its `alembic_version`, in a database of its own; a restart is silent."""
    site.write(service("accounts") | service("orders"))
    site.up()
    for name in ("accounts", "orders"):
        assert site.get(f"/{name}/").json() == {
            "tables": sorted(["alembic_version", name]),
            "version": [[name]],
        }
    assert [engine["key"] for engine in site.snapshot()["engines"]] == ["postgresql"]
    assert site.run("restart").returncode == 0
    assert site.get("/orders/").json()["version"] == [["orders"]]

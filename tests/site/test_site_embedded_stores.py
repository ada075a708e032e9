"""Services with a DynamoDB and a file of SQLite's, in a running site."""

import os
import signal
import stat


SITE = {
    "services/heroes/app.py": """
        from flask import Flask
        from glassware import databases

        app = Flask(__name__)


        def table():
            return databases.main.Table(databases.settings("main")["name"] + ".hero")


        @app.post("/<name>")
        def add(name):
            table().put_item(Item={"name": name})
            databases.notes.execute("insert into note values (?)", [name])
            databases.notes.commit()
            return {}, 201


        @app.post("/careless/<name>")
        def careless(name):
            databases.notes.execute("insert into note values (?)", [name])
            raise RuntimeError("never committed")


        @app.get("/")
        def index():
            found = table().scan(ConsistentRead=True)["Items"]
            notes = databases.notes.execute("select text from note order by text")
            return {
                "heroes": sorted(item["name"] for item in found),
                "notes": [text for (text,) in notes],
            }
        """,
    "services/heroes/migrate.py": """
        from glassware import databases

        name = databases.settings("main")["name"] + ".hero"
        if name not in [table.name for table in databases.main.tables.all()]:
            databases.main.create_table(
                TableName=name,
                AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
        databases.notes.execute("create table if not exists note (text)")
        """,
    "services/heroes/service.toml": """
        route = "/heroes"

        [databases]
        main = "dynamodb"
        notes = "sqlite"

        [tasks]
        migrate = "python migrate.py"
        """,
}
ANNE = {"heroes": ["anne"], "notes": ["anne"]}


def test_both_are_there_and_kept(site):
    """Data survives a restart and `kill -9`; both are seen in `ps`."""
    site.write(SITE)
    site.up()
    assert site.get("/heroes/anne", "POST").status == 201
    servers = {e["key"]: e for e in site.snapshot()["engines"]}
    shown = site.run("ps").stdout
    os.kill(servers["dynamodb.heroes.main"]["pid"], signal.SIGKILL)
    site.until(lambda: site.get("/heroes/").status == 200, "DynamoDB")
    assert site.get("/heroes/").json() == ANNE

    site.stop()
    site.up()

    assert site.get("/heroes/").json() == ANNE
    assert servers["sqlite.heroes.notes"]["ready"]
    assert servers["sqlite.heroes.notes"]["pid"] is None
    assert "Dynoxide 1.2.1" in shown
    assert "SQLite 3." in shown


def test_a_wipe_forgets_both(site):
    """`down --wipe` leaves nothing, and what is made next is for this user alone."""
    site.write(SITE)
    site.up()
    site.get("/heroes/anne", "POST")
    (file,) = site.folder.glob(".glassware/engines/sqlite.heroes.notes/*.sqlite")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert site.run("down", "--wipe", "--yes").returncode == 0
    site.process.wait(10)
    assert not file.exists()
    site.up()

    assert site.get("/heroes/").json() == {"heroes": [], "notes": []}


def test_what_a_request_did_not_commit_is_gone_with_it(site):
    """A transaction that a view left open keeps nobody else from writing."""
    site.write(SITE)
    site.up()
    assert site.get("/heroes/careless/bert", "POST").status == 500
    assert site.get("/heroes/anne", "POST").status == 201

    assert site.get("/heroes/").json() == ANNE
    site.until(lambda: "was not committed" in site.log.read_text(), "the warning")

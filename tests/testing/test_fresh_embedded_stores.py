"""Tests with a DynamoDB and a SQLite begin with what the site had when it started."""

import pytest

from glassware.engines.dynamodb.programs import package
from glassware.engines.packages import place_of
from testing.conftest import Run


pytest_plugins = ["pytester"]

# The tests of users have another home.
CACHE = place_of(package).parents[2]

SITE = {
    "site.toml": "name = 'heroes'\n",
    "services/heroes/service.toml": """
        route = "/"
        [databases]
        main = "dynamodb"
        notes = "sqlite"
        [tasks]
        seed = "python fill.py"
        """,
    "services/heroes/fill.py": """
        from glassware import databases

        databases.main.create_table(
            TableName="hero",
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        databases.main.Table("hero").put_item(Item={"name": "anne"})
        """,
    "services/heroes/migrations/1_note.sql": """
        create table note (text text);
        insert into note values ('anne');
        """,
    "services/heroes/app.py": """
        from flask import Flask
        from glassware import databases

        app = Flask(__name__)


        @app.route("/<name>", methods=["GET", "POST"])
        def heroes(name):
            table = databases.main.Table("hero")
            if name != "all":
                table.put_item(Item={"name": name})
                with databases.notes as db:
                    db.execute("insert into note values (?)", [name])
            notes = databases.notes.execute("select text from note")
            found = table.scan(ConsistentRead=True)["Items"]
            return {
                "heroes": sorted(item["name"] for item in found),
                "notes": sorted(text for (text,) in notes),
            }


        @app.post("/careless/<name>")
        def careless(name):
            databases.main.Table("hero").delete()
            databases.notes.execute("drop table note")
            return {}
        """,
    "tests/test_heroes.py": """
        import pytest

        def test_before(site):
            assert site.post("/early").json["heroes"] == ["anne", "early"]

        @pytest.mark.parametrize("name", ["bert", "carl", "dora"])
        def test_fresh(site, fresh_databases, name):
            both = ["anne", name]
            assert site.post(f"/{name}").json == {"heroes": both, "notes": both}

        def test_even_without_tables(site, fresh_databases):
            site.post("/careless/x")

        def test_they_are_back(site, fresh_databases):
            assert site.get("/all").json == {"heroes": ["anne"], "notes": ["anne"]}
        """,
}


@pytest.mark.timeout(120)
def test_fresh_databases(users_tests: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What migrations and seed left is there, whatever the tests before did."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))
    done = users_tests(SITE)
    done.assert_outcomes(passed=6)

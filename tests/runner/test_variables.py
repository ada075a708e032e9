"""The variables that a service's databases give it."""

from pathlib import Path

import pytest

from glassware import engines
from glassware.engines import Access
from glassware.model import Service, Site
from glassware.plan import make_plan
from glassware.runner.variables import Late, variables


def offered(**databases: str) -> dict[str, str]:
    """Return what a service with these databases finds in its environment."""
    service = Service(
        name="a", folder=Path("/site/services/a"), app="app.py", databases=databases
    )
    plan = make_plan(Site(folder=Path("/site"), name="site", services=(service,)))
    late = Late(
        url="",
        neighbours={},
        addresses={},
        accesses={name: access(name, kind) for name, kind in databases.items()},
        offered={kind: engines.find(kind).variables for kind in databases.values()},
        secrets={},
        secret_key="",
    )
    return variables(plan, plan.service("a"), late, {})


def access(name: str, engine: str, endpoint: str = "http://h:1") -> Access:
    """Return a way to a database, with its name in the URL."""
    return Access(
        url=f"{engine}://h/{name}",
        native_url=f"{engine}://h/{name}",
        host="h",
        port=1,
        user="u",
        password="p",
        name=name,
        endpoint=endpoint if engine == "dynamodb" else "",
    )


def test_the_only_database_of_a_kind_is_offered():
    """Each engine's variables, side by side."""
    found = offered(main="postgresql", cache="redis", items="dynamodb")

    assert found["DATABASE_URL"] == "postgresql://h/main"
    assert found["REDIS_URL"] == "redis://h/cache"
    assert found["AWS_ENDPOINT_URL_DYNAMODB"] == "http://h:1"


def test_a_name_that_two_databases_would_take_is_left_to_neither():
    """Nobody guesses which of them `DATABASE_URL` is; what is not contested is there."""
    found = offered(main="postgresql", local="sqlite")

    assert {"DATABASE_URL", "SQLALCHEMY_DATABASE_URI"} & found.keys() == set()
    assert found["PGDATABASE"] == "main"
    assert found["SQLITE_PATH"] == "local"


@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
def test_two_of_a_kind_are_offered_by_no_ordinary_name(engine):
    """Neither theirs nor one that another engine would take, too."""
    found = offered(main=engine, second=engine, third="sqlite")

    assert "DATABASE_URL" not in found
    assert ("SQLITE_PATH" in found) is (engine == "postgresql")


def test_what_has_no_value_is_not_offered():
    """Amazon's own DynamoDB has no endpoint to name."""
    mine = access("items", "dynamodb", endpoint="")
    found = mine.offer(engines.find("dynamodb").variables)

    assert set(found) == {"DYNAMODB_URL"}

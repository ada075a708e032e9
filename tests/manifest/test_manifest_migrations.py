"""Migrations that are files, and databases that are given by their URLs."""

import json
from pathlib import Path

import pytest

from glassware.manifest import load
from sites_on_disk import lines, service, write


A = "services/a/service.toml"
ONE = 'databases.main = "postgresql"'
TWO = 'databases.main = "postgresql"\ndatabases.archive = "postgresql"'
SQL = "select 1"


def scripts(folder: Path) -> dict[str, str]:
    """Return the folders of the service `a`, by database."""
    (found,) = load(folder).services
    return {n: str(p.relative_to(found.folder)) for n, p in found.scripts.items()}


@pytest.mark.parametrize(
    ("manifest", "files", "expected"),
    [
        (ONE, ["migrations/1.sql"], {"main": "migrations"}),
        (ONE, ["migrations/main/1.sql"], {"main": "migrations/main"}),
        (TWO, ["migrations/archive/1.sql"], {"archive": "migrations/archive"}),
        (
            TWO,
            ["migrations/archive/1.sql", "migrations/main/1.sql"],
            {"main": "migrations/main", "archive": "migrations/archive"},
        ),
        (f'{ONE}\ndatabases.c = "redis"', ["migrations/1.sql"], {"main": "migrations"}),
        (ONE, ["migrations/alembic.ini", "migrations/1.sql"], {}),
        (ONE, ["alembic.ini", "migrations/1.sql"], {}),
        (ONE, ["manage.py", "migrations/main/1.sql"], {}),
        (f'{ONE}\ntasks.migrate = "true"', ["migrations/1.sql"], {}),
        (ONE, ["migrations/.1.sql", "migrations/notes.md", "1.sql"], {}),
    ],
)
def test_files_are_for_one_database(
    tmp_path: Path, manifest: str, files: list[str], expected: dict[str, str]
) -> None:
    """By the folder's name, or where there is only one; a tool's are the tool's."""
    below = {f"services/a/{name}": SQL for name in files}
    folder = write(tmp_path / "shop", service("a", manifest) | below)
    assert scripts(folder) == expected


@pytest.mark.parametrize(
    ("manifest", "files", "what"),
    [
        (
            TWO,
            ["migrations/1.sql"],
            (
                "services/a/migrations/1.sql: could be for each of `main`, `archive` | "
                "move it to `migrations/main/`, or to that of another"
            ),
        ),
        (
            'databases.cache = "redis"',
            ["migrations/1.sql"],
            (
                "services/a/migrations/1.sql: nobody applies it: no database of `a` takes "
                "files that end in `.sql` | declare one: `postgresql`, `sqlite`; or write "
                '`migrate` below `[tasks]` with what applies it, `"true"` if nothing is to'
            ),
        ),
        (
            ONE,
            ["migrations/mian/1.sql"],
            (
                "services/a/migrations/mian/1.sql: nobody applies it: `a` has no database "
                "`mian` that takes `.sql` | declare one: `postgresql`, `sqlite`; or write "
                '`migrate` below `[tasks]` with what applies it, `"true"` if nothing is to'
            ),
        ),
        (
            ONE,
            ["migrations/1.sql", "migrations/main/2.sql"],
            (
                "services/a/migrations/1.sql: is not in `migrations/main/`, where others "
                "are | put all of them into one folder"
            ),
        ),
    ],
)
def test_files_that_nobody_applies_are_faults(
    tmp_path: Path, manifest: str, files: list[str], what: str
) -> None:
    """They would be forgotten in silence."""
    below = {f"services/a/{name}": SQL for name in files}
    folder = write(tmp_path / "shop", service("a", manifest) | below)
    assert lines(folder) == [what]


def test_a_url_makes_a_database_one_that_exists(tmp_path: Path) -> None:
    """Beside others; in both spellings of a table."""
    manifest = """
[databases]
main = { engine = "postgresql", url = "postgresql://u:p@h/db" }
cache = "redis"

[databases.old]
engine = "redis"
url = "env:OLD"
"""
    folder = write(tmp_path / "shop", service("a", manifest))
    (found,) = load(folder).services
    assert found.databases == {"main": "postgresql", "cache": "redis", "old": "redis"}
    assert found.urls == {"main": "postgresql://u:p@h/db", "old": "env:OLD"}


def test_a_missing_variable_is_a_fault_in_production_alone(tmp_path: Path) -> None:
    """Its authors have a database of the site's own where the URL of one is not set."""
    manifest = 'databases.main = { engine = "postgresql", url = "env:DB" }'
    folder = write(tmp_path / "shop", service("a", manifest))
    (found,) = load(folder, environment={}).services
    assert (found.databases, found.urls) == ({"main": "postgresql"}, {})
    assert lines(folder, environment={}, production=True) == [
        (
            f"{A}:1: databases.main.url: the variable `DB` is not set | "
            "set `DB` to the URL of the database"
        )
    ]
    (folder / ".env").write_text("DB=postgresql://u:p@h/db\n")
    assert lines(folder, environment={}, production=True) == []


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ('{ url = "env:DB" }', "databases.main: names no engine"),
        ('{ engine = "postgresql", url = "db" }', "databases.main.url: is no URL"),
        ('{ engine = "x" }', "databases.main: `x` is no known engine"),
        (
            "{ engine = 3 }",
            "databases.main.engine: must be text in quotes, not a whole",
        ),
        (
            '{ engine = "redis", ulr = "" }',
            "databases.main.ulr: is no key of this table",
        ),
        ('{ engine = "redis", url = "env:" }', "databases.main.url: `env:` names no"),
        ("3", "databases.main: must be text in quotes, not a whole number"),
    ],
)
def test_a_database_that_is_not_described_well(
    tmp_path: Path, said: str, what: str
) -> None:
    """One fault, at its line, with a way out."""
    folder = write(tmp_path / "shop", service("a", f"databases.main = {said}"))
    (found,) = lines(folder)
    assert found.startswith(f"{A}:1: {what}")


def test_a_database_belongs_to_one_service(tmp_path: Path) -> None:
    """Whoever signs in there, and wherever the URL comes from."""
    said = 'databases.main = { engine = "postgresql", url = "%s" }'
    files = service("a", said % "env:DB")
    files |= service("b", said % "postgresql+psycopg://y:z@H:5432/db")
    files |= service("c", said % "postgresql://y:z@h:5432/other")
    folder = write(tmp_path / "shop", files)
    environment = {"DB": "postgresql://u:p@h:5432/db?sslmode=require"}
    assert lines(folder, environment=environment) == [
        (
            "services/b/service.toml:1: databases.main.url: is the database of `a.main`, "
            "and a database belongs to one service | give this one another, or call the "
            "service `a` for what is in it"
        )
    ]


def test_the_schema_knows_both_ways_to_declare_a_database() -> None:
    """Editors complete the table, too."""
    import glassware.manifest as room  # noqa: PLC0415 - for its folder

    shipped = Path(str(room.__file__)).parent / "schemas/service.json"
    schema = json.loads(shipped.read_text())["properties"]["databases"]
    plain, table = schema["additionalProperties"]["anyOf"]
    assert plain["type"] == "string"
    assert {*table["properties"]} == {"engine", "url"}
    assert table["required"] == ["engine"]

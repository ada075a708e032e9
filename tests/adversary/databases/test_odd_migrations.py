"""Files of migrations as editors, other systems and accidents leave them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sites import SiteUnderTest, ended


APP = """
    from flask import Flask
    from glassware import databases

    app = Flask(__name__)

    @app.get("/")
    def index():
        asked = "select word from words order by word"
        if "mine" in databases:
            return [word for (word,) in databases.mine.execute(asked)]
        with databases.main.connection() as db:
            return [word for (word,) in db.execute(asked)]
    """
ODD = {
    # A mark at the beginning, and lines as on Windows.
    "1_bom.sql": b"\xef\xbb\xbfcreate table words (\r\n  word text\r\n);\r\n",
    "2_empty.sql": b"",
    "3_blank.sql": b"\n \t\n;;\n",
    "4_comment.sql": b"-- nothing; to do",
    "5_strings.sql": b"insert into words values ('a;b'), ('it''s; -- no comment');",
    "6_no_end.sql": b"insert into words values ('/* no; comment */')",
    "7_a name; with 'quotes'.sql": "insert into words values ('größe')".encode(),
    ".8_hidden.sql.swp": b"\x00\x01\x02",
    "9_notes.txt": b"no script",
    "b_percent.sql": b"insert into words values ('100%; %s {braces} :name ?')",
    "c_readme.md": b"no script; either",
}
WORDS = sorted(
    [
        "a;b",
        "it's; -- no comment",
        "/* no; comment */",
        "größe",
        "100%; %s {braces} :name ?",
    ]
)
ENGINES = {"lite": 'mine = "sqlite"', "large": 'main = "postgresql"'}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """A site with two services that have the same files."""
    with ended(tmp_path_factory.mktemp("odd") / "site") as under_test:
        for name, database in ENGINES.items():
            under_test.write(
                {
                    f"services/{name}/app.py": APP,
                    f"services/{name}/service.toml": (
                        f'route = "/{name}"\n\n[databases]\n{database}\n'
                    ),
                }
            )
            for file, content in ODD.items():
                put(under_test, name, file, content)
        under_test.up()
        yield under_test


def put(site: SiteUnderTest, service: str, name: str, content: bytes) -> Path:
    """Write a file of migrations."""
    path = site.folder / "services" / service / "migrations" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("service", ENGINES)
def test_odd_files_are_applied_as_they_are_meant(
    site: SiteUnderTest, service: str
) -> None:
    """Marks, line ends, no last line, names, and a `;` that ends nothing."""
    assert sorted(site.get(f"/{service}/").json()) == WORDS


JUNK = {
    "binary": bytes(range(128, 256)) * 10,
    "nul": b"select 1;\x00\x00 select 2;",
    "utf-16": "insert into words values ('x');".encode("utf-16"),
    "half a string": b"insert into words values ('never ends",
    "a folder": None,
}


@pytest.mark.parametrize("service", ENGINES)
def test_junk_is_told_with_its_name(site: SiteUnderTest, service: str) -> None:
    """The old version serves on; the file mended, the next save goes through."""
    for number, (kind, content) in enumerate(JUNK.items()):
        name = f"x{number}_junk.sql"
        seen = site.log.read_text().count(name)
        file = put(site, service, name, content or b"")
        if content is None:
            file.unlink()
            file.mkdir()
        site.until(
            lambda seen=seen, name=name: site.log.read_text().count(name) > seen,
            f"word about {kind}",
        )
        assert sorted(site.get(f"/{service}/").json()) == WORDS, kind
        file.rmdir() if content is None else file.unlink()
    assert "Traceback" not in site.log.read_text()
    put(site, service, "y_last.sql", b"insert into words values ('zz')")
    site.until(lambda: "zz" in site.get(f"/{service}/").json(), "the next one")

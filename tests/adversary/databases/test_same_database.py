"""Two services that name one database, however differently they spell it."""

from pathlib import Path

import pytest

from glassware.errors import ManifestError
from glassware.manifest import load


SAME = {
    "postgresql": ("postgres://a:x@h/db", "postgresql://b:y@H:5432/db?sslmode=require"),
    "socket": ("postgresql://a:x@h/db", "postgresql:///db?host=h&user=b"),
    "redis": ("redis://h", "redis://:x@h:6379/0"),
    "redis number": ("redis://h/2", "redis://h?db=2"),
    "redis socket": ("unix:///s", "unix:///s?db=0"),
    "mongodb": ("mongodb://a:x@h/db", "mongodb://b:y@h:27017/db?authSource=admin"),
    "cassandra": ("cassandra://h/k", "cassandra://a:b@h:9042/k?protocol_version=4"),
    "sqlite": ("sqlite:////a/b.sqlite", "sqlite:////a/./c/../b.sqlite"),
}
OTHERS = {
    "postgresql": ("postgresql://h/a", "postgresql://h/b"),
    "redis number": ("redis://h?db=1", "redis://h?db=2"),
    "redis port": ("redis://h", "redis://h:6380"),
    "mongodb": ("mongodb://h/a", "mongodb://h/b"),
    "bracket": ("postgresql://a[:x@h/a", "postgresql://a[:x@h/b"),
    "cassandra": ("cassandra://h/a", "cassandra://h/b"),
    "sqlite": ("sqlite:////a/b.sqlite", "sqlite:////a/c.sqlite"),
}


def site(folder: Path, kind: str, urls: tuple[str, str]) -> Path:
    """Write a site of two services with these databases."""
    engine = {"socket": "postgresql", "bracket": "postgresql"}.get(
        kind, kind.split(maxsplit=1)[0]
    )
    for name, url in zip("ab", urls, strict=True):
        service = folder / "services" / name
        service.mkdir(parents=True)
        (service / "app.py").write_text("from flask import Flask\napp = Flask('a')\n")
        table = f'{{ engine = "{engine}", url = "{url}" }}'
        (service / "service.toml").write_text(f"databases.main = {table}\n")
    return folder


@pytest.mark.parametrize("kind", SAME)
def test_one_database_of_two_services_is_a_fault(tmp_path: Path, kind: str) -> None:
    """Left-out ports, other words for an engine, options: the place is the same."""
    with pytest.raises(ManifestError) as caught:
        load(site(tmp_path, kind, SAME[kind]), environment={})
    assert "belongs to one service" in str(caught.value)


@pytest.mark.parametrize("kind", OTHERS)
def test_two_databases_are_none(tmp_path: Path, kind: str) -> None:
    """What differs in its name, number or port is another one, and no fault."""
    load(site(tmp_path, kind, OTHERS[kind]), environment={})

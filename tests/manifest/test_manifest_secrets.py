"""Secrets and `.env` files."""

import os
from pathlib import Path

import flask.cli
import pytest

from glassware.errors import ManifestError
from glassware.manifest import dotenv_variables, secret
from sites_on_disk import lines, service, write


def test_order_of_sources(tmp_path: Path):
    """The environment wins over `secrets.toml`, and that over `.env`."""
    write(tmp_path, {"secrets.toml": 'A = "2"\nB = "2"', ".env": "A=3\nB=3\nC=3"})

    found = [secret(name, tmp_path, {"A": "1"}) for name in "ABC"]

    assert found == ["1", "2", "3"]


def test_missing_secret(tmp_path: Path):
    """A secret that is nowhere is a fault that says where to put it."""
    with pytest.raises(ManifestError) as raised:
        secret("STRIPE_KEY", tmp_path, {})

    (fault,) = raised.value.faults
    assert fault.file == tmp_path / "secrets.toml"
    assert "`STRIPE_KEY`" in fault.what
    assert 'STRIPE_KEY = "…"' in (fault.hint or "")


def test_faulty_secrets_file(tmp_path: Path):
    """A secret that is no text has its line; a file that is no TOML too."""
    write(tmp_path, {"secrets.toml": "\nKEY = 5"})
    with pytest.raises(ManifestError, match=r"secrets.toml:2: KEY: must be text"):
        secret("KEY", tmp_path, {})

    write(tmp_path, {"secrets.toml": "\nKEY ="})
    with pytest.raises(ManifestError, match=r"secrets.toml:2: is no valid TOML"):
        secret("KEY", tmp_path, {})


def test_secrets_of_a_site(tmp_path: Path):
    """Loading with an environment reports every secret and URL that is missing."""
    manifest = '[environment]\nA = "{secret.A}"\nB = "x{secret.B}{secret.A}"'
    files = {
        **service("pay", manifest),
        "site.toml": '[engines.redis]\nurl = "env:R"',
    }
    write(tmp_path, files)

    assert lines(tmp_path) == []
    assert lines(tmp_path, environment={"A": "1", "B": "2", "R": "redis://r"}) == []
    missing = lines(tmp_path, environment={"A": "1"}, production=True)
    assert [line.split(" | ")[0] for line in missing] == [
        "services/pay/service.toml:3: environment.B: the secret `B` is nowhere to be found",
        "site.toml:2: engines.redis.url: the variable `R` is not set",
    ]


def test_faulty_secrets_of_a_site(tmp_path: Path):
    """A faulty `secrets.toml` is reported once, with all other faults."""
    manifest = 'calls = ["x"]\n[environment]\nA = "{secret.A}{secret.B}"'
    write(tmp_path, {**service("pay", manifest), "secrets.toml": "["})

    found = [line.split(":")[0] for line in lines(tmp_path, environment={})]

    assert found == ["secrets.toml", "services/pay/service.toml"]


def test_dotenv_as_flask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One folder's variables are what `flask run` sets there."""
    text = "A=1\nexport B='two words'\nC=${A}-${HOME}\nD\n# comment\nE=\"x\\ny\"\nF=\n"
    write(tmp_path, {".env": text, ".flaskenv": "A=0\nG=flask\n"})

    ours = dotenv_variables(tmp_path)

    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    flask.cli.load_dotenv()
    flasks = {k: v for k, v in os.environ.items() if before.get(k) != v}
    for name in flasks:
        del os.environ[name]
    assert ours == flasks
    assert ours["A"] == "1"


def test_dotenv_of_two_folders(tmp_path: Path):
    """The service's variables win over the site's; a folder `.env` is no file."""
    write(tmp_path, {"site/.env": "A=1\nB=1", "service/.env": "B=2", "x/.env/y": ""})

    found = dotenv_variables(tmp_path / "site", tmp_path / "service", tmp_path / "x")

    assert found == {"A": "1", "B": "2"}


def test_unreadable_dotenv(tmp_path: Path):
    """Each file that is no UTF-8 is named."""
    (tmp_path / ".env").write_bytes(b"A=\xff")
    (tmp_path / ".flaskenv").write_bytes(b"A=\xff")

    with pytest.raises(ManifestError) as raised:
        dotenv_variables(tmp_path)

    assert [fault.file.name for fault in raised.value.faults] == [".flaskenv", ".env"]

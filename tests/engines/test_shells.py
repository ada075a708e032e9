"""The shells of PostgreSQL and Redis: started with everything they have to know."""

import os
import subprocess
from pathlib import Path

import pytest

from engines.embedded import Embedder, grant
from glassware import engines
from glassware.engines import Access, Shell


def say(shell: Shell, text: str) -> str:
    """Type a line to a shell; return what it wrote."""
    done = subprocess.run(
        shell.argv,
        env={"PATH": os.environ["PATH"], **shell.environment},
        input=text,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stdout + done.stderr


def test_psql_is_there_and_in(embed: Embedder) -> None:
    """The shell of the wheel opens the service's database, and asks for no password."""
    engine = engines.find("postgresql")
    access = embed(engine).start().provision(grant())
    shell = engine.shell(access)
    assert shell is not None
    assert access.password not in "".join(shell.argv) + repr(shell)
    assert access.name in say(shell, "select current_database();\n")


@pytest.mark.parametrize("socket", ["", "/run/redis.sock"])
def test_redis_gets_its_password_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket: str
) -> None:
    """What is on the machine is told where to go; the password is in its environment."""
    program = tmp_path / "redis-cli"
    program.write_text('#!/bin/sh\necho "$@ $REDISCLI_AUTH"\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    access = Access(
        url="redis://:secret@127.0.0.1:6379/2",
        native_url="redis://:secret@127.0.0.1:6379/2",
        host="127.0.0.1",
        port=6379,
        user="somebody",
        password="secret",
        name="2",
        socket=socket,
    )
    shell = engines.find("redis").shell(access)
    assert shell is not None
    assert "secret" not in "".join(shell.argv)
    place = f"-s {socket}" if socket else "-h 127.0.0.1 -p 6379"
    assert say(shell, "") == f"{place} --user somebody -n 2 secret\n"


def test_a_machine_without_a_shell_of_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is none, which is no error."""
    monkeypatch.setenv("PATH", "/nowhere")
    access = Access(
        url="redis://h/0",
        native_url="redis://h/0",
        host="h",
        port=1,
        user="",
        password="",
        name="0",
    )
    assert engines.find("redis").shell(access) is None

"""Servers in containers: the real Podman, with an image made by the test."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engines.containers import IMAGE, podman
from engines.embedded import Embedder, grant, until
from engines.keeping import keep, kept
from glassware import engines
from glassware.engines import Engine, Image, Launch, Place, sources
from glassware.engines.sources import Wanted
from glassware.errors import EngineError


REDIS = engines.find("redis")


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run containers, as `sources` finds what runs them."""
    with podman(tmp_path_factory.mktemp("podman")) as path:
        yield path


class Contained:
    """An engine as the supervisor drives it: through `sources`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.prepare = lambda place: sources.prepare(engine, place)

    def launch(self, place: Place) -> Launch:
        """Return what runs the container, with this process's own settings."""
        launch = sources.launch(self.engine, place)
        assert launch is not None
        return replace(launch, environment=dict(os.environ))

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)


def chosen() -> engines.Program:
    """Return what the site gets that names its image."""
    return sources.choose(REDIS, Wanted(image=IMAGE))


def names(tool: str) -> str:
    """Return the containers that there are."""
    return subprocess.check_output((tool, "ps", "--all"), text=True)


def test_the_site_names_an_image(tool: str) -> None:
    """The version is the image's tag."""
    program = chosen()
    assert program.source == "container"
    assert program.version == "9"
    assert program.image == IMAGE
    assert Path(str(program.path)).name == "podman"


def test_a_server_in_a_container(embed: Embedder, tool: str) -> None:
    """It gives databases, keeps data when it is killed, and leaves nothing behind."""
    server = embed(Contained(REDIS), program=chosen()).start()
    given = grant()
    keep(server.provision(given).url, "tea")

    process = server.process
    assert process is not None
    command = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
    assert server.place.password not in command
    process.kill()
    process.wait(10)

    server.start()
    assert kept(server.provision(given).url) == ["tea"]
    server.stop()
    assert "glassware-" not in names(tool)


def test_it_ends_with_the_process_that_started_it(embed: Embedder, tool: str) -> None:
    """A supervisor that is killed takes the container with it."""
    server = embed(Contained(REDIS), program=chosen())
    script = '"$@" & echo $!; wait'
    server.prefix = ("setpriv", "--pdeathsig", "KILL", "sh", "-c", script, "sh")
    server.start()
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(10)

    until(lambda: "glassware-" not in names(tool), lambda: names(tool))


def test_an_image_that_is_nowhere_is_told(embed: Embedder, tool: str) -> None:
    """The error has the image's name, the tool's own reason and the way out."""
    program = replace(chosen(), image="localhost/not-there:1")
    server = embed(Contained(REDIS), program=program)
    with pytest.raises(EngineError, match="localhost/not-there:1") as caught:
        server.spawn()
    assert "`image`" in (caught.value.hint or "")


def test_no_container_without_docker_or_podman(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where neither is there, the message says so."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="neither Docker nor Podman") as caught:
        sources.choose(REDIS, Wanted(source="container"))
    assert "[engines.redis]" in (caught.value.hint or "")


def test_what_a_container_wrote_is_not_begun_anew_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Docker is down, no other server starts with nothing in that folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "source").write_text("container")
    with pytest.raises(EngineError, match="neither Docker nor Podman"):
        sources.choose(REDIS, Wanted(), tmp_path)


@pytest.mark.parametrize("name", engines.NAMES)
def test_images_hide_their_secrets(name: str) -> None:
    """No engine's image has its password among the arguments."""
    image: Image | None = engines.find(name).image
    assert image is None or "{password}" not in "".join(image.arguments)

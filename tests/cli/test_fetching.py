"""What is large is fetched when somebody has said yes, and shown while it comes."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engines.registry import Registry, serving
from glassware.engines.packages import Part


COMMAND = (sys.executable, "-m", "glassware")

TOY = """
from types import SimpleNamespace

from glassware.engines import Engine
from glassware.engines.packages import Package, Part, require


class Toy(Engine):
    name = extra = "toy"
    variables = {{}}
    package = Package(
        folder="toy-1.0.0",
        title="Toy 1.0.0",
        licence="SSPL-1.0",
        size=47_300_000,
        note="The Server Side Public License is no open-source licence.",
        parts=(Part(registry="npm", name="toy", version="1.0.0", digests={digests}),),
    )

    def embedded(self):
        require(self.package)


engine = Toy()
"""


@dataclass(slots=True)
class Machine:
    """A machine with an engine whose server is not there yet.

    Attributes:
        registry: Where the server is fetched from.
        environment: Of the commands.
        folder: Where they run.
    """

    registry: Registry
    environment: dict[str, str]
    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command where nobody can answer."""
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    def answer(self, answer: str, *arguments: str) -> tuple[int, str]:
        """Run a command in a terminal, where somebody types `answer`."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        os.write(ours, answer.encode())
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:
            # Linux has no end of file for it.
            pass
        os.close(ours)
        return process.wait(), shown.decode()

    @property
    def kept(self) -> Path:
        """What is there when it was fetched."""
        return self.folder / "cache/glassware/engines/toy-1.0.0/toy/server"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine with an engine `toy`."""
    with serving() as registry:
        part = registry.npm("toy", {"server": "x" * 100_000})
        have(part, tmp_path)
        path = [str(tmp_path / "packages"), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            **registry.environment(),
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }
        yield Machine(registry, environment, tmp_path)


def have(part: Part, folder: Path) -> None:
    """Install a distribution with an engine whose server is `part`."""
    about = folder / "packages/toy-1.0.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[glassware.engines]\ntoy = toy:engine\n")
    code = TOY.format(digests=dict(part.digests))
    (folder / "packages/toy.py").write_text(code)


def test_a_yes_fetches(machine: Machine) -> None:
    """Before, a person reads what it is, how large, under which licence, and where."""
    code, shown = machine.answer("y\n", "install", "--engine", "toy")

    assert code == 0
    assert machine.kept.is_file()
    before = shown.partition("[Y/n]")[0]
    for word in ("Toy 1.0.0", "47 MB", "SSPL-1.0", "no open-source licence", "cache"):
        assert word in before
    assert "is there" in shown.partition("[Y/n]")[2]


def test_a_no_fetches_nothing(machine: Machine) -> None:
    """Nobody is even asked for it."""
    code, shown = machine.answer("n\n", "install", "--engine", "toy")

    assert code == 0
    assert "Fetch 47 MB now?" in shown
    assert machine.registry.asked == []


def test_where_nobody_can_answer_nothing_is_fetched(machine: Machine) -> None:
    """The hint is the option for it."""
    answer = machine.run("install", "--engine", "toy")

    assert answer.returncode == 2
    assert "Toy 1.0.0" in answer.stderr
    assert "--yes" in answer.stderr
    assert machine.registry.asked == []


def test_yes_asks_nobody(machine: Machine) -> None:
    """For CI: plain lines, the licence among them; a second time there is nothing to do."""
    first = machine.run("install", "--engine", "toy", "--yes")
    machine.registry.asked.clear()
    second = machine.run("install", "--engine", "toy", "--yes")

    assert (first.returncode, second.returncode) == (0, 0)
    assert "SSPL-1.0" in first.stderr
    assert "\x1b" not in first.stderr + first.stdout
    assert "Toy 1.0.0 is there" in second.stderr
    assert machine.registry.asked == []


def test_what_cannot_be_had_ends_with_an_error(machine: Machine) -> None:
    """Exit code 4, and what was wrong."""
    machine.registry.pages.clear()

    answer = machine.run("install", "--engine", "toy", "--yes")

    assert answer.returncode == 4
    assert "404" in answer.stderr
    assert not machine.kept.exists()


def test_an_engine_without_anything_to_fetch_is_told(machine: Machine) -> None:
    """Its server comes with an extra."""
    answer = machine.run("install", "--engine", "redis")

    assert answer.returncode == 4
    assert "nothing has to be fetched for `redis`" in answer.stderr


def test_doctor_says_what_is_not_fetched(machine: Machine) -> None:
    """How large it is, and how to get it; that is no fault of the machine."""
    answer = machine.run("doctor", "--json")

    found = {d["what"]: d for d in json.loads(answer.stdout)}
    assert answer.returncode == 0
    assert found["toy"] == {
        "what": "toy",
        "state": "missing",
        "found": "not fetched (47 MB)",
        "hint": "glassware install --engine toy",
    }

"""A real site for a test: a dict of files becomes a folder, the real command runs."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import urlsplit

import pytest

from glassware.errors import SiteNotRunning
from glassware.runner.control import ask
from glassware.runner.state import State
from waiting import until


COMMAND = [sys.executable, "-m", "glassware"]


@dataclass(slots=True)
class Answer:
    """What a site answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.text)


@dataclass(slots=True)
class SiteUnderTest:
    """A site in a temporary folder, running or not."""

    folder: Path
    process: subprocess.Popen[str] | None = None

    @property
    def log(self) -> Path:
        """What the terminal of `up` shows."""
        return self.folder.parent / "terminal.txt"

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, by path below the site's folder."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip())

    def up(
        self, *arguments: str, wait: bool = True, through: tuple[str, ...] = ()
    ) -> None:
        """Start the site; by default return when it says that it is ready.

        Args:
            arguments: Of `glassware up`.
            wait: Whether to wait.
            through: A program that starts the command in its last arguments.
        """
        before = self.log.read_text().count("➜") if self.log.exists() else 0
        with self.log.open("a") as terminal:
            self.process = subprocess.Popen(
                [*through, *COMMAND, "up", *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=terminal,
                stderr=terminal,
                start_new_session=True,
                text=True,
            )
        if wait:
            self.until(lambda: self.log.read_text().count("➜") > before, "readiness")

    def until(self, condition: Callable[[], object], what: str) -> object:
        """Wait for a condition; a failure shows the terminal."""
        try:
            return until(condition, what, patience=30.0)
        except pytest.fail.Exception as failure:
            text = self.log.read_text()[-4000:]
            raise AssertionError(f"{failure.msg}\n{text}") from None

    def stop(self, signum: signal.Signals = signal.SIGINT) -> int:
        """End the site and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signum)
        code = self.process.wait(20)
        self.process = None
        return code

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run another command of glassware in the site's folder."""
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=options.pop("cwd", self.folder),
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
            **options,
        )

    def snapshot(self) -> dict[str, Any]:
        """Return what `ps` knows, which asks in the same way."""
        try:
            return ask(State(self.folder).running().control, "snapshot")
        except SiteNotRunning:
            return json.loads(self.run("ps", "--json").stdout)

    def service(self, name: str) -> dict[str, Any]:
        """Return what `ps` knows of a service."""
        return next(s for s in self.snapshot()["services"] if s["name"] == name)

    @property
    def url(self) -> str:
        """The public address."""
        return json.loads((self.folder / ".glassware/site.json").read_text())["url"]

    def get(self, path: str, method: str = "GET", **options: Any) -> Answer:
        """Ask the site as a visitor."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=20)
        headers = {"Host": address.netloc, **options.pop("headers", {})}
        try:
            connection.request(method, path, headers=headers, **options)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def sockets(self, name: str) -> list[Path]:
        """Return the sockets at which callers find a service."""
        return sorted(Path(self._runtime(), "services", name).iterdir())

    def processes(self) -> set[int]:
        """Return the processes of this site that run, however they are related."""
        marks = {str(self.folder).encode(), self._runtime().encode()}
        found = set()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes()
                folder = os.fsencode((entry / "cwd").readlink())
            except OSError:
                continue
            mine = any(mark in words or mark in folder for mark in marks)
            if mine and int(entry.name) != os.getpid():
                found.add(int(entry.name))
        return found

    def _runtime(self) -> str:
        try:
            found = json.loads((self.folder / ".glassware/site.json").read_text())
        except (OSError, ValueError):
            return str(self.folder)
        return str(Path(found["control"]).parent)


@contextmanager
def ended(folder: Path) -> Iterator[SiteUnderTest]:
    """Give a site that is not up yet; end it, and see that nothing is left of it."""
    folder.mkdir()
    site = SiteUnderTest(folder)
    try:
        yield site
    finally:
        if site.process is not None and site.process.poll() is None:
            site.stop()
        until(lambda: not site.processes(), "the end of every process of the site")

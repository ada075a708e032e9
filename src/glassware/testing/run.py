"""Starting the real site for a session of tests, and ending it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassware.errors import GlasswareError, SiteNotRunning
from glassware.runner.control import ask
from glassware.runner.processes import tied
from glassware.runner.state import State
from glassware.status import Phase

from .unfetched import unfetched


STARTS_WITHIN = 120.0
ENDS_WITHIN = 20.0
ASK_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """A site that runs for tests.

    Attributes:
        folder: The site's.
        state: Its state, apart from that of the site that its author runs.
        output: What `glassware up` writes.
        process: The guard of the site.
    """

    folder: Path
    state: State
    output: Path
    process: subprocess.Popen[bytes]

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Ask the running site."""
        return ask(self.state.running().control, op, **arguments)

    def said(self, start: int = 0) -> str:
        """Return what it has written, from a number of characters on."""
        return self.output.read_text(errors="replace")[start:]


@contextmanager
def running(
    folder: Path, *, wire: bool = False, data_only: bool = False
) -> Iterator[Run]:
    """Run a site beside itself until the block ends.

    Args:
        folder: The site's.
        wire: Whether services of one group call each other over the wire.
        data_only: Whether it has no more than its databases.

    Raises:
        GlasswareError: It does not start, or one of its services does not.
    """
    with tempfile.TemporaryDirectory(prefix="glassware-tests-") as apart:
        chosen = {"--wire": wire, "--data-only": data_only}
        run = _start(folder, Path(apart), [o for o, given in chosen.items() if given])
        try:
            _wait_until_ready(run)
            yield run
        finally:
            _end(run)


def _start(folder: Path, apart: Path, options: list[str]) -> Run:
    output = apart / "terminal.txt"
    argv = [sys.executable, "-m", "glassware", "up", "--apart", str(apart)]
    argv += options
    with output.open("wb") as terminal:
        process = subprocess.Popen(
            tied(argv),
            cwd=folder,
            env={**_inherited(), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.STDOUT,
            # The Ctrl-C of the terminal is for pytest, which then ends the site.
            start_new_session=True,
        )
    return Run(folder, State(folder, apart), output, process)


def _inherited() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GLASSWARE_", "PYTEST_"))
    }


def _wait_until_ready(run: Run) -> None:
    if not _until(lambda: run.process.poll() is not None or "➜" in run.said()):
        raise GlasswareError(
            f"the site at `{run.folder}` was not ready within {STARTS_WITHIN:.0f} s:\n"
            f"{run.said()}"
        )
    if run.process.poll() is not None:
        raise GlasswareError(
            f"the site at `{run.folder}` does not start:\n{run.said()}",
            hint="`glassware up` shows the same",
        )
    _until(lambda: _settled(run))
    snapshot = run.ask("snapshot")
    left_out = unfetched(snapshot)
    failing = [
        service["name"]
        for service in snapshot["services"]
        if service["phase"] != Phase.RUNNING and service["name"] not in left_out
    ]
    if failing:
        raise GlasswareError(
            f"{_listed(failing)} of the site at `{run.folder}` does not run:\n"
            f"{run.said()}"
        )


def _settled(run: Run) -> bool:
    try:
        snapshot = run.ask("snapshot")
    except SiteNotRunning:
        return False
    left_out = unfetched(snapshot)
    return all(
        service["phase"] in {Phase.RUNNING, Phase.FAILING, Phase.STOPPED}
        or service["name"] in left_out
        for service in snapshot["services"]
    )


def _until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + STARTS_WITHIN
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(ASK_EVERY)
    return True


def _end(run: Run) -> None:
    with suppress(ProcessLookupError):
        run.process.send_signal(signal.SIGINT)
    try:
        run.process.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        # The supervisor ends in good order when its guard is killed.
        run.process.kill()
        run.process.wait()


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

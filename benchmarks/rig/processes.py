"""Processes that a benchmark starts, and what they cost."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self


# The clock of another process (MAKE_PROCESS_CPUCLOCK of Linux): in nanoseconds,
# where `/proc/PID/stat` counts in hundredths of a second.
_CPU_CLOCK = 2


class Stage:
    """A folder and the processes that run in it; all end with the block."""

    def __init__(self) -> None:
        # Short, because sockets are in it.
        self._place = tempfile.TemporaryDirectory(prefix="gw-")
        self.folder = Path(self._place.name)
        self._started: dict[str, tuple[subprocess.Popen[bytes], int]] = {}

    def __enter__(self) -> Self:
        # So that nothing is left behind when somebody ends the script.
        self._before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_: object) -> None:
        # Whoever asks for the end once more would interrupt it.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for process, end in reversed(self._started.values()):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(end)
        for process, _ in reversed(self._started.values()):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)
            # It has a session of its own; some leave workers behind in it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self._place.cleanup()
        signal.signal(signal.SIGTERM, self._before)

    def start(
        self,
        name: str,
        argv: list[str],
        *,
        cwd: Path | None = None,
        environment: dict[str, str] | None = None,
        end: int = signal.SIGTERM,
    ) -> subprocess.Popen[bytes]:
        """Start a program; its output goes to `NAME.log`."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                argv,
                cwd=cwd or self.folder,
                env={**os.environ, **(environment or {})},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started[name] = process, end
        return process

    def until(self, name: str, ready: Callable[[], object]) -> None:
        """Return once `ready`; if it never is, show the log of `name`."""
        process, _ = self._started[name]
        until(lambda: process.poll() is not None or ready())
        if process.poll() is not None:
            raise RuntimeError(f"{name} has ended:\n{self.log(name)[-3000:]}")

    def log(self, name: str) -> str:
        """Return what a program has said so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")


def until(condition: Callable[[], object], within: float = 60) -> float:
    """Return the seconds until `condition` was true."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise TimeoutError(f"not within {within:.0f} s")
        time.sleep(0.005)
    return time.monotonic() - began


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections at a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    return time.clock_gettime(~pid << 3 | _CPU_CLOCK)


def pss(pid: int) -> float:
    """Return the proportional memory of a process in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def descendants(pid: int) -> Iterator[int]:
    """Return the processes below one."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            yield child
            yield from descendants(child)

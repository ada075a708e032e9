"""Child processes: started, watched through pidfds, ended with all they started.

Every program gets a session of its own, so that the Ctrl-C of the terminal
reaches only the guard, and so that ending it ends its whole process group.
"""

import asyncio
import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
MOST_ORPHANS = 1000
OPEN_FILES = 16_384
WNOTHREAD = 0x20000000
"""Linux: wait only for what the calling thread started or the process adopted."""


def become_subreaper() -> None:
    """Adopt the orphans of every descendant (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(signum: signal.Signals) -> None:
    """Be sent `signum` when the parent ends (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)


def allow_open_files() -> None:
    """Raise the soft limit of open files: each worker's output is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@dataclass(slots=True)
class Child:
    """One process, until its exit code is known.

    Attributes:
        pid: Also the number of its process group.
        exited: Its return code; below zero: the signal that ended it.
    """

    pid: int
    exited: asyncio.Future[int]

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self.exited.done()

    def send(self, signum: signal.Signals) -> None:
        """Send a signal to the process alone."""
        if self.running:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def kill(self) -> None:
        """End it and its whole group at once."""
        if self.running:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            self.send(signal.SIGKILL)

    async def wait(self) -> int:
        """Return its return code when it has ended."""
        return await asyncio.shield(self.exited)

    async def stop(self, signum: signal.Signals, grace: float) -> int:
        """Ask it to end, and end it after `grace` seconds."""
        self.send(signum)
        try:
            return await asyncio.wait_for(asyncio.shield(self.exited), grace)
        except TimeoutError:
            self.kill()
            return await self.wait()


@dataclass(slots=True)
class Nursery:
    """Every process of the site; the one place that reaps.

    What another thread runs with `subprocess` is left to that thread: a process
    whose exit code is taken away from `subprocess` counts there as a success.
    """

    children: dict[int, Child] = field(default_factory=dict)
    orphans: dict[int, int] = field(default_factory=dict)

    def open(self) -> None:
        """Begin to reap what ends; call it once, in the event loop."""
        become_subreaper()
        allow_open_files()
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def spawn(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        output: int | None = None,
        cwd: Path | None = None,
        keep: Sequence[int] = (),
        stdin: int = subprocess.DEVNULL,
    ) -> Child:
        """Start a program.

        Args:
            argv: The program and its arguments.
            environment: All of its variables.
            output: Descriptor that takes stdout and stderr; `None`: nowhere.
            cwd: Its working folder.
            keep: Descriptors that it inherits under the same numbers.
            stdin: Descriptor to read from.

        Raises:
            OSError: The program cannot be started.
        """
        target = subprocess.DEVNULL if output is None else output
        process = subprocess.Popen(
            tied(argv),
            env=dict(environment),
            cwd=cwd,
            stdin=stdin,
            stdout=target,
            stderr=target,
            pass_fds=tuple(keep),
            start_new_session=True,
        )
        # The nursery reaps; the object must neither wait nor warn.
        process.returncode = 0
        return self.adopt(process.pid)

    def adopt(self, pid: int) -> Child:
        """Watch a process that became a child of this one by being orphaned."""
        child = Child(pid, asyncio.get_running_loop().create_future())
        code = self.orphans.pop(pid, None)
        if code is None or _is_child(pid):
            self.children[pid] = child
            self._reap()
        else:
            child.exited.set_result(code)
        return child

    def _reap(self) -> None:
        while (pid := self._next_ended()) is not None:
            # While the leader is a zombie its number cannot belong to another.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            self._ended(pid, os.waitstatus_to_exitcode(status))

    def _next_ended(self) -> int | None:
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if sys.platform == "linux":
            asked = [(os.P_ALL, 0, options | WNOTHREAD)]
        else:
            asked = [(os.P_PID, pid, options) for pid in self.children]
        for kind, number, how in asked:
            with suppress(ChildProcessError):
                if (found := os.waitid(kind, number, how)) is not None:
                    return found.si_pid
        return None

    def _ended(self, pid: int, code: int) -> None:
        child = self.children.pop(pid, None)
        if child is None:
            self.orphans[pid] = code
            if len(self.orphans) > MOST_ORPHANS:
                del self.orphans[next(iter(self.orphans))]
        elif not child.exited.done():
            child.exited.set_result(code)


def _is_child(pid: int) -> bool:
    """Tell whether a number that was an ended orphan's belongs to a child again."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def tied(argv: Sequence[str]) -> list[str]:
    """Return a command that ends with its parent, where the machine has a way.

    `setpriv` sets the signal after the fork and before the program, without
    Python code in between, which is not safe where threads run.
    """
    setpriv = shutil.which("setpriv")
    return [*((setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()), *argv]

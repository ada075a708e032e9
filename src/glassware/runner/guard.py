"""The process in the terminal: it outlives the supervisor and leaves nothing behind.

`up` is the guard. It forks the supervisor, passes signals on, and, when the
supervisor has ended in whatever way, ends every process below it. Being a
subreaper it inherits grandchildren too, which `PR_SET_PDEATHSIG` never reaches.
If the guard itself is killed, the supervisor is told and stops in good order.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from .processes import become_subreaper, die_with_parent


PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
LAST_WORDS = 1.0
ORDERLY_LAST_WORDS = 0.3
"""Seconds for what is left when the supervisor has ended everything it knows."""


def guard(supervise: Callable[[], int]) -> int:
    """Run `supervise` in a child and return its exit code when nothing is left.

    Args:
        supervise: Runs the site and returns an exit code. It is called in a
            forked child, so no thread may run yet, and calls `let_signals`
            before it starts a process: a blocked signal is inherited.

    Returns:
        The exit code, or 128 plus the signal that ended the supervisor.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    become_subreaper()
    guard_pid = os.getpid()
    pid = os.fork()
    if pid == 0:
        _be_the_supervisor(guard_pid, supervise)
    for signum in heard():
        signal.signal(signum, lambda number, _frame: _pass_on(pid, number))
    code = _wait_for(pid)
    _sweep()
    for signum in PASSED_ON:
        # The end is near, and another Ctrl-C must not change the exit code.
        signal.signal(signum, signal.SIG_IGN)
    return code


def _be_the_supervisor(guard_pid: int, supervise: Callable[[], int]) -> None:
    os.setsid()
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    die_with_parent(signal.SIGTERM)
    code = 1
    try:
        if os.getppid() == guard_pid:
            code = supervise()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - the child must never return into the guard
        sys.excepthook(*sys.exc_info())
    finally:
        # Without a guard, nobody else would.
        _sweep(ORDERLY_LAST_WORDS)
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def heard() -> Iterator[signal.Signals]:
    """Return the signals that stop the site."""
    for signum in PASSED_ON:
        # `nohup` asks to go on when the terminal is closed.
        if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:
            yield signum


def let_signals() -> None:
    """Let the signals arrive that waited until the supervisor hears them."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)


def _pass_on(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait_for(pid: int) -> int:
    while True:
        ended, status = os.wait()
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _sweep(patience: float = LAST_WORDS) -> None:
    """End what the supervisor left: kindly for a while, then at once."""
    deadline = time.monotonic() + patience
    for pid in _descendants():
        _send(pid, signal.SIGTERM)
    while list(_descendants()):
        _reap()
        if time.monotonic() > deadline:
            for pid in _descendants():
                _send(pid, signal.SIGKILL)
        time.sleep(0.01)
    _reap()


def _send(pid: int, signum: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signum)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _descendants() -> Iterator[int]:
    """Return the processes below this one that still run."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # `pid (any name) state ppid …`
            state, parent = stat.read_bytes().rpartition(b")")[2].split()[:2]
            if state != b"Z":
                parents.setdefault(int(parent), []).append(int(stat.parent.name))
    ahead = [os.getpid()]
    while ahead:
        below = parents.get(ahead.pop(), [])
        ahead.extend(below)
        yield from below

"""The few things that Python has no function for."""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path


PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
M_ARENA_MAX = -8

OPEN_FILES = 16_384


def die_with_parent() -> None:
    """Be killed when the parent ends (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def one_arena() -> None:
    """Let all threads allocate from one arena (glibc; elsewhere nothing).

    Each arena that a thread opens costs every worker pages of its own.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def allow_open_files() -> None:
    """Raise the soft limit of open files: an idle connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def thread_count() -> int:
    """Return how many threads this process has, Python's and others' alike."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return len(sys._current_frames())  # noqa: SLF001 - counts foreign frames too


def socket_count() -> int:
    """Return how many sockets this process holds (Linux; elsewhere 0)."""
    with suppress(OSError):
        return sum(_is_socket(entry) for entry in Path("/proc/self/fd").iterdir())
    return 0


def _is_socket(descriptor: Path) -> bool:
    with suppress(OSError):
        return str(descriptor.readlink()).startswith("socket:")
    return False


def name_process(name: str) -> None:
    """Let `ps` and `top` call this process by `name` (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def own_session() -> None:
    """Lead a session and a process group, if this process does not yet."""
    with suppress(PermissionError):
        os.setsid()

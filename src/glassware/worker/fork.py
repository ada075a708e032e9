"""Making a worker out of a zygote: a grandchild that belongs to the supervisor.

The zygote forks a child that forks the worker and ends. The worker is thereby
orphaned, and the kernel gives it to the nearest subreaper: the supervisor. Only
then may it ask to be killed together with its parent, because the kernel takes
that request to be about the parent of the moment.
"""

import gc
import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from .system import die_with_parent, own_session


def fork_worker(parent: int, run: Callable[[bool], None]) -> int:
    """Fork a worker that belongs to `parent` and calls `run`; return its pid.

    Args:
        parent: The supervisor, which this process is a child of.
        run: What the worker does, told whether it belongs to `parent`.

    Raises:
        OSError: The system gives no more processes.
    """
    go_read, go_write = os.pipe()
    pid_read, pid_write = os.pipe()
    try:
        child = os.fork()
        if child == 0:
            _in_child(parent, run, (go_read, go_write), (pid_read, pid_write))
        os.close(pid_write)
        pid_write = -1
        said = os.read(pid_read, 32)
        # When the child has been waited for, the kernel has moved the worker.
        os.waitpid(child, 0)
        if not said:
            raise BlockingIOError("the system gives no more processes")
        os.write(go_write, b"g")
        return int(said)
    finally:
        for descriptor in (go_read, go_write, pid_read, pid_write):
            if descriptor >= 0:
                os.close(descriptor)


def _in_child(
    parent: int,
    run: Callable[[bool], None],
    go: tuple[int, int],
    pid: tuple[int, int],
) -> None:
    try:
        worker = os.fork()
        if worker:
            os.write(pid[1], str(worker).encode())
            os._exit(0)
        os.close(go[1])
        os.close(pid[0])
        os.close(pid[1])
        if os.read(go[0], 1) == b"g":
            os.close(go[0])
            own_session()
            die_with_parent()
            # If the supervisor ended meanwhile, nobody would ever end this process.
            run(os.getppid() == parent)
    except BaseException:  # noqa: BLE001 - nothing may reach the zygote's loop
        with suppress(BaseException):
            sys.excepthook(*sys.exc_info())
    finally:
        os._exit(1)


def become_worker(output: int, stdin: int | None, close: Sequence[int]) -> None:
    """Undo in the worker what the zygote set up for itself.

    Args:
        output: Becomes stdout and stderr.
        stdin: Becomes stdin; `None`: nothing is to be read.
        close: Descriptors that are the zygote's alone.
    """
    for descriptor in close:
        os.close(descriptor)
    if stdin is None:
        stdin = os.open(os.devnull, os.O_RDONLY)
    os.dup2(stdin, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for descriptor in {stdin, output} - {0, 1, 2}:
        os.close(descriptor)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(signum, signal.SIG_DFL)
    gc.enable()
    random.seed()
    # `random` seeds itself in a fork, numpy does not.
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()

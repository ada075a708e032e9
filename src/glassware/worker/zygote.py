"""`python -m glassware.worker.zygote`: imports once, forks a worker on request."""

import array
import gc
import json
import os
import signal
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from .bytecode import keep_only_settled
from .endpoints import share_modules
from .fork import become_worker, fork_worker
from .group import work_together
from .job import LARGEST_JOB, MOST_MEMBERS, Group, Job, read_job
from .preload import CannotBeShared, preload, warm_up
from .process import work
from .report import Report
from .system import one_arena, thread_count


DESCRIPTORS = 2 + MOST_MEMBERS

ORPHANED = "the parent of the zygote has ended, or it is no subreaper"


def main(arguments: Sequence[str]) -> None:
    """Preload, say that it is ready, and fork until the control socket ends."""
    options = _options(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    one_arena()
    keep_only_settled()
    skipped = _preload(arguments, options)
    warm_up()
    share_modules()
    control = socket.socket(fileno=options.control)
    control.set_inheritable(False)
    # What exists now is never looked at again, so its pages stay shared.
    gc.collect()
    gc.freeze()
    gc.disable()
    _answer(
        control,
        event="ready",
        threads=thread_count(),
        skipped=[{"module": m, "reason": why} for m, why in skipped.items()],
    )
    while _take_one(control, parent):
        pass


def _options(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m glassware.worker.zygote")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--preload", action="append", default=[])
    parser.add_argument("--without", action="append", default=[])
    return parser.parse_args(arguments)


def _preload(arguments: Sequence[str], options: Namespace) -> dict[str, str]:
    try:
        but = dict(each.split("=", 1) for each in options.without)
        return preload(options.preload, but)
    except CannotBeShared as found:
        _begin_anew(arguments, f"{found.module}={found.reason}")


def _begin_anew(arguments: Sequence[str], without: str) -> NoReturn:
    # A thread is there for good; only a new program image is rid of it.
    module = ("-m", "glassware.worker.zygote")
    os.set_inheritable(_options(arguments).control, True)
    os.execv(
        sys.executable, [sys.executable, *module, *arguments, "--without", without]
    )


def _take_one(control: socket.socket, parent: int) -> bool:
    message, descriptors = _receive(control)
    if not message and not descriptors:
        return False
    try:
        pid = _fork(control, parent, message, descriptors)
    except (OSError, ValueError) as error:
        _answer(control, event="refused", reason=str(error))
        if descriptors:
            Report(descriptors[0]).say("failed", reason=str(error), traceback="")
    else:
        _answer(control, event="forked", pid=pid)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return True


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    room = socket.CMSG_SPACE(DESCRIPTORS * array.array("i").itemsize)
    try:
        message, ancillary, _, _ = control.recvmsg(LARGEST_JOB + 1, room)
    except ConnectionResetError:  # the end, with answers that nobody read
        return b"", []
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return message, list(descriptors)


def _fork(
    control: socket.socket, parent: int, message: bytes, descriptors: list[int]
) -> int:
    if len(message) > LARGEST_JOB:
        raise ValueError(f"the job is larger than {LARGEST_JOB} bytes")
    job = read_job(message)
    status, output, *others = _counted(descriptors, job)
    stdin = others[0] if others and isinstance(job, Job) else None

    def run(adopted: bool) -> None:
        become_worker(output, stdin, [control.detach()])
        report = Report(status)
        if not adopted:
            report.say("failed", reason=ORPHANED, traceback="")
        elif isinstance(job, Group):
            work_together(job, report, others)
        else:
            work(job, report)

    return fork_worker(parent, run)


def _counted(descriptors: list[int], job: Job | Group) -> list[int]:
    if isinstance(job, Group):
        if len(descriptors) != 2 + len(job.members):
            raise ValueError(
                "a group comes with its status, its output and one for each member"
            )
    elif len(descriptors) not in {2, 3}:
        raise ValueError("a job comes with its status, its output and perhaps stdin")
    return descriptors


def _answer(control: socket.socket, **said: object) -> None:
    # A supervisor that does not read answers must not stop the next fork.
    with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
        control.send(json.dumps(said).encode(), socket.MSG_DONTWAIT)


if __name__ == "__main__":
    main(sys.argv[1:])

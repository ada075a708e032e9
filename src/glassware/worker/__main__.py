"""`python -m glassware.worker`: one worker as a plain process, or `inspect`."""

import importlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from .job import Group, Job, read_job
from .process import FAILED, prepared, ready_facts, work
from .report import Report, describe
from .system import die_with_parent, one_arena, own_session


USAGE = "python -m glassware.worker (inspect | --status FD --job FD [--outputs FD,…])"


def main(arguments: Sequence[str]) -> None:
    """Do what the command line says."""
    if list(arguments) == ["inspect"]:
        inspect()
        return
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if set(options) - {"--publicly", "--outputs"} != {"--status", "--job"}:
        raise SystemExit(f"usage: {USAGE}")
    own_session()
    die_with_parent()
    one_arena()
    report = Report(int(options["--status"]))
    with os.fdopen(int(options["--job"]), "rb") as source:
        job = read_job(source.read())
    os.set_inheritable(int(options["--status"]), False)
    if isinstance(job, Group):
        outputs = [int(fd) for fd in options.get("--outputs", "").split(",") if fd]
        _group().work_together(job, report, outputs)
    elif interface := options.get("--publicly"):
        public: Any = importlib.import_module(".granian_public", __package__)
        public.serve_publicly(job, interface, report)
    else:
        work(job, report)


def inspect() -> None:
    """Load the application of the job on stdin and describe it on stdout."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever the application prints while it loads is no part of the answer.
    os.dup2(2, 1)
    job = read_job(sys.stdin.buffer.read())
    found = _group().found(job) if isinstance(job, Group) else _found(job)
    answer.write(json.dumps(found) + "\n")
    answer.flush()
    # Threads that the application started must not keep the process.
    os._exit(0 if found["event"] == "ready" else FAILED)


def _found(job: Job) -> dict[str, Any]:
    try:
        return {"event": "ready", **ready_facts(job, prepared(job))}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is reported
        return {"event": "failed", **describe(error)}


def _group() -> Any:
    """Import what only a group needs."""
    return importlib.import_module(".group", __package__)


if __name__ == "__main__":
    main(sys.argv[1:])

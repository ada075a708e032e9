"""Commands that run once in a service's surroundings, such as its migrations."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .processes import Child, Nursery
from .words import words
from .workers import WorkerFailed


async def run_task(
    nursery: Nursery,
    command: str,
    *,
    cwd: Path,
    environment: Mapping[str, str],
    output: int,
) -> None:
    """Run a command to its end.

    Args:
        nursery: Where its process lives.
        command: As `words` reads it.
        cwd: Its working folder.
        environment: All of its variables.
        output: Takes what it writes; closed here.

    Raises:
        WorkerFailed: It cannot be started, or its exit code is not 0.
    """
    child: Child | None = None
    try:
        child = nursery.spawn(
            words(command, environment),
            environment=environment,
            output=output,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise WorkerFailed(f"`{command}` cannot be started: {error}") from error
    finally:
        os.close(output)
    try:
        code = await child.wait()
    finally:
        child.kill()
    if code != 0:
        how = f"exit code {code}" if code > 0 else signal.Signals(-code).name
        raise WorkerFailed(f"`{command}` failed: {how}")

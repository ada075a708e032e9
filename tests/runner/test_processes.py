"""Children are watched, ended with all they started, and reaped."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from glassware.runner.processes import PR_SET_CHILD_SUBREAPER, Nursery
from waiting import children, until


def run(coroutine_function):
    """Run in a fresh event loop; what this process is for orphans ends with it."""
    before = children()

    async def whole():
        nursery = Nursery()
        nursery.open()
        try:
            return await coroutine_function(nursery)
        finally:
            asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)

    result = asyncio.run(whole())
    until(lambda: no_orphans(before), "the end of every orphan")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    return result


def no_orphans(before):
    """Reap adopted grandchildren; whether none is left."""
    for pid in children() - before:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return children() <= before


def gone(pid):
    """Whether no process of that number runs."""
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("code", [0, 3])
def test_the_exit_code_is_told(code):
    """A child's own exit code arrives."""

    async def story(nursery):
        child = nursery.spawn(
            [sys.executable, "-c", f"raise SystemExit({code})"],
            environment=os.environ,
        )
        return await child.wait()

    assert run(story) == code


def test_a_signal_is_told_as_a_negative_code():
    """A child that is killed says by what."""

    async def story(nursery):
        child = nursery.spawn(["sleep", "60"], environment=os.environ)
        child.kill()
        return await child.wait()

    assert run(story) == -signal.SIGKILL


def test_grandchildren_end_with_the_child(tmp_path):
    """Ending a child ends what it started in its process group."""
    note = tmp_path / "pid"

    async def story(nursery):
        child = nursery.spawn(
            ["sh", "-c", f"sleep 60 & echo $! > {note}; wait"], environment=os.environ
        )
        while not note.exists() or not note.read_text().strip():
            await asyncio.sleep(0.01)
        return await child.stop(signal.SIGTERM, 5.0)

    run(story)

    until(lambda: gone(int(note.read_text())), "the end of the grandchild")


def test_a_program_that_ignores_sigterm_is_ended_after_its_grace():
    """Nothing can refuse to end."""

    async def story(nursery):
        reading, writing = os.pipe()
        child = nursery.spawn(
            ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 60; done"],
            environment=os.environ,
            output=writing,
        )
        os.close(writing)
        await asyncio.to_thread(os.read, reading, 5)
        os.close(reading)
        return await child.stop(signal.SIGTERM, 0.1)

    assert run(story) == -signal.SIGKILL


def test_a_missing_program_is_an_error():
    """What cannot be started says so, through the wrapper too."""

    async def story(nursery):
        try:
            child = nursery.spawn(["/no/such/program"], environment=os.environ)
        except FileNotFoundError:
            return 127
        return await child.wait()

    assert run(story) == 127


def test_what_other_threads_run_keeps_its_exit_code():
    """An engine's tools that fail are seen to fail, whatever else ends meanwhile."""

    async def story(nursery):
        codes = await asyncio.gather(
            *(asyncio.to_thread(subprocess.call, ["false"]) for _ in range(20)),
            *(nursery.spawn(["true"], environment=os.environ).wait() for _ in range(5)),
        )
        return codes[:20]

    assert run(story) == [1] * 20


def test_orphans_are_adopted_and_reaped():
    """A grandchild whose parent has ended is known by its own exit code."""

    async def story(nursery):
        (heard, said), (order, give) = os.pipe(), os.pipe()
        script = "exec 3<&0; setsid sh -c 'echo $$; read order; exit 7' <&3 & wait"
        parent = nursery.spawn(
            ["sh", "-c", script], environment=os.environ, output=said, stdin=order
        )
        os.close(said)
        os.close(order)
        orphan = int(await asyncio.to_thread(os.read, heard, 20))
        parent.kill()
        await parent.wait()
        adopted = nursery.adopt(orphan)
        os.close(give)
        os.close(heard)
        return await adopted.wait()

    assert run(story) == 7

"""A network of its own for a program that insists on every address.

This file runs as a program, one around each such program. The main thread
moves into a new network namespace and starts the program there; what comes to
the worker's unix socket goes to the program's port. The loopback addresses
outside that the service may need listen inside too, under the same host and
port; a second thread, which stayed outside, connects what comes to them.

The program takes its port on every address of its namespace. So that it can
still reach a neighbour with the same port, all of `127.0.0.0/8` but
`127.0.0.1` is led through a cable into a second namespace, which holds nothing
but those listeners::

    program ── 127.0.0.1 ──┐                        ┌── outside
            ── 127.x.y.z ──┴─ cable ─ listeners ────┘
"""

import argparse
import asyncio
import functools
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from .namespaces import CLONE_NEWNET, enter, unshare
from .netlink import CABLE, LOOPBACK, Netlink


Address = tuple[str, int]

HERE = "127.0.0.1"
ASK_EVERY = 0.02
LAST_WORDS = 1.0
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_CABLE_ENDS = ("192.0.2.1", "192.0.2.2")
_LOCALNET = Path("/proc/sys/net/ipv4/conf/all/route_localnet")
_LOW_PORTS = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
_OURSELVES = (sys.executable, "-I", "-m", "glassware.runner.network")


@functools.cache
def refusal() -> str | None:
    """Return why a program cannot have a network of its own; `None`: it can."""
    if sys.platform != "linux":
        return "it needs Linux"
    tried = subprocess.run(_OURSELVES, capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return None
    return tried.stderr.strip().rpartition("\n")[2] or "it does not start"


def enclosed(
    argv: Sequence[str], path: Path, port: int, outlets: Iterable[Address]
) -> list[str]:
    """Return the command that starts `argv` in a network of its own.

    Args:
        argv: The program.
        path: The unix socket at which it is reached.
        port: The port that it listens on.
        outlets: What it may reach outside.
    """
    ways = (word for host, to in outlets for word in ("--outlet", f"{host}:{to}"))
    own = ("--socket", str(path), "--port", str(port))
    return [*_OURSELVES, *own, *ways, "--", *argv]


def main() -> int:
    """Run a program in a network of its own; without one, try if that is allowed."""
    parser = argparse.ArgumentParser(prog="glassware.runner.network")
    parser.add_argument("--socket", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--outlet", type=_address, action="append", default=[])
    parser.add_argument("argv", nargs="*")
    asked = parser.parse_args()
    outlets = [outlet for outlet in asked.outlet if outlet != (HERE, asked.port)]
    try:
        enter(0)
        outside = asyncio.new_event_loop()
        threading.Thread(target=outside.run_forever, daemon=True).start()
        listeners = _move_in(outlets)
    except OSError as error:
        sys.exit(f"the kernel refuses a network namespace ({error.strerror})")
    if not asked.argv:
        return 0
    serving = [
        asyncio.run_coroutine_threadsafe(_serve(listener, *outlet), outside)
        for outlet, listener in listeners.items()
    ]
    code = asyncio.run(_live(asked.argv, asked.socket, asked.port))
    for outlet in serving:
        outlet.cancel()
    asyncio.run_coroutine_threadsafe(_settle(), outside).result()
    return code if code >= 0 else 128 - code


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _move_in(outlets: Iterable[Address]) -> dict[Address, socket.socket]:
    """Move the calling thread into new namespaces; return what listens there."""
    unshare(CLONE_NEWNET)
    beyond = Netlink()
    beyond.up(LOOPBACK)
    _LOCALNET.write_text("1")
    listeners = {o: socket.create_server(o) for o in outlets if o[0] != HERE}
    unshare(CLONE_NEWNET)
    within = Netlink()
    within.up(LOOPBACK)
    _LOCALNET.write_text("1")
    _LOW_PORTS.write_text("0")
    beyond.lay_cable(os.getpid())
    for end, address in zip((beyond, within), _CABLE_ENDS, strict=True):
        end.address(CABLE, address, 24)
        end.up(CABLE)
    within.disown("127.0.0.0", 8)
    within.lead("127.0.0.0", 8, _CABLE_ENDS[0])
    return listeners | {o: socket.create_server(o) for o in outlets if o[0] == HERE}


async def _live(argv: Sequence[str], path: Path, port: int) -> int:
    """Run the program to its end and return its return code."""
    try:
        program = await asyncio.create_subprocess_exec(*argv)
    except OSError as error:
        sys.exit(f"`{argv[0]}` cannot be started: {error.strerror}")

    def pass_on(signum: int) -> None:
        with suppress(ProcessLookupError):
            program.send_signal(signum)

    for signum in PASSED_ON:
        asyncio.get_running_loop().add_signal_handler(signum, pass_on, signum)
    opening = asyncio.create_task(_open(path, port))
    code = await program.wait()
    opening.cancel()
    await _settle()
    return code


async def _open(path: Path, port: int) -> None:
    """Listen at the unix socket as soon as the program takes connections."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HERE, port)
        except OSError:
            await asyncio.sleep(ASK_EVERY)
        else:
            writer.close()
            break
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    await _serve(listener, HERE, port)


async def _serve(listener: socket.socket, host: str, port: int) -> None:
    """Connect what comes to `listener` with an address, until cancelled."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            there, across = await asyncio.open_connection(host, port)
            ends.append(across)
            async with asyncio.TaskGroup() as both:
                asking = both.create_task(_copy(reader, across))
                # Who answers says when it is over.
                await _copy(there, writer)
                asking.cancel()
            for end in ends:
                end.close()
                await end.wait_closed()
        except* (OSError, asyncio.CancelledError):
            for end in ends:
                end.transport.abort()

    async with await asyncio.start_server(relay, sock=listener) as server:
        await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def _settle() -> None:
    """Let what the program wrote last arrive."""
    relays = asyncio.all_tasks() - {asyncio.current_task()}
    if relays:
        await asyncio.wait(relays, timeout=LAST_WORDS)


if __name__ == "__main__":
    sys.exit(main())

"""Real workers for the tests of this folder, and a client for their sockets."""

import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from waiting import until


PATIENCE = 20.0
PR_SET_CHILD_SUBREAPER = 36


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("shop.test", timeout=PATIENCE)
        self.path = path

    def connect(self) -> None:
        """Connect to the path, whatever the host is called."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


@dataclass(frozen=True)
class Answer:
    """What a worker answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass
class Worker:
    """One worker process and what it said."""

    job: Mapping[str, Any]
    status: int
    output: Path
    pid: int = 0
    code: int | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)
    rest: bytes = b""

    @property
    def socket(self) -> str:
        """The path that it binds."""
        return str(self.job["socket"])

    def hear(self) -> dict[str, Any] | None:
        """Return the next line of the status pipe; `None`: it has ended."""
        while b"\n" not in self.rest:
            if not (data := os.read(self.status, 65_536)):
                return None
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        said = json.loads(line)
        self.pid = said.get("pid", self.pid)
        self.lines.append(said)
        return said

    def outcome(self) -> dict[str, Any]:
        """Return the line that says `ready` or `failed`."""
        while (said := self.hear()) is not None:
            if said["event"] != "started":
                return said
        raise AssertionError(f"it died: {self.log()}")

    def ready(self) -> dict[str, Any]:
        """Wait until it serves, and return what it said then."""
        said = self.outcome()
        assert said["event"] == "ready", said
        return said

    def connection(self) -> Connection:
        """Return a connection of its own."""
        return Connection(self.socket)

    def ask(
        self,
        target: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = self.connection()
        try:
            # It may have answered, and closed, before all of the request was sent.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, target, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def send(self, raw: bytes) -> bytes:
        """Send bytes and return all that comes back."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(self.socket)
            client.sendall(raw)
            parts = []
            while data := client.recv(65_536):
                parts.append(data)
        return b"".join(parts)

    def log(self) -> str:
        """Return what it wrote to stdout and stderr."""
        return self.output.read_text(errors="replace")

    def signal(self, signum: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal."""
        if self.code is None:
            os.kill(self.pid, signum)

    def wait(self) -> int:
        """Wait for its end and return its exit code."""
        until(self._has_ended, "the end of a worker", PATIENCE)
        assert self.code is not None
        return self.code

    def _has_ended(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def end(self) -> None:
        """End it at once, and forget it."""
        while self.pid == 0 and self.hear() is not None:
            pass
        if self.pid:
            self.signal(signal.SIGKILL)
            self.wait()
        os.close(self.status)


@dataclass
class GroupWorker(Worker):
    """One process of several services, and what it said."""

    logs: Mapping[str, Path] = field(default_factory=dict)

    def member(self, name: str) -> Worker:
        """Return one of its services, to be asked at its own socket."""
        jobs = {job["service"]: job for job in self.job["members"]}
        return Worker(jobs[name], self.status, self.logs[name], self.pid)


class Zygote:
    """A zygote process; its workers are children of this process."""

    def __init__(self, *arguments: str, output: int = 2) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(PATIENCE)
        self.control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 800_000)
        descriptor = str(theirs.fileno())
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "glassware.worker.zygote"),
                *("--control", descriptor, *arguments),
            ],
            pass_fds=[theirs.fileno()],
            stdout=output,
            stderr=output,
        )
        theirs.close()
        self.greeting = self.hear()

    def hear(self) -> dict[str, Any]:
        """Return its next answer."""
        return json.loads(self.control.recv(65_536))

    def fork(self, job: Mapping[str, Any], descriptors: list[int]) -> dict[str, Any]:
        """Ask for a worker and return the answer."""
        socket.send_fds(self.control, [json.dumps(job).encode()], descriptors)
        return self.hear()

    def end(self) -> int:
        """Close the control socket and wait for the end."""
        self.control.close()
        return self.process.wait(PATIENCE)


class Starter:
    """Starts workers below a folder, and ends them all.

    Args:
        folder: With a path that is short enough for sockets.
        zygote: What forks them.
    """

    def __init__(self, folder: Path, zygote: Zygote) -> None:
        self.folder = folder
        self.zygote = zygote
        self.workers: list[Worker] = []
        self.jobs = 0
        self.program = ["-P", "-m", "glassware.worker"]
        self.logs = 0

    def job(self, files: Mapping[str, str], **facts: Any) -> dict[str, Any]:
        """Write the files of a service and return a job for it."""
        self.jobs += 1
        number = self.jobs
        service = facts.get("service", "catalog")
        folder = self.folder / str(number) / service
        folder.mkdir(parents=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return {
            "service": service,
            "folder": str(folder),
            "app": "app.py",
            "socket": str(self.folder / f"{number}.sock"),
            "environment": {"PATH": os.environ["PATH"]},
            **facts,
        }

    def fork(self, files: Mapping[str, str] | str, **facts: Any) -> Worker:
        """Start a worker from the zygote; `files` alone is the text of `app.py`."""
        files = {"app.py": files} if isinstance(files, str) else files
        return self.fork_job(self.job(files, **facts))

    def fork_job(self, job: Mapping[str, Any]) -> Worker:
        """Start a worker from the zygote for a job that is written."""
        worker, status, output = self._worker(job)
        answer = self.zygote.fork(worker.job, [status, output])
        os.close(status)
        os.close(output)
        assert answer["event"] == "forked", answer
        worker.pid = answer["pid"]
        return worker

    def group(self, *members: Mapping[str, Any], **facts: Any) -> "GroupWorker":
        """Start a group from the zygote; each member is a job that is written."""
        return self._group(members, facts, self._fork_group)

    def spawn_group(self, *members: Mapping[str, Any], **facts: Any) -> "GroupWorker":
        """Start a group as a plain process."""
        return self._group(members, facts, self._spawn_group)

    def _group(
        self,
        members: Sequence[Mapping[str, Any]],
        facts: Mapping[str, Any],
        start: Callable[["GroupWorker", int, int, list[int]], None],
    ) -> "GroupWorker":
        read, status = os.pipe()
        log, output = self._log()
        outputs, logs = [], {}
        for member in members:
            logs[member["service"]], descriptor = self._log()
            outputs.append(descriptor)
        job = {"group": "web", "members": members, **facts}
        worker = GroupWorker(job, read, log, logs=logs)
        self.workers.append(worker)
        start(worker, status, output, outputs)
        for descriptor in (status, output, *outputs):
            os.close(descriptor)
        return worker

    def _fork_group(
        self, worker: "GroupWorker", status: int, output: int, outputs: list[int]
    ) -> None:
        answer = self.zygote.fork(worker.job, [status, output, *outputs])
        assert answer["event"] == "forked", answer
        worker.pid = answer["pid"]

    def _spawn_group(
        self, worker: "GroupWorker", status: int, output: int, outputs: list[int]
    ) -> None:
        extra = ["--outputs", ",".join(map(str, outputs))]
        worker.pid = self._spawn(worker.job, status, output, extra, outputs)

    def spawn(self, files: Mapping[str, str] | str, **facts: Any) -> Worker:
        """Start a worker as a plain process."""
        files = {"app.py": files} if isinstance(files, str) else files
        worker, status, output = self._worker(self.job(files, **facts))
        worker.pid = self._spawn(worker.job, status, output)
        os.close(status)
        os.close(output)
        return worker

    def _spawn(
        self,
        job: Mapping[str, Any],
        status: int,
        output: int,
        extra: Sequence[str] = (),
        keep: Sequence[int] = (),
    ) -> int:
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps(job).encode())
            file.seek(0)
            process = subprocess.Popen(
                [
                    *(sys.executable, *self.program),
                    *("--status", str(status), "--job", str(file.fileno()), *extra),
                ],
                cwd=str(job.get("folder", self.folder)),
                pass_fds=[status, file.fileno(), *keep],
                stdout=output,
                stderr=output,
            )
        process.returncode = 0  # `Worker.wait` reaps it
        return process.pid

    def end(self) -> None:
        """End every worker that was started."""
        for worker in self.workers:
            worker.end()

    def _worker(self, job: Mapping[str, Any]) -> tuple[Worker, int, int]:
        read, write = os.pipe()
        log, output = self._log()
        worker = Worker(job, read, log)
        self.workers.append(worker)
        return worker, write, output

    def _log(self) -> tuple[Path, int]:
        self.logs += 1
        log = self.folder / f"{self.logs}.log"
        return log, os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)


def become_subreaper(value: int) -> None:
    """Adopt orphans of descendants, or stop doing so."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, value, 0, 0, 0)

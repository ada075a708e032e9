import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from worker.worker_process import PATIENCE, Starter, Zygote, become_subreaper


HELLO = """
from flask import Flask
app = Flask(__name__)
@app.get("/")
def home():
    return {"name": __name__}
"""
LARGEST = 200_000


def test_its_workers_are_ours_and_lead_sessions_of_their_own(start, zygote):
    """They belong to the zygote's parent, out of reach of the terminal's Ctrl-C."""
    worker = start.fork(HELLO)
    worker.ready()
    status = Path(f"/proc/{worker.pid}/status").read_text()
    assert f"PPid:\t{os.getpid()}\n" in status
    assert status.startswith("Name:\tcatalog\n")
    assert os.getsid(worker.pid) == os.getpgid(worker.pid) == worker.pid


def test_workers_survive_the_zygote(folder):
    """The end of the control socket ends the zygote, and its workers serve on."""
    zygote = Zygote()
    starter = Starter(folder, zygote)
    worker = starter.fork(HELLO)
    worker.ready()
    zygote.control.close()
    assert zygote.process.wait(PATIENCE) == 0
    assert worker.ask("/").status == 200
    starter.end()
    zygote.end()


def test_a_killed_zygote_takes_no_worker_along(folder):
    """Not even `kill -9` of the zygote costs a request."""
    zygote = Zygote()
    starter = Starter(folder, zygote)
    worker = starter.fork(HELLO)
    worker.ready()
    zygote.process.kill()
    zygote.process.wait(PATIENCE)
    assert worker.ask("/").status == 200
    starter.end()
    zygote.end()


SUPERVISOR = """
import ctypes, os, socket, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
subprocess.Popen(
    [sys.executable, "-m", "glassware.worker.zygote", "--control", str(theirs.fileno())],
    pass_fds=[theirs.fileno()],
)
theirs.close()
ours.recv(65536)
socket.send_fds(ours, [sys.argv[1].encode()], [int(sys.argv[2]), 2])
sys.stdin.read()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_supervisor(start, end):
    """However the supervisor ends, the kernel ends its workers and the zygote."""
    job = start.job({"app.py": HELLO})
    read, write = os.pipe()
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, json.dumps(job), str(write)],
        pass_fds=[write],
        stdin=subprocess.PIPE,
    )
    os.close(write)
    with os.fdopen(read) as status:
        pid = json.loads(status.readline())["pid"]
        assert json.loads(status.readline())["event"] == "ready"
    children = f"/proc/{supervisor.pid}/task/{supervisor.pid}/children"
    below = set(map(int, Path(children).read_text().split()))
    assert pid in below
    supervisor.send_signal(end)
    supervisor.communicate()
    # This process is the subreaper above: it inherits and reaps what is left.
    codes = {
        child: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in below
    }
    assert codes[pid] == -signal.SIGKILL


def test_a_worker_without_a_subreaper_says_so(start):
    """A worker that would outlive its supervisor does not begin."""
    become_subreaper(0)
    try:
        said = start.fork(HELLO).outcome()
    finally:
        become_subreaper(1)
    assert "no subreaper" in said["reason"]
    # Somebody else reaps it.
    start.workers[-1].code = 1


def test_a_job_may_be_large(start, zygote):
    """A site's variables may be many; beyond the limit the zygote says so."""
    job = start.job({"app.py": HELLO})
    padding = LARGEST - len(json.dumps(job)) - 40
    worker = start.fork(HELLO, environment={"PADDING": "x" * padding})
    worker.ready()
    read, write = os.pipe()
    job["environment"] = {"PADDING": "x" * LARGEST}
    answer = zygote.fork(job, [write, 2])
    os.close(write)
    assert answer["event"] == "refused"
    assert "larger than 200000 bytes" in answer["reason"]
    with os.fdopen(read) as status:
        assert json.loads(status.read())["event"] == "failed"


@pytest.mark.parametrize("message", [b"{}", b"nonsense", b'{"service": 1}'])
def test_nonsense_is_refused_and_the_zygote_lives(zygote, message):
    """A bad message is answered, and the next one is served."""
    read, write = os.pipe()
    socket.send_fds(zygote.control, [message], [write, 2])
    os.close(write)
    assert zygote.hear()["event"] == "refused"
    os.close(read)


def test_unread_answers_stop_nothing(folder):
    """A supervisor that never listens gets its workers all the same."""
    zygote = Zygote()
    for _ in range(2000):
        zygote.control.send(b"nonsense")
    starter = Starter(folder, zygote)
    job = starter.job({"app.py": HELLO})
    read, write = os.pipe()
    socket.send_fds(zygote.control, [json.dumps(job).encode()], [write, 2])
    os.close(write)
    with os.fdopen(read) as status:
        pid = json.loads(status.readline())["pid"]
        assert json.loads(status.readline())["event"] == "ready"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    zygote.end()


@pytest.fixture
def library(folder, monkeypatch):
    """Modules that a zygote can find, as if they were installed."""

    # What counts as installed is what lies below the interpreter's own folders.
    def write(name: str, text: str) -> None:
        (folder / f"{name}.py").write_text(text)

    monkeypatch.setenv("PYTHONPATH", str(folder))
    return write


def test_it_says_what_it_did_not_preload(library):
    """Each module that was left out comes with its reason."""
    library("edited", "")
    zygote = Zygote(
        *("--preload", "edited"),
        *("--preload", "nowhere"),
        *("--preload", "this_is.nowhere"),
        *("--preload", "sqlalchemy"),
    )
    zygote.end()
    assert zygote.greeting["threads"] == 1
    said = {s["module"]: s["reason"] for s in zygote.greeting["skipped"]}
    assert said["edited"].startswith("its files are edited")
    assert said["nowhere"] == "it is not installed"
    assert said["this_is.nowhere"].startswith("ModuleNotFoundError")
    assert "sqlalchemy" not in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "import _thread, time\n_thread.start_new_thread(time.sleep, (60,))\n",
            "it starts a thread when it is imported",
        ),
        (
            "import socket\nkept = socket.socket()\n",
            "it opens a connection when it is imported",
        ),
    ],
    ids=["thread", "socket"],
)
def test_a_module_that_cannot_be_shared_is_left_out(
    tmp_path, monkeypatch, text, reason
):
    """The zygote begins anew without it: a fork would not take it along whole."""
    # A `.pyc` without its source is nothing that anybody edits.
    import py_compile  # noqa: PLC0415 - for this test alone

    source = tmp_path / "busy.py"
    source.write_text(text)
    py_compile.compile(str(source), cfile=str(tmp_path / "busy.pyc"))
    source.unlink()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    zygote = Zygote("--preload", "busy")
    pid = zygote.process.pid
    assert zygote.greeting["threads"] == 1
    assert zygote.greeting["skipped"] == [{"module": "busy", "reason": reason}]
    assert pid == zygote.process.pid
    zygote.end()


def test_siblings_do_not_draw_the_same_numbers(start):
    """`random` is seeded anew in each worker."""
    text = (
        HELLO + "import random\n@app.get('/n')\ndef n():\n    return [random.random()]"
    )
    drawn = set()
    for _ in range(3):
        worker = start.fork(text)
        worker.ready()
        drawn.add(worker.ask("/n").json[0])
    assert len(drawn) == 3


def test_a_worker_reads_nothing_unless_it_is_given_a_terminal(start):
    """Stdin is empty, so that a forgotten `breakpoint()` ends and does not hang."""
    worker = start.fork("import sys; print(repr(sys.stdin.read()))" + HELLO)
    worker.ready()
    assert "''" in worker.log()


def test_a_third_descriptor_is_stdin(start, zygote):
    """`breakpoint()` reads the commands that somebody types."""
    job = start.job({"app.py": HELLO + "\nprint('read', input())"})
    status_read, status = os.pipe()
    stdin, typed = os.pipe()
    log = start.folder / "log"
    output = os.open(log, os.O_CREAT | os.O_WRONLY)
    os.write(typed, b"hello\n")
    pid = zygote.fork(job, [status, output, stdin])["pid"]
    for descriptor in (status, output, stdin, typed):
        os.close(descriptor)
    with os.fdopen(status_read) as status:
        assert [json.loads(line)["event"] for line in status] == ["started", "ready"]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert "read hello" in log.read_text()


def test_a_crash_in_one_worker_is_its_own(start):
    """A worker that dies in native code leaves the others and the zygote alone."""
    text = HELLO + "@app.get('/die')\ndef die():\n    import os; os.abort()"
    dying, other = start.fork(text), start.fork(HELLO)
    dying.ready()
    other.ready()
    with pytest.raises(OSError):  # noqa: PT011 - reset or refused, as it happens
        dying.ask("/die")
    assert dying.wait() == -signal.SIGABRT
    assert "in die" in dying.log()
    assert other.ask("/").status == 200
    start.fork(HELLO).ready()


def test_a_plain_process_serves_the_same(start):
    """`isolated = true` changes how a worker starts, and nothing else."""
    worker = start.spawn(HELLO)
    assert worker.ready()["server"] == "granian"
    assert worker.ask("/").json == {"name": "catalog"}
    worker.signal()
    assert worker.wait() == 0


def test_no_secret_is_where_other_programs_look(start):
    """Neither the arguments nor the initial environment of a worker hold any."""
    for launch in (start.fork, start.spawn):
        worker = launch(HELLO, environment={"STRIPE_KEY": "sk-canary"})
        worker.ready()
        for name in ("cmdline", "environ"):
            assert b"canary" not in Path(f"/proc/{worker.pid}/{name}").read_bytes()


def test_sockets_are_private(start):
    """Only this user's processes can connect, also where somebody was there before."""
    job = start.job({"app.py": HELLO})
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(job["socket"])
    stale.close()
    worker = start.fork_job(job)
    worker.ready()
    assert Path(worker.socket).stat().st_mode & 0o777 == 0o600


def test_a_plain_address_is_never_shared(start):
    """A port that is taken is a failure that names the address, not a second owner."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        host, port = holder.getsockname()
        said = start.fork(HELLO, address=[host, port]).outcome()
        assert said["event"] == "failed"
        assert "Address already in use" in said["reason"]
    worker = start.fork(HELLO, address=[host, port])
    worker.ready()
    with socket.create_connection((host, port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"

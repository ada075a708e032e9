"""Signals at the wrong moment, and processes that are killed or paused."""

import json
import os
import random
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from versions import SITE, save, serves, visitors
from waiting import until


WITH_DATABASES = SITE | {
    "services/shop/service.toml": """
        route = "/"

        [databases]
        main = "postgresql"
        cache = "redis"

        [tasks]
        migrate = "python migrate.py"

        [processes]
        tick = "sleep 1000"
        """,
    "services/shop/migrate.py": "import time\ntime.sleep(0.5)\n",
}


@pytest.mark.parametrize(
    ("moment", "times"),
    [("starts postgresql", 10), ("ready: redis", 1), ("runs `", 10), ("➜", 2)],
)
def test_ctrl_c_at_any_moment_leaves_nothing_but_the_data(site, moment, times):
    """During `initdb`, a migration, and as often as somebody presses it."""
    site.write(WITH_DATABASES)
    site.up(wait=False)
    site.until(lambda: moment in site.log.read_text(), moment)

    for _ in range(times):
        with suppress(ProcessLookupError):
            site.process.send_signal(signal.SIGINT)
    code = site.process.wait(10)
    until(lambda: not site.processes(), "the end of everything", patience=2.0)

    assert code == 0
    assert "Traceback" not in site.log.read_text()
    site.up()
    assert site.get("/").status == 200


def test_a_stop_before_the_site_can_hear_it_is_heard(site):
    """The site never misses a Ctrl-C, however early."""
    site.write(SITE)
    site.up(wait=False)
    site.until((site.folder / ".glassware/site.json").exists, "its claim")

    assert site.stop(signal.SIGTERM) == 0


def pause(pid):
    """Stop a process as a debugger or a frozen disk does."""
    os.kill(pid, signal.SIGSTOP)


@pytest.mark.parametrize("who", ["gateway", "worker", "supervisor"])
def test_a_paused_process_does_not_hold_up_the_end(site, who):
    """What does not hear that it is to stop is ended."""
    site.write(SITE)
    site.up()
    snapshot = site.snapshot()
    pids = {
        "gateway": snapshot["gateway_pid"],
        "worker": site.service("shop")["pids"][0],
        "supervisor": snapshot["pid"],
    }
    pause(pids[who])

    if who == "supervisor":
        assert {site.get("/").status for _ in range(20)} == {200}
        site.process.kill()
        os.kill(pids[who], signal.SIGKILL)
        site.process.wait(10)
    else:
        assert site.stop() == 0

    until(lambda: not site.processes(), "the end of everything", patience=2.0)


def test_a_stop_during_a_reload_with_a_paused_gateway(site):
    """The site does not wait for an answer that nobody will give."""
    site.write(SITE)
    site.up()
    pause(site.snapshot()["gateway_pid"])
    before = site.service("shop")["pids"]
    save(site, 2)
    site.until(lambda: site.service("shop")["pids"] != before, "the reload")

    assert site.stop() == 0


def kinds(site):
    """Return the processes of a site by what they are, guard and supervisor left out."""
    found = {}
    for pid in site.processes():
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            if b"glassware\0up" not in words:
                found.setdefault(name, []).append(pid)
    return found


def test_a_storm_of_kills_is_recovered_from(site):
    """Workers, zygote, gateway, databases, companions: in any order."""
    site.write(WITH_DATABASES)
    site.up()
    chance = random.Random(7)

    for _ in range(15):
        found = kinds(site)
        victim = chance.choice(found[chance.choice(sorted(found))])
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        threading.Event().wait(chance.choice([0.02, 0.2]))

    def whole():
        now = site.snapshot()
        with suppress(OSError):
            return (
                all(service["phase"] == "running" for service in now["services"])
                and all(engine["ready"] for engine in now["engines"])
                and site.get("/").status == 200
            )
        return False

    site.until(whole, "recovery")
    assert "unforeseen" not in site.log.read_text()


def test_fifty_ask_at_once_and_one_sends_rubbish(site):
    """The control socket answers whoever speaks, and minds nobody else."""
    site.write(SITE)
    site.up()
    note = json.loads((site.folder / ".glassware/site.json").read_text())
    rubbish = [b"null\n", b'{"op": 5}\n', b'{"op": "restart", "services": 5}\n']
    rubbish += [b"\xff\n", b"[" * 100_000 + b"\n", b"x" * 20_000_000, b'{"op": "sn']

    answers = [spoken(note["control"], request) for request in rubbish]
    asked = [spoken(note["control"], b'{"op": "snapshot"}\n') for _ in range(50)]

    assert all("error" in json.loads(answer) for answer in answers[:5])
    assert {json.loads(answer)["pid"] for answer in asked} == {note["pid"]}
    assert "Traceback" not in site.log.read_text()


def spoken(path, request):
    """Say something to the control socket and return the first line it answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(0.5)
        connection.connect(path)
        with suppress(OSError):
            connection.sendall(request)
            return connection.makefile("rb").readline()
        return b""


def test_two_that_start_at_once_are_one_site(site):
    """One of them has it, and the other says so."""
    site.write(SITE)
    site.up(wait=False)
    first = site.process
    site.up(wait=False)
    both = (first, site.process)

    site.until(lambda: any(up.poll() is not None for up in both), "a refusal")
    (refused,) = (up for up in both if up.poll() is not None)
    (site.process,) = (up for up in both if up is not refused)
    site.until(lambda: "➜" in site.log.read_text(), "readiness")

    assert refused.wait() == 3
    assert "error: the site" in site.log.read_text()
    assert site.get("/").status == 200


def test_down_ends_a_site_that_is_just_starting(site):
    """There is no moment in which `down` says that nothing runs."""
    site.write(WITH_DATABASES)
    site.up(wait=False)
    site.until((site.folder / ".glassware/site.json").exists, "its claim")

    down = site.run("down")

    assert down.returncode == 0
    assert "stopped" in down.stderr
    assert site.process.wait(10) == 0


def test_restarts_of_everything_again_and_again_cost_no_request(site):
    """And nothing grows: no descriptor, no process."""
    site.write(SITE)
    site.up()
    supervisor = site.snapshot()["pid"]
    restarted(site)
    before = descriptors(supervisor)

    with visitors(site, count=2) as seen:
        for _ in range(15):
            restarted(site)

    assert set(seen) == {200}
    site.until(lambda: descriptors(supervisor) <= before, "the end of every descriptor")
    site.until(serves(site, 1), "an answer")


def restarted(site):
    """Restart every service and wait until each has another worker."""
    control = json.loads((site.folder / ".glassware/site.json").read_text())["control"]

    def services():
        return json.loads(spoken(control, b'{"op": "snapshot"}\n'))["services"]

    before = {s["name"]: s["pids"] for s in services()}
    names = json.dumps({"op": "restart", "services": sorted(before)})
    spoken(control, names.encode() + b"\n")

    def renewed():
        return all(
            s["phase"] == "running" and not {*s["pids"]} & {*before[s["name"]]}
            for s in services()
        )

    site.until(renewed, "other workers")


def descriptors(pid):
    """Return how many descriptors a process has."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def test_a_site_under_nohup_outlives_its_terminal(site):
    """It was asked to."""
    site.write(SITE)
    site.up(through=("nohup",))

    site.process.send_signal(signal.SIGHUP)

    assert {site.get("/").status for _ in range(20)} == {200}
    assert site.service("shop")["phase"] == "running"
    assert site.stop() == 0


def test_a_site_without_any_stream_runs(site):
    """Closed ones are not mistaken for the site's own files."""
    site.write(SITE)
    site.up(wait=False, through=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"))
    note = site.folder / ".glassware/site.json"
    site.until(note.exists, "its claim")
    site.until(lambda: site.service("shop")["phase"] == "running", "readiness")

    assert site.get("/").status == 200
    assert site.stop() == 0


def test_what_hides_from_its_service_is_ended_with_the_site(site):
    """In another session, deaf to signals, and with a name that is no text."""
    site.write(SITE)
    site.write(
        {
            "services/other/app.py": """
                import ctypes, os, signal, time

                from flask import Flask

                app = Flask(__name__)
                if os.fork() == 0:
                    os.setsid()
                    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                        signal.signal(signum, signal.SIG_IGN)
                    ctypes.CDLL(None).prctl(15, b") \\xff Z 1 (", 0, 0, 0)
                    time.sleep(1000)
                """
        }
    )
    site.up()
    before = len(site.processes())

    os.kill(site.snapshot()["pid"], signal.SIGKILL)
    site.process.wait(10)

    until(lambda: not site.processes(), "the end of everything", patience=2.0)
    assert before >= 7

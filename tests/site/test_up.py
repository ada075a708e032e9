"""One command runs a site, and nothing is left when it ends."""

import json
import os
import signal
import time

import pytest

from waiting import until


HELLO = {
    "services/hello/app.py": """
        from flask import Flask, request
        from glassware import services

        app = Flask(__name__)

        @app.get("/")
        def index():
            return f"hello {services.names.get('/name').json()['name']}"

        @app.get("/who")
        def who():
            return {"remote": request.remote_addr, "url": request.url}
        """,
    "services/hello/service.toml": """
        route = "/"
        calls = ["names"]
        """,
    "services/names/app.py": """
        from flask import Flask

        app = Flask(__name__)

        @app.get("/name")
        def name():
            return {"name": "world"}
        """,
}


def test_two_services_make_one_page(site):
    """A page is put together by a service that calls another."""
    site.write(HELLO)
    site.up()

    assert site.get("/").text == "hello world"
    assert site.get("/name").status == 404


def test_the_application_sees_the_visitor(site):
    """Address and URL are the visitor's, although the worker listens elsewhere."""
    site.write(HELLO)
    site.up()

    seen = site.get("/who").json()

    assert seen == {"remote": "127.0.0.1", "url": f"{site.url}/who"}


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(site, signum):
    """Ctrl-C, SIGTERM and a closed terminal leave no process behind."""
    site.write(HELLO)
    site.up()

    assert site.stop(signum) == 0
    until(lambda: not site.processes(), "the end", patience=2.0)


@pytest.mark.parametrize("who", ["guard", "supervisor"])
def test_kill_9_leaves_nothing_behind(site, who):
    """Nothing runs two seconds later, not even what left its process group."""
    site.write(HELLO)
    site.write(
        {
            "services/names/app.py": """
                import subprocess
                from flask import Flask

                app = Flask(__name__)
                subprocess.Popen(["sleep", "300"], start_new_session=True)
                """
        }
    )
    site.up()
    victim = site.process.pid if who == "guard" else site.snapshot()["pid"]
    before = site.processes()

    os.kill(victim, signal.SIGKILL)
    until(lambda: not site.processes() - {victim}, "the end", patience=2.5)
    site.process.wait(10)

    assert len(before) > 4


def test_killing_guard_and_supervisor_at_once_ends_the_site(site):
    """Workers, engines and the gateway end with the supervisor by themselves."""
    site.write(HELLO)
    site.up()
    supervisor = site.snapshot()["pid"]

    os.kill(site.process.pid, signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    site.process.wait(10)

    until(lambda: not site.processes(), "the end", patience=2.5)


def test_a_site_starts_again_after_it_was_killed(site):
    """Stale sockets and locks are harmless."""
    site.write(HELLO)
    site.up()
    os.kill(site.snapshot()["pid"], signal.SIGKILL)
    site.process.wait(10)

    site.up()

    assert site.get("/").text == "hello world"


def test_a_second_up_says_that_the_site_runs_and_where(site):
    """Two supervisors never share a site."""
    site.write(HELLO)
    site.up()

    second = site.run("up")

    assert second.returncode == 3
    assert f"already runs at {site.url}" in second.stderr


def test_two_sites_run_side_by_side(site, tmp_path):
    """Two checkouts never meet: ports, sockets, state."""
    other = type(site)(tmp_path / "other")
    other.folder.mkdir()
    other.write(HELLO)
    other.folder.joinpath("services/names/app.py").write_text(
        HELLO["services/names/app.py"]
        .replace("world", "moon")
        .replace("\n        ", "\n")
    )
    site.write(HELLO)
    site.up()
    other.log.unlink()
    other.up()
    try:
        assert site.get("/").text == "hello world"
        assert other.get("/").text == "hello moon"
        assert site.url != other.url
    finally:
        other.stop()


def test_the_port_is_the_same_next_time(site, listener):
    """Bookmarks go on to work."""
    site.write(HELLO)
    port = listener.getsockname()[1]
    listener.close()
    site.write({".glassware/ports.json": json.dumps({"gateway": port})})
    site.up()
    first = site.url
    site.stop()
    site.up()

    assert first == site.url == f"http://localhost:{port}"


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(site, listener):
    """The site never shares a port with another program."""
    site.write(HELLO)
    port = listener.getsockname()[1]

    refused = site.run("up", "--port", str(port))

    assert refused.returncode == 3
    assert f"port {port}" in refused.stderr


def test_a_deep_checkout_works(site, tmp_path):
    """The length of a socket's path is not the user's concern."""
    site.folder = tmp_path.joinpath(*["a-rather-long-folder-name"] * 8)
    site.folder.mkdir(parents=True)
    site.write(HELLO)
    site.up()

    assert site.get("/").text == "hello world"


def test_stopping_is_quick(site):
    """An idle site ends well within two seconds."""
    site.write(HELLO)
    site.up()

    began = time.monotonic()
    site.stop()

    assert time.monotonic() - began < 5.0

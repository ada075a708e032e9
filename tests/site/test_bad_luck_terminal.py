"""A terminal that is paused, slow or gone holds up nobody."""

import os
import subprocess

from sites import COMMAND


CHATTY = {
    "services/shop/app.py": """
        from flask import Flask

        app = Flask(__name__)

        @app.get("/")
        def index():
            print("x" * 200_000)
            return "shop"
        """,
    "services/shop/service.toml": 'route = "/"\n',
}


def start(site, output):
    """Start the site with a terminal of the test's own."""
    site.process = subprocess.Popen(
        [*COMMAND, "up"],
        cwd=site.folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        text=True,
    )
    os.close(output)
    site.until((site.folder / ".glassware/site.json").exists, "the start")
    site.until(lambda: site.service("shop")["phase"] == "running", "readiness")


def test_a_paused_terminal_holds_up_neither_visitors_nor_the_stop(site):
    """Ctrl-S, or a pager: nobody reads, and services that print go on to serve."""
    site.write(CHATTY)
    site.log.touch()
    reading, writing = os.pipe()
    try:
        start(site, writing)

        assert [site.get("/").text for _ in range(20)] == ["shop"] * 20
        assert site.service("shop")["phase"] == "running"
        assert site.stop() == 0
    finally:
        os.close(reading)


def test_a_reader_that_hangs_up_leaves_the_site_running(site):
    """`glassware up | head -1` is a site without a terminal."""
    site.write(CHATTY)
    site.log.touch()
    reading, writing = os.pipe()
    os.close(reading)
    start(site, writing)

    assert site.get("/").text == "shop"
    assert site.run("down").returncode == 0
    assert site.process.wait(10) == 0

"""Debuggers work where the author is: in the terminal, and in the page."""

import os
import pty
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import pytest


STOPS = {
    "services/shop/app.py": """
        from flask import Flask

        app = Flask(__name__)


        @app.get("/")
        def index():
            price = 7
            breakpoint()
            return f"costs {price}"
        """,
    "services/shop/service.toml": '[[routes]]\npath = "/"\ntimeout = 0.5\n',
    "services/other/app.py": """
        from flask import Flask

        app = Flask(__name__)


        @app.get("/")
        def index():
            return "other"
        """,
    "services/other/service.toml": 'route = "/other"\n',
}
BREAKS = {
    "services/shop/app.py": """
        from flask import Flask

        app = Flask(__name__)


        @app.get("/boom")
        def boom():
            till = [3, 4]
            return till[2]
        """,
    "services/shop/service.toml": """
        route = "/shop"
        workers = 3

        [environment]
        FLASK_DEBUG = "1"
        """,
}


@dataclass
class Person:
    """Somebody at a terminal."""

    terminal: int
    shown: str = ""

    def reads(self, text: str) -> None:
        """Wait until something is shown, and forget what came before."""
        deadline = time.monotonic() + 30
        while text not in self.shown:
            ready, _, _ = select.select([self.terminal], [], [], 0.1)
            if ready:
                self.shown += os.read(self.terminal, 65536).decode()
            assert time.monotonic() < deadline, self.shown
        self.shown = self.shown.partition(text)[2]

    def types(self, line: str) -> None:
        """Type a line."""
        os.write(self.terminal, f"{line}\n".encode())


@pytest.fixture
def person(site) -> Iterator[Person]:
    """Somebody who gave `glassware up --debug shop` at a terminal."""
    site.write(STOPS)
    ours, theirs = pty.openpty()
    site.process = subprocess.Popen(
        [sys.executable, "-m", "glassware", "up", "--debug", "shop"],
        cwd=site.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        text=True,
    )
    os.close(theirs)
    yield Person(ours)
    site.stop()
    os.close(ours)


def test_breakpoint_has_the_terminal_and_all_the_time_it_needs(site, person):
    """The request waits for the person, and no other service waits for either."""
    person.reads("➜")
    answers = []
    visitor = threading.Thread(target=lambda: answers.append(site.get("/")))
    visitor.start()

    person.reads("(Pdb) ")
    person.types("p price * 6")
    person.reads("42")
    person.reads("(Pdb) ")
    visitor.join(1.5)
    assert visitor.is_alive(), answers
    assert site.get("/other/").text == "other"
    person.types("price = 8")
    person.reads("(Pdb) ")
    person.types("c")
    visitor.join(20)

    assert [answer.text for answer in answers] == ["costs 8"]


def test_the_debugger_in_the_page_evaluates(site):
    """It is pinned to one worker, below a prefix, behind the gateway, with a PIN."""
    site.write(BREAKS)
    site.up()
    page = site.get("/shop/boom").text
    secret = re.search(r'SECRET = "(\w+)"', page)[1]
    frame = re.findall(r'id="frame-(\d+)"', page)[-1]
    pin = re.search(r"its PIN is ([\d-]+)", site.log.read_text())[1]

    def ask(cookie="", **what):
        query = urlencode({"__debugger__": "yes", "s": secret, **what}, quote_via=quote)
        return site.get(f"/shop/boom?{query}", headers={"Cookie": cookie})

    before = ask(cmd="sum(till)", frm=frame)
    allowed = ask(cmd="pinauth", pin=pin)
    assert allowed.json()["auth"] is True
    cookie = allowed.headers["Set-Cookie"].partition(";")[0]
    evaluated = [ask(cookie, cmd="sum(till)", frm=frame).text for _ in range(6)]

    assert before.status == 500
    assert "IndexError" in page
    assert all('<span class="number">7</span>' in text for text in evaluated)

"""A page of another site, in a real Chromium, against a site whose visitor it has."""

import contextlib
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import BaseWSGIServer, make_server

from gateway.backend import Backend, backend
from gateway.conftest import short_folder
from gateway.envoy_site import EnvoySite, fresh_port, public, running
from glassware.model import Cors
from waiting import until
from website.chromium import CHROMIUM, chromium_page


pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]

FORM = "<form id=f method=post action='{target}'><input name=a value=b></form>"
SOCKET = """target => new Promise(done => {
    const socket = new WebSocket(target)
    let said = "refused"
    socket.onopen = () => { said = "open"; socket.close() }
    socket.onclose = () => done(said)
})"""
FETCH = """([target, options]) => fetch(target, options)
    .then(answer => answer.status, () => "unreadable")"""


@pytest.fixture(scope="module")
def attacker() -> Iterator[int]:
    """A site of somebody else, with a page for every path."""
    app = Flask("attacker")
    app.add_url_rule("/<path:path>", "page", lambda path: "<!doctype html><body>")
    server: BaseWSGIServer = make_server("127.0.0.1", fresh_port(), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def site(attacker: int) -> Iterator[tuple[EnvoySite, Backend]]:
    """A website, an API that a partner may use, and a webhook."""
    with short_folder() as folder, contextlib.ExitStack() as ends:
        worker = ends.enter_context(backend("web", folder / "web.sock"))
        place = folder / "gateway"
        place.mkdir(mode=0o700)
        made = EnvoySite(
            place,
            (
                public("web", "/"),
                public("web", "/", host="api.localhost", cors=True),
                public("web", "/hook", csrf=False),
            ),
            cors=Cors(origins=(f"http://partner.localhost:{attacker}",)),
        )
        ends.callback(made.stop)
        made.start(running("web", worker.target))
        yield made, worker


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A browser."""
    with chromium_page() as opened:
        yield opened


@pytest.mark.parametrize(
    ("start", "path", "reached"),
    [
        ("http://evil.localhost:{theirs}/a", "/transfer", False),
        ("http://localhost:{theirs}/a", "/transfer", False),
        ("http://evil.localhost:{theirs}/a", "/hook/notify", True),
        ("http://localhost:{ours}/status/200", "/transfer", True),
        ("http://api.localhost:{ours}/status/200", "/transfer", True),
    ],
)
def test_a_form_of_another_site_changes_nothing(
    site: tuple[EnvoySite, Backend],
    attacker: int,
    page: Page,
    start: str,
    path: str,
    reached: bool,
) -> None:
    """Another port of this machine is another site; the site's own hosts are none."""
    made, worker = site
    target = f"http://localhost:{made.port}{path}"
    before = worker.changed.count(path)
    page.goto(start.format(theirs=attacker, ours=made.port))
    page.evaluate(
        "html => document.documentElement.innerHTML = html", FORM.format(target=target)
    )

    with page.expect_navigation(url=target) as led:
        page.evaluate("document.getElementById('f').submit()")

    assert led.value is not None
    assert led.value.status == (200 if reached else 403)
    assert worker.changed.count(path) - before == reached


def test_a_form_without_a_referrer_changes_nothing(
    site: tuple[EnvoySite, Backend], attacker: int, page: Page
) -> None:
    """A sandboxed page hides where it is from: its origin is `null`."""
    made, worker = site
    page.goto(f"http://evil.localhost:{attacker}/a")
    target = f"http://localhost:{made.port}/sandboxed"
    frame = FORM.format(target=target) + "<script>f.submit()</script>"
    statuses: list[int] = []
    page.on(
        "response", lambda r: statuses.append(r.status) if r.url == target else None
    )

    def sent() -> bool:
        # A busy browser loses sight of a frame that changes its process.
        page.evaluate(
            """html => {
                const frame = document.createElement("iframe")
                frame.sandbox = "allow-forms allow-scripts"
                frame.srcdoc = html
                document.body.append(frame)
            }""",
            frame,
        )
        page.wait_for_timeout(500)
        return bool(statuses)

    until(sent, "an answer to the form")

    assert set(statuses) == {403}
    assert "/sandboxed" not in worker.changed


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("http://evil.localhost:{theirs}/a", "refused"),
        ("http://localhost:{theirs}/a", "refused"),
        ("http://localhost:{ours}/status/200", "open"),
        ("http://api.localhost:{ours}/status/200", "open"),
    ],
)
def test_a_websocket_of_another_site_is_refused(
    site: tuple[EnvoySite, Backend],
    attacker: int,
    page: Page,
    start: str,
    expected: str,
) -> None:
    """It would have the visitor's cookies, and could read what is said."""
    made, _ = site
    page.goto(start.format(theirs=attacker, ours=made.port))

    assert page.evaluate(SOCKET, f"ws://localhost:{made.port}/socket") == expected


@pytest.mark.parametrize(
    ("start", "host", "read", "written"),
    [
        ("http://evil.localhost:{theirs}/a", "api.localhost", "unreadable", False),
        ("http://partner.localhost:{theirs}/a", "api.localhost", 200, True),
        ("http://localhost:{ours}/status/200", "api.localhost", 200, True),
        ("http://partner.localhost:{theirs}/a", "localhost", "unreadable", False),
    ],
)
def test_a_script_reads_and_writes_where_it_may(
    site: tuple[EnvoySite, Backend],
    attacker: int,
    page: Page,
    start: str,
    host: str,
    read: object,
    written: bool,
) -> None:
    """With a method and a header that a browser asks about beforehand, and without."""
    made, worker = site
    page.goto(start.format(theirs=attacker, ours=made.port))
    target = f"http://{host}:{made.port}"
    asked = {"method": "PUT", "headers": {"Content-Type": "application/json"}}
    before = len(worker.changed)

    assert page.evaluate(FETCH, [f"{target}/status/200", {}]) == read
    page.evaluate(FETCH, [f"{target}/put", {**asked, "body": "{}"}])
    page.evaluate(FETCH, [f"{target}/posted", {"method": "POST", "mode": "no-cors"}])

    found = {"/put", "/posted"} & {*worker.changed[before:]}
    assert found == ({"/put", "/posted"} if written else set())

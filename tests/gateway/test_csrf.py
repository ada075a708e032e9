"""What a page of another site sends is refused, however its origin is spelled."""

import pytest

from gateway.envoy_site import EnvoySite, public
from gateway.exchange import Answer, connect, raw, read, request
from gateway.kinds import Share, Shared
from waiting import until


UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
SAFE = ("GET", "HEAD", "OPTIONS")

# `{port}` is the gateway's.
FOREIGN = (
    "https://evil.test",
    "http://evil.test:{port}",
    "null",
    "",
    "http://localhost:{port}.evil.test",
    "http://localhost.evil.test:{port}",
    "http://evil.test/localhost",
    "http://localhost@evil.test",
    "http://localhost:{port}@evil.test",
    "http://evil.test#localhost",
    "http://evil.localhost:{port}",
    "http://xlocalhost:{port}",
    "http://localhost.:{port}",
    "http://LOCALHOST:{port}",
    "HTTP://localhost:{port}",
    "http://localhost:{port}/",
    "http://localhost:1",
    "http://localhost:0{port}",
    "http://localhost:{port}0",
    "http://127.1:{port}",
    "http://127.0.0.2:{port}",
    "http://2130706433:{port}",
    "http://0x7f000001:{port}",
    "http://[::2]:{port}",
    "http://[::ffff:127.0.0.1]:{port}",
    "http://::1:{port}",
    "http://shop-example:{port}",
    "http://shopxtest:{port}",
    "ftp://localhost:{port}",
    "file://",
    "localhost:{port}",
    "//localhost:{port}",
    "http:/localhost:{port}",
    "http://localhost:{port},https://evil.test",
    "https://evil.test, http://localhost:{port}",
    "https://evil.test http://localhost:{port}",
    "http://localhost:{port}\thttps://evil.test",
    "http://localhost%2eevil.test",
    "http://\u0430pi.localhost:{port}",
    "chrome-extension://abcdef",
)

OWN = (
    "http://localhost:{port}",
    "http://localhost",
    "https://localhost",
    "http://127.0.0.1:{port}",
    "http://[::1]:{port}",
    "http://shop.test:{port}",
    "https://shop.test",
    "http://api.localhost:{port}",
    "https://api.shop.test",
)


@pytest.fixture(scope="module")
def made(shared: Share) -> Shared:
    """A site with two hosts, and a path for webhooks."""
    return shared(
        "front api hooks",
        public("front", "/"),
        public("api", "/", host="api.localhost", aliases=("api.shop.test",)),
        public("hooks", "/hooks", csrf=False, mount="strip"),
        hosts=("shop.test",),
    )


@pytest.fixture
def site(made: Shared) -> EnvoySite:
    """The gateway alone."""
    return made[0]


def send(site: EnvoySite, method: str, path: str = "/x", **headers: str) -> Answer:
    """Send a request with headers whose names have underscores for hyphens."""
    spelled = {name.replace("_", "-").title(): v for name, v in headers.items()}
    return site.ask(path, method=method, headers=spelled, body=b"x=1")


@pytest.mark.parametrize("origin", FOREIGN, ids=ascii)
def test_a_foreign_origin_is_refused(made: Shared, origin: str) -> None:
    """Whatever it looks like; and the service never hears of it."""
    site, workers = made
    before = len(workers["front"].seen)
    head = (
        f"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
        f"Origin: {origin.format(port=site.port)}\r\n\r\n"
    )

    assert raw(site.port, head.encode()).status in {400, 403}
    assert len(workers["front"].seen) == before


@pytest.mark.parametrize("origin", OWN)
@pytest.mark.parametrize("host", ["localhost", "api.localhost", "shop.test"])
def test_each_host_of_the_site_is_its_own(
    site: EnvoySite, origin: str, host: str
) -> None:
    """With the gateway's port, or with none behind a proxy that has TLS."""
    answer = send(site, "POST", host=host, origin=origin.format(port=site.port))

    assert answer.status == 200


@pytest.mark.parametrize("method", UNSAFE)
def test_every_unsafe_method_is_looked_at(site: EnvoySite, method: str) -> None:
    """Not only what a form can send."""
    assert send(site, method, origin="https://evil.test").status == 403
    assert send(site, method).status == 200


@pytest.mark.parametrize("method", SAFE)
def test_what_only_reads_is_for_everybody(site: EnvoySite, method: str) -> None:
    """A link from another site leads here."""
    answer = send(site, method, origin="https://evil.test", sec_fetch_site="cross-site")

    assert answer.status == 200


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("cross-site", 403),
        ("same-site", 403),
        ("same-origin", 200),
        ("none", 200),
        ("", 200),
    ],
)
def test_without_an_origin_the_browser_says_it(
    site: EnvoySite, said: str, status: int
) -> None:
    """`Sec-Fetch-Site` counts where there is no `Origin`; scripts cannot set it."""
    assert send(site, "POST", sec_fetch_site=said).status == status


def test_a_program_says_neither(site: EnvoySite) -> None:
    """Servers and command lines are no browsers that somebody could abuse."""
    assert send(site, "POST").status == 200


def test_an_own_origin_is_not_doubted(site: EnvoySite) -> None:
    """A page at one of the site's hosts posts to another of them."""
    answer = send(
        site,
        "POST",
        origin=f"http://api.localhost:{site.port}",
        sec_fetch_site="same-site",
    )

    assert answer.status == 200


@pytest.mark.parametrize(
    ("origin", "said", "status"),
    [
        ("http://localhost:9", "same-origin", 200),
        ("http://localhost:9", "same-site", 403),
        ("http://evil.test", "same-origin", 403),
        ("null", "same-origin", 200),
        ("null", "same-site", 403),
        ("null", "cross-site", 403),
        ("null", "none", 403),
    ],
)
def test_a_port_that_somebody_leads_here(
    site: EnvoySite, origin: str, said: str, status: int
) -> None:
    """Behind a tunnel the browser sees another port, and says that it is the same.

    It says so, too, of a page that hides its origin: `Referrer-Policy: no-referrer`.
    """
    answer = send(site, "POST", origin=origin, sec_fetch_site=said)

    assert answer.status == status


def test_two_origins_are_none_of_ours(site: EnvoySite) -> None:
    """Also if one of them is, or both are."""
    own = f"Origin: http://localhost:{site.port}\r\n"
    for first, second in ((own, "Origin: http://evil.test\r\n"), (own, own)):
        head = (
            "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
            f"{first}{second}\r\n"
        )
        assert raw(site.port, head.encode()).status in {400, 403}


def test_a_webhook_is_for_everybody(site: EnvoySite) -> None:
    """`csrf = false` says that the service looks at who sends by itself."""
    answer = send(site, "POST", "/hooks/x", origin="null", sec_fetch_site="cross-site")

    assert answer.status == 200
    assert answer.json()["backend"] == "hooks"


@pytest.mark.parametrize("path", ["/hooks/../x", "/hooks%2f../x", "/hooksx", "//hooks"])
def test_no_spelling_makes_a_webhook_of_another_path(
    site: EnvoySite, path: str
) -> None:
    """The path is the one that the service is asked for."""
    answer = send(site, "POST", path, origin="https://evil.test")

    assert answer.status in {400, 403} or answer.json()["backend"] == "hooks"


@pytest.mark.parametrize(
    ("path", "origin", "status"),
    [
        ("/socket", "https://evil.test", 403),
        ("/socket", "null", 403),
        ("/socket", "http://localhost:{port}", 101),
        ("/socket", None, 101),
        ("/hooks/socket", "https://evil.test", 101),
    ],
)
def test_a_foreign_page_opens_no_websocket(
    site: EnvoySite, path: str, origin: str | None, status: int
) -> None:
    """It would come with the visitor's cookies and could read what is said."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    if origin is not None:
        headers["Origin"] = origin.format(port=site.port)
    with connect(site.port) as connection:
        connection.sendall(request(path, headers=headers))

        assert read(connection).status == status


def test_the_page_says_why(site: EnvoySite) -> None:
    """In development, in the dress that was asked for."""
    html = send(site, "POST", origin="https://evil.test", accept="text/html")
    data = send(site, "POST", origin="https://evil.test", accept="application/json")

    assert "csrf = false" in html.text
    assert data.json() == {"error": "Sent by a page of another site", "status": 403}


def test_the_log_has_a_remark(site: EnvoySite) -> None:
    """Whoever wonders finds method, path and origin, and no query."""
    send(site, "POST", "/remarked?secret=1", origin="https://evil.test")

    until(lambda: "/remarked" in site.log.read_text(), "the remark")
    [line] = [ln for ln in site.log.read_text().splitlines() if "/remarked" in ln]
    assert "POST" in line
    assert "https://evil.test" in line
    assert "secret" not in line

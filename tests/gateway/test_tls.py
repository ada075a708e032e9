"""TLS at the edge: what is shown, what is told to services, what is refused."""

import contextlib
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path

import pycurl
import pytest

from gateway.certificates import Shown, shown
from gateway.conftest import short_folder
from gateway.encrypted import encrypted, fetch, serial
from gateway.envoy_site import EnvoySite, fresh_port, public, running
from gateway.exchange import ask, connect, read, request
from gateway.kinds import Share, Site, Start
from glassware.gateway.limits import Limits
from glassware.model import Tls
from waiting import until


NAMES = ("localhost", "*.localhost", "api.localhost", "127.0.0.1", "shop.test")
HTTP2 = str(pycurl.CURL_HTTP_VERSION_2_0)


@pytest.fixture(scope="module")
def certificate() -> Iterator[Shown]:
    """A certificate for the hosts of the site."""
    with short_folder() as folder:
        yield shown(folder, *NAMES)


@pytest.fixture(scope="module")
def secure(shared: Share, certificate: Shown) -> EnvoySite:
    """A site with TLS, in production."""
    made, _ = shared(
        "front api",
        public("front", "/"),
        public("api", "/", host="api.localhost"),
        hosts=("localhost", "shop.test"),
        production=True,
        tls=Tls(redirect=fresh_port()),
        certificate=certificate,
    )
    return made


def url(site: EnvoySite, path: str = "/", host: str = "localhost") -> str:
    """Return an address of the site."""
    return f"https://{host}:{site.port}{path}"


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_service_learns_that_it_was_https(
    secure: EnvoySite, certificate: Shown, version: str
) -> None:
    """So that the addresses it makes begin with it, and its cookies are for it alone."""
    spoken = {"1": pycurl.CURL_HTTP_VERSION_1_1, "2": pycurl.CURL_HTTP_VERSION_2TLS}[
        version
    ]

    answer = fetch(url(secure, "/x"), certificate.authority, version=spoken)

    seen = answer.json()["headers"]
    assert (answer.headers["http"] == HTTP2) == (version == "2")
    assert seen["x-forwarded-proto"] == "https"
    assert seen["x-forwarded-host"] == f"localhost:{secure.port}"
    assert seen["x-forwarded-port"] == str(secure.port)
    assert seen["host"] == f"localhost:{secure.port}"


@pytest.mark.parametrize("host", ["localhost", "api.localhost", "shop.test"])
def test_each_host_is_covered(secure: EnvoySite, certificate: Shown, host: str) -> None:
    """Each by one certificate, and each leads to its own service."""
    answer = fetch(url(secure, "/x", host), certificate.authority)

    assert answer.json()["backend"] == ("api" if host == "api.localhost" else "front")


def test_who_comes_without_is_led_there(secure: EnvoySite) -> None:
    """At the public port and at the second one, with method and body."""
    second = secure.place.redirect
    assert second is not None
    for port in (secure.port, second):
        answer = ask(
            port,
            "/a/b?c=d",
            method="POST",
            headers={"Host": f"localhost:{port}"},
            body=b"x",
        )

        assert answer.status == 308
        assert answer.headers["location"] == f"https://localhost:{secure.port}/a/b?c=d"


def test_nothing_is_served_without(secure: EnvoySite) -> None:
    """Not even to a host or a path that is spelled oddly."""
    for target in ("/", "//evil.test/", "/\\evil.test", "http://evil.test/"):
        answer = ask(secure.port, target)
        location = answer.headers.get("location", "")

        assert answer.status in {308, 400}
        assert location.startswith(f"https://localhost:{secure.port}/") or (
            target.startswith("http:") or answer.status == 400
        )


def test_browsers_are_told_to_stay(secure: EnvoySite, certificate: Shown) -> None:
    """In production, over TLS; a page of the gateway's own says so too."""
    for path in ("/x", "/.glassware/alive"):
        answer = fetch(url(secure, path), certificate.authority)
        assert answer.headers["strict-transport-security"] == "max-age=31536000"

    assert "strict-transport-security" not in ask(secure.port, "/").headers


def test_old_versions_are_refused(secure: EnvoySite, certificate: Shown) -> None:
    """TLS 1.2 is the oldest."""
    context = ssl.create_default_context(cafile=str(certificate.authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        connect(secure.port) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as spoken,
    ):
        assert spoken.version() == "TLSv1.2"
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with connect(secure.port) as plain, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://localhost:{port}", 200),
        ("https://api.localhost:{port}", 200),
        ("https://shop.test", 200),
        ("http://localhost:{port}", 403),
        ("http://shop.test", 403),
        ("https://evil.test", 403),
    ],
)
@pytest.mark.parametrize(
    "version", [pycurl.CURL_HTTP_VERSION_1_1, pycurl.CURL_HTTP_VERSION_2TLS]
)
def test_only_https_is_an_own_origin(
    secure: EnvoySite, certificate: Shown, origin: str, status: int, version: int
) -> None:
    """A page of http could be written by anybody on the way."""
    answer = fetch(
        url(secure, "/x"),
        certificate.authority,
        method="POST",
        headers=(f"Origin: {origin.format(port=secure.port)}",),
        body=b"x=1",
        version=version,
    )

    assert answer.status == status


def test_a_websocket_goes_over_tls(secure: EnvoySite, certificate: Shown) -> None:
    """By HTTP/1.1, which browsers choose for it."""
    headers = {
        "Host": f"localhost:{secure.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Origin": f"https://localhost:{secure.port}",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    with encrypted(secure.port, certificate.authority, "http/1.1") as connection:
        connection.sendall(request("/socket", headers=headers))

        assert read(connection).status == 101


def test_a_new_certificate_is_for_new_connections(
    site: Site, worker: Start, folder: Path
) -> None:
    """Those that are open go on, and nobody is refused meanwhile."""
    first, second = shown(folder, "localhost"), shown(folder, "localhost")
    made = site(public("front", "/"), tls=Tls(), certificate=first)
    made.start(running("front", worker("front").target))
    before = serial(made.port, first.authority)
    with encrypted(made.port, first.authority, "http/1.1") as open_one:
        made.gateway.certify(second.chain, second.key)
        until(
            lambda: serial(made.port, first.authority) != before, "the new certificate"
        )

        open_one.sendall(request("/x"))
        assert read(open_one).status == 200


def test_one_that_is_no_good_changes_nothing(
    site: Site, worker: Start, folder: Path
) -> None:
    """Envoy itself keeps the one that it has, whatever it is told."""
    first, last = shown(folder, "localhost"), shown(folder, "localhost")
    made = site(public("front", "/"), tls=Tls(), certificate=first)
    made.start(running("front", worker("front").target))
    before = serial(made.port, first.authority)
    made.gateway.certify("garbage", "garbage")
    until(lambda: made.count("sds.certificate.update_rejected") == 1, "the refusal")
    assert serial(made.port, first.authority) == before

    made.gateway.certify(last.chain, last.key)
    until(lambda: serial(made.port, first.authority) != before, "a good one")


def test_a_proxy_before_the_gateway_has_tls(site: Site, worker: Start) -> None:
    """The gateway speaks http; its own addresses are https all the same."""
    made = site(
        public("front", "/"),
        hosts=("shop.test",),
        production=True,
        tls=Tls(elsewhere=True),
    )
    made.start(running("front", worker("front").target))

    answer = made.ask("/x", headers={"Host": "shop.test"})
    posts = [
        made.ask("/x", method="POST", headers={"Host": "shop.test", "Origin": origin})
        for origin in ("https://shop.test", "http://shop.test", "https://evil.test")
    ]

    seen = answer.json()["headers"]
    assert made.gateway.url == "https://shop.test"
    assert seen["x-forwarded-proto"] == "https"
    assert seen["x-forwarded-port"] == "443"
    assert "strict-transport-security" in answer.headers
    assert [post.status for post in posts] == [200, 403, 403]


def test_silence_is_closed(site: Site, worker: Start, folder: Path) -> None:
    """Who never begins to speak holds a connection for the time of the table."""
    made = site(
        public("front", "/"),
        tls=Tls(),
        certificate=shown(folder, "localhost"),
        limits=Limits(header_time=0.3),
    )
    made.start(running("front", worker("front").target))
    with connect(made.port) as silent, contextlib.suppress(ConnectionError):
        assert silent.recv(1) == b""

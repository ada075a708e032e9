"""HTTP/2 at the edge is as strict as HTTP/1.1, and a flood hurts its sender alone."""

from collections.abc import Iterator

import pytest

from gateway.certificates import Shown, shown
from gateway.conftest import short_folder
from gateway.encrypted import fetch
from gateway.envoy_site import EnvoySite, public
from gateway.frames import Peer, peer, seen
from gateway.kinds import Share, Shared
from gateway.test_public_headers import KEPT, SPOOFED, believed
from glassware.gateway.limits import Limits
from glassware.model import Tls


HEADERS, RESET, SETTINGS, PING, CONTINUATION, DATA = 1, 3, 4, 6, 9, 0
PLENTY = 20_000


@pytest.fixture(scope="module")
def certificate() -> Iterator[Shown]:
    """A certificate for this machine."""
    with short_folder() as folder:
        yield shown(folder, "localhost")


@pytest.fixture(scope="module")
def made(shared: Share, certificate: Shown) -> Shared:
    """A site with TLS."""
    return shared(
        "front",
        public("front", "/front"),
        tls=Tls(),
        certificate=certificate,
        limits=Limits(header_count=20, header_size=8),
    )


@pytest.fixture
def site(made: Shared) -> EnvoySite:
    """The gateway alone."""
    return made[0]


@pytest.fixture
def visitor(site: EnvoySite, certificate: Shown) -> Iterator[Peer]:
    """A connection of HTTP/2."""
    with peer(site.port, certificate.authority) as connection:
        yield connection


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a frame of HTTP/2."""
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags])
    return head + stream.to_bytes(4, "big") + payload


def spelled() -> list[tuple[str, str]]:
    """Return the headers that were measured with HTTP/1.1, as HTTP/2 has them."""
    names = (line.partition(":") for line in SPOOFED if "\r" not in line)
    return [(name.lower(), value.strip()) for name, _, value in names]


@pytest.mark.parametrize(("name", "value"), spelled(), ids=ascii)
def test_a_spoofed_header_changes_nothing(visitor: Peer, name: str, value: str) -> None:
    """It is refused, or arrives as if the header had not been there."""
    plain = ("accept", "a/b")
    honest = believed(visitor.ask(plain, path="/front/x"))

    answer = visitor.ask(plain, (name, value), path="/front/x")

    assert answer.status in {0, 400, 404, 431} or believed(answer) == honest


@pytest.mark.parametrize("name", sorted(KEPT.keys() - {"origin"}))
def test_an_ordinary_header_passes(visitor: Peer, name: str) -> None:
    """As by HTTP/1.1."""
    answer = visitor.ask((name, KEPT[name]), path="/front/x")

    assert seen(answer)["headers"][name] == KEPT[name]  # type: ignore[index]


SMUGGLED: tuple[tuple[tuple[tuple[str, str], ...], dict[str, str]], ...] = (
    ((("transfer-encoding", "chunked"),), {}),
    ((("connection", "keep-alive"),), {}),
    ((("upgrade", "h2c"), ("http2-settings", "")), {}),
    ((("content-length", "3"), ("content-length", "4")), {}),
    ((("content-length", "-1"),), {}),
    ((("content-length", "1"),), {}),
    ((("a", "b\r\nx-glassware-identity: admin"),), {}),
    ((("a", "b\nc: d"),), {}),
    ((("a", "b\0c"),), {}),
    ((("a\r\nb", "c"),), {}),
    ((("a: b", "c"),), {}),
    ((("A", "b"),), {}),
    (((":path", "/internal"),), {}),
    (((":x", "y"),), {}),
    ((("", "y"),), {}),
    ((), {"path": "/front/x HTTP/1.1\r\nHost: evil.test\r\n\r\nGET /"}),
    ((), {"path": "/front/a b"}),
    ((), {"path": ""}),
    ((), {"path": "front/x"}),
    ((), {"path": "/front%2Fx"}),
    ((), {"method": "GET /front/x HTTP/1.1\r\nA: b"}),
    ((), {"method": "CONNECT"}),
    ((), {"method": "TRACE"}),
    ((), {"authority": "localhost\r\nA: b"}),
    ((), {"authority": "evil.test"}),
    ((), {"authority": "localhost@evil.test"}),
    ((("host", "evil.test"),), {"authority": ""}),
)


@pytest.mark.parametrize(("headers", "pseudo"), SMUGGLED, ids=ascii)
def test_nothing_is_smuggled(
    made: Shared,
    visitor: Peer,
    headers: tuple[tuple[str, str], ...],
    pseudo: dict[str, str],
) -> None:
    """What HTTP/1.1 would read as something else never reaches a service."""
    _, workers = made
    before = len(workers["front"].seen)

    answer = visitor.ask(*headers, **{"path": "/front/x", **pseudo})

    assert answer.status in {0, 400, 403, 404, 405}
    assert len(workers["front"].seen) == before


def test_a_second_host_changes_nothing(visitor: Peer) -> None:
    """`:authority` is what counts."""
    answer = visitor.ask(("host", "evil.test"), path="/front/x")

    assert answer.status in {0, 400, 404} or "evil.test" not in answer.text


def test_a_body_is_as_long_as_it_says(made: Shared, visitor: Peer) -> None:
    """More or less than `content-length` is refused."""
    _, workers = made
    before = len(workers["front"].seen)
    for length in ("3", "5"):
        answer = visitor.ask(
            ("content-length", length), body=b"body", method="POST", path="/front/x"
        )
        assert answer.status in {0, 400}

    assert len(workers["front"].seen) == before


def test_a_body_arrives_whole(visitor: Peer) -> None:
    """Also one without a length."""
    answer = visitor.ask(body=b"x" * 30_000, method="POST", path="/front/x")

    assert seen(answer)["length"] == 30_000


def test_headers_have_their_limits(visitor: Peer, certificate: Shown) -> None:
    """As by HTTP/1.1: their number, and their size together."""
    many = [(f"a{n}", "b") for n in range(40)]

    assert visitor.ask(*many, path="/front/x").status in {0, 431}
    with peer(visitor.port, certificate.authority) as another:
        large = another.ask(("a", "x" * 9000), path="/front/x")
        assert large.status in {0, 431}


def test_the_requests_of_a_connection_are_counted(visitor: Peer) -> None:
    """The gateway says how many it takes at the same time."""
    visitor.ask(path="/front/x")

    settings = visitor.state.remote_settings
    assert settings.max_concurrent_streams == Limits().streams
    assert not settings.enable_connect_protocol


def reset(number: int) -> bytes:
    """Return a request that is taken back at once."""
    # `:method GET`, `:scheme https`, `:path /`, `:authority` of one letter.
    headers = b"\x82\x87\x84\x41\x01a"
    stream = 2 * number + 1
    return frame(HEADERS, 0x5, stream, headers) + frame(
        RESET, 0, stream, (8).to_bytes(4, "big")
    )


FLOODS = {
    "rapid resets": b"".join(map(reset, range(5_000))),
    "headers that never end": frame(HEADERS, 0x0, 1, b"\x82\x87\x84")
    + frame(CONTINUATION, 0x0, 1, b"\x00\x01a\x01b" * 500) * 200,
    "settings": frame(SETTINGS, 0, 0) * PLENTY,
    "pings": frame(PING, 0, 0, b"12345678") * PLENTY,
    "empty data": frame(HEADERS, 0x4, 1, b"\x83\x87\x84\x41\x01a")
    + frame(DATA, 0, 1) * PLENTY,
    "priorities": b"".join(
        frame(2, 0, 1, bytes([0, 0, 0, 0, 1])) for _ in range(PLENTY)
    ),
    "windows": frame(8, 0, 0, (1).to_bytes(4, "big")) * PLENTY,
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_cut_off(
    made: Shared, visitor: Peer, certificate: Shown, name: str
) -> None:
    """It is ended; the next visitor is served, and nothing was kept."""
    site, workers = made
    before, memory = len(workers["front"].seen), site.memory()
    visitor.raw(FLOODS[name])

    assert visitor.is_cut_off()
    assert len(workers["front"].seen) == before
    assert site.memory() - memory < 64 << 20
    after = fetch(f"https://localhost:{site.port}/front/x", certificate.authority)
    assert after.status == 200

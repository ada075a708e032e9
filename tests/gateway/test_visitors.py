"""The gateway knows visitors' tokens, and has expired ones renewed; nobody notices."""

import base64
import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from simple_websocket import Client

from gateway.backend import Backend, backend
from gateway.conftest import short_folder
from gateway.envoy_site import EnvoySite, public, running
from gateway.exchange import connect, raw, read, request
from gateway.signing_in import HOUR, Accounts, Signing, accounts, set_cookies
from glassware.gateway import Upstream
from glassware.gateway.jwt import verification
from glassware.status import Phase
from glassware.tokens import Key


PATIENT = 8.0
"""Seconds; five times what a renewal may take."""


@dataclass
class Gate:
    """A gateway with a service that signs visitors in, and another one."""

    site: EnvoySite
    accounts: Accounts
    front: Backend
    signing: Signing
    folder: Path

    def upstreams(self) -> tuple[Upstream, ...]:
        """Return both services, as they run."""
        return (
            running("front", self.front.target),
            running(
                "accounts",
                self.accounts.target,
                tokens={"@site": "token-for-accounts"},
                alive=True,
            ),
        )

    def seen(self, headers: dict[str, str], path: str = "/front/x", **more: object):
        """Return what the service saw of a request, and the cookies of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=8)
        with contextlib.closing(connection):
            method = str(more.get("method", "GET"))
            connection.request(method, path, more.get("body"), headers)
            answer = connection.getresponse()
            assert answer.status == 200
            fields = answer.headers.get_all("Set-Cookie") or []
            return json.loads(answer.read()), set_cookies(fields)


@pytest.fixture(scope="module")
def running_gate() -> Iterator[Gate]:
    """One for the whole module."""
    with short_folder() as folder, contextlib.ExitStack() as ends:
        front = ends.enter_context(backend("front", folder / "front.sock"))
        signs_in = ends.enter_context(accounts(folder / "accounts.sock"))
        place = folder / "gateway"
        place.mkdir(mode=0o700)
        site = EnvoySite(
            place,
            (
                public("front", "/front", mount="strip"),
                public("front", "/stream", mount="strip", stream=True),
                public("accounts", "/accounts", mount="strip"),
            ),
        )
        ends.callback(site.stop)
        made = Gate(site, signs_in, front, Signing(), folder)
        site.visiting = made.signing.visiting()
        site.start(*made.upstreams())
        yield made


@pytest.fixture
def gate(running_gate: Gate) -> Gate:
    """The gateway, with a service that renews."""
    running_gate.accounts.becomes = "renewed"
    running_gate.accounts.asked.clear()
    return running_gate


def test_an_expired_token_is_renewed_on_its_way(gate: Gate) -> None:
    """The service sees the new one, and the browser gets the new cookies."""
    seen, cookies = gate.seen(gate.signing.cookies())

    assert seen["headers"]["x-glassware-visitor"] == "fresh"
    assert seen["path"] == "/x"
    assert cookies == {"visitor": "fresh", "visitor_renewal": "fresher"}


def test_who_renews_is_asked_in_the_site_s_name(gate: Gate) -> None:
    """The question has the visitor's cookies, and nothing else of the request."""
    headers = gate.signing.cookies() | {"Authorization": "Basic secret", "X-A": "1"}

    gate.seen(headers, "/front/x?secret=1", method="POST", body=b"secret")

    [asked] = gate.accounts.asked
    assert asked[":method"] == "POST"
    assert asked["cookie"] == headers["Cookie"]
    assert asked["x-glassware-identity"] == "token-for-accounts"
    assert asked["x-glassware-deadline"].startswith("1500;")
    assert asked["x-forwarded-proto"] == "http"
    assert not asked.keys() & {"authorization", "x-a", "x-forwarded-host"}
    assert "secret" not in str(asked)


@pytest.mark.parametrize("size", [0, 1, 100_000, 5_000_000])
def test_a_body_is_not_lost_while_a_token_is_renewed(gate: Gate, size: int) -> None:
    """A form is posted once, whole, by whoever it was before."""
    seen, _ = gate.seen(gate.signing.cookies(), method="POST", body=b"x" * size)

    assert (seen["length"], seen["method"]) == (size, "POST")
    assert seen["headers"]["x-glassware-visitor"] == "fresh"


def test_a_streamed_upload_goes_on_after_a_renewal(gate: Gate) -> None:
    """Neither its size nor its parts are in the way."""
    head = request(
        "/stream/upload",
        "POST",
        gate.signing.cookies() | {"Transfer-Encoding": "chunked"},
    )
    with connect(gate.site.port) as connection:
        connection.sendall(head)
        for _ in range(20):
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        answer = read(connection, "POST")

    assert answer.json() == {"length": 20 * 0x10000}
    assert len(gate.accounts.asked) == 1


def test_a_websocket_begins_with_a_renewed_token(gate: Gate) -> None:
    """Its handshake is a request like any other."""
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    handshake = {
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    headers = gate.signing.cookies() | upgrade | handshake
    with connect(gate.site.port) as connection:
        connection.sendall(request("/front/told", headers=headers))
        with connection.makefile("rb") as answer:
            said = answer.read()

    assert said.startswith(b"HTTP/1.1 101")
    assert b"x-glassware-visitor: fresh" in said
    assert b"set-cookie: visitor=fresh" in said


def test_ten_requests_at_once_are_all_renewed(gate: Gate) -> None:
    """A page asks for its parts in parallel; each comes as the visitor."""
    headers = gate.signing.cookies()
    with ThreadPoolExecutor(10) as threads:
        seen = [*threads.map(lambda n: gate.seen(headers, f"/front/{n}"), range(10))]

    assert {said["headers"].get("x-glassware-visitor") for said, _ in seen} == {"fresh"}


@pytest.mark.parametrize(
    ("secure", "domain", "name"),
    [
        (False, "", "visitor"),
        (False, "shop.test", "visitor"),
        (True, "", "__Host-visitor"),
        (True, "shop.test", "__Secure-visitor"),
    ],
)
def test_the_cookie_is_the_one_that_services_read(
    *, secure: bool, domain: str, name: str
) -> None:
    """What the browser promises of its name holds for what the gateway believes."""
    visiting = replace(Signing().visiting(), domain=domain)

    told = verification(visiting, secure=secure)

    assert told["providers"]["visitor"]["from_cookies"] == [name]


@pytest.mark.parametrize("cookie", ["__Host-visitor=x", "__Secure-visitor={}"])
def test_a_cookie_of_another_name_hides_no_token(gate: Gate, cookie: str) -> None:
    """Another host of the domain may set it, and must sign nobody out by that."""
    others = cookie.format(gate.signing.token())
    expired = gate.signing.token(age=HOUR)

    seen, _ = gate.seen({"Cookie": f"{others}; visitor={expired}; {others}"})

    assert seen["headers"]["x-glassware-visitor"] == "fresh"


def _alg_none(signing: Signing) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, {"iss": "glassware:shop", "exp": 1})
    raw_parts = (json.dumps(part).encode() for part in parts)
    return ".".join(base64.urlsafe_b64encode(p).decode() for p in raw_parts) + "."


NOT_ASKED = {
    "nothing": lambda _: "",
    "valid": lambda s: f"visitor={s.token()}",
    "only a renewal": lambda s: f"visitor_renewal={s.token(purpose='renewal')}",
    "garbage": lambda _: "visitor=x",
    "no token": lambda _: "visitor=",
    "dots": lambda _: "visitor=...",
    "4 kB": lambda _: "visitor=" + "a" * 4096,
    "bytes": lambda _: "visitor=\xff\xfe",
    "a hundred": lambda _: "; ".join(f"visitor=x{n}" for n in range(100)),
    "alg none": lambda s: f"visitor={_alg_none(s)}",
    "of another key": lambda s: f"visitor={s.token(key=Key.generate())}",
    "of an unknown key": lambda s: f"visitor={s.token(key=Key.generate(), name='x')}",
    "of another site": lambda s: f"visitor={s.token(site='other')}",
    "for a renewal": lambda s: f"visitor={s.token(purpose='renewal')}",
}


@pytest.mark.parametrize("cookie", NOT_ASKED.values(), ids=NOT_ASKED)
def test_nobody_is_asked_but_for_an_expired_token(gate: Gate, cookie) -> None:
    """Whatever else a cookie holds, the request goes on, and says nothing new."""
    answer = gate.site.ask("/front/x", headers={"Cookie": cookie(gate.signing)})

    assert answer.status == 200
    assert "x-glassware-visitor" not in answer.json()["headers"]
    assert "set-cookie" not in answer.headers
    assert gate.accounts.asked == []


@pytest.mark.parametrize(
    "becomes", ["nothing", "204", "302", "401", "403", "404", "500", "503", "broken"]
)
def test_no_odd_answer_keeps_a_visitor_out(gate: Gate, becomes: str) -> None:
    """Whatever the service that renews says, the request is answered."""
    gate.accounts.becomes = becomes

    seen, cookies = gate.seen(gate.signing.cookies())

    assert "x-glassware-visitor" not in seen["headers"]
    assert not cookies
    assert gate.accounts.asked


def test_a_slow_renewal_keeps_a_visitor_for_a_bounded_time(gate: Gate) -> None:
    """Then the request goes on without."""
    gate.accounts.becomes = "slow"
    began = time.monotonic()

    try:
        seen, _ = gate.seen(gate.signing.cookies())
    finally:
        gate.accounts.release.set()

    assert time.monotonic() - began < PATIENT
    assert "x-glassware-visitor" not in seen["headers"]


@pytest.mark.parametrize("how", ["gone", "stopped", "unknown", "no worker of ours"])
def test_without_who_renews_the_site_goes_on(gate: Gate, how: str) -> None:
    """Nobody is locked out, also of the page to sign in at."""
    front, signs_in = gate.upstreams()
    others = {
        "gone": [running("accounts", gate.folder / "nobody.sock", alive=True)],
        "stopped": [Upstream(name="accounts", phase=Phase.STOPPED)],
        "unknown": [],
        "no worker of ours": [running("accounts", gate.accounts.target)],
    }
    gate.site.update(front, *others[how])
    try:
        began = time.monotonic()
        seen, _ = gate.seen(gate.signing.cookies())
    finally:
        gate.site.update(front, signs_in)

    assert time.monotonic() - began < PATIENT
    assert "x-glassware-visitor" not in seen["headers"]
    assert gate.accounts.asked == []


def test_a_new_key_closes_no_connection(gate: Gate) -> None:
    """Rotation is a change of one filter; the listener stays as it is."""
    before = gate.site.count("listener_manager.listener_create_success")
    with (
        connect(gate.site.port) as connection,
        contextlib.closing(
            Client(f"ws://localhost:{gate.site.port}/front/socket")
        ) as client,
    ):
        connection.sendall(request("/front/x"))
        assert read(connection).status == 200

        gate.signing.rotate("two")
        gate.site.visiting = gate.signing.visiting()
        gate.site.update(*gate.upstreams())

        connection.sendall(request("/front/x", headers=gate.signing.cookies()))
        assert read(connection).json()["headers"]["x-glassware-visitor"] == "fresh"
        connection.sendall(
            request("/front/x", headers=gate.signing.cookies(name="one"))
        )
        assert read(connection).json()["headers"]["x-glassware-visitor"] == "fresh"
        client.send("hello")
        assert client.receive(timeout=8) == "front:hello"

    assert gate.site.count("listener_manager.listener_create_success") == before


def test_where_nobody_signs_in_nothing_is_looked_at(gate: Gate) -> None:
    """`[visitors]` may come and go while the site runs."""
    known = gate.site.visiting
    gate.site.visiting = type(known)()
    gate.site.update(*gate.upstreams())
    try:
        seen, _ = gate.seen(gate.signing.cookies())
    finally:
        gate.site.visiting = known
        gate.site.update(*gate.upstreams())

    assert "x-glassware-visitor" not in seen["headers"]
    assert gate.accounts.asked == []
    assert gate.seen(gate.signing.cookies())[0]["headers"]["x-glassware-visitor"]


def _said(gate: Gate, *fields: tuple[str, str]) -> http.client.HTTPMessage:
    connection = http.client.HTTPConnection("127.0.0.1", gate.site.port, timeout=8)
    with contextlib.closing(connection):
        path = f"/accounts/says?{urlencode(fields)}"
        connection.request("GET", path, headers=gate.signing.cookies())
        answer = connection.getresponse()
        answer.read()
        return answer.headers


def test_the_service_s_own_word_wins(gate: Gate) -> None:
    """Who signs in as somebody else, or out, is not made the former one again."""
    said = _said(
        gate,
        ("Set-Cookie", "visitor=; Max-Age=0"),
        ("Set-Cookie", "visitor_renewal=; Max-Age=0"),
        ("Set-Cookie", "own=1"),
    )

    fields = said.get_all("Set-Cookie")
    assert fields == [
        "visitor=; Max-Age=0",
        "visitor_renewal=; Max-Age=0",
        "own=1",
    ]


@pytest.mark.parametrize(
    "cache",
    [
        "public",
        "max-age=60",
        "Public, Max-Age=60",
        "s-maxage=1",
        "immutable, max-age=01",
    ],
)
def test_a_shared_cache_never_gets_a_visitor_s_cookies(gate: Gate, cache: str) -> None:
    """What others may be given from a cache holds no token; the next page has it."""
    said = _said(gate, ("Cache-Control", cache), ("Set-Cookie", "own=1"))

    assert said.get_all("Set-Cookie") == ["own=1"]
    assert said["Cache-Control"] == cache


@pytest.mark.parametrize(
    ("cache", "then"),
    [
        (None, ["private"]),
        ("no-cache", ["no-cache,private"]),
        ("max-age=0", ["max-age=0,private"]),
        ("private, max-age=60", ["private, max-age=60"]),
        ("no-store", ["no-store"]),
    ],
)
def test_an_answer_with_new_cookies_is_private(
    gate: Gate, cache: str | None, then: list[str]
) -> None:
    """No cache between the site and the visitor may keep it for others."""
    said = _said(gate, *([("Cache-Control", cache)] if cache else []))

    assert set_cookies(said.get_all("Set-Cookie")).keys() == {
        "visitor",
        "visitor_renewal",
    }
    assert said.get_all("Cache-Control") == then


@pytest.mark.parametrize(
    "path",
    [
        "/.glassware/renew",
        "/front/.glassware/renew",
        "/accounts/.glassware/renew",
        "/accounts//.glassware//renew",
        "/accounts/./.glassware/renew",
        "/accounts/x/../.glassware/renew",
        "/accounts/%2Eglassware/renew",
        "/accounts/.glassware%2Frenew",
        "/accounts/.glassware/renew?x=1",
    ],
)
def test_nobody_outside_asks_for_a_renewal(gate: Gate, path: str) -> None:
    """No script of a page is to read a token from its answer."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"

    answer = raw(gate.site.port, head.encode())

    assert answer.status in {400, 404}
    assert "x-glassware-visitor" not in answer.headers
    assert gate.accounts.asked == []


def test_envoy_takes_it_all_as_one_configuration(gate: Gate) -> None:
    """What it discovers from files it would not judge when it starts."""
    gate.site.gateway.validate(gate.upstreams())

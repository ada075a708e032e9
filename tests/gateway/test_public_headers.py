"""No header from outside changes what a service believes of the request."""

import pytest

from gateway.envoy_site import EnvoySite, public
from gateway.exchange import Answer, connect, raw, read, request
from gateway.kinds import Share


SPOOFED = (
    "X-Forwarded-For: 6.6.6.6",
    "x-forwarded-for: 6.6.6.6, 127.0.0.1",
    "X-FORWARDED-FOR:6.6.6.6",
    "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil.test",
    "X-Forwarded-Port: 443",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Server: evil.test",
    "X-Forwarded-Ssl: on",
    "X-Forwarded-Scheme: https",
    "X-Forwarded-User: admin",
    "X-Forwarded-Client-Cert: Hash=1",
    "X-Forwarded: for=6.6.6.6",
    "Forwarded: for=6.6.6.6;proto=https;host=evil.test",
    "Forwarded-For: 6.6.6.6",
    "X-Real-IP: 6.6.6.6",
    "X-Client-IP: 6.6.6.6",
    "True-Client-IP: 6.6.6.6",
    "X-Cluster-Client-IP: 6.6.6.6",
    "CF-Connecting-IP: 6.6.6.6",
    "Proxy: http://evil.test",
    "X-Original-URL: /internal/secret",
    "X-Original-Host: evil.test",
    "X-Original-Forwarded-For: 6.6.6.6",
    "X-Rewrite-URL: /internal/secret",
    "X-Host: evil.test",
    "X-HTTP-Method-Override: DELETE",
    "X-HTTP-Method: DELETE",
    "X-Method-Override: DELETE",
    "X-Script-Name: /evil",
    "Script-Name: /evil",
    "SCRIPT_NAME: /evil",
    "PATH_INFO: /internal/secret",
    "REMOTE_USER: admin",
    "X-Remote-User: admin",
    "X-Glassware-Identity: admin",
    "x-glassware-deadline: 99999",
    "X_Glassware_Identity: admin",
    "X-Glassware_Identity: admin",
    "X-Glassware-Visitor: eyJhbGciOiJub25lIn0.e30.",
    "x-glassware-visitor:x\r\nX-GLASSWARE-VISITOR: y",
    "X-Glassware_Visitor: x",
    "X_Glassware-Visitor: x",
    "x_glassware_visitor: x",
    "X-Glassware-Visitor : x",
    "X-A: 1\r\n X-Glassware-Visitor: x",
    "Connection: close, X-Glassware-Visitor",
    "X-Glassware-Fragment: nonce",
    "X-Accel-Redirect: /etc/passwd",
    "X-Sendfile-Type: X-Accel-Redirect",
    "x-envoy-original-dst-host: 10.0.0.1:80",
    "x-envoy-original-path: /internal/secret",
    "x-envoy-retry-on: 5xx\r\nx-envoy-max-retries: 99",
    "x-envoy-expected-rq-timeout-ms: 1",
    "x-envoy-upstream-rq-timeout-ms: 1",
    "x-envoy-internal: true",
    "x-envoy-external-address: 6.6.6.6",
    "X-Request-Id: evil",
    "X-A: 1\rX-Glassware-Identity: admin",
    "X-A: 1\r\n X-Glassware-Identity: admin",
    "X-Glassware-Identity : admin",
    "Connection: close, X-Forwarded-For",
    "Connection: close, X-Forwarded-Host, X-Forwarded-Proto",
    "Host: evil.test",
    "Transfer-Encoding : chunked",
    "Content-Length: 0\r\nTransfer-Encoding: chunked",
)

KEPT = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "a=b",
    "baggage": "k=v",
    "referer": "https://elsewhere.test/page?x=1",
    "origin": "https://elsewhere.test",
    "authorization": "Bearer x",
    "cookie": "a=1; b=2",
    "accept-language": "de",
    "x-requested-with": "XMLHttpRequest",
    "x-csrftoken": "y",
    "prefer": "wait=3",
    "idempotency-key": "k",
}


@pytest.fixture(scope="module")
def plain(shared: Share) -> EnvoySite:
    """A site with one service below a prefix, and one whose prefix is kept."""
    made, _ = shared(
        "front bare",
        public("front", "/front"),
        public("bare", "/status", mount="keep"),
        hosts=("shop.test",),
    )
    return made


ODD_PORTS = (
    *(":80@evil.test", "@evil.test", ":@evil.test", ":evil.test", ":0x50", ":+80"),
    *(":-1", ":", ":123456", ":80:80", "%40evil.test", ":80#evil.test", ":8 0"),
)


def believed(answer: Answer) -> dict[str, object]:
    """Return what the service saw, without what differs each time."""
    seen = answer.json()
    headers = seen["headers"]
    headers.pop("x-request-id")
    headers.pop("x-a", None)
    headers["x-glassware-deadline"] = headers["x-glassware-deadline"].split(";")[0]
    return seen


@pytest.mark.parametrize("header", SPOOFED, ids=ascii)
def test_a_spoofed_header_changes_nothing(plain: EnvoySite, header: str) -> None:
    """The request is refused, or arrives as if the header had not been there."""
    honest = believed(plain.ask("/front/x", headers={"Accept": "a/b"}))
    head = (
        f"GET /front/x HTTP/1.1\r\nHost: localhost\r\nAccept: a/b\r\n{header}\r\n\r\n"
    )

    answer = raw(plain.port, head.encode("latin-1"))

    assert answer.status in {0, 400, 404, 501} or believed(answer) == honest


COOKIES = {
    "ASCII": (b"a=%C3; b=1", "a=%C3; b=1"),
    "UTF-8": (b"town=Z\xc3\xbcrich; visitor=x", "town=Z%C3%BCrich; visitor=x"),
    "Latin 1": (b"visitor=x; town=Z\xfcrich", "visitor=x; town=Z%FCrich"),
    "two headers": (b"a=\xff\r\nCookie: b=\x80", "a=%FF; b=%80"),
    "long": (b"a=" + b"\xe9" * 4000, "a=" + "%E9" * 4000),
}


@pytest.mark.parametrize("sent", COOKIES)
def test_a_cookie_of_any_bytes_hides_no_other(plain: EnvoySite, sent: str) -> None:
    """Workers would read none of them: any script of a page could sign its visitor out."""
    cookie, arrives = COOKIES[sent]
    head = b"GET /front/x HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookie

    answer = raw(plain.port, head + b"\r\n\r\n")

    assert answer.json()["headers"]["cookie"] == arrives


@pytest.mark.parametrize("after", ODD_PORTS)
@pytest.mark.parametrize("name", ["localhost", "shop.test", "127.0.0.1", "[::1]"])
def test_no_other_host_hides_behind_one_of_the_site(
    plain: EnvoySite, name: str, after: str
) -> None:
    """A link that a service makes of the header leads nowhere else."""
    head = f"GET /front/x HTTP/1.1\r\nHost: {name}{after}\r\n\r\n"

    assert raw(plain.port, head.encode("latin-1")).status in {400, 404}


def test_a_service_learns_the_way_from_the_gateway(
    plain: EnvoySite,
) -> None:
    """The peer, the scheme, the host as sent, the port and the prefix."""
    host = f"Shop.test:{plain.port}"

    headers = plain.ask("/front/x", headers={"Host": host}).json()["headers"]

    assert headers["host"] == host
    assert {k: v for k, v in headers.items() if k.startswith("x-")} == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": host,
        "x-forwarded-port": str(plain.port),
        "x-forwarded-prefix": "/front",
        "x-request-id": headers["x-request-id"],
        "x-glassware-identity": "token-for-front",
        "x-glassware-deadline": headers["x-glassware-deadline"],
    }


def test_the_peer_is_who_connects(plain: EnvoySite) -> None:
    """`x-forwarded-for` is the address at the other end, with no port."""
    with connect(plain.port, source=("127.0.0.5", 0)) as connection:
        connection.sendall(request("/front/x"))
        seen = read(connection).json()["headers"]

    assert seen["x-forwarded-for"] == "127.0.0.5"


@pytest.mark.parametrize("name", KEPT)
def test_an_ordinary_header_passes(plain: EnvoySite, name: str) -> None:
    """What browsers and traces send arrives as it was sent."""
    seen = plain.ask("/front/x", headers={name: KEPT[name]}).json()["headers"]

    assert seen[name] == KEPT[name]


@pytest.mark.parametrize("status", [200, 299, 404, 418, 500, 503, 599])
def test_an_odd_answer_passes_unchanged(plain: EnvoySite, status: int) -> None:
    """A service's own status and body are nobody else's affair."""
    answer = plain.ask(f"/status/{status}", headers={"Accept": "text/html"})

    assert (answer.status, answer.json()) == (status, {"odd": True})
    assert answer.headers["content-type"] == "application/json"


def test_every_list_is_used(plain: EnvoySite) -> None:
    """There are at least as many spoofed headers as were measured."""
    assert len(set(SPOOFED)) >= 46

"""Plain TCP addresses, for programs that know nothing of glassware."""

import pytest

from gateway.envoy_site import EnvoySite, fresh_port, public, running
from gateway.exchange import ask, raw
from gateway.kinds import Site, Start
from glassware.gateway import Pair
from glassware.gateway.limits import MIB


Addressed = tuple[EnvoySite, tuple[str, int]]


@pytest.fixture
def addressed(site: Site, worker: Start) -> Addressed:
    """A site whose internal service has a plain address, and a public one."""
    made = site(public("front", "/"), hosts=("shop.test",))
    at = ("127.0.0.9", fresh_port("127.0.0.9"))
    made.start(
        running("front", worker("front").target),
        running("users", worker("users").target, address=at, names=("users.internal",)),
    )
    return made, at


def test_an_address_leads_to_its_service_alone(addressed: Addressed) -> None:
    """All of its paths, unchanged, and nothing of them in public."""
    site, (host, port) = addressed
    paths = ("/", "/internal//x", "/a%2Fb?c=%20", "/a/../b")

    seen = [ask(port, path, host=host).json() for path in paths]

    assert [answer["raw"] for answer in seen] == list(paths)
    assert {answer["backend"] for answer in seen} == {"users"}
    assert site.ask("/users").json()["backend"] == "front"


def test_an_address_answers_to_the_names_of_its_service(addressed: Addressed) -> None:
    """With any port; a page of a stranger cannot make a browser reach it."""
    _, (host, port) = addressed
    statuses = {
        name: ask(port, "/", host=host, headers={"Host": name}).status
        for name in (
            "users:8080",
            "users.internal",
            "localhost:5001",
            "127.0.0.9",
            "shop.test",
            "evil.test",
        )
    }

    assert statuses == {**dict.fromkeys(statuses, 200), "evil.test": 404}


@pytest.mark.parametrize(
    ("method", "said", "status"),
    [
        ("POST", "cross-site", 403),
        ("DELETE", "cross-site", 403),
        ("GET", "cross-site", 200),
        ("POST", "same-origin", 200),
        ("POST", None, 200),
    ],
)
def test_a_page_of_a_stranger_changes_nothing(
    addressed: Addressed, method: str, said: str | None, status: int
) -> None:
    """What a browser says to post for another site is refused."""
    _, (host, port) = addressed
    headers = {} if said is None else {"Sec-Fetch-Site": said}

    assert ask(port, method=method, host=host, headers=headers).status == status


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For: 6.6.6.6",
        "X_Forwarded_For: 6.6.6.6",
        "X-Glassware-Identity: admin",
        "X_Glassware_Identity: admin",
        "X-Glassware_Identity: admin",
        "SCRIPT_NAME: /evil",
        "Script-Name: /evil",
        "PATH_INFO: /evil",
        "X-Forwarded-Prefix: /evil",
        "x-envoy-retry-on: 5xx",
        "Forwarded: for=6.6.6.6",
        "Remote_User: admin",
        "Proxy: http://evil.test",
    ],
)
def test_an_address_believes_no_header_of_the_way(
    addressed: Addressed, header: str
) -> None:
    """What the gateway says of a request is not said by anybody else."""
    _, (host, port) = addressed
    head = f"GET / HTTP/1.1\r\nHost: users\r\n{header}\r\n\r\n"

    headers = raw(port, head.encode(), host).json()["headers"]

    headers.pop("x-request-id")
    assert headers == {
        "host": "users",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": "users",
        "x-forwarded-port": str(port),
    }


def test_an_ordinary_underscore_passes(addressed: Addressed) -> None:
    """Programs of the site may name their own headers as they like."""
    _, (host, port) = addressed
    head = b"GET / HTTP/1.1\r\nHost: users\r\nApi_Key: k\r\n\r\n"

    assert raw(port, head, host).status == 200


def test_an_address_takes_any_body(addressed: Addressed) -> None:
    """The limits of visitors are not those of the site's own programs."""
    _, (host, port) = addressed
    body = b"x" * (17 * MIB)

    assert ask(port, "/", method="POST", body=body, host=host).json()["length"] == len(
        body
    )


def test_addresses_come_and_go(site: Site, worker: Start) -> None:
    """A new one is served, one that is given up is not, the others stay."""
    made = site(public("front", "/"))
    target = worker("front").target
    made.start(running("front", target))
    first = ("127.0.0.1", fresh_port())
    second = ("127.0.0.1", fresh_port())

    made.update(running("front", target, address=first))
    assert ask(first[1], "/").status == 200
    made.update(running("front", target, address=second))
    assert ask(second[1], "/").status == 200
    made.update(running("front", target))

    assert made.ask("/").status == 200
    # The public one, and two within Envoy.
    assert made.count("listener_manager.total_listeners_active") == 3


def test_a_visitor_s_token_passes_between_the_site_s_programs(
    site: Site, worker: Start
) -> None:
    """It proves itself; other spellings, and other claims, do not pass."""
    made = site(public("front", "/"))
    at, of_pair = ("127.0.0.1", fresh_port()), ("127.0.0.1", fresh_port())
    pair = Pair(caller="front", address=of_pair, timeout=5)
    users = worker("users").target
    made.start(
        running("front", worker("front").target),
        running("users", users, address=at, pairs=(pair,)),
    )
    said = {
        "X-Glassware-Visitor": "token",
        "X_Glassware-Visitor": "forged",
        "X-Glassware_Visitor": "forged",
        "X-Glassware-Visitors": "forged",
        "X-Glassware-Identity": "forged",
    }

    for _, port in (at, of_pair):
        headers = ask(port, "/", headers=said).json()["headers"]

        assert headers["x-glassware-visitor"] == "token"
        assert "forged" not in {
            value for name, value in headers.items() if name != "x-glassware-visitors"
        }

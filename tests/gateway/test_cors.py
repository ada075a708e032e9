"""CORS is said once, at the gateway, for the routes that say `cors = true`."""

from collections.abc import Callable

import pytest

from gateway.envoy_site import EnvoySite, public, running
from gateway.exchange import Answer
from gateway.kinds import Share, Site, Start
from glassware.model import Cors


APP, WIDE = "https://app.test", "https://a.b.partner.test"
EVIL = "https://evil.test"
ALLOWED = (APP, WIDE, "http://tools.test:8080")
NOT_ALLOWED = (
    EVIL,
    "http://app.test",
    "https://app.test:444",
    "https://app.test.evil.test",
    "https://xapp.test",
    "https://partner.test",
    "https://evilpartner.test",
    "https://a.partner.test.evil.test",
    "https://a/.partner.test",
    "https://a@.partner.test",
    "null",
)
CORS = Cors(
    origins=("https://App.test", "https://*.partner.test", "http://tools.test:8080"),
    expose=("X-Total",),
    max_age=77,
)


@pytest.fixture
def site_of(site: Site) -> Site:
    """Make gateways; in this module `api` is the one that most tests share."""
    return site


@pytest.fixture(scope="module")
def api(shared: Share) -> EnvoySite:
    """A website, an API below a prefix, and one on a host of its own."""
    made, _ = shared(
        "front api",
        public("front", "/"),
        public("api", "/api", mount="strip", cors=True, max_body=1000),
        public("api", "/", host="api.localhost", cors=True),
        hosts=("localhost",),
        cors=CORS,
    )
    return made


@pytest.fixture
def lone(site_of: Site, worker: Start) -> Callable[[Cors], EnvoySite]:
    """Start a site with one service that others may use, as `[gateway.cors]` says."""

    def start(cors: Cors) -> EnvoySite:
        made = site_of(public("front", "/", cors=True), cors=cors)
        made.start(running("front", worker("front").target))
        return made

    return start


def preflight(site: EnvoySite, path: str, origin: str, host: str = "") -> Answer:
    """Ask as a browser does before it sends what no form could."""
    return site.ask(
        path,
        method="OPTIONS",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type",
            **({"Host": host} if host else {}),
        },
    )


def of_cors(answer: Answer) -> dict[str, str]:
    """Return what an answer says of CORS."""
    return {k: v for k, v in answer.headers.items() if k.startswith("access-control-")}


@pytest.mark.parametrize("origin", ALLOWED)
@pytest.mark.parametrize(
    ("path", "host"), [("/api/x", ""), ("/x", "api.localhost"), ("/api", "")]
)
def test_a_preflight_is_answered(
    api: EnvoySite, origin: str, path: str, host: str
) -> None:
    """By the gateway alone, below a prefix and on a host; there is no redirect."""
    answer = preflight(api, path, origin, host)

    assert answer.status == 200
    assert answer.body == b""
    assert of_cors(answer) == {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key",
        "access-control-expose-headers": "X-Total",
        "access-control-max-age": "77",
    }


@pytest.mark.parametrize("origin", NOT_ALLOWED)
def test_nobody_else_may_read(api: EnvoySite, origin: str) -> None:
    """However close the spelling is, a browser is told nothing."""
    asked = preflight(api, "/api/x", origin)

    assert "access-control-allow-origin" not in asked.headers
    assert "access-control-allow-credentials" not in asked.headers
    assert of_cors(api.ask("/api/x", headers={"Origin": origin})) == {}
    assert api.ask("/api/x", method="PUT", headers={"Origin": origin}).status == 403


@pytest.mark.parametrize("origin", ALLOWED)
def test_an_allowed_script_may_write_and_read(api: EnvoySite, origin: str) -> None:
    """Its requests are none of the foreign ones that are refused elsewhere."""
    answer = api.ask("/api/x", method="PUT", headers={"Origin": origin}, body=b"x")

    assert answer.status == 200
    assert answer.json()["backend"] == "api"
    assert of_cors(answer) == {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": "X-Total",
    }
    assert "Origin" in answer.headers["vary"]


def test_the_other_routes_stay_closed(api: EnvoySite) -> None:
    """An origin that may use the API may not use the website."""
    assert api.ask("/x", method="PUT", headers={"Origin": APP}).status == 403
    assert of_cors(api.ask("/x", headers={"Origin": APP})) == {}
    assert preflight(api, "/x", APP).json()["method"] == "OPTIONS"


def test_the_sites_own_hosts_may_use_it(api: EnvoySite) -> None:
    """A page of the site calls its API on another host."""
    origin = f"http://localhost:{api.port}"

    answer = api.ask("/x", headers={"Host": "api.localhost", "Origin": origin})

    assert of_cors(answer)["access-control-allow-origin"] == origin
    assert preflight(api, "/x", origin, "api.localhost").status == 200


def test_without_credentials_nobody_brings_cookies(api: EnvoySite) -> None:
    """A script brings none; a form would, and could act in a visitor's name."""
    headers = {"Origin": APP, "Cookie": "session=x"}

    assert api.ask("/api/x", method="POST", headers=headers).status == 403
    assert api.ask("/api/x", headers=headers).status == 200


def test_with_credentials_they_may(lone: Callable[[Cors], EnvoySite]) -> None:
    """And the browser is told so, for the named origins alone."""
    made = lone(Cors(origins=(APP,), credentials=True))
    headers = {"Origin": APP, "Cookie": "session=x"}

    answer = made.ask("/x", method="POST", headers=headers)

    assert answer.status == 200
    assert of_cors(answer) == {
        "access-control-allow-origin": APP,
        "access-control-allow-credentials": "true",
    }
    assert (
        preflight(made, "/x", APP).headers["access-control-allow-credentials"] == "true"
    )
    assert "access-control-allow-origin" not in preflight(made, "/x", EVIL).headers


def test_everybody_is_everybody_without_cookies(
    lone: Callable[[Cors], EnvoySite],
) -> None:
    """`*` lets any script read; and a form with cookies is refused as before."""
    made = lone(Cors(origins=("*",)))

    plain = made.ask("/x", method="POST", headers={"Origin": EVIL})
    form = made.ask("/x", method="POST", headers={"Origin": EVIL, "Cookie": "a=b"})

    assert plain.status == 200
    assert "access-control-allow-origin" in plain.headers
    assert "access-control-allow-credentials" not in plain.headers
    assert form.status == 403


def test_what_the_service_says_is_not_doubled(api: EnvoySite) -> None:
    """The gateway's word takes the place of an extension's in the service."""
    path = "/api/cors"
    answer = api.ask(path, headers={"Origin": APP})
    stranger = api.ask(path, headers={"Origin": EVIL})

    assert answer.headers["access-control-allow-origin"] == APP
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["x-total"] == "3"
    assert of_cors(stranger) == {}


def test_where_the_route_says_nothing_the_service_decides(api: EnvoySite) -> None:
    """Without `cors = true` an extension in the service works as it did."""
    answer = api.ask("/cors", headers={"Origin": EVIL})

    assert answer.headers["access-control-allow-origin"] == "*"


def test_an_answer_of_the_gateway_can_be_read_too(api: EnvoySite) -> None:
    """A script learns that its body was too large, rather than nothing at all."""
    answer = api.ask("/api/x", method="PUT", headers={"Origin": APP}, body=b"x" * 2000)

    assert answer.status == 413
    assert answer.headers["access-control-allow-origin"] == APP

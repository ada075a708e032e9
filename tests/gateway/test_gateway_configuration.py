"""The configuration is data, complete, hardened, and accepted by Envoy."""

import json
import os
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.envoy_site import plan, public, running
from glassware.gateway import Gateway, Place, Upstream
from glassware.gateway.clusters import marks
from glassware.gateway.envoy import bootstrap, resources
from glassware.gateway.limits import Limits, affordable, markdown, rows
from glassware.gateway.routes import table
from glassware.model import Cors, Route, Tls
from glassware.plan import GatewayPlan
from glassware.status import Endpoint, Phase


REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "gateway.md"

PLANS = {
    "nothing": plan(),
    "one": plan(public("front", "/")),
    "patterns": plan(
        public("a", "/a", only=("/x/<int:id>", "/y/*"), except_=("/x/7",)),
        public("b", "/b", mount="strip", except_=("/<path:rest>.bak", "/é|(+*")),
        public("c", "/c/é", mount="keep", stream=True, max_body=0, timeout=0.5),
    ),
    "hosts": plan(
        public("a", "/", host="a.shop.test"),
        public("b", "/b", host="*.shop.test"),
        public("c", "/"),
        hosts=("shop.test", "www.shop.test"),
    ),
    "many": plan(*(public(f"s{n}", f"/s{n}") for n in range(150))),
    "everywhere": GatewayPlan(
        port=None, bind="0.0.0.0", hosts=(), routes=(public("a", "/"),)
    ),
    "others": plan(
        public("a", "/a", cors=True, only=("/x",)),
        public("b", "/b", csrf=False),
        public("c", "/", host="c.localhost", aliases=("c.shop.test",), cors=True),
        cors=Cors(origins=("https://*.app.test", "http://[::1]:3000"), expose=("A",)),
    ),
    "a proxy with TLS": plan(public("a", "/"), tls=Tls(elsewhere=True)),
    "version 6": GatewayPlan(
        port=None, bind="::1", hosts=(), routes=(public("a", "/"),)
    ),
}


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("production", [False, True])
def test_envoy_accepts_it(folder: Path, name: str, production: bool) -> None:
    """Services in every phase, with and without workers and addresses."""
    services = dict.fromkeys(route.service for route in PLANS[name].routes)
    phases = tuple(Phase)
    upstreams = [
        Upstream(
            name=service,
            phase=phases[number % len(phases)],
            targets=((Path("/x.sock"),), (("127.0.0.1", 1), ("::1", 2)), ())[
                number % 3
            ],
            reason="% <b> \0 \x1b é \ud800",
            endpoints=(Endpoint(name="x", rule="/<x>&%", methods=("GET",)),),
            address=(f"127.0.1.{number}", 9000) if number % 2 else None,
            names=("x.test",),
        )
        for number, service in enumerate(services)
    ]
    place = Place(
        folder=folder, plan=PLANS[name], port=8000, site="shop", production=production
    )

    Gateway(place).validate(upstreams)


NASTY = st.text(max_size=20) | st.sampled_from(
    ["{{x}}", "$(id)", "%REQ(cookie)%", "</script>", "\n- evil: 1", '"}]', "../.."]
)


@settings(max_examples=25, deadline=None)
@given(NASTY, NASTY, NASTY)
def test_what_people_write_is_only_ever_text(reason: str, rule: str, name: str) -> None:
    """Whatever a service says of itself, one configuration comes of it, unharmed."""
    place = Place(folder=Path("/f"), plan=plan(public("a", "/")), port=1, site=name)
    endpoint = Endpoint(name=name, rule=rule, methods=("GET",))
    failing = Upstream(
        name="a", phase=Phase.FAILING, reason=reason, endpoints=(endpoint,)
    )
    quiet = Upstream(name="a", phase=Phase.FAILING, reason="r")

    [loud], [plain] = (
        json.loads(json.dumps(resources(place, [upstream])["routes"]))
        for upstream in (failing, quiet)
    )

    assert _without_texts(loud) == _without_texts(plain)


def _without_texts(data: object) -> object:
    if isinstance(data, dict):
        return {k: _without_texts(v) for k, v in data.items() if k != "inline_string"}
    return [*map(_without_texts, data)] if isinstance(data, list) else data


def test_nothing_is_left_open() -> None:
    """Each item of the hardening, as Envoy is told it."""
    place = Place(folder=Path("/f"), plan=plan(public("a", "/")), port=8000)
    started = bootstrap(place)
    listener, *rooms = started["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    options = manager["common_http_protocol_options"]

    assert [room["internal_listener"] for room in rooms] == [{}, {}]
    assert listener["enable_reuse_port"] is False
    assert manager["normalize_path"] is True
    assert manager["merge_slashes"] is True
    assert manager["path_with_escaped_slashes_action"] == "REJECT_REQUEST"
    assert options["headers_with_underscores_action"] == "REJECT_REQUEST"
    assert manager["use_remote_address"] is True
    assert manager["skip_xff_append"] is True
    assert manager["codec_type"] == "HTTP1"
    assert started["admin"]["address"] == {
        "pipe": {"path": "/f/admin.sock", "mode": 0o600}
    }
    [layer] = started["layered_runtime"]["layers"]
    assert layer["static_layer"]["envoy.reloadable_features.strict_chunk_parsing"]


def test_nothing_is_left_open_over_tls() -> None:
    """HTTP/2 is chosen by TLS alone; what comes without TLS is led to it."""
    secure = plan(public("a", "/"), tls=Tls(redirect=8080))
    place = Place(folder=Path("/f"), plan=secure, port=8443)
    listener, second, *_ = bootstrap(place)["static_resources"]["listeners"]
    encrypted, unencrypted = listener["filter_chains"]
    managers = [
        chain["filters"][0]["typed_config"]
        for chain in (encrypted, unencrypted, *second["filter_chains"])
    ]

    assert encrypted["filter_chain_match"] == {"transport_protocol": "tls"}
    assert unencrypted["filter_chain_match"] == {"transport_protocol": "raw_buffer"}
    assert "transport_socket" not in unencrypted
    assert [manager["codec_type"] for manager in managers] == ["AUTO", "HTTP1", "HTTP1"]
    for manager in managers[1:]:
        [host] = manager["route_config"]["virtual_hosts"]
        assert [list(route) for route in host["routes"]] == [["match", "redirect"]]


def test_the_public_listener_does_not_depend_on_the_services() -> None:
    """Nothing that changes while a site runs is part of it."""
    place = Place(folder=Path("/f"), plan=plan(public("a", "/")), port=8000)
    before = resources(place, [])
    after = resources(place, [running("a", Path("/a.sock"))])

    assert before["listeners"] == after["listeners"] == []
    assert before["routes"] != after["routes"]


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("0.0.0.0", "http://localhost:8000"),
        ("::1", "http://localhost:8000"),
        ("192.168.1.5", "http://192.168.1.5:8000"),
        ("fd00::5", "http://[fd00::5]:8000"),
    ],
)
def test_the_address_is_one_to_open(folder: Path, bind: str, url: str) -> None:
    """In a browser on this machine, or where it listens alone."""
    somewhere = GatewayPlan(port=None, bind=bind, hosts=(), routes=())

    assert Gateway(Place(folder=folder, plan=somewhere, port=8000)).url == url


def test_a_laptop_keeps_its_processors() -> None:
    """Two threads at most while a site is written, one for each when it serves."""
    place = Place(folder=Path("/f"), plan=plan(), port=1)
    processors = os.cpu_count() or 1

    assert place.concurrency == min(processors, 2)
    assert replace(place, production=True).concurrency == processors
    assert replace(place, threads=7).concurrency == 7


def test_each_version_has_another_count_of_marks() -> None:
    """So each thread of Envoy can be seen to have taken it."""
    counts = [len(marks(number)) for number in range(1, 9)]

    assert all(before != after for before, after in pairwise(counts))


def test_lines_are_in_the_order_in_which_they_match() -> None:
    """A host before any host, a longer prefix before a shorter one."""
    routes = (
        public("a", "/"),
        public("b", "/b"),
        public("c", "/b/c/"),
        public("d", "/", host="D.test"),
        public("e", "/e", host="d.test"),
    )

    lines = table(plan(*routes))

    assert [(line.host, line.prefix) for line in lines] == [
        ("d.test", "/e"),
        ("d.test", ""),
        (None, "/b/c"),
        (None, "/b"),
        (None, ""),
    ]


def test_every_limit_is_on_the_reference_page() -> None:
    """The table there is made from the one in the code."""
    assert markdown(Limits()) in REFERENCE.read_text()


def test_the_largest_body_is_the_same_in_the_manifest() -> None:
    """What no route speaks of is limited as a route without `max_body` is."""
    assert Limits().body == Route().max_body


def test_few_descriptors_mean_few_connections() -> None:
    """Two for each connection, and some for Envoy itself."""
    limits = Limits()

    assert affordable(limits, 1_000_000) == limits
    assert affordable(limits, 1024).connections == 480
    assert affordable(limits, 10).connections == 1


def test_every_limit_is_used() -> None:
    """A field of the table that nothing reads would be a lie."""
    source = "".join(
        path.read_text()
        for path in Path(__file__).parents[2].glob("src/glassware/gateway/*.py")
    )

    for row in rows(Limits()):
        assert re.search(rf"limits\.{row.name}\b", source), row.name

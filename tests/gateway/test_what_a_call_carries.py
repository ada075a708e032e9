"""Who calls, and how long an answer may take, is said by the gateway alone."""

import time

import pytest
from websockets.sync.client import connect as websocket

from gateway.backend import SAID
from gateway.envoy_site import EnvoySite, fresh_port, public, running
from gateway.exchange import Answer, ask, connect, raw, read, request
from gateway.kinds import Share, Site, Start
from glassware.gateway import Pair
from waiting import until


TOKENS = {"@site": "token-of-the-site", "shop-front_1": "token-of-a-caller"}
CALLER = "shop-front_1"
IDENTITY = "x-glassware-identity"
DEADLINE = "x-glassware-deadline"
VIA = "x-glassware-via"
DOORS = ("public", "address", "pair")
CLAIMS = [
    f"{name}: claimed"
    for end in ("Identity", "Trace", "Failure", "Refused")
    for name in (
        f"X-Glassware-{end}",
        f"x-glassware-{end.lower()}",
        f"X_Glassware_{end}",
        f"X-Glassware_{end}",
        f"x_glassware-{end}",
        f"X-GLASSWARE-{end.upper()}",
    )
]


class Doors:
    """A service that is reached in each way, and what it is told there."""

    def __init__(self, made: EnvoySite, ports: dict[str, int]) -> None:
        self.site = made
        self.ports = ports

    def told(self, door: str, **more) -> dict[str, str]:
        """Return the headers that arrive of a request."""
        return self.ask(door, **more).json()["headers"]

    def ask(self, door: str, target: str = "/x", **more) -> Answer:
        """Send a request to one of the doors."""
        return ask(self.ports[door], target, **more)


def fronted(made: EnvoySite, ports: dict[str, int], tokens: dict[str, str]) -> None:
    """Let the service be reached in each way."""
    front, other = (
        made.place.folder.parent / f"{name}.sock" for name in ("front", "other")
    )
    pair = Pair(caller=CALLER, address=("127.0.0.1", ports["pair"]), timeout=5)
    address = ("127.0.0.1", ports["address"])
    made.update(
        running("front", front, address=address, pairs=(pair,), tokens=tokens),
        running("other", other, tokens={"@site": "for-other"}),
    )


@pytest.fixture(scope="module")
def doors(shared: Share) -> Doors:
    """Start it: budgets of 7 s in public, of 5 s for its caller."""
    made, _ = shared(
        "front other",
        public("front", "/", timeout=7),
        public("front", "/stream", stream=True, timeout=7),
        public("other", "/other"),
    )
    ports = {"public": made.port, "address": fresh_port(), "pair": fresh_port()}
    fronted(made, ports, TOKENS)
    return Doors(made, ports)


def test_each_door_says_who_calls(doors: Doors) -> None:
    """Visitors and unknown programs come as the site, a pair's caller as itself."""
    told = {door: doors.told(door) for door in DOORS}

    assert {door: headers[IDENTITY] for door, headers in told.items()} == {
        "public": TOKENS["@site"],
        "address": TOKENS["@site"],
        "pair": TOKENS[CALLER],
    }
    assert {door: headers.get(VIA) for door, headers in told.items()} == {
        "public": None,
        "address": None,
        "pair": CALLER,
    }


def test_each_service_gets_a_token_of_its_own(doors: Doors) -> None:
    """What one is shown proves nothing to another."""
    assert doors.told("public", target="/other/x")[IDENTITY] == "for-other"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("claim", CLAIMS)
def test_nobody_says_who_he_is_by_a_header(doors: Doors, door: str, claim: str) -> None:
    """The request is refused, or arrives as if the header had not been there."""
    honest = doors.told(door)
    head = f"GET /x HTTP/1.1\r\nHost: localhost\r\n{claim}\r\n\r\n"

    answer = raw(doors.ports[door], head.encode())

    if answer.status != 400:
        seen = answer.json()["headers"]
        assert seen[IDENTITY] == honest[IDENTITY]
        assert seen.keys() == honest.keys()
    assert "claimed" not in answer.text


@pytest.mark.parametrize("door", ["public", "pair"])
@pytest.mark.parametrize(
    "header",
    ["X-Glassware-Deadline: 99999999", "X-Glassware-Via: x", "X-Glassware-Retry: no"],
)
def test_nobody_says_how_long_he_waits_for_somebody_else(
    doors: Doors, door: str, header: str
) -> None:
    """In public and at a pair's address, the gateway says it."""
    honest = doors.told(door)
    head = f"GET /x HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n"

    seen = raw(doors.ports[door], head.encode()).json()["headers"]

    assert seen.keys() == honest.keys()
    assert seen[DEADLINE].split(";")[0] == honest[DEADLINE].split(";")[0]
    assert seen.get(VIA) == honest.get(VIA)


def test_a_program_at_a_plain_address_may_say_it(doors: Doors) -> None:
    """A neighbour calls there too; how long it waits is its own affair."""
    given = {"X-Glassware-Deadline": "5;1", "X-Glassware-Via": "a"}

    told = doors.told("address", headers=given)

    assert (told[DEADLINE], told[VIA]) == ("5;1", "a")
    assert DEADLINE not in doors.told("address")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(("door", "budget"), [("public", 7000), ("pair", 5000)])
def test_a_request_comes_with_a_budget(
    doors: Doors, door: str, budget: int, method: str
) -> None:
    """Milliseconds, when they began, and how long the body took."""
    before = time.time()

    said = doors.told(door, method=method, body=b"x" if method != "GET" else b"")

    milliseconds, began, took = said[DEADLINE].split(";")
    assert int(milliseconds) == budget
    # Envoy's clock and ours may be read in another millisecond.
    assert before - 0.1 <= float(began) <= time.time() + 0.1
    # Where no body is kept back, nobody knows.
    assert int(took or 0) < 5000


def test_the_time_of_a_slow_body_is_told(doors: Doors) -> None:
    """It is the visitor's, not the service's."""
    began = time.monotonic()
    with connect(doors.site.port) as connection:
        whole = request("/x", "POST", {"Content-Length": "4"}, b"body")
        connection.sendall(whole[:-2])
        until(lambda: time.monotonic() > began + 0.3, "some time")
        connection.sendall(whole[-2:])
        said = read(connection).json()["headers"]

    assert int(said[DEADLINE].split(";")[2]) >= 290


def test_what_is_open_for_long_has_no_budget(doors: Doors) -> None:
    """Streams, server-sent events and WebSockets."""
    events = {"Accept": "text/event-stream", "X-Glassware-Deadline": "1"}
    stream = doors.told("public", target="/stream/x", method="POST", body=b"x")

    assert DEADLINE not in stream
    assert IDENTITY in stream
    for door in ("public", "pair"):
        assert DEADLINE not in doors.told(door, headers=events)
        with websocket(f"ws://localhost:{doors.ports[door]}/told") as socket:
            told = socket.recv(timeout=5)
        assert DEADLINE not in told
        assert IDENTITY in told


@pytest.mark.parametrize("door", DOORS)
def test_what_the_site_says_to_itself_stays_inside(doors: Doors, door: str) -> None:
    """No answer that leaves it has a header of ours."""
    answer = doors.ask(door, "/secrets")

    assert answer.status == 200
    assert len(SAID) == 9
    assert not [name for name in answer.headers if name.startswith("x-glassware")]


def test_new_tokens_disturb_nobody(doors: Doors) -> None:
    """No listener changes, and no WebSocket is closed."""
    new = {caller: f"new-{token}" for caller, token in TOKENS.items()}
    with websocket(f"ws://localhost:{doors.ports['pair']}/socket") as socket:
        fronted(doors.site, doors.ports, new)

        socket.send("still")
        assert socket.recv(timeout=5) == "front:still"
    said = [doors.told(door)[IDENTITY] for door in DOORS]
    fronted(doors.site, doors.ports, TOKENS)
    assert said == [new["@site"], new["@site"], new[CALLER]]
    assert doors.site.count("listener_manager.listener_modified") == 0


def test_a_pair_is_given_up_after_its_time(site: Site, worker: Start) -> None:
    """A call has a limit, whatever code makes it."""
    made, port, backend = site(public("front", "/")), fresh_port(), worker("front")
    pair = Pair(caller="a", address=("127.0.0.1", port), timeout=0.3)
    made.start(running("front", backend.target, pairs=(pair,)))

    answers = [ask(port, "/hang", method=method) for method in ("GET", "POST")]

    assert [answer.status for answer in answers] == [504, 504]
    assert backend.seen == ["/hang", "/hang"]

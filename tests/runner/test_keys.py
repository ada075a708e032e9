"""Who is given which key, and how long what the gateway shows is good for."""

from pathlib import Path

import pytest

from glassware.model import Service, Site
from glassware.plan import Plan, make_plan
from glassware.runner.keys import DAY, Keys
from glassware.tokens import LEEWAY, LIFETIME, SITE, NotACaller, NotVerified, Verifier


def service(name: str, *calls: str, names: tuple[str, ...] = ()) -> Service:
    """A service, what it may call, and whose URL it reads."""
    variables = {f"URL_{n}": f"{{services.{n}.url}}" for n in names}
    folder = Path("/site/services", name)
    return Service(name=name, folder=folder, calls=calls, environment=variables)


def shop(*more: str) -> Plan:
    """Return the plan of three services, of which the first may call `more`."""
    services = (
        service("front", *more, names=more),
        service("back", "front"),
        service("deep"),
    )
    return make_plan(Site(folder=Path("/site"), name="shop", services=services))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the keys, and of whoever verifies."""
    return Clock()


@pytest.fixture
def keys(clock: Clock) -> Keys:
    """The keys of a site."""
    return Keys(clock)


def verifier(keys: Keys, plan: Plan, name: str, clock: Clock) -> Verifier:
    """What a worker of a service verifies with."""
    return Verifier(name, keys.callers(plan, name), clock, clock)


def test_a_service_knows_the_site_and_its_callers_and_nobody_else(keys: Keys) -> None:
    """The manifests say who; each has a key of its own, the same for all who know it."""
    plan = shop("back", "deep")
    known = {name: keys.callers(plan, name) for name in ("front", "back", "deep")}

    assert {name: set(callers) for name, callers in known.items()} == {
        "front": {SITE, "back"},
        "back": {SITE, "front"},
        "deep": {SITE, "front"},
    }
    assert known["back"]["front"] == known["deep"]["front"]
    assert len({key for callers in known.values() for key in callers.values()}) == 3
    private = {keys.private(name) for name in ("front", "back", "deep")}
    assert len(private) == 3
    assert keys.private("front") in private


def test_the_gateway_shows_the_site_s_token_and_those_of_pairs(
    keys: Keys, clock: Clock
) -> None:
    """Each is good for this one service; a caller without a pair has none there."""
    plan = shop("deep")
    tokens = keys.tokens(plan, "deep")

    assert set(tokens) == {SITE, "front"}
    assert set(keys.tokens(plan, "front")) == {SITE}
    mine = verifier(keys, plan, "deep", clock)
    assert {caller: mine.caller(token) for caller, token in tokens.items()} == {
        SITE: SITE,
        "front": "front",
    }
    other = verifier(keys, plan, "back", clock)
    with pytest.raises(NotVerified):
        other.caller(tokens[SITE])
    with pytest.raises(NotACaller):
        other.caller(tokens["front"])


def test_its_tokens_are_renewed_when_half_of_their_life_is_over(
    keys: Keys, clock: Clock
) -> None:
    """So at any moment they live for half a day more, whoever renews them or not."""
    plan = shop("deep")
    first = keys.tokens(plan, "deep")
    clock.now += DAY / 2 - 1
    assert not keys.are_due()
    assert keys.tokens(plan, "deep") == first

    clock.now += 2

    assert keys.are_due()
    second = keys.tokens(plan, "deep")
    assert not set(second.values()) & set(first.values())
    assert not keys.are_due()
    clock.now += DAY / 2 - 10
    mine = verifier(keys, plan, "deep", clock)
    assert mine.caller(second[SITE]) == mine.caller(first[SITE]) == SITE


@pytest.mark.parametrize("hours", [-2, -48, 13, 72])
def test_a_clock_that_is_set_makes_new_ones(
    keys: Keys, clock: Clock, hours: int
) -> None:
    """Whichever way: what a worker that starts now is shown, it believes."""
    plan = shop("deep")
    keys.tokens(plan, "deep")

    clock.now += hours * 3600

    assert keys.are_due()
    token = keys.tokens(plan, "deep")[SITE]
    assert verifier(keys, plan, "deep", clock).caller(token) == SITE


def test_the_terminal_s_token_is_good_for_a_moment(keys: Keys, clock: Clock) -> None:
    """For one service, and for a minute at most."""
    plan = shop("deep")
    token = keys.token("deep")

    assert verifier(keys, plan, "deep", clock).caller(token) == SITE
    with pytest.raises(NotVerified):
        verifier(keys, plan, "back", clock).caller(token)
    clock.now += LIFETIME + LEEWAY + 1
    with pytest.raises(NotVerified):
        verifier(keys, plan, "deep", clock).caller(token)

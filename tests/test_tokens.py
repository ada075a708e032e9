import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

import jwt
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from glassware.tokens import (
    LEEWAY,
    LIFETIME,
    SITE,
    Key,
    NotACaller,
    NotVerified,
    Signer,
    Verifier,
)


DAY = 86_400.0
KEYS = {name: Key.generate() for name in ("storefront", "accounts", SITE)}
PUBLIC = {name: key.public for name, key in KEYS.items()}


@dataclass
class Clocks:
    """A wall clock that can be set, and one that only goes on."""

    wall_now: float = 1_800_000_000.0
    monotonic_now: float = 50_000.0

    def wall(self) -> float:
        """Return the seconds since the epoch."""
        return self.wall_now

    def monotonic(self) -> float:
        """Return seconds."""
        return self.monotonic_now

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.wall_now += seconds
        self.monotonic_now += seconds


def verifier(clocks: Clocks, service: str = "catalog") -> Verifier:
    """Return the verifier of a service that `storefront` and the gateway may call."""
    callers = {name: PUBLIC[name] for name in ("storefront", SITE)}
    return Verifier(service, callers, clocks.wall, clocks.monotonic)


def signer(clocks: Clocks, name: str = "storefront") -> Signer:
    """Return what makes the tokens of a service."""
    return Signer(KEYS[name], name, clocks.wall, clocks.monotonic)


def test_a_token_says_who_calls():
    """The callee learns the caller's name from its signature."""
    clocks = Clocks()
    assert verifier(clocks).caller(signer(clocks).token("catalog")) == "storefront"
    site = KEYS[SITE].sign(SITE, "catalog", DAY, clocks.wall())
    assert verifier(clocks).caller(site) == SITE


def test_nobody_mints_as_another():
    """A token that `accounts` signs in the name of `storefront` proves nothing."""
    clocks = Clocks()
    forged = KEYS["accounts"].sign("storefront", "catalog", now=clocks.wall())
    with pytest.raises(NotVerified):
        verifier(clocks).caller(forged)
    forged = KEYS["storefront"].sign(SITE, "catalog", now=clocks.wall())
    with pytest.raises(NotVerified):
        verifier(clocks).caller(forged)


def test_a_token_for_one_service_is_refused_by_the_next():
    """Whoever is called cannot use the token to call others."""
    clocks = Clocks()
    token = signer(clocks).token("reviews")
    with pytest.raises(NotVerified):
        verifier(clocks).caller(token)
    assert verifier(clocks, "reviews").caller(token) == "storefront"


def test_who_is_no_caller_is_told_apart_from_who_proves_nothing():
    """`accounts` may not call `catalog`: its own token is in order, all the same."""
    clocks = Clocks()
    with pytest.raises(NotACaller):
        verifier(clocks).caller(signer(clocks, "accounts").token("catalog"))


@pytest.mark.parametrize("known", [False, True])
def test_a_leaked_token_is_useless_after_a_minute(known):
    """Also where the callee has seen it before, and at each moment it was seen."""
    for seen_at in (0.0, 29.0, 31.0, 59.0):
        clocks = Clocks()
        token, callee = signer(clocks).token("catalog"), verifier(clocks)
        clocks.pass_(seen_at)
        if known:
            assert callee.caller(token) == "storefront"
        clocks.pass_(59.5 - seen_at)
        assert callee.caller(token) == "storefront"
        clocks.pass_(0.6)
        with pytest.raises(NotVerified):
            callee.caller(token)
        with pytest.raises(NotVerified):
            verifier(clocks).caller(token)


@given(
    steps=st.lists(
        st.tuples(
            st.floats(0, 40),
            st.one_of(st.floats(-DAY, DAY), st.sampled_from([0.0, -10.0, -7200.0])),
        ),
        max_size=20,
    )
)
def test_clocks_that_are_set_reject_nobody(steps):
    """Whatever the clock of the machine is set to, a call's token is accepted."""
    clocks = Clocks()
    caller, callee = signer(clocks), verifier(clocks)
    for passed, jump in steps:
        clocks.pass_(passed)
        clocks.wall_now += jump
        assert callee.caller(caller.token("catalog")) == "storefront"
        assert verifier(clocks).caller(caller.token("catalog")) == "storefront"


@given(ahead=st.floats(-LEEWAY, LEEWAY - 1), passed=st.floats(0, 300))
def test_the_clocks_of_two_machines_may_differ(ahead, passed):
    """By half a minute either way."""
    there, here = Clocks(), Clocks()
    there.wall_now += ahead
    caller, callee = signer(there), verifier(here)
    for clocks in (there, here):
        clocks.pass_(passed)
    # The token is at most half its life old.
    assume(ahead >= -(LEEWAY + LIFETIME / 2) + 1)
    assert callee.caller(caller.token("catalog")) == "storefront"


@pytest.mark.parametrize("jump", [-7200.0, -10.0, 7200.0])
def test_what_lives_for_a_day_outlives_a_clock_that_is_set(jump):
    """The gateway's token goes on, also for workers that never saw it before."""
    clocks = Clocks()
    token = KEYS[SITE].sign(SITE, "catalog", DAY, clocks.wall())
    clocks.wall_now += jump
    assert verifier(clocks).caller(token) == SITE


def test_a_token_of_the_future_is_refused():
    """Who sets the clock ahead cannot make tokens for later."""
    clocks = Clocks()
    token = KEYS["storefront"].sign("storefront", "catalog", now=clocks.wall() + 3600)
    with pytest.raises(NotVerified):
        verifier(clocks).caller(token)


def test_a_new_token_is_made_every_half_lifetime():
    """And not for each call: signing costs more than the call's other work."""
    clocks = Clocks()
    caller = signer(clocks)
    first = caller.token("catalog")
    clocks.pass_(LIFETIME / 2 - 1)
    assert caller.token("catalog") == first
    clocks.pass_(2)
    assert caller.token("catalog") != first


def _encoded(value: object) -> str:
    raw = json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def claims(clocks: Clocks, **others: object) -> dict[str, object]:
    """Return the claims of a token in order, with some of them changed."""
    now = int(clocks.wall())
    whole = {"iss": "storefront", "aud": "catalog", "iat": now, "exp": now + 30}
    return {k: v for k, v in {**whole, **others}.items() if v is not None}


@pytest.mark.parametrize(
    "forge",
    [
        lambda said: jwt.encode(said, "", algorithm="none"),
        lambda said: jwt.encode(said, "x" * 64, algorithm="HS256"),
        lambda said: jwt.encode(said, PUBLIC["storefront"].ljust(64), "HS256"),
        lambda said: f"{_encoded({'alg': 'none'})}.{_encoded(said)}.",
        lambda said: f"{_encoded({'alg': 'EdDSA'})}.{_encoded(said)}.",
        lambda said: f"{_encoded({'alg': ['EdDSA']})}.{_encoded(said)}.AAAA",
        lambda said: f"{_encoded({})}.{_encoded(said)}.{_encoded('')}",
        lambda said: f"{_encoded([])}.{_encoded(said)}.{_encoded('')}",
        lambda said: (
            f"{_encoded({'alg': 'EdDSA', 'jwk': PUBLIC['accounts']})}."
            + ".".join(
                jwt.encode(said, KEYS["accounts"].private, "EdDSA").split(".")[1:]
            )
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_no_other_algorithm_counts(forge: Callable[[dict[str, object]], str]):
    """Neither none, nor a public key used as a secret, nor a key in the header."""
    clocks = Clocks()
    with pytest.raises(NotVerified):
        verifier(clocks).caller(forge(claims(clocks)))


@pytest.mark.parametrize(
    "others",
    [
        *({name: None} for name in ("iss", "aud", "iat", "exp")),
        {"exp": "soon"},
        {"exp": float("nan")},
        {"iat": float("nan"), "exp": float("nan")},
        {"aud": ["reviews"]},
        {"aud": {"catalog": 1}},
        {"iss": ["storefront"]},
        {"iss": 7},
    ],
)
def test_a_signature_alone_is_not_enough(others):
    """Each claim must be there and mean something."""
    clocks = Clocks()
    token = jwt.encode(
        claims(clocks, **{k: v for k, v in others.items() if k != "iss"}),
        KEYS["storefront"].private,
        "EdDSA",
    )
    if "iss" in others:
        # The library would not sign it.
        head = {"alg": "EdDSA", "typ": "JWT"}
        signed = f"{_encoded(head)}.{_encoded(claims(clocks, **others))}"
        raw = KEYS["storefront"].private.sign(signed.encode())
        token = f"{signed}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"
    with pytest.raises((NotVerified, NotACaller)):
        verifier(clocks).caller(token)


@given(st.text())
@example("." * 10)
@example("a" * 5000)
@example(f"{_encoded({'alg': 'EdDSA'})}.{_encoded('[' * 900)}.")
@example("e30." + base64.urlsafe_b64encode(b"[" * 2500).decode().rstrip("=") + ".e30")
def test_garbage_proves_nothing(text):
    """Any text is answered with the same two errors and no other."""
    with pytest.raises((NotVerified, NotACaller)):
        verifier(Clocks()).caller(text)


@given(st.data())
def test_a_changed_token_proves_nothing(data):
    """Whatever character of it is another one."""
    clocks = Clocks()
    token = signer(clocks).token("catalog")
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_."))
    changed = token[:at] + other + token[at + 1 :]
    # The last character of a part has bits that nobody reads.
    ends = {i - 1 for i, c in enumerate(token) if c == "."} | {len(token) - 1}
    assume(changed != token and at not in ends)
    with pytest.raises((NotVerified, NotACaller)):
        verifier(clocks).caller(changed)


def test_a_key_does_not_show_itself():
    """It is in no log by way of `repr`."""
    key = Key.generate()
    assert key.text not in repr(key)
    assert Key(key.text).public == key.public


def test_many_tokens_do_not_fill_the_memory():
    """What was verified is remembered up to a bound, and still verified after it."""
    clocks = Clocks()
    callee = verifier(clocks)
    for second in range(1100):
        token = KEYS["storefront"].sign("storefront", "catalog", 29, clocks.wall())
        assert callee.caller(token) == "storefront", second
        clocks.pass_(1)
    assert len(callee._known) <= 1024

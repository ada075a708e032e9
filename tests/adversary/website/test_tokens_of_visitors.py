"""Whatever somebody makes up is an anonymous visitor, never an error."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace

import jwt
import pytest

from glassware.service import settings
from glassware.service.visit_tokens import LONGEST, Visit, VisitSigner, VisitVerifier
from glassware.service.visits import found_of
from glassware.tokens import LEEWAY, Key, NotVerified
from glassware.visitors import (
    REVOCATIONS,
    Visiting,
    revoke_session,
    revoke_user,
    visiting_at,
)
from website.visiting import House, bearing, with_cookie


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A site; the test is one of its services."""
    house = House(tmp_path)
    for name, value in house.variables("catalog").items():
        monkeypatch.setenv(name, value)
    settings.forget()
    yield house
    monkeypatch.undo()
    settings.forget()


def claims(**changed):
    """What an honest token of the site says, with some things changed."""
    now = int(time.time())
    said = {
        "iss": "glassware:shop",
        "aud": "visitor",
        "sub": "7",
        "sid": "s",
        "since": now,
        "iat": now,
        "exp": now + 300,
        "roles": ["admin"],
        "claims": {"name": "Ada"},
    }
    return {key: v for key, v in {**said, **changed}.items() if v is not None}


def part(said):
    """A part of a token."""
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(algorithm, signature=b""):
    """A token that names an algorithm of somebody's choice."""
    header = {"alg": algorithm, "kid": "k1", "typ": "JWT"}
    return f"{part(header)}.{part(claims())}.{part(signature)}"


def keyed_with_the_public_key(house):
    """HS256 whose secret is the public key, which everybody may know."""
    head = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part(claims())}"
    raw = base64.urlsafe_b64decode(house.key.public + "=")
    return f"{head}.{part(hmac.new(raw, head.encode(), hashlib.sha256).digest())}"


def changed_after(house):
    """An honest token whose roles were changed."""
    head, _, signature = house.key.write(claims(), "k1").split(".")
    return f"{head}.{part(claims(roles=['root']))}.{signature}"


MADE_UP = {
    "nothing": lambda house: "",
    "no token": lambda house: "rubbish",
    "two points": lambda house: "..",
    "no characters of a token": lambda house: "\u00e9\x00.\udcff.x",
    "endless": lambda house: "x" * 100_000,
    "long, and right": lambda house: house.key.write(
        claims(claims={"x": "y" * LONGEST}), "k1"
    ),
    "alg: none": lambda house: unsigned("none"),
    "alg: None": lambda house: unsigned("None"),
    "an unknown algorithm": lambda house: unsigned("EdDSA2", b"x" * 64),
    "no signature": lambda house: unsigned("EdDSA"),
    "HS256 with the public key": keyed_with_the_public_key,
    "changed": changed_after,
    "no key id": lambda house: house.key.write(claims()),
    "unknown key id": lambda house: house.key.write(claims(), "k2"),
    "key id that is a path": lambda house: house.key.write(claims(), "../k1"),
    "another key": lambda house: Key.generate().write(claims(), "k1"),
    "another site": lambda house: house.key.write(claims(iss="glassware:other"), "k1"),
    "a service's token": lambda house: Key.generate().sign("accounts", "catalog"),
    "its key, for a service": lambda house: house.key.write(
        claims(aud="catalog"), "k1"
    ),
    "a renewal token": lambda house: house.key.write(claims(aud="renewal"), "k1"),
    "both at once": lambda house: house.key.write(
        claims(aud=["visitor", "renewal"]), "k1"
    ),
    "expired": lambda house: house.key.write(
        claims(iat=int(time.time()) - 400, exp=int(time.time() - LEEWAY) - 1), "k1"
    ),
    "from the future": lambda house: house.key.write(
        claims(iat=int(time.time() + LEEWAY) + 5, exp=int(time.time()) + 400), "k1"
    ),
    "without an end": lambda house: house.key.write(claims(exp=None), "k1"),
    "an end that is no number": lambda house: house.key.write(claims(exp="x"), "k1"),
    "an end that never comes": lambda house: house.key.write(
        claims(exp=float("nan")), "k1"
    ),
    "nobody's": lambda house: house.key.write(claims(sub=""), "k1"),
    "without a user": lambda house: house.key.write(claims(sub=None), "k1"),
    "without a session": lambda house: house.key.write(claims(sid=None), "k1"),
    "an empty session": lambda house: house.key.write(claims(sid=""), "k1"),
    "without a beginning": lambda house: house.key.write(claims(since=None), "k1"),
    "roles that are none": lambda house: house.key.write(claims(roles=7), "k1"),
    "claims that are none": lambda house: house.key.write(claims(claims="x"), "k1"),
}


def test_an_honest_token_says_who_visits(house):
    """The control of all the others: what they change is what makes them fail."""
    visit = found_of(bearing(house.key.write(claims(), "k1"))).visit
    assert (visit.user, visit.roles, dict(visit.claims)) == (
        "7",
        ("admin",),
        {"name": "Ada"},
    )


@pytest.mark.parametrize("made_up", MADE_UP.values(), ids=MADE_UP)
@pytest.mark.parametrize("brings", [bearing, with_cookie])
def test_what_is_made_up_proves_nothing(house, made_up, brings):
    """The visitor is anonymous, and no neighbour is sent the token."""
    found = found_of(brings(made_up(house)))
    assert (found.visit, found.token) == (None, "")


def test_nobody_is_signed_in_where_the_site_has_no_such_page(house):
    """Keys that are left over do not count."""
    house.say(sign_in="")
    assert found_of(bearing(house.token())).visit is None


BROKEN = [
    *("", "{", "[1]", "null", "[" * 100_000, '{"sign_in": 5}', '{"sign_in": ["a"]}'),
    *('{"keys": null}', '{"keys": {"k1": 5}}', '{"keys": []}', '{"domain": 5}'),
    *('{"remember": "x"}', '{"renew_after": null}', '{"site": ["shop"]}', "\0" * 100),
]


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text[:20])
def test_a_broken_file_signs_nobody_in_and_breaks_no_page(house, text):
    """It is written by somebody else, and may be anything."""
    token = house.token()
    (house.folder / "visitors.json").write_text(text)
    assert found_of(bearing(token)).visit is None
    assert visiting_at(house.folder / "visitors.json") == Visiting()


def test_a_key_that_is_taken_back_counts_no_more(house):
    """Also for a token that was seen before."""
    token = house.token()
    assert found_of(bearing(token)).visit is not None
    house.say(keys={"k2": Key.generate().public})
    assert found_of(bearing(token)).visit is None


def test_a_key_that_comes_signs_nobody_out(house):
    """Rotation: tokens of the former key count for as long as they live."""
    token, new = house.token(), Key.generate()
    house.say(keys={**house.visiting.keys, "k2": new.public})
    assert found_of(bearing(token)).visit is not None
    fresh = VisitSigner("shop", f"k2:{new.text}")
    visit = Visit(user="8", session="t", since=time.time())
    assert found_of(bearing(fresh.sign(visit, "visitor", 300))).visit == visit


def test_a_token_is_of_no_use_after_its_session_has_ended(house):
    """Whoever kept it may send it as often as he likes; others are not concerned."""
    token, other = house.token(session="a"), house.token(session="b")
    assert found_of(bearing(token)).visit is not None
    revoke_session(house.folder / REVOCATIONS, "a", time.time() + 500)
    assert found_of(bearing(token)).visit is None
    assert found_of(bearing(other)).visit is not None


def test_a_user_who_is_signed_out_everywhere_may_sign_in_again(house):
    """What began before the end is over, what begins after it counts."""
    before = house.token(since=time.time())
    revoke_user(house.folder / REVOCATIONS, "7", time.time() + 500)
    after = house.token(since=time.time())
    others = house.token("8", since=time.time() - 100)
    assert found_of(bearing(before)).visit is None
    assert found_of(bearing(after)).visit is not None
    assert found_of(bearing(others)).visit is not None


def test_who_cannot_ask_who_signed_out_believes_nobody(house):
    """A list that cannot be read is no reason to let somebody in, nor for a 500."""
    token = house.token()
    (house.folder / REVOCATIONS).mkdir()
    assert found_of(bearing(token)).visit is None


def test_over_https_only_the_cookie_counts_that_no_page_of_http_can_set(
    house, monkeypatch
):
    """`__Host-` is a promise of the browser; a plain `visitor` may be anybody's."""
    monkeypatch.setenv("GLASSWARE_URL", "https://shop.test")
    settings.forget()
    token = house.token()
    assert found_of(with_cookie(token)).visit is None
    assert found_of(with_cookie(token, "__Secure-visitor")).visit is None
    assert found_of(with_cookie(token, "__Host-visitor")).visit is not None
    house.say(domain="shop.test")
    assert found_of(with_cookie(token, "__Host-visitor")).visit is None
    assert found_of(with_cookie(token, "__Secure-visitor")).visit is not None


def test_a_header_goes_before_a_cookie_and_is_not_made_good_by_it(house):
    """A neighbour asks on behalf of whom it says, and of nobody else."""
    asked = with_cookie(house.token())
    assert found_of(replace(asked, visitor=house.token("8"))).visit.user == "8"
    assert found_of(replace(asked, visitor="rubbish")).visit is None


def test_a_seen_token_ends_by_a_clock_that_nobody_sets():
    """Neither does it live on when the wall clock is set back, nor end too early."""
    key, wall, monotonic = Key.generate(), [1_800_000_000.0], [50.0]
    signer = VisitSigner("shop", f"k:{key.text}", lambda: wall[0])
    visit = Visit(user="7", session="s", since=1.0)
    token = signer.sign(visit, "visitor", 300)
    verifier = VisitVerifier(
        "shop", {"k": key.public}, "visitor", lambda: wall[0], lambda: monotonic[0]
    )
    assert verifier.visit(token) == visit
    wall[0] += 86_400.0
    assert verifier.visit(token) == visit
    wall[0] -= 10 * 86_400.0
    monotonic[0] += 300 + LEEWAY + 1
    with pytest.raises(NotVerified):
        verifier.visit(token)


def test_a_flood_of_tokens_fills_no_memory():
    """However many there are, only some are remembered."""
    key = Key.generate()
    signer = VisitSigner("shop", f"k:{key.text}")
    verifier = VisitVerifier("shop", {"k": key.public})
    for number in range(1100):
        visit = Visit(user=str(number), session="s", since=1.0)
        assert verifier.visit(signer.sign(visit, "visitor", 300)) == visit
    assert len(verifier._known) <= 1024


def test_what_a_token_says_cannot_be_changed_for_the_next_request(house):
    """One request's view of a visitor is not another's."""
    token = house.token(claims={"name": "Ada"})
    with pytest.raises(TypeError):
        found_of(bearing(token)).visit.claims["name"] = "Eve"
    assert found_of(bearing(token)).visit.claims["name"] == "Ada"


def test_the_tests_forge_what_the_library_would_sign():
    """The forgeries differ from honest tokens in what they mean to differ in."""
    assert jwt.get_unverified_header(unsigned("none"))["alg"] == "none"

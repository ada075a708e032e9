"""Fragments that are kept: for how long, and what stands in for which."""

import pytest

from glassware.errors import NotAllowed, Unavailable
from website.cached import Kitchen, answer, lost


@pytest.fixture
def kitchen():
    """A cache and its neighbour."""
    return Kitchen()


def test_what_is_fresh_is_not_asked_for_again(kitchen):
    """Up to its age and not beyond."""
    kitchen.answers = [answer("1", "max-age=60", Age="10"), answer("2", "max-age=60")]
    assert kitchen.get().body == b"1"
    kitchen.now += 49
    kept = kitchen.get()
    assert (kept.body, kept.stale, kept.age) == (b"1", "", 59)
    kitchen.now += 1
    assert kitchen.get().body == b"2"
    assert len(kitchen.asked) == 2


def test_what_says_nothing_is_always_asked_for(kitchen):
    """Nothing is guessed."""
    kitchen.answers = [answer("1"), answer("2", "no-store, max-age=9")]
    assert [kitchen.get().body, kitchen.get().body] == [b"1", b"2"]


def test_what_is_asked_for_otherwise_is_something_else(kitchen):
    """Another query, service, or page's service: each is asked."""
    kitchen.answers = [answer(str(n), "public, max-age=60") for n in range(5)]
    bodies = [
        kitchen.get("/mini").body,
        kitchen.get("/mini?a=1").body,
        kitchen.get("/mini", service="reviews").body,
        kitchen.get("/mini", caller="storefront").body,
        kitchen.get("/mini", nonce="n" * 22).body,
        kitchen.get("/mini").body,
    ]
    assert bodies == [b"0", b"1", b"2", b"3", b"4", b"0"]


def test_an_answer_varies_with_the_headers_that_it_names(kitchen):
    """In each language its own, and no other header counts."""
    control = "public, max-age=60"
    kitchen.answers = [answer(n, control, Vary="accept-language") for n in "12"]
    assert kitchen.get(Accept_Language="de", Cookie="a=1").body == b"1"
    assert kitchen.get(Accept_Language="en").body == b"2"
    assert kitchen.get(Accept_Language="de", Cookie="a=2").body == b"1"


def test_what_is_not_public_is_for_the_very_same_request(kitchen):
    """Language, cookies, visitor: whoever sends something else is answered anew."""
    kitchen.answers = [answer(str(n), "max-age=60") for n in range(4)]
    asked = [
        {"Accept_Language": "de"},
        {"Accept_Language": "en"},
        {"Accept_Language": "de", "Cookie": "a=1"},
        {"Accept_Language": "de", "visitor": "ada"},
    ]
    assert [kitchen.get(**each).body for each in asked] == [b"0", b"1", b"2", b"3"]
    assert [kitchen.get(**each).body for each in asked] == [b"0", b"1", b"2", b"3"]


def test_what_is_private_needs_somebody_whose_it_is(kitchen):
    """Two visitors of whom nothing is known could not be told apart."""
    kitchen.answers = [answer(n, "private, max-age=60") for n in "123"]
    assert [kitchen.get().body, kitchen.get().body] == [b"1", b"2"]
    assert [kitchen.get(visitor="ada").body for _ in "ab"] == [b"3", b"3"]


def test_an_answer_that_is_still_right_is_fresh_again(kitchen):
    """It is asked with what the answer is known by; a 304 brings new headers."""
    first = answer("1", "max-age=10", ETag='"a"', X_Old="1", Content_Type="text/html")
    kitchen.answers = [
        answer("1", "max-age=10", Last_Modified="Sun, 06 Nov 1994 08:49:37 GMT"),
        first,
        answer("", "max-age=20", status=304, ETag='"a"', X_New="1", Content_Type="x/y"),
    ]
    kitchen.get()
    kitchen.now += 11
    kitchen.get()
    assert "If-Modified-Since" in kitchen.asked[1]
    kitchen.now += 11
    again = kitchen.get()
    assert kitchen.asked[2]["If-None-Match"] == '"a"'
    assert (again.status, again.body) == (200, b"1")
    assert {"X-Old": "1", "X-New": "1"}.items() <= dict(again.fields).items()
    assert dict(again.fields)["Content-Type"] == "text/html"
    kitchen.now += 19
    assert kitchen.get().body == b"1"
    assert len(kitchen.asked) == 3


def test_what_must_be_asked_for_is_kept_to_be_compared(kitchen):
    """`no-cache` saves the body, not the question."""
    kitchen.answers = [
        answer("1", "no-cache, max-age=9", ETag='"a"'),
        answer("", "no-cache, max-age=9", status=304),
    ]
    assert [kitchen.get().body, kitchen.get().body] == [b"1", b"1"]
    assert len(kitchen.asked) == 2


def test_an_earlier_answer_stands_in_where_it_may(kitchen):
    """For a neighbour that is not there, or answers with 5xx, for as long as it says."""
    kitchen.answers = [
        answer("1", "max-age=10, stale-if-error=60"),
        lost(),
        answer("", status=503),
        lost(),
    ]
    kitchen.get()
    kitchen.now += 11
    shown = kitchen.get()
    assert (shown.body, shown.stale) == (b"1", "error")
    assert "could not be reached" in shown.error
    kitchen.now += 58
    assert kitchen.get().error == "it answered with status 503"
    kitchen.now += 1
    with pytest.raises(Unavailable):
        kitchen.get()


@pytest.mark.parametrize(
    "control",
    ["max-age=10", "max-age=10, stale-if-error=60, must-revalidate"],
)
def test_an_earlier_answer_does_not_stand_in_unasked(kitchen, control):
    """Whose author has not said so wants it new or not at all."""
    kitchen.answers = [answer("1", control), lost(), answer("no", status=500)]
    kitchen.get()
    kitchen.now += 11
    with pytest.raises(Unavailable):
        kitchen.get()
    assert kitchen.get().status == 500


def test_a_mistake_of_the_caller_is_not_covered_up(kitchen):
    """Nothing stands in for what may not be called."""
    control = "max-age=0, stale-if-error=60"
    kitchen.answers = [answer("1", control), NotAllowed("`cart` is not in `calls`")]
    kitchen.get()
    with pytest.raises(NotAllowed):
        kitchen.get()


def test_what_is_stale_may_be_shown_while_it_is_renewed(kitchen):
    """Once for all who ask meanwhile, and the next one sees the new one."""
    control = "max-age=10, stale-while-revalidate=60"
    kitchen.answers = [answer("1", control), answer("2", control)]
    kitchen.get()
    kitchen.now += 11
    for _ in range(3):
        assert (kitchen.get().body, kitchen.get().stale) == (b"1", "revalidating")
    assert len(kitchen.waiting) == 1
    assert len(kitchen.asked) == 1
    kitchen.work()
    assert (kitchen.get().body, kitchen.get().stale) == (b"2", "")


def test_everybody_waits_for_one_renewal(kitchen):
    """What is for everybody is renewed once, whoever asks."""
    control = "public, max-age=10, stale-while-revalidate=60"
    kitchen.answers = [answer("1", control)]
    kitchen.get()
    kitchen.now += 11
    for visitor in ("ada", "bob"):
        kitchen.get(visitor=visitor, Cookie=visitor)
    assert len(kitchen.waiting) == 1


def test_a_renewal_that_fails_is_tried_again(kitchen, caplog):
    """By the next who asks; the log tells."""
    control = "max-age=10, stale-while-revalidate=600"
    kitchen.answers = [answer("1", control), lost(), answer("2", control)]
    kitchen.get()
    kitchen.now += 11
    kitchen.get()
    kitchen.work()
    assert "`/mini` was not renewed: `cart` could not be reached" in caplog.text
    assert kitchen.get().body == b"1"
    kitchen.work()
    assert kitchen.get().body == b"2"


def test_a_renewal_that_is_lost_is_begun_again(kitchen):
    """A background that never did it does not keep it stale for good."""
    kitchen.answers = [answer("1", "max-age=10, stale-while-revalidate=600")]
    kitchen.get()
    kitchen.now += 11
    kitchen.get()
    kitchen.waiting.clear()
    kitchen.now += 61
    kitchen.get()
    assert len(kitchen.waiting) == 1


def test_what_is_no_longer_to_be_kept_is_forgotten(kitchen):
    """It does not come back as what stands in for a failure."""
    kitchen.answers = [
        answer("1", "max-age=10, stale-if-error=600"),
        answer("2", "no-store"),
        lost(),
    ]
    kitchen.get()
    kitchen.now += 11
    kitchen.get()
    with pytest.raises(Unavailable):
        kitchen.get()


def test_each_page_sees_its_own_nonce(kitchen):
    """What a neighbour takes for it is known to no visitor, and compared unchanged."""
    control = "public, max-age=10"
    kitchen.answers = [answer("", status=304)]
    kitchen._ask = lambda more: (
        kitchen.asked.append(more)
        or answer(f"<script nonce={more['X-Glassware-Fragment']}>", control, ETag='"a"')
    )
    first, second = "f" * 22, "s" * 22
    assert kitchen.get(nonce=first).body == f"<script nonce={first}>".encode()
    assert kitchen.get(nonce=second).body == f"<script nonce={second}>".encode()
    kitchen.now += 11
    kitchen.get(nonce=first)
    told = [more["X-Glassware-Fragment"] for more in kitchen.asked]
    assert len(set(told)) == 1
    assert told[0] not in {first, second}


def test_a_page_without_a_nonce_says_so(kitchen):
    """Its fragments need none."""
    kitchen.answers = [answer("1")]
    kitchen.get()
    assert kitchen.asked == [{"X-Glassware-Fragment": "-"}]


def test_no_more_is_kept_than_there_is_room_for():
    """What was used last stays."""
    kitchen = Kitchen(entries=3)
    kitchen.answers = [answer(str(n), "max-age=60") for n in range(5)]
    for target in "abcad":
        kitchen.get(target)
    assert [kitchen.get(target).body for target in "ad"] == [b"0", b"3"]
    assert kitchen.get("b").body == b"4"


def test_what_is_too_large_is_not_kept():
    """The bytes of all are bounded, whatever keeps coming."""
    kitchen = Kitchen(size=10_000)
    kitchen.answers = [answer("x" * 4000, "max-age=60") for _ in range(50)]
    kitchen.answers += [answer("x" * 20_000, "max-age=60")] * 2
    for n in range(50):
        kitchen.get(f"/{n}")
        assert kitchen.cache._store.bytes <= 10_000
    assert len(kitchen.get("/large").body) == len(kitchen.get("/large").body)
    assert kitchen.answers == []

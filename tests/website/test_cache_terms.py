"""What the headers of an answer say of keeping it."""

import pytest

from glassware.website.cache.terms import terms_of


DATE = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
LATER = ("Expires", "Sun, 06 Nov 1994 08:50:37 GMT")
EARLIER = ("Expires", "Sun, 06 Nov 1994 08:40:37 GMT")


def said(*values, status=200, **fields):
    """The terms of an answer with these values of `Cache-Control`."""
    pairs = [("Cache-Control", value) for value in values]
    pairs += [(name.replace("_", "-"), value) for name, value in fields.items()]
    return terms_of(status, pairs)


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["public"],
        ["private"],
        ["no-store"],
        ["max-age=60, no-store"],
        ["max-age=60", "No-Store"],
        ["stale-if-error=60"],
        ['x="max-age=60"'],
    ],
)
def test_what_does_not_say_for_how_long_is_not_kept(values):
    """Nor what says that it is not to be: nothing is guessed."""
    assert said(*values) is None
    assert said(*values, Last_Modified="Sun, 06 Nov 1994 08:49:37 GMT") is None


@pytest.mark.parametrize("status", [100, 206, 304, 400, 401, 403, 429, 500, 503])
def test_what_is_no_result_is_not_kept(status):
    """An error of this moment would be shown to others for a while."""
    assert said("max-age=60", status=status) is None


def test_what_sets_a_cookie_is_not_kept():
    """It is the cookie of one visitor."""
    assert said("public, max-age=60", Set_Cookie="a=b") is None


@pytest.mark.parametrize("vary", ["*", "Accept-Language, *", " * "])
def test_what_varies_by_anything_is_not_kept(vary):
    """Nobody can tell for whom else it would be right."""
    assert said("public, max-age=60", Vary=vary) is None


@pytest.mark.parametrize(
    ("values", "fresh"),
    [
        (["max-age=60"], 60),
        (["MAX-AGE=60"], 60),
        (['max-age="60"'], 60),
        (["max-age=60, max-age=30"], 30),
        (["max-age=60", "max-age=30"], 30),
        (["max-age=-1"], 0),
        (["max-age=soon"], 0),
        (["max-age"], 0),
        (["max-age=1.5"], 0),
        (["max-age=٣"], 0),
        (["max-age=99999999999999999999"], 2**31),
        (["max-age=60, s-maxage=10"], 10),
        (["private, max-age=60, s-maxage=10"], 60),
        (["max-age=60, no-cache"], 0),
        (['max-age=60, no-cache="Set-Cookie"'], 0),
        (['x="a, max-age=1", max-age=60'], 60),
    ],
)
def test_how_long_it_is_fresh(values, fresh):
    """The strictest of what is said counts."""
    assert said(*values).fresh == fresh


@pytest.mark.parametrize(
    ("fields", "fresh"),
    [
        ([DATE, LATER], 60),
        ([DATE, EARLIER], 0),
        ([DATE, ("Expires", "0")], 0),
        ([DATE, LATER, LATER], 0),
        ([LATER], 0),
        ([DATE, LATER, ("Cache-Control", "max-age=5")], 5),
    ],
)
def test_expires_counts_from_the_date_of_the_answer(fields, fresh):
    """Both are told by one clock; ours may be set."""
    assert terms_of(200, fields).fresh == fresh


def test_its_age_counts_from_where_it_was_made():
    """What others have kept before is as much older, and so is what took long."""
    assert terms_of(200, [("Cache-Control", "max-age=9"), ("Age", "4")], 2).age == 6
    assert terms_of(200, [("Cache-Control", "max-age=9"), ("Age", "x")]).age == 0


@pytest.mark.parametrize(
    ("value", "everybody", "personal"),
    [
        ("max-age=1", False, False),
        ("public, max-age=1", True, False),
        ("s-maxage=1", True, False),
        ("private, max-age=1", False, True),
        ("private, public, max-age=1", False, True),
        ('private="x", public, max-age=1', False, True),
    ],
)
def test_for_whom_it_is(value, everybody, personal):
    """For everybody only what says so."""
    terms = said(value)
    assert (terms.everybody, terms.personal) == (everybody, personal)


@pytest.mark.parametrize("name", ["Cookie", "COOKIE", "X-Glassware-Visitor"])
def test_what_varies_by_visitor_is_for_nobody_else(name):
    """Whatever else it says."""
    terms = said("public, max-age=1", Vary=f"Accept-Language, {name}")
    assert not terms.everybody
    assert terms.vary == tuple(sorted(["accept-language", name.lower()]))


def test_how_long_it_may_be_shown_afterwards():
    """As RFC 5861 has it; what must be asked for again is not."""
    stale = "max-age=1, stale-while-revalidate=20, stale-if-error=300"
    assert (said(stale).revalidating, said(stale).failing) == (20, 300)
    for strict in ("must-revalidate", "proxy-revalidate", "no-cache"):
        terms = said(f"{stale}, {strict}")
        assert (terms.revalidating, terms.failing) == (0, 0)

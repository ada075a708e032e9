"""Visitors who try to see, or to spoil, what others are shown of kept fragments."""

import json

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from glassware.errors import Unavailable
from glassware.website.cache import FragmentRequest
from website.cached import Kitchen, answer, lost


CONTROLS = [
    *("", "max-age=10", "public, max-age=10", "private, max-age=10", "s-maxage=10"),
    *("no-store", "no-cache, max-age=10", "max-age=10, stale-if-error=20"),
    *("public, max-age=10, stale-while-revalidate=20", "private, public, max-age=5"),
    *("private, max-age=5, stale-while-revalidate=20", "max-age=5, must-revalidate"),
]
VARIES = ["", "Accept-Language", "Cookie", "cookie, accept-language", "*"]
VISITORS = ["", "ada", "bob"]
COOKIES = [None, "cart_session=1", "cart_session=2"]
LANGUAGES = [None, "de", "en"]
CALLERS = ["storefront", "blog"]


class Neighbour(Kitchen):
    """Answers with whom it has answered, and on what terms."""

    def __init__(self) -> None:
        super().__init__(entries=8)
        self.says: dict[str, object] = {
            "control": "",
            "vary": "",
            "cookie": False,
            "tagged": True,
            "same": True,
        }
        self.said: dict[str, dict[str, object]] = {}
        self.fails = False
        self.serial = 0
        self.asks: dict[str, object] = {}

    def _ask(self, more):
        if self.fails:
            raise lost()
        if self.says["same"] and self.said.get(more.get("If-None-Match")) == self.says:
            return answer("", str(self.says["control"]), status=304)
        self.serial += 1
        body = json.dumps({**self.asks, **self.says, "at": self.now, "n": self.serial})
        fields = {"ETag": f'"{self.serial}"'} if self.says["tagged"] else {}
        self.said[f'"{self.serial}"'] = self.says
        if self.says["vary"]:
            fields["Vary"] = str(self.says["vary"])
        if self.says["cookie"]:
            fields["Set-Cookie"] = "cart_session=3"
        return answer(body, str(self.says["control"]), **fields)


class Visitors(RuleBasedStateMachine):
    """Visitors ask for fragments, whose service changes its mind about keeping them."""

    def __init__(self) -> None:
        super().__init__()
        self.neighbour = Neighbour()

    @rule(
        control=st.sampled_from(CONTROLS),
        vary=st.sampled_from(VARIES),
        cookie=st.booleans(),
        tagged=st.booleans(),
        same=st.booleans(),
    )
    def changes_its_mind(self, **says):
        """From now on the neighbour answers on other terms."""
        self.neighbour.says = says

    @rule(fails=st.booleans())
    def goes_down(self, fails):
        """The neighbour fails, or comes back."""
        self.neighbour.fails = fails

    @rule(seconds=st.sampled_from([1, 4, 9, 30]))
    def passes(self, seconds):
        """Time does."""
        self.neighbour.now += seconds

    @precondition(lambda self: self.neighbour.waiting)
    @rule()
    def is_renewed(self):
        """What waits is done, in whose name it was begun."""
        self.neighbour.work()

    @rule(
        visitor=st.sampled_from(VISITORS),
        cookie=st.sampled_from(COOKIES),
        language=st.sampled_from(LANGUAGES),
        caller=st.sampled_from(CALLERS),
        path=st.sampled_from(["/mini", "/mini?a=1"]),
    )
    def asks(self, visitor, cookie, language, caller, path):
        """A visitor's page asks for a fragment."""
        neighbour = self.neighbour
        headers = {"Cookie": cookie, "Accept-Language": language}
        sent = {name: value for name, value in headers.items() if value is not None}
        asks = {"visitor": visitor, "caller": caller, "target": path, **headers}
        # What is renewed later is asked for in the name of who asked for it now.
        begun = len(neighbour.waiting)
        neighbour.asks = asks
        try:
            shown = neighbour.get(
                path,
                visitor=visitor,
                caller=caller,
                **{name.replace("-", "_"): value for name, value in sent.items()},
            )
        except Unavailable:
            assert neighbour.fails
            return
        for at in range(begun, len(neighbour.waiting)):
            neighbour.waiting[at] = self._in_the_name_of(asks, neighbour.waiting[at])
        self._check(asks, json.loads(shown.body), shown)

    def _in_the_name_of(self, asks, renew):
        def renewed():
            self.neighbour.asks = asks
            renew()

        return renewed

    def _check(self, asks, made, shown):
        own = {name: made[name] for name in asks}
        assert (own["caller"], own["target"]) == (asks["caller"], asks["target"])
        said, varies = made["control"], made["vary"].lower()
        shared = ("public" in said or "s-maxage" in said) and "private" not in said
        if made["cookie"] or varies == "*" or "no-store" in said or not said:
            assert made["n"] == self.neighbour.serial
            assert own == asks
        if not shared or "cookie" in varies:
            assert own == asks
        if "accept-language" in varies:
            assert own["Accept-Language"] == asks["Accept-Language"]
        assert not shown.stale or "stale" in said

    @invariant()
    def nothing_grows(self):
        """There is an end to what is kept."""
        assert len(self.neighbour.cache._store) <= 8


Visitors.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None
)
TestVisitors = Visitors.TestCase


@pytest.fixture
def kitchen():
    """A cache and its neighbour."""
    return Kitchen()


def test_a_cookie_that_is_set_reaches_one_visitor(kitchen):
    """What would hand a session to everybody is never shown again."""
    kitchen.answers = [
        answer("1", "public, max-age=60", Set_Cookie="cart_session=ada"),
        answer("2", "public, max-age=60"),
    ]
    kitchen.get(visitor="ada", Cookie="cart_session=ada")
    assert kitchen.get(visitor="bob").body == b"2"


def test_what_a_header_says_cannot_be_taken_for_two(kitchen):
    """Keys are no joined text: separators within values mean nothing."""
    control = "public, max-age=60"
    vary = "A, B"
    kitchen.answers = [answer(n, control, Vary=vary) for n in "1234"]
    pairs = [("x', 'y", ""), ("x", "y', '"), ("x\nB: y", "z"), ("x", "\nB: yz")]
    bodies = [kitchen.get(A=a, B=b).body for a, b in pairs]
    assert bodies == [b"1", b"2", b"3", b"4"]


def test_a_header_that_the_answer_does_not_name_spoils_nobodys_page(kitchen):
    """Unless it says `public`, whoever sends another language is answered anew."""
    kitchen.answers = [answer("<em>evil", "max-age=60"), answer("fine", "max-age=60")]
    kitchen.get(Accept_Language="<script>evil")
    assert kitchen.get(Accept_Language="en").body == b"fine"


def test_an_empty_header_is_not_one_that_is_missing(kitchen):
    """To a service they may be different."""
    kitchen.answers = [
        answer(n, "public, max-age=60", Vary="Accept-Language") for n in "12"
    ]
    assert kitchen.get(Accept_Language="").body == b"1"
    assert kitchen.get().body == b"2"


def test_who_sends_no_cookie_is_not_who_sends_one(kitchen):
    """The page before a sign-in and the one after it are two."""
    kitchen.answers = [answer(n, "max-age=60") for n in "123"]
    assert kitchen.get().body == b"1"
    assert kitchen.get(visitor="ada/1").body == b"2"
    assert kitchen.get(visitor="ada/2").body == b"3"


def test_many_values_of_one_header_drive_no_memory_up():
    """Whoever sends ever new languages fills no more than the cache has room for."""
    kitchen = Kitchen(entries=10)
    control = "public, max-age=60"
    kitchen.answers = [answer("x", control, Vary="Accept-Language")] * 200
    for n in range(200):
        kitchen.get(Accept_Language=f"x-{n}")
    assert len(kitchen.cache._store) <= 10


def test_a_busy_moment_keeps_nothing_stale(kitchen):
    """What no thread was free to renew is renewed for the next one who asks."""
    said = "public, max-age=1, stale-while-revalidate=60"
    kitchen.answers = [answer("1", said), answer("2", said)]
    kitchen.get()
    kitchen.now += 10
    wanted = FragmentRequest(service="cart", target="/mini")
    assert kitchen.cache.fetch(wanted, kitchen._ask, lambda _: False).body == b"1"
    assert kitchen.get().body == b"1"
    kitchen.work()
    assert kitchen.get().body == b"2"

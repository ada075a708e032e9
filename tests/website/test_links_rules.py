"""Addresses out of rules: what the neighbour itself would have made."""

from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import BuildError, Map
from werkzeug.routing import Rule as WerkzeugRule

from glassware.directory import Book, Directory, Entry, Pattern, Place, Rule, Standing
from glassware.errors import DeadLink


ITEMS = ("about", "help")
words = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs", "Cc"]))
segments = words.filter(lambda text: text not in {"", ".", ".."})
CONVERTERS = {
    "": segments,
    "string:": segments,
    "string(minlength=1):": segments,
    "path:": st.lists(segments, min_size=1, max_size=3).map("/".join),
    "int:": st.integers(0, 10**9),
    "int(fixed_digits=4):": st.integers(0, 9999),
    "int(signed=True):": st.integers(-(10**6), 10**6),
    "float:": st.floats(0.1, 1000).map(lambda number: round(number, 2)),
    "uuid:": st.uuids(),
    "any(about, help):": st.sampled_from(ITEMS),
    "any(\"about\", 'help'):": st.sampled_from(ITEMS),
}
texts = st.text("abcxyz-_.~+ ä@", min_size=1, max_size=5).filter(
    lambda text: text not in {".", ".."}
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, dict[str, object], dict[str, object]]:
    """Return a rule, values that fit it, and others that go into the query."""
    kinds = draw(st.lists(st.sampled_from(sorted(CONVERTERS)), max_size=3))
    parts, values = [draw(texts)], {}
    for number, kind in enumerate(kinds):
        parts += [f"<{kind}v{number}>", draw(texts)]
        values[f"v{number}"] = draw(CONVERTERS[kind])
    end = draw(st.sampled_from(["", "/"]))
    more = st.none() | words | st.integers() | st.lists(words, max_size=3)
    extra = draw(st.dictionaries(st.sampled_from(["q", "page", "ä"]), more))
    return "/" + "/".join(parts) + end, values, extra


def book(*rules: Rule) -> Book:
    """Return the book of a site with one service, `cart`, at `/shop`."""
    entry = Entry(places=(Place(prefix="/shop"),), rules=rules, known=True)
    return Book(Directory(url="http://shop.example", services={"cart": entry}))


def rule(text: str, *methods: str, **fields: object) -> Rule:
    """Return a public rule of the endpoint `show`."""
    return Rule(endpoint="show", rule=text, methods=methods, places=(0,), **fields)


@given(cases())
def test_as_werkzeug_makes_them(case):
    """A link from afar is the one that the neighbour's own `url_for` makes."""
    text, values, extra = case
    own = Map([WerkzeugRule(text, endpoint="show")]).bind("shop.example", "/shop")

    link = book(rule(text)).link("cart.show", {**values, **extra})

    assert link == "http://shop.example" + own.build("show", {**values, **extra})


@given(cases())
def test_they_lead_back(case):
    """The neighbour finds the endpoint at the address, with the same arguments."""
    text, values, _ = case
    whole = (
        book(rule(text)).link("cart.show", values).removeprefix("http://shop.example")
    )
    path = unquote(whole).removeprefix("/shop")
    map_ = Map([WerkzeugRule(text, endpoint="show")])

    found = map_.bind("shop.example", "/shop").match(path)

    assert found == ("show", values)


ROWS = [
    WerkzeugRule("/all/", endpoint="show", defaults={"page": 1}),
    WerkzeugRule("/all/<int:page>", endpoint="show"),
    WerkzeugRule("/by/<tag>", endpoint="show", methods=["POST"]),
    WerkzeugRule("/by/<tag>/<int:page>", endpoint="show", methods=["GET"]),
    WerkzeugRule("/", endpoint="show", methods=["DELETE"]),
]


@given(
    st.lists(st.sampled_from(range(len(ROWS))), unique=True),
    st.dictionaries(st.sampled_from(["page", "tag"]), st.integers(1, 3)),
    st.sampled_from([None, "GET", "HEAD", "POST", "DELETE", "PUT"]),
)
def test_several_rules_of_one_endpoint(numbers, values, method):
    """Which one is taken is what Werkzeug would take; where it takes none, none is."""
    chosen = [ROWS[number].empty() for number in numbers]
    own = Map(chosen).bind("shop.example", "/shop")
    ours = book(
        *(
            rule(
                each.rule,
                *sorted(set(each.methods or ()) - {"HEAD", "OPTIONS"}),
                defaults=each.defaults or {},
            )
            for each in chosen
        )
    )
    try:
        expected = "http://shop.example" + own.build("show", values, method)
    except BuildError:
        with pytest.raises(DeadLink):
            ours.link("cart.show", values, method=method)
    else:
        assert ours.link("cart.show", values, method=method) == expected


@pytest.mark.parametrize(
    ("text", "values", "address"),
    [
        ("/items/{id:int}", {"id": 3}, "/items/3"),
        ("/files/{rest:path}", {"rest": "a/b c"}, "/files/a/b%20c"),
        ("/{name}/", {"name": "ä/"}, "/%C3%A4//"),
        ("/p/<slug:title>/<str:x>/", {"title": "a-b", "x": "c"}, "/p/a-b/c/"),
        (r"/y/(?P<year>[0-9]{4})/(?P<n>\d+)/", {"year": 2020, "n": 1}, "/y/2020/1/"),
        (r"/a\.b/(?P<x>(?:c|d(e))+)/?$", {"x": "c"}, "/a.b/c/"),
        (r"/(?P<x>[)(\]]+)", {"x": 1}, "/1"),
        ('/<regex("[a-z]{3}(?:x)"):code>', {"code": "abc"}, "/abc"),
        ("/<list:ids>", {"ids": "1+2/3"}, "/1+2/3"),
    ],
)
def test_rules_of_others(text, values, address):
    """Starlette's, Django's, and converters that this process does not have."""
    found = book(rule(text)).link("cart.show", values)

    assert found == f"http://shop.example/shop{address}"


@pytest.mark.parametrize("text", [r"/y/(\d+)/", r"/(?:a|b)/", r"/[ab]/", r"/\d"])
def test_expressions_that_say_too_little(text):
    """No link can be made from them, and the error says so."""
    with pytest.raises(DeadLink, match="regular expression"):
        book(rule(text)).link("cart.show", {})


def test_a_plain_rule_besides_an_expression():
    """Where one rule cannot be read, another is taken."""
    found = book(rule(r"/(\d+)/"), rule("/<int:id>/")).link("cart.show", {"id": 1})

    assert found == "http://shop.example/shop/1/"


def test_hosts_of_rules():
    """A rule may be for a host of its own, with arguments in its name."""
    pattern = Pattern(rule("/<int:id>", host="<user>.shop.example"))

    assert pattern.arguments == ("user", "id")
    assert pattern.host({"user": "Ann", "id": 1}) == "ann.shop.example"
    found = book(pattern.rule).link("cart.show", {"user": "ann", "id": 1})
    assert found == "http://ann.shop.example/shop/1"


def test_websockets():
    """Their addresses are whole ones, with their own scheme."""
    found = book(rule("/live", websocket=True)).link("cart.show", {}, scheme="https")

    assert found == "wss://shop.example/shop/live"


def test_what_a_path_begins_with_stays_a_path():
    """No value makes an address on another host of a link."""
    entry = Entry(places=(Place(),), rules=(rule("/<path:rest>"),), known=True)
    at_root = Book(Directory(hosts=("x",), services={"cart": entry}))
    found = at_root.link("cart.show", {"rest": "/evil.example"}, Standing("http", "x"))

    assert found == "/evil.example"


def test_uuids_are_taken_as_text_too():
    """A JSON document has no other."""
    value = "12345678-1234-5678-1234-567812345678"
    found = book(rule("/<uuid:id>"))

    assert found.link("cart.show", {"id": value}) == found.link(
        "cart.show", {"id": UUID(value)}
    )

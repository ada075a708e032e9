"""Rule patterns become expressions that mean what Flask means."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule

from glassware.gateway.patterns import expression


@pytest.mark.parametrize(
    ("pattern", "prefix", "inside", "outside"),
    [
        ("/", "", "/", "//x /x"),
        ("/", "/shop", "/shop /shop/", "/shop/x /shops"),
        ("/a", "", "/a /a/", "/a/b /ab /A"),
        ("/a/", "", "/a /a/", "/a/b"),
        ("a", "/x/", "/x/a", "/a"),
        ("/p/<int:id>", "", "/p/7 /p/x", "/p /p/7/8"),
        ("/p/<id>/q", "/s", "/s/p/7/q", "/s/p/7 /s/p/7/8/q"),
        ("/p/<any(a,b):x>", "", "/p/a", "/p/a/b"),
        ("/f/<path:rest>", "", "/f/a /f/a/b", "/f /f/"),
        ("/d/*", "", "/d /d/ /d/a /d/a/b", "/da /e/d"),
        ("/*", "/s", "/s /s/ /s/a/b", "/sa"),
        ("/a.b", "", "/a.b", "/axb"),
        ("/a+(b)|c", "", "/a+(b)|c /a%2B%28b%29%7cc", "/aab"),
        ("/é", "", "/%C3%A9 /%c3%a9", "/e"),
        ("/a b", "", "/a%20b", "/a+b"),
    ],
)
def test_a_pattern_is_as_wide_as_it_says(
    pattern: str, prefix: str, inside: str, outside: str
) -> None:
    """The whole path, by segments, in every spelling."""
    compiled = re.compile(expression(pattern, prefix))

    assert all(map(compiled.fullmatch, inside.split()))
    assert not any(map(compiled.fullmatch, outside.split()))


def test_an_unknown_converter_is_refused_widely_and_published_narrowly() -> None:
    """An app's own converter may match slashes: an exception covers them."""
    published = re.compile(expression("/r/<everything:x>"))
    refused = re.compile(expression("/r/<everything:x>", wide=True))

    assert not published.fullmatch("/r/a/b")
    assert refused.fullmatch("/r/a/b")


TEXT = st.text("ab.-_~!$&'()*+,;=:@ é", min_size=1, max_size=4)
VARIABLES = st.sampled_from(["<x{}>", "<int:x{}>", "<string(length=2):x{}>"])
SEGMENTS = st.lists(TEXT | VARIABLES, min_size=1, max_size=4)


@given(SEGMENTS, st.booleans(), st.data())
def test_what_flask_would_match_is_covered(
    segments: list[str], slash: bool, data: st.DataObject
) -> None:
    """No path that a rule answers to is outside of its expression."""
    rule = "/" + "/".join(part.format(n) for n, part in enumerate(segments))
    rule += "/" if slash else ""
    path = "/" + "/".join(
        data.draw(st.text("12ab", min_size=1, max_size=3)) if "<" in part else part
        for part in segments
    )
    path = data.draw(_spelled(path)) + data.draw(st.sampled_from(["", "/"]))
    assume(_matches(rule, unquote(path)))

    assert re.fullmatch(expression(rule), path)


@st.composite
def _spelled(draw: st.DrawFn, path: str) -> str:
    """Return one of the ways to write `path` that reach the gateway's routes."""
    must = " é"
    return "".join(
        "".join(
            f"%{byte:02x}" if draw(st.booleans()) else f"%{byte:02X}"
            for byte in character.encode()
        )
        if character in must or (character in "!$&'()*+,;=:@" and draw(st.booleans()))
        else character
        for character in path
    )


def _matches(rule: str, path: str) -> bool:
    adapter = Map([Rule(rule, endpoint="x")]).bind("localhost")
    try:
        adapter.match(path)
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True

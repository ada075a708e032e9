"""Addresses to go back to, as a real browser reads what it is redirected to."""

import pytest
from flask import Flask, redirect
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from glassware.current import Incoming, incoming
from glassware.website.visitor.way_back import is_within
from website.chromium import CHROMIUM, chromium_page


pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]

HOST = "shop.localhost:8000"
PARTS = st.sampled_from(
    [
        *(
            "/",
            "//",
            "/",
            "\\",
            "\\\\",
            ".",
            "..",
            "/..",
            "/.",
            ";",
            ":",
            "?",
            "#",
            "@",
        ),
        *(
            "evil.test",
            HOST,
            "shop.localhost",
            "http:",
            "https:",
            "HTTP:",
            "javascript:",
        ),
        *("data:,x", "\t", "\n", "\r", " ", "\0", "\x85", "\u3000", "\u2028", "\ufeff"),
        *("%2f", "%5c", "%09", "%0a", "%00", "%2e", "%252f", "%E3%80%82", "%40"),
        *("\uff0f", "\u2044", "\u2215", "\uff3c", "\u3002", "\uff0e", "\u2488", "\xad"),
        *(
            "[",
            "]",
            "[::1]",
            "0",
            ":80",
            ":8000",
            "1",
            "\u0130",
            "a",
            "orders",
            "=",
            "&",
        ),
    ]
)
ORIGIN = """([address, base]) => {
    try { return new URL(address, base).origin } catch { return "none" }
}"""


@pytest.fixture(scope="module")
def page():
    """A blank page in a real browser."""
    with chromium_page() as page:
        yield page


@pytest.fixture
def asked():
    """A request for a page of the site."""
    token = incoming.set(Incoming(scheme="http", host=HOST))
    yield
    incoming.reset(token)


def location(address):
    """Return what the browser is sent for a redirect to an address."""
    with Flask("shop").test_request_context(base_url=f"http://{HOST}"):
        response = redirect(address)
    return response.get_wsgi_headers({}).get("Location") or ""


@given(
    parts=st.builds(
        lambda first, rest: [first, *rest],
        st.sampled_from(["/", "/", f"http://{HOST}", "http:/", "//", ""]),
        st.lists(PARTS, max_size=6),
    )
)
@example(parts=["/orders?a=1"])
@example(parts=["/", "/evil.test"])
@example(parts=["http://", HOST, "/x"])
@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_address_that_is_taken_leads_elsewhere(page, asked, parts):
    """Whatever it is spelled with: a browser stays on the site."""
    address = "".join(parts)
    if is_within(address):
        base = f"http://{HOST}/accounts/sign-in"
        for said in (address, location(address)):
            assert page.evaluate(ORIGIN, [said, base]) == f"http://{HOST}"


def test_ordinary_addresses_are_taken(asked):
    """The test above can fail: not everything is refused."""
    for address in ("/", "/a?b=c#d", "/\xfc", "/a;b", f"http://{HOST}/x", "/a/../b"):
        assert is_within(address)

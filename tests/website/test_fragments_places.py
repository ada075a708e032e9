"""Placeholders: filled in whatever a page is made of, or said to be of no use."""

import re
import threading

import pytest
from flask import (
    Response,
    jsonify,
    render_template_string,
    stream_template_string,
    stream_with_context,
)

from website.fragment_sites import application, fragment_site


def page(template, **values):
    """Return a view that renders a template."""
    return lambda: render_template_string(template, **values)


def said(caplog):
    """Return the lines about fragments."""
    return [r.getMessage() for r in caplog.records if r.name == "glassware.fragments"]


@pytest.fixture
def cart():
    """A neighbour with two fragments."""
    return application("cart", mini="<b>3</b>", part="<i>é</i>")


def test_nobody_can_guess_a_placeholder(tmp_path, cart):
    """It is another one for each request, and Jinja does not escape it."""
    seen = []
    template = "{{ see(fragment('cart.mini')) }}"
    shop = application(home=page(template, see=lambda text: seen.append(text) or text))
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert [site.get("/home").text for _ in range(2)] == ["<b>3</b>"] * 2
    tokens = [re.fullmatch(r"gw-fragment-([0-9a-f]{32})-0-", s)[1] for s in seen]
    assert len({*tokens}) == 2


@pytest.mark.parametrize("size", [1, 7, 50, 51, 52, 53, 1000])
def test_a_streamed_page_is_filled_while_it_passes(tmp_path, cart, size):
    """Also where a placeholder arrives in pieces, with what looks like one."""
    template = "é gw-fragment {{ a }}{{ b }} gw-fragment-0 go{{ a }} gw-"

    def home():
        text = render_template_string(
            "{% set a = fragment('cart.mini') %}{% set b = fragment('cart.part') %}"
            + template
        ).encode()
        return Response(text[n : n + size] for n in range(0, len(text), size))

    shop = application(home=home)
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        answer = site.get("/home")
    expected = template.replace("{{ a }}", "<b>3</b>").replace("{{ b }}", "<i>é</i>")
    assert answer.text == expected


def test_the_beginning_of_a_streamed_page_does_not_wait(tmp_path, cart):
    """It is on its way before a fragment is there, and before one is asked for."""
    go = threading.Event()
    cart.add_url_rule("/slow", "slow", lambda: go.wait(10) and "<b>late</b>")
    template = "<head></head>{{ fragment('cart.slow', deadline=20) }}<footer>"
    shop = application(home=lambda: stream_template_string(template))
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:

        def visit():
            answer = shop.test_client().get("/home", buffered=False)
            chunks = answer.iter_encoded()
            first = next(chunks)
            go.set()
            return first, b"".join(chunks)

        first, rest = site.run(visit)
    assert first == b"<head></head>"
    assert rest == b"<b>late</b><footer>"


def test_a_stream_without_fragments_passes_as_it_is(tmp_path):
    """Part by part, and it is closed in the end."""
    closed = []

    def parts():
        try:
            yield "one"
            yield "two"
        finally:
            closed.append(True)

    shop = application(home=lambda: Response(stream_with_context(parts())))
    with fragment_site(tmp_path, storefront=shop) as site:

        def visit():
            answer = shop.test_client().get("/home")
            return [*answer.iter_encoded()]

        assert site.run(visit) == [b"one", b"two"]
    assert closed


def test_a_block_stands_in_within_a_stream(tmp_path, cart):
    """It is rendered with the request it belongs to."""
    template = (
        "{% call fragment('cart.no') %}{{ request.path }} {{ url_for('home') }}"
        "{% endcall %}."
    )
    shop = application(home=lambda: stream_template_string(template))
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert site.get("/home").text == "/home /home."


def test_nothing_is_primary_within_a_stream(tmp_path, cart, caplog):
    """Its head is on its way; so the fragment is as any other, and a line says it."""
    cart.add_url_rule("/gone", "gone", lambda: ("<b>gone</b>", 404))
    template = "<p>{{ fragment('cart.gone', primary=True) }}</p>"
    shop = application(home=lambda: stream_template_string(template))
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        answer = site.get("/home")
    assert (answer.status_code, answer.text) == (200, "<p></p>")
    assert "`cart.gone` decides nothing" in said(caplog)[0]


def test_an_answer_of_json_has_none(tmp_path, cart, caplog):
    """The placeholder is left out, and the line says what to use."""
    shop = application(
        home=lambda: jsonify(html=render_template_string("{{ fragment('cart.mini') }}"))
    )
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert site.get("/home").json == {"html": ""}
    (line,) = said(caplog)
    assert "`cart.mini` cannot be in an answer of `application/json`" in line


@pytest.mark.parametrize("change", ["upper", "truncate(30, True, '')", "title"])
def test_a_placeholder_that_was_changed_is_left_out(tmp_path, cart, caplog, change):
    """Nobody gets to see what is left of it, and the line says what happened."""
    shop = application(home=page(f"<p>{{{{ fragment('cart.mini') | {change} }}}}</p>"))
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert site.get("/home").text == "<p></p>"
    (line,) = said(caplog)
    assert "`cart.mini` was asked for and is not in the page" in line


def test_a_placeholder_that_was_kept_is_left_out(tmp_path, cart, caplog):
    """As a cache of parts of templates does; the next page has no such fragment."""
    kept = []

    def home():
        if not kept:
            kept.append(render_template_string("<p>{{ fragment('cart.mini') }}</p>"))
        return kept[0]

    shop = application(home=home)
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert [site.get("/home").text for _ in range(2)] == [
            "<p><b>3</b></p>",
            "<p></p>",
        ]
    (line,) = said(caplog)
    assert (
        "`storefront.home` had a placeholder of another page, which was removed" in line
    )


def test_a_fragment_may_stand_twice(tmp_path, cart):
    """It is asked for once."""
    template = "{% set it = fragment('cart.mini') %}{{ it }}{{ it }}"
    shop = application(home=page(template))
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert site.get("/home").text == "<b>3</b><b>3</b>"


def test_an_error_page_has_fragments_too(tmp_path, cart):
    """Those that the failed page has begun are forgotten."""
    shop = application(home=page("{{ fragment('cart.mini') }}{{ 1 / 0 }}"))
    shop.register_error_handler(
        500, lambda error: (render_template_string("{{ fragment('cart.part') }}"), 500)
    )
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        answer = site.get("/home")
    assert (answer.status_code, answer.text) == (500, "<i>é</i>")


def test_head_is_answered_as_get_is(tmp_path, cart):
    """With the length that the page has."""
    shop = application(home=page("{{ fragment('cart.mini') }}"))
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        answer = site.run(lambda: shop.test_client().head("/home"))
    assert answer.content_length == len("<b>3</b>")
    assert answer.data == b""

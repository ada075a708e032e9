"""Pages out of fragments: where they stand, and how they are asked for."""

import threading
import time

import pytest
from flask import Response, render_template_string, request

from glassware import current
from glassware.current import Incoming
from waiting import PATIENCE, until
from website.fragment_sites import application, fragment_site


class Slot:
    """A place among the views that run, which counts."""

    lent = times = 0

    def lend(self):
        """Take in that another view may run."""
        self.lent += 1
        self.times += 1

    def take_back(self):
        """Take in that this one goes on."""
        self.lent -= 1


def page(template: str, **values):
    """Return a view that renders a template."""
    return lambda: render_template_string(template, **values)


def test_a_fragment_stands_where_the_template_names_it(tmp_path):
    """Its HTML takes the place, and the length of the answer is right."""
    shop = application(home=page("<main>{{ fragment('cart.mini') }}</main>é"))
    cart = application("cart", mini="<b>3 é</b>")
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        answer = site.get("/home")

    assert answer.text == "<main><b>3 é</b></main>é"
    assert answer.content_length == len(answer.data)


def test_what_the_page_takes_is_no_fault_of_its_own_fragments(tmp_path):
    """They are made when their turn comes, and have their time from then on."""

    def dawdle():
        end = time.monotonic() + 0.3
        until(lambda: time.monotonic() > end)
        return "late"

    shop = application(
        home=page("{{ fragment('nav', deadline=0.25) }}{{ dawdle() }}", dawdle=dawdle),
        nav="<nav></nav>",
    )
    with fragment_site(tmp_path, storefront=shop) as site:
        assert site.get("/home").text == "<nav></nav>late"


def test_values_fill_the_rule_and_the_query(tmp_path):
    """As those of `url_for` do."""
    shop = application(
        home=page("{{ fragment('reviews.of', id=7, sort='new & old', page=None) }}")
    )
    reviews = application("reviews")
    reviews.add_url_rule(
        "/of/<int:id>", "of", lambda **v: f"{v['id']} {dict(request.args)['sort']}"
    )
    with fragment_site(tmp_path, storefront=shop, reviews=reviews) as site:
        assert site.get("/home").text == "7 new & old"


def test_what_a_fragment_is_written_in_is_read(tmp_path):
    """Whatever the page is written in."""
    shop = application(home=page("{{ fragment('cart.mini') }}"))
    cart = application(
        "cart",
        mini=lambda: Response(
            "é".encode("latin-1"), content_type="Text/HTML; charset=latin-1"
        ),
    )
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert site.get("/home").text == "é"


def test_own_fragments_need_no_permission(tmp_path):
    """A service asks itself without a socket, in a request of its own."""
    shop = application(
        home=page("{{ fragment('storefront.nav') }}|{{ fragment('nav') }}"),
        nav=lambda: f"<nav>{request.path}</nav>",
    )
    with fragment_site(tmp_path, storefront=shop) as site:
        assert site.get("/home").text == "<nav>/nav</nav>|<nav>/nav</nav>"


def test_ten_fragments_are_under_way_at_once(tmp_path):
    """Each is answered only once all ten have begun."""
    together = threading.Barrier(10, timeout=PATIENCE)

    def part():
        together.wait()
        return f"<i>{request.args['n']}</i>"

    template = "{% for n in range(10) %}{{ fragment('cart.part', n=n, deadline=20) }}{% endfor %}"
    shop, cart = application(home=page(template)), application("cart", part=part)
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        answer = site.get("/home")

    assert answer.text == "".join(f"<i>{n}</i>" for n in range(10))


def test_a_page_that_waits_lets_another_view_run(tmp_path):
    """Its slot is lent meanwhile, and back when the page goes on."""
    slot = Slot()

    def mini():
        until(lambda: slot.times, "a slot that is lent")
        return "3"

    shop = application(
        home=page("{{ fragment('cart.mini') }}{{ fragment('cart.mini') }}")
    )
    cart = application("cart", mini=mini)

    def visit():
        current.incoming.set(Incoming(service="storefront", slot=slot))
        return shop.test_client().get("/home").text

    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert site.run(visit) == "33"
    assert slot.lent == 0
    assert slot.times in {1, 2}


def test_more_fragments_than_threads_are_all_there(tmp_path):
    """Those that find no thread are fetched by the page's own."""
    template = "{% for n in range(100) %}{{ fragment('cart.part', n=n, deadline=30) }}{% endfor %}"
    shop = application(home=page(template))
    cart = application("cart", part=lambda: f"{request.args['n']} ")
    with fragment_site(tmp_path, storefront=shop, cart=cart) as site:
        assert site.get("/home").text.split() == [str(n) for n in range(100)]


def test_outside_a_request_there_is_no_page(tmp_path):
    """An application context alone has none, and the error says what to do."""
    shop = application(nav="<nav></nav>")
    with (
        fragment_site(tmp_path, storefront=shop) as site,
        shop.app_context(),
        pytest.raises(RuntimeError, match=r"`glassware\.fragment` returns"),
    ):
        site.run(page("{{ fragment('storefront.nav') }}"))

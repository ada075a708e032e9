"""`glassware.fragment`: the HTML itself, for code and other frameworks."""

import pytest
from markupsafe import Markup

from glassware import fragment, gather
from website.fragment_sites import application, fragment_site


@pytest.fixture
def site(tmp_path):
    """A service that is running, and a neighbour with fragments."""
    asked = []

    def kept():
        asked.append(1)
        headers = {"Cache-Control": "max-age=0, stale-if-error=60"}
        return (f"<b>{len(asked)}</b>", 200 if len(asked) == 1 else 500, headers)

    cart = application("cart", mini="<b>3", kept=kept, no=lambda: ("", 404))
    with fragment_site(
        tmp_path, storefront=application(nav="<nav></nav>"), cart=cart
    ) as found:
        yield found


def test_it_is_there_at_once(site):
    """Without a request, as markup, and whole."""
    html = site.run(lambda: fragment("cart.mini"))

    assert isinstance(html, Markup)
    assert html == "<b>3</b>"


def test_it_can_be_gathered(site):
    """Several at once, as calls are."""
    found = site.run(
        lambda: gather(lambda: fragment("cart.mini"), lambda: fragment("cart.mini"))
    )
    assert found == ("<b>3</b>", "<b>3</b>")


def test_own_ones_are_there_while_a_request_is_answered(site):
    """They are called as functions of the application."""
    site.page.add_url_rule("/home", "home", lambda: fragment("storefront.nav"))
    assert site.get("/home").text == "<nav></nav>"


def test_its_fallback_stands_in(site, caplog):
    """Or nothing; there is a line in both cases."""
    assert site.run(lambda: fragment("cart.no", fallback="<i>no</i>")) == "<i>no</i>"
    assert site.run(lambda: fragment("cart.no")) == ""
    assert caplog.text.count("`cart.no` answered with status 404") == 2


def test_an_earlier_answer_stands_in_before_that(site, caplog):
    """Where it said that it may."""
    for _ in range(2):
        assert site.run(lambda: fragment("cart.kept", fallback="no")) == "<b>1</b>"
    assert "cart.kept" not in caplog.text


def test_a_deadline_is_a_number_of_seconds(site):
    """Anything else is a mistake of whoever wrote it."""
    with pytest.raises(ValueError, match="is no time limit"):
        site.run(lambda: fragment("cart.mini", deadline=0))

"""Messages that survive a redirect into another service."""

import pytest
from flask import Flask, flash, get_flashed_messages, redirect, render_template_string
from markupsafe import Markup

from glassware.tokens import Key
from website.joined import Told, joined


SHOWN = (
    "{% for category, text in get_flashed_messages(with_categories=true) %}"
    "[{{ category }}: {{ text }}]{% endfor %}"
)


class Lazy:
    """A text that is made when it is shown, as translations are."""

    def __html__(self):
        return "<i>later</i>"

    def __str__(self):
        return "<i>later</i>"


def saying():
    """A service that says things, leads elsewhere, and shows what was said."""
    app = Flask("saying")

    @app.get("/show")
    def show():
        return render_template_string(SHOWN)

    @app.get("/errors")
    def errors():
        return get_flashed_messages(category_filter=["error"])

    @app.get("/quiet")
    def quiet():
        return "nothing is shown here"

    @app.get("/say/<path:target>")
    def say(target):
        flash("Saved")
        flash("Out of stock", "error")
        return redirect(target if "://" in target else f"/{target}")

    @app.get("/html/<path:target>")
    def html(target):
        flash(Markup("<b>bold</b>"))
        return redirect(f"/{target}")

    @app.get("/lazy/<path:target>")
    def lazy(target):
        flash(Lazy())
        return redirect(f"/{target}")

    @app.get("/many/<path:target>")
    def many(target):
        for number in range(10):
            flash(f"{number}" * 700)
        return redirect(f"/{target}")

    @app.get("/on/<path:target>")
    def on(target):
        return redirect(f"/{target}")

    return app


@pytest.fixture
def site(tmp_path):
    """Three services that say things."""
    services = {name: Told(app=saying) for name in ("a", "b")}
    services["deep"] = Told(app=saying, path="/b/deep")
    with joined(tmp_path, services) as site:
        yield site


def test_they_are_shown_once_by_the_service_that_comes_next(site):
    """With their categories, and in their order."""
    browser = site.browser()
    answer = browser.get("/a/say/b/show", follow_redirects=True)

    assert answer.text == "[message: Saved][error: Out of stock]"
    assert browser.get("/b/show").text == ""
    assert browser.get("/a/show").text == ""
    assert browser.get_cookie("a_flashes_b") is None


def test_filters_work_as_ever(site):
    """As they do for messages of the service itself."""
    browser = site.browser()

    assert browser.get("/a/say/b/errors", follow_redirects=True).json == [
        "Out of stock"
    ]


def test_within_one_service_nothing_is_different(site):
    """No cookie but the session's has a part in it."""
    browser = site.browser()
    answer = browser.get("/a/say/a/show")

    assert [c.partition("=")[0] for c in answer.headers.getlist("Set-Cookie")] == [
        "a_session"
    ]
    assert browser.get("/a/show").text == "[message: Saved][error: Out of stock]"


def test_they_wait_in_the_next_service_until_it_shows_them(site):
    """A page without messages there loses none."""
    browser = site.browser()
    browser.get("/a/say/b/quiet", follow_redirects=True)

    assert browser.get("/b/show").text == "[message: Saved][error: Out of stock]"


def test_they_go_on_through_several_services(site):
    """A service that only leads on takes them along."""
    browser = site.browser()
    answer = browser.get("/a/say/b/on/b/deep/show", follow_redirects=True)

    assert answer.text == "[message: Saved][error: Out of stock]"
    assert browser.get("/b/show").text == ""


def test_whoever_comes_between_does_not_take_them(site):
    """They are for the service that the visitor was led to."""
    browser = site.browser()
    browser.get("/a/say/b/show")

    assert browser.get("/b/deep/show").text == ""
    assert browser.get("/b/show").text == "[message: Saved][error: Out of stock]"


def test_a_whole_address_leads_there_as_well(site):
    """`_external` makes no difference."""
    browser = site.browser()
    answer = browser.get("/a/say/http://localhost/b/show", follow_redirects=True)

    assert answer.text == "[message: Saved][error: Out of stock]"


@pytest.mark.parametrize(
    "target", ["http://elsewhere.test/b/show", "http://localhost:99/b/show", "nowhere"]
)
def test_to_other_sites_nothing_goes(site, target):
    """The messages stay where they were said."""
    browser = site.browser()
    answer = browser.get(f"/a/say/{target}")

    assert not any("flashes" in c for c in answer.headers.getlist("Set-Cookie"))
    assert browser.get("/a/show").text == "[message: Saved][error: Out of stock]"


def test_html_is_text_in_another_service(site):
    """What one service vouches for is no promise of the next."""
    browser = site.browser()

    assert browser.get("/a/html/a/show", follow_redirects=True).text == (
        "[message: <b>bold</b>]"
    )
    assert browser.get("/a/html/b/show", follow_redirects=True).text == (
        "[message: &lt;b&gt;bold&lt;/b&gt;]"
    )


def test_a_text_that_is_made_later_is_made_before_it_leaves(site):
    """Its language is that of the page that said it."""
    answer = site.browser().get("/a/lazy/b/show", follow_redirects=True)

    assert answer.text == "[message: &lt;i&gt;later&lt;/i&gt;]"


def test_what_is_too_much_for_a_cookie_stays_where_it_was_said(site):
    """The first ones go; none is lost."""
    browser = site.browser()
    gone = browser.get("/a/many/b/show", follow_redirects=True).text
    kept = browser.get("/a/show").text

    assert [gone[number] for number in range(10, len(gone), 711)] == ["0", "1", "2"]
    assert kept.count("[message: ") == 7


def test_the_cookie_is_for_a_minute_and_for_no_script(site):
    """Over https it would be `Secure` besides."""
    answer = site.browser().get("/a/say/b/show")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if "flashes" in c)

    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=60"} <= set(
        cookie.split("; ")
    )


def _claims(**more):
    said = {"iss": "a", "aud": "flashes b", "iat": 0, "exp": 4_000_000_000}
    return said | {"messages": [["message", "forged"]]} | more


@pytest.mark.parametrize(
    "forge",
    [
        lambda keys: keys["deep"].write(_claims(), "a"),
        lambda keys: Key.generate().write(_claims(), "a"),
        lambda keys: keys["a"].write(_claims(aud="flashes deep"), "a"),
        lambda keys: keys["a"].write(_claims(aud="site session"), "a"),
        lambda keys: keys["a"].write(_claims(exp=1000), "a"),
        lambda keys: keys["a"].write(_claims(messages="forged"), "a"),
        lambda keys: keys["a"].write(_claims(messages=[1, ["forged"]]), "a"),
        lambda keys: "nonsense",
    ],
)
def test_a_hostile_cookie_is_ignored_and_taken_back(site, forge):
    """No message comes of it, and no error."""
    browser = site.browser()
    browser.set_cookie("a_flashes_b", forge(site.keys))
    answer = browser.get("/b/show")

    assert (answer.status_code, answer.text) == (200, "")
    assert browser.get_cookie("a_flashes_b") is None

"""Scripts and styles of pages and their fragments: each once, in order, in one place."""

import re

import pytest
from flask import Flask, make_response, render_template_string, stream_template_string
from jinja2 import DictLoader

from glassware.website.extension import Website
from glassware.website.fragments.assets.nonce import csp_nonce
from glassware.website.fragments.assets.tags import script, style
from website.fragment_sites import application, fragment_site


HEAD = "<!doctype html><html><head>{{ assets() }}</head><body>"
MINI = """{{ style(url_for("static", filename="mini.css")) }}{{ style("/site/a.css") }}
{{ script("mini.js", module=True) }}<i>cart</i>"""
LATEST = """{{ style("/site/a.css") }}{{ script("https://cdn.test/x.js") }}
{{ style("//evil.test/x.css") }}<i>reviews</i>"""


def page(template: str):
    """A view that renders a template."""
    return lambda: render_template_string(template)


def tags(html: str) -> list[str]:
    """The tags that load something, without their nonces."""
    found = re.findall(r"<link [^>]*>|<script src[^>]*></script>", html)
    return [re.sub(r' nonce="[^"]*"', "", each) for each in found]


@pytest.fixture
def services():
    """Two services that have fragments with scripts and styles."""
    return {
        "cart": application("cart", mini=page(MINI)),
        "reviews": application("reviews", latest=page(LATEST)),
    }


def test_all_are_merged_in_one_place(tmp_path, services, caplog):
    """The page's own first, then in the order of fragments, then of naming; once."""
    home = page(
        HEAD + "{{ fragment('cart.mini') }}{{ fragment('reviews.latest') }}"
        "{{ style('/own.css', media='print') }}{{ fragment('cart.mini') }}"
    )
    shop = application(home=home)
    with fragment_site(tmp_path, storefront=shop, **services) as site:
        html = site.get("/home").text

    head = html[: html.index("</head>")]
    assert tags(html) == tags(head)
    assert tags(head) == [
        '<link rel="stylesheet" href="/own.css" media="print">',
        '<link rel="stylesheet" href="/cart/static/mini.css">',
        '<link rel="stylesheet" href="/site/a.css">',
        '<script src="/cart/mini.js" type="module"></script>',
        '<script src="https://cdn.test/x.js" defer></script>',
    ]
    assert "<!--assets" not in html
    assert "`//evil.test/x.css` of `reviews.latest` was left out" in caplog.text


def test_nonces_are_the_pages_and_for_its_own_site_alone(tmp_path, services):
    """What another site serves is for the policy to allow by name."""
    services["cart"] = application(
        "cart",
        mini=page("{{ style('/a.css') }}<script nonce='{{ csp_nonce() }}'>1</script>"),
    )
    home = page(
        HEAD + "{{ fragment('cart.mini') }}{{ fragment('reviews.latest') }}"
        "<p>{{ csp_nonce() }}</p>"
    )
    shop = application(home=home)
    with fragment_site(tmp_path, storefront=shop, **services) as site:
        first, second = site.get("/home").text, site.get("/home").text

    nonce = re.search("<p>(.*)</p>", first)[1]
    assert f"<script nonce='{nonce}'>1</script>" in first
    assert f'href="/a.css" nonce="{nonce}"' in first
    assert '<script src="https://cdn.test/x.js" defer></script>' in first
    assert len(nonce) >= 22
    assert nonce not in second


@pytest.mark.parametrize(
    ("html", "before"),
    [
        ("<html><head><title>x</title></head><body>", "</head>"),
        ("<head><!-- </head> --><script>'</head>'</script></HEAD>", "</HEAD>"),
        ("<!doctype html><title>x</title><body class=a>", "<body"),
        ("<!-- x --><!doctype html>\n<p>x", "<p>x"),
        ("<p>a piece of a page", "<p>"),
    ],
)
def test_without_a_place_they_are_in_the_head(html, before):
    """Or where a head would be: never before the doctype, nor within a remark."""
    app = application(home=page(html + "{{ style('/a.css') }}"))
    Website(app)
    answer = app.test_client().get("/home").text
    tag = re.search("<link[^>]*>", answer)[0]
    assert f"{tag}{before}" in answer
    assert answer.replace(tag, "") == html


def test_a_fragment_names_its_own_and_those_within_it(tmp_path, services):
    """A page of a page: what is named inside arrives outside."""
    services["cart"] = application(
        "cart", mini=page("{{ style('own.css') }}{{ fragment('reviews.latest') }}")
    )
    shop = application(home=page(HEAD + "{{ fragment('cart.mini') }}"))
    with fragment_site(tmp_path, storefront=shop, **services) as site:
        html = site.get("/home").text
    assert tags(html) == [
        '<link rel="stylesheet" href="/cart/own.css">',
        '<link rel="stylesheet" href="/site/a.css">',
        '<script src="https://cdn.test/x.js" defer></script>',
    ]


def test_on_a_streamed_page_they_stand_where_they_can(tmp_path, services):
    """In the head what is known by then, the rest before its fragment."""
    home = (
        HEAD + "{% for _ in 'ab' %}<p>{{ fragment('cart.mini') }}</p>{% endfor %}"
        "{{ style('/late.css') }}<b>"
    )
    shop = application(home=lambda: stream_template_string(home))
    with fragment_site(tmp_path, storefront=shop, **services) as site:
        html = site.get("/home").text
    assert "<p><link" in html
    assert len(tags(html)) == 4
    assert html.index("/late.css") < html.index("<b>")
    assert html.count("<i>cart</i>") == 2


def test_a_fragment_that_is_framed_has_them_in_its_frame(tmp_path, services):
    """With those of the layout, and of the fragments within it."""
    services["cart"] = application(
        "cart",
        mini=page("{{ style('/mini.css') }}{{ fragment('reviews.latest') }}"),
        home=page("{{ fragment('cart.mini') }}"),
    )
    services["cart"].jinja_loader = DictLoader(
        {
            "site/base.html": HEAD + "{{ style('/site.css') }}"
            "{% block content %}{% endblock %}</body></html>"
        }
    )
    with fragment_site(tmp_path, development=True, **services) as site:
        site.get("/home")
        html = site.get("/mini", headers={"Sec-Fetch-Dest": "document"}).text
    assert tags(html) == [
        '<link rel="stylesheet" href="/mini.css">',
        '<link rel="stylesheet" href="/site.css">',
        '<link rel="stylesheet" href="/site/a.css">',
        '<script src="https://cdn.test/x.js" defer></script>',
    ]
    assert tags(html) == tags(html[: html.index("</head>")])


def test_a_view_may_name_them_too():
    """Without a template; an answer that is no page is left alone."""
    app = Flask("storefront")
    Website(app)

    @app.get("/page")
    def view():
        style("/a.css")
        return "<head></head>"

    @app.get("/data")
    def data():
        script("/a.js")
        return {"head": "</head>"}

    client = app.test_client()
    assert tags(client.get("/page").text) == ['<link rel="stylesheet" href="/a.css">']
    assert client.get("/data").json == {"head": "</head>"}


def test_values_cannot_end_their_attribute():
    """Neither in tags nor in headers."""
    app = application(
        home=page("""{{ style('/a"><script>', media='"><b>') }}<head></head>""")
    )
    Website(app)
    client = app.test_client()
    assert "<script>" not in client.get("/home").text
    assert "<b>" not in client.get("/home").text
    link = client.get("/home", headers={"X-Glassware-Fragment": "-"}).headers["Link"]
    assert link == r'</a%22%3E%3Cscript%3E>; rel="stylesheet"; media="\"><b>"'


def test_a_page_with_a_tag_of_its_content_gets_a_new_one():
    """A browser that was told 304 would keep the nonce of an earlier page."""

    def home():
        answer = make_response(render_template_string("{{ style('/a') }}<head></head>"))
        answer.add_etag()
        return answer

    app = application(home=home)
    Website(app)
    client = app.test_client()
    first = client.get("/home")
    again = client.get("/home", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200


@pytest.mark.parametrize("said", ["-", "short", "x' onload=1 y='aaaaaaaaaa", "a" * 500])
def test_only_a_nonce_is_taken_for_one(said):
    """What somebody says to a service without a gateway becomes no HTML."""
    app = application(home=lambda: f"<{csp_nonce()}>")
    Website(app)
    answer = app.test_client().get("/home", headers={"X-Glassware-Fragment": said})
    assert answer.text == "<>"


def test_what_the_application_calls_so_itself_is_its_own():
    """Names of its templates are left alone."""
    app = application(home=page("{{ style }} {{ csp_nonce() }}"))
    app.jinja_env.globals.update(style="mine", csp_nonce=lambda: "its own")
    Website(app)
    assert app.test_client().get("/home").text == "mine its own"


def test_outside_of_a_page_there_is_no_nonce():
    """Such as in a task."""
    assert csp_nonce() == ""

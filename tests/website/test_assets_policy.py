"""Content-Security-Policy with nonces, in a real browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, render_template_string
from flask_talisman import Talisman
from werkzeug.serving import make_server

from glassware.website.fragments.assets.nonce import csp_nonce
from website.chromium import CHROMIUM, chromium_page
from website.fragment_sites import Site, application, fragment_site


pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]

HOME = """<!doctype html><html><head>{{ assets() }}</head><body>
<script nonce="{{ csp_nonce() }}">window.ran = ["page"]</script>
{{ fragment("cart.mini") }}
<script>ran.push("injected")</script><img src="/no" onerror="ran.push('handler')">
</body></html>"""
MINI = """{{ script("/cart.js") }}<b>cart</b>
<script nonce="{{ csp_nonce() }}">ran.push("fragment")</script>
<script>ran.push("injected into the fragment")</script>"""
POLICY = {"default-src": "'self'", "script-src": ""}


def render(template: str):
    """A view that renders a template."""
    return lambda: render_template_string(template)


def by_hand(app: Flask) -> None:
    """What the how-to says."""

    @app.after_request
    def policy(response):
        response.headers["Content-Security-Policy"] = (
            f"script-src 'nonce-{csp_nonce()}'"
        )
        return response


def by_talisman(app: Flask) -> None:
    """With the extension that is widely used for it."""
    Talisman(
        app,
        force_https=False,
        session_cookie_secure=False,
        content_security_policy=POLICY,
        content_security_policy_nonce_in=["script-src"],
    )


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Serve the first application of a site; give its address."""
    page = site.page.wsgi_app
    site.page.wsgi_app = lambda *given: site.run(lambda: page(*given))
    server = make_server("127.0.0.1", 0, site.page, threaded=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("protect", [by_hand, by_talisman])
def test_a_fragments_scripts_run_and_injected_ones_do_not(tmp_path, protect):
    """Those that carry the page's nonce, and those that a fragment names."""
    shop = application(home=render(HOME))
    shop.add_url_rule(
        "/cart.js",
        "js",
        lambda: ("ran.push('file')", 200, {"Content-Type": "text/javascript"}),
    )
    cart = application("cart", mini=render(MINI))
    for app in (shop, cart):
        protect(app)
    with (
        fragment_site(tmp_path, storefront=shop, cart=cart) as site,
        served(site) as url,
        chromium_page() as page,
    ):
        page.goto(f"{url}/home")
        assert page.inner_text("b") == "cart"
        assert page.evaluate("ran") == ["page", "fragment", "file"]

"""Links to neighbours in the tests of one service: nothing else has to run."""

from testing.conftest import Run


pytest_plugins = ["pytester"]

SITE = {
    "site.toml": 'name = "shop"\n',
    "services/front/service.toml": 'route = "/"\n',
    "services/front/front.py": """
        from flask import Flask, redirect, url_for

        app = Flask("front")

        @app.get("/")
        def index():
            return redirect(url_for("cart.show", id=3, q="x"))

        @app.get("/inner")
        def inner():
            return url_for("hidden.show", id=1)

        @app.get("/broken")
        def broken():
            return url_for("broken.show")
        """,
    "services/cart/service.toml": """
        [[routes]]
        path = "/shop/cart"
        """,
    "services/cart/cart.py": """
        from flask import Flask
        app = Flask("cart")

        @app.get("/items/<int:id>")
        def show(id): return ""
        """,
    "services/broken/service.toml": 'route = "/broken"\n',
    "services/broken/app.py": "raise RuntimeError\n",
    "services/hidden/app.py": "from flask import Flask\napp = Flask('hidden')\n",
}
TESTS = """
    import pytest
    from glassware import DeadLink

    def test_a_link(service):
        answer = service("front").client.get("/")
        assert answer.location == "/shop/cart/items/3?q=x"

    def test_in_another_test(service):
        assert service("front").client.get("/").location == "/shop/cart/items/3?q=x"

    def test_what_is_not_public(service):
        client = service("front").client
        service("front").app.testing = True
        with pytest.raises(DeadLink, match="`hidden.show` is not public"):
            client.get("/inner")

    def test_one_that_is_broken(service):
        assert service("front").client.get("/broken").text == "/broken/"
    """


def test_links_are_what_they_are_in_the_site(users_tests: Run):
    """Neighbours are asked for their rules once; one that is broken breaks no page."""
    result = users_tests({**SITE, "services/front/tests/test_front.py": TESTS}, "-v")

    result.assert_outcomes(passed=4)
    assert "`broken` has not started yet" not in result.stderr.str()

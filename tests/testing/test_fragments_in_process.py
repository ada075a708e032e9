"""Fragments in the tests of one service: fakes answer them as they answer calls."""

from testing.conftest import Run


pytest_plugins = ["pytester"]

SITE = {
    "site.toml": 'name = "shop"\n',
    "services/front/service.toml": 'route = "/"\ncalls = ["cart"]\n',
    "services/front/front.py": """
        from flask import Flask, render_template_string

        app = Flask("front")

        @app.get("/")
        def index():
            return render_template_string(
                "{{ fragment('front.nav') }}{{ fragment('cart.mini', id=7) }}"
            )

        @app.get("/form")
        def form():
            return render_template_string("{{ csrf_field('cart') }}")

        @app.get("/nav")
        def nav():
            return "<nav></nav>"
        """,
    "services/cart/cart.py": """
        from flask import Flask
        app = Flask("cart")

        @app.get("/mini/<int:id>")
        def mini(id): return f"<b>{id}</b>"
        """,
}
TESTS = """
    def test_faked(service, fake):
        fake("cart").get("/mini/<int:id>", lambda request, id: f"<i>{id}</i>")
        assert service("front").client.get("/").text == "<nav></nav><i>7</i>"

    def test_both(service):
        service("front"), service("cart")
        assert service("front").client.get("/").text == "<nav></nav><b>7</b>"

    def test_a_fake_has_tokens(service, fake):
        fake("cart")
        assert 'value="token of cart"' in service("front").client.get("/form").text

    def test_of_nobody(service):
        service("front").client.get("/")
    """


def test_fakes_and_services_answer_fragments(users_tests: Run):
    """What is neither fails the test, as any call does."""
    result = users_tests({**SITE, "services/front/tests/test_front.py": TESTS}, "-v")

    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*`front` called `GET /mini/7` of `cart`*"])

"""Fake neighbours: what they answer, what they record, what they refuse."""

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from glassware.testing import Fake
from testing.conftest import Run


pytest_plugins = ["pytester"]


@pytest.fixture
def refusals() -> list[str]:
    """What the fake has told the test."""
    return []


@pytest.fixture
def fake(refusals: list[str]) -> Fake:
    """A fake of its own, asked directly."""
    return Fake("reviews", refusals.append)


def test_answers_by_route(fake: Fake) -> None:
    """In the syntax of Flask's rules, with status and headers as declared."""
    fake.get("/latest/<int:id>", json=[{"stars": 5}])
    fake.post("/reviews", json={"id": 7}, status=201, headers={"Location": "/7"})
    fake.get("/plain", text="five stars")
    asked = Client(fake)

    assert asked.get("/latest/3").json == [{"stars": 5}]
    made = asked.post("/reviews", json={})
    assert (made.status_code, made.json, made.location) == (201, {"id": 7}, "/7")
    assert asked.get("/plain").text == "five stars"
    assert asked.head("/latest/3").status_code == 200


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        ([1], 200, "[1]"),
        ("plain", 200, "plain"),
        (None, 200, ""),
        (({"no": 1}, 404), 404, '{"no": 1}'),
        (("gone", 410, {"X-Since": "today"}), 410, "gone"),
        (Response("as it is", 418), 418, "as it is"),
    ],
)
def test_a_function_answers_as_a_view_does(
    fake: Fake, answer: object, status: int, text: str
) -> None:
    """It gets the request and the values in the path."""
    seen = []
    fake.put("/reviews/<name>", lambda call, name: (seen.append(call), answer)[1])

    answered = Client(fake).put("/reviews/vase?a=1&a=2", json={"stars": 4})

    assert (answered.status_code, answered.text) == (status, text)
    assert seen == fake.calls
    assert seen[0].json == {"stars": 4}
    assert seen[0].query.getlist("a") == ["1", "2"]


def test_it_records_what_it_was_asked(fake: Fake) -> None:
    """Method, path, query, headers, body and who asked, in order."""
    fake.get("/a").delete("/b")
    asked = Client(fake)
    asked.get("/a", query_string={"q": "ü"}, headers={"X-Glassware-Via": "web,shop"})
    asked.delete("/b", data=b"\x00")

    first, second = fake.calls
    assert (first.method, first.path, first.query["q"]) == ("GET", "/a", "ü")
    assert (first.caller, first.json) == ("shop", None)
    assert (second.method, second.body, second.caller) == ("DELETE", b"\x00", "")
    assert "x-glassware-via" in first.headers


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/other"), ("POST", "/a"), ("GET", "/a/"), ("GET", "")]
)
def test_what_is_not_declared_is_refused(
    fake: Fake, refusals: list[str], method: str, path: str
) -> None:
    """The test is told what was asked, and what is declared."""
    fake.get("/a").post("/b")

    answered = Client(fake).open(path, method=method)

    assert answered.status_code == 501
    assert refusals == [answered.text]
    assert f"`{method} {path or '/'}`" in answered.text
    assert "declared: `GET /a`, `POST /b`" in answered.text


def test_what_a_function_raises_fails_the_test(fake: Fake, refusals: list[str]) -> None:
    """So an `assert` in it counts, whatever the service makes of the answer."""

    def answer(call: object) -> None:
        raise AssertionError("not like this")

    fake.get("/a", answer)

    assert Client(fake).get("/a").status_code == 500
    assert "not like this" in refusals[0]


def test_the_later_declaration_counts(fake: Fake) -> None:
    """A test says otherwise what a fixture has said before."""
    fake.get("/a", json=1).get("/b", json=1)
    fake.get("/a", json=2)

    assert Client(fake).get("/a").json == 2
    assert Client(fake).get("/b").json == 1


def test_what_is_never_asked_is_no_fault_unless_one_wants_to_know(fake: Fake) -> None:
    """`assert_used` names what was not asked."""
    fake.get("/a").get("/b")
    Client(fake).get("/a")

    with pytest.raises(AssertionError, match=r"never asked `GET /b`; .* `GET /a`"):
        fake.assert_used()
    Client(fake).get("/b")
    fake.assert_used()


SITE = {
    "site.toml": 'name = "shop"\n',
    "services/storefront/service.toml": 'route = "/"\ncalls = ["reviews"]\n',
    "services/storefront/app.py": """
        from flask import Flask
        from glassware import services

        app = Flask(__name__)

        @app.get("/<path:path>")
        def index(path):
            return {"said": services.reviews.get("/" + path, fallback=["nobody"]).json()}
        """,
    "services/reviews/app.py": """
        from flask import Flask

        app = Flask(__name__)

        @app.get("/real")
        def real():
            return ["real"]
        """,
}


def test_a_fake_in_the_running_site(users_tests: Run) -> None:
    """The site's services ask it for as long as the test takes, and no longer."""
    done = users_tests(
        SITE
        | {
            "tests/test_fake.py": """
            def test_before(site):
                assert site.get("/real").json == {"said": ["real"]}

            def test_faked(site, fake):
                fake("reviews").get("/real", json=["fake"])
                assert site.get("/real").json == {"said": ["fake"]}
                call, = fake("reviews").calls
                assert (call.caller, call.path) == ("storefront", "/real")

            def test_after(site):
                assert site.get("/real").json == {"said": ["real"]}

            def test_of_nobody(site, fake):
                fake("revews")

            def test_not_declared(site, fake):
                fake("reviews").get("/real", json=["fake"])
                assert site.get("/other").json == {"said": ["nobody"]}

            def test_at_last(site):
                assert site.get("/real").json == {"said": ["real"]}
            """
        }
    )

    done.assert_outcomes(passed=4, failed=2)
    done.stdout.fnmatch_lines(["*`revews` is no service of this site*"])
    done.stdout.fnmatch_lines(
        ["*`storefront` asked the fake `reviews` for `GET /other`*"]
    )


def test_a_fake_for_a_service_in_the_process(users_tests: Run) -> None:
    """A test in which something undeclared was called fails, however it ended."""
    done = users_tests(
        SITE
        | {
            "tests/test_fake.py": """
            def test_faked(service, fake):
                reviews = fake("reviews").get("/latest/<int:id>", json=["fake"])
                answer = service("storefront").client.get("/latest/7")
                assert answer.json == {"said": ["fake"]}
                assert [str(call) for call in reviews.calls] == ["GET /latest/7"]
                assert reviews.calls[0].caller == "storefront"

            def test_swallowed(service, fake):
                fake("reviews").get("/latest/<int:id>", json=["fake"])
                answer = service("storefront").client.get("/latest/x")
                assert answer.json == {"said": ["nobody"]}

            def test_noted(service, fake):
                fake("reviews")
                assert service("storefront").client.get("/a").json == {}

            def test_of_nobody(service, fake):
                fake("revews")
                service("storefront")

            def test_of_nobody_either(service, fake):
                service("storefront")
                fake("revews")
            """
        }
    )

    done.assert_outcomes(passed=1, failed=4)
    assert (
        str(done.stdout).count("UsageError: `revews` is no service of this site") == 2
    )
    done.stdout.fnmatch_lines(
        ["*asked the fake `reviews` for `GET /latest/x`, which is not declared*"]
    )
    done.stdout.fnmatch_lines(["*AssertionError*", "*glassware: *`GET /a`*"])

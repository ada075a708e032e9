"""`assert_calls`, and faults between services in the process of a test."""

from testing.conftest import Run


pytest_plugins = ["pytester"]

ASKS = """
    from flask import Flask, request
    from glassware import CallError, services

    app = Flask(__name__)

    @app.get("/<int:times>")
    def ask(times):
        return [services.NEIGHBOUR.get("/1").json() for _ in range(times)]

    @app.get("/stream")
    def stream():
        def lines():
            for _ in range(2):
                yield services.NEIGHBOUR.get("/1").text
        return lines()

    @app.get("/error")
    def error():
        try:
            services.NEIGHBOUR.get("/1", timeout=0.2)
        except CallError as error:
            return {"error": type(error).__name__, "message": error.message}
        return {"error": ""}
    """
SITE = {
    "services/first/service.toml": 'route = "/"\ncalls = ["second"]\n',
    "services/first/app.py": ASKS.replace("NEIGHBOUR", "second"),
    "services/second/service.toml": 'calls = ["third"]\n',
    "services/second/app.py": ASKS.replace("NEIGHBOUR", "third"),
    "services/third/app.py": """
        from flask import Flask

        app = Flask(__name__)

        @app.get("/1")
        def one():
            return "1"
        """,
}


def test_calls_of_services_in_the_process(users_tests: Run) -> None:
    """All of the tree counts; the failure names each call."""
    done = users_tests(
        SITE
        | {
            "tests/test_count.py": """
            import pytest

            @pytest.fixture(autouse=True)
            def three(service):
                return [service(name) for name in ("first", "second", "third")]

            def test_within(three, assert_calls):
                with assert_calls(max=6) as calls:
                    three[0].client.get("/3")
                assert calls.count == 6
                assert [made.neighbour for made in calls.made] == ["second"] * 3
                assert calls.made[0].calls[0].neighbour == "third"

            def test_none(three, assert_calls):
                three[0].client.get("/3")
                with assert_calls(max=0):
                    three[2].client.get("/1")

            def test_only_counted(three, assert_calls):
                with assert_calls() as calls:
                    three[1].client.get("/2")
                assert calls.count == 2

            def test_streamed(three, assert_calls):
                with assert_calls(max=2) as calls:
                    assert three[1].client.get("/stream").text == "11"
                assert calls.count == 2

            def test_too_many(three, assert_calls):
                with assert_calls(max=3):
                    three[0].client.get("/2")

            def test_another_error_is_not_hidden(three, assert_calls):
                with assert_calls(max=0):
                    three[0].client.get("/2")
                    raise LookupError("this one")
            """
        }
    )

    done.assert_outcomes(passed=4, failed=2)
    done.stdout.fnmatch_lines(
        [
            "E *4 calls were made, at most 3 are allowed:",
            "E *GET second /1 -> 200",
            "E *  GET third /1 -> 200",
        ]
    )
    done.stdout.fnmatch_lines(["E *LookupError: this one"])


def test_calls_of_the_running_site(users_tests: Run) -> None:
    """What is called for a call of the test; the test's own calls count for nothing."""
    done = users_tests(
        SITE
        | {
            "tests/test_count.py": """
            def test_count(site, assert_calls):
                with assert_calls(max=0):
                    site.service("third").get("/1")
                with assert_calls() as calls:
                    site.service("first").get("/2")
                assert calls.count == 4
                assert calls.lines()[1] == "    GET third /1 -> 200"

            def test_too_many(site, assert_calls):
                with assert_calls(max=1):
                    site.service("first").get("/1")
            """
        }
    )

    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["E *2 calls were made, at most 1 are allowed:"])


def test_faults_between_services_in_the_process(users_tests: Run) -> None:
    """Each kind, for the length of its block; nothing is left for the next test."""
    done = users_tests(
        SITE
        | {
            "tests/test_fault.py": """
            import pytest

            @pytest.fixture
            def first(service):
                service("second"), service("third")
                return service("first").client

            def test_slow(service, first):
                with service.fault("first", "second", slow=60):
                    assert first.get("/error").json["error"] == "DeadlineExceeded"
                assert first.get("/error").json == {"error": ""}

            def test_down(service, first):
                with service.fault("first", "*", down=True):
                    said = first.get("/error").json
                    assert said["error"] == "Unavailable"
                    assert "injected, first -> *: down" in said["message"]
                    for _ in range(9):
                        said = first.get("/error").json
                    assert said["error"] == "CircuitOpen"

            def test_begins_anew(first):
                assert first.get("/1").json == [[1]]

            def test_status(service, first):
                with service.fault("second", "third", status=500):
                    assert first.get("/1").status_code in {500, 502}

            def test_flaky(service, first, assert_calls):
                with service.fault("first", "second", flaky=2), assert_calls() as calls:
                    assert first.get("/4").json == [[1]] * 4
                assert sum(made.attempts for made in calls.made) > 4

            def test_before_they_are_loaded(service):
                with service.fault("first", "second", down=True):
                    service("second")
                    said = service("first").client.get("/error").json
                    assert said["error"] == "Unavailable"

            def test_a_fake_is_met_too(service, fake):
                fake("second").get("/1", json=7)
                first = service("first").client
                with service.fault("*", "second", down=True):
                    assert first.get("/error").json["error"] == "Unavailable"
                assert first.get("/1").json == [7]

            def test_no_fault(service):
                with pytest.raises(ValueError, match="`status` takes 200 to 599"):
                    service.fault("first", "second", status=7)
            """
        }
    )

    done.assert_outcomes(passed=8)

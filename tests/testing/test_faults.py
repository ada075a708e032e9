"""Faults on the edges of a running site, and what makes calls safe meets them."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from sites import SiteUnderTest, ended


SITE = {
    "services/shop/service.toml": """
        route = "/"
        calls = ["stock", "reviews"]

        [neighbours.stock]
        timeout = 1.5
        breaker = 3
        """,
    "services/shop/app.py": """
        from flask import Flask, request
        from glassware import CallError, services

        app = Flask(__name__)

        @app.get("/ask/<neighbour>")
        def ask(neighbour):
            wanted = {} if "timeout" not in request.args else {
                "timeout": request.args.get("timeout", type=float)
            }
            try:
                answer = services[neighbour].request(
                    request.args.get("method", "GET"), "/", **wanted
                )
            except CallError as error:
                return {
                    "error": type(error).__name__,
                    "message": error.message,
                    "attempts": error.call.attempts,
                    "seconds": error.call.seconds,
                }
            return {"status": answer.status_code, "attempts": answer.attempts}

        @app.get("/stream")
        def stream():
            with services.stock.stream("GET", "/") as answer:
                body = b"".join(answer.iter_bytes()).decode()
            return {"status": answer.status_code, "body": body}

        @app.get("/fallback")
        def fallback():
            return {"answer": services.stock.get("/", fallback={"none": True}).json()}
        """,
    "services/other/service.toml": 'route = "/other"\ncalls = ["stock"]\n',
    "services/other/app.py": """
        from flask import Flask
        from glassware import services

        app = Flask(__name__)

        @app.get("/ask")
        def ask():
            return {"status": services.stock.get("/").status_code}
        """,
    "services/reviews/app.py": """
        from flask import Flask

        app = Flask(__name__)

        @app.get("/")
        def index():
            return []
        """,
    "services/stock/app.py": """
        from flask import Flask

        app = Flask(__name__)
        asked = []

        @app.route("/", methods=["GET", "POST"])
        def index():
            asked.append(1)
            return {"asked": len(asked)}

        @app.get("/asked")
        def how_often():
            return {"asked": len(asked)}
        """,
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """A site of four services."""
    with ended(tmp_path_factory.mktemp("faults") / "site") as under_test:
        under_test.write(SITE)
        under_test.up()
        yield under_test


@pytest.fixture
def broken(running: SiteUnderTest) -> Iterator[SiteUnderTest]:
    """The same, with all its faults taken away in the end."""
    yield running
    running.run("fault", "--clear")
    # Whoever was left alone for a while is asked again.
    running.until(
        lambda: ask(running, "stock").get("status") == 200, "the end of the faults"
    )


def ask(site: SiteUnderTest, neighbour: str, **query: Any) -> dict[str, Any]:
    """Let the shop ask a neighbour, and return how that went."""
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return site.get(f"/ask/{neighbour}?{words}").json()


def fault(site: SiteUnderTest, *words: str) -> str:
    """Give the command, which has to succeed."""
    done = site.run("fault", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked(site: SiteUnderTest) -> int:
    """Return how often the stock was asked for its index."""
    return json.loads(site.run("call", "stock", "/asked").stdout)["asked"]


def test_slow(broken: SiteUnderTest) -> None:
    """A call is held up, and then answered."""
    fault(broken, "shop", "stock", "--slow", "400ms")
    began = monotonic()

    assert ask(broken, "stock")["status"] == 200
    assert monotonic() - began >= 0.4


def test_slower_than_the_deadline(broken: SiteUnderTest) -> None:
    """The caller stops waiting at its own time limit; nothing is sent."""
    before = asked(broken)
    fault(broken, "shop", "stock", "--slow", "1m")

    answer = ask(broken, "stock", timeout=0.3)

    assert answer["error"] == "DeadlineExceeded"
    assert "injected, shop -> stock: slow 60 s" in answer["message"]
    assert 0.3 <= answer["seconds"] < 3
    assert asked(broken) == before


def test_down(broken: SiteUnderTest) -> None:
    """Nobody is there, for this caller alone."""
    fault(broken, "shop", "stock", "--down")

    answer = ask(broken, "stock")

    assert answer["error"] == "Unavailable"
    assert "injected, shop -> stock: down" in answer["message"]
    assert broken.get("/other/ask").json() == {"status": 200}
    assert ask(broken, "reviews")["status"] == 200


def test_everybody(broken: SiteUnderTest) -> None:
    """`*` stands for any caller, and for any callee."""
    fault(broken, "*", "stock", "--status", "418")
    fault(broken, "shop", "*", "--status", "410")

    assert broken.get("/other/ask").json() == {"status": 418}
    assert ask(broken, "stock")["status"] == 418
    assert ask(broken, "reviews")["status"] == 410


def test_status_is_tried_again_where_that_is_safe(broken: SiteUnderTest) -> None:
    """As one that the neighbour itself had answered; it is never asked."""
    before = asked(broken)
    fault(broken, "shop", "stock", "--status", "503")

    assert ask(broken, "stock")["status"] == 503
    assert ask(broken, "stock", method="POST") == {"status": 503, "attempts": 1}
    assert asked(broken) == before


def test_flaky_every_so_manieth(broken: SiteUnderTest) -> None:
    """A retry finds the next one in order, so nobody notices."""
    fault(broken, "shop", "stock", "--flaky", "1/3", "--status", "503")

    answers = [ask(broken, "stock") for _ in range(6)]

    assert {answer["status"] for answer in answers} == {200}
    assert sum(answer["attempts"] for answer in answers) in {8, 9}


def test_flaky_at_random(broken: SiteUnderTest) -> None:
    """About so many of the calls."""
    fault(broken, "shop", "stock", "--flaky", "50%", "--status", "418")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(broken, "stock")["status"], range(100)))

    assert 20 < answers.count(418) < 80
    assert set(answers) == {200, 418}


def test_a_stream(broken: SiteUnderTest) -> None:
    """Also an answer that is read as it comes."""
    fault(broken, "shop", "stock", "--status", "418")

    answer = broken.get("/stream").json()

    assert answer["status"] == 418
    assert "injected" in answer["body"]


def test_the_breaker_opens_and_closes(broken: SiteUnderTest) -> None:
    """After three failures nobody is asked; when the fault ends it recovers."""
    fault(broken, "shop", "stock", "--down")

    errors = [ask(broken, "stock")["error"] for _ in range(4)]
    assert errors == [*["Unavailable"] * 3, "CircuitOpen"]

    fault(broken, "--clear", "shop", "stock")
    broken.until(lambda: ask(broken, "stock").get("status") == 200, "recovery")


def test_fallbacks(broken: SiteUnderTest) -> None:
    """They take over, and give way again."""
    fault(broken, "shop", "stock", "--down")
    assert broken.get("/fallback").json() == {"answer": {"none": True}}

    fault(broken, "--clear")
    assert "asked" in broken.get("/fallback").json()["answer"]


def test_what_is_injected_is_said(broken: SiteUnderTest) -> None:
    """In the list, in `ps`, at the terminal; the later one on an edge counts."""
    fault(broken, "shop", "stock", "--down")
    said = fault(broken, "shop", "stock", "--slow", "1.5", "--flaky", "30%")

    assert said == "shop -> stock: slow 1.5 s, flaky: 30% of the calls\n"
    assert fault(broken) == said
    assert json.loads(fault(broken, "--json"))["faults"][0]["slow"] == 1.5
    assert broken.snapshot()["faults"] == [said.strip()]
    assert f"injected: {said.strip()}" in broken.run("ps").stderr
    assert f"injected: {said.strip()}" in broken.log.read_text()

    fault(broken, "--clear")
    assert fault(broken) == ""
    assert broken.snapshot()["faults"] == []
    assert f"no longer injected: {said.strip()}" in broken.log.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shop", "stok", "--down"], "`stok` is no service of this site"),
        (["shop", "stock"], "what is wrong with the calls from `shop` to `stock`?"),
        (["shop"], "whom does `shop` call?"),
        (["--down"], "a fault is on the calls of a service"),
        (["shop", "stock", "--clear", "--down"], "`--clear` ends faults"),
        (["shop", "stock", "--slow", "2h"], "`2h` is no time"),
        (["shop", "stock", "--flaky", "2"], "`2` is no share"),
        (["shop", "stock", "--flaky", "1/0"], "`1/0` is no share"),
        (["shop", "stock", "--status", "99"], "99 is not in the range"),
    ],
)
def test_what_makes_no_sense_is_refused(
    running: SiteUnderTest, words: list[str], said: str
) -> None:
    """And nothing is injected."""
    done = running.run("fault", *words)

    assert done.returncode in {1, 2}
    assert said in done.stderr
    assert running.snapshot()["faults"] == []


def test_within_a_process(tmp_path: Path) -> None:
    """Services of a group meet the same, though no socket lies between them."""
    with ended(tmp_path / "site") as site:
        site.write(
            SITE | {"site.toml": '[groups]\nall = ["shop", "stock", "reviews"]\n'}
        )
        site.up()
        assert ask(site, "stock") == {"status": 200, "attempts": 1}
        fault(site, "shop", "stock", "--slow", "1m")
        assert ask(site, "stock", timeout=0.3)["error"] == "DeadlineExceeded"
        fault(site, "shop", "stock", "--down")
        assert ask(site, "stock")["error"] == "Unavailable"
        assert ask(site, "reviews")["status"] == 200
        fault(site, "shop", "stock", "--status", "418")
        assert ask(site, "stock")["status"] == 418
        fault(site, "--clear")
        assert ask(site, "stock")["status"] == 200


def test_faults_end_with_the_site(tmp_path: Path) -> None:
    """The next start has none; there is none where visitors are."""
    with ended(tmp_path / "site") as site:
        site.write(SITE)
        site.up()
        fault(site, "shop", "stock", "--down")
        site.stop()
        site.up("--production")

        assert ask(site, "stock")["status"] == 200
        refused = site.run("fault", "shop", "stock", "--down")
        assert "nothing is injected into a site in production" in refused.stderr
        shown = site.run("run", "shop", "--", "env").stdout
        assert "GLASSWARE_FAULTS" not in shown

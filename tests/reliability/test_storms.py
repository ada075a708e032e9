"""A service that always fails is not asked more often for it (row 10)."""

import pytest

from row_sites import CHAIN, all_at_once


FAILING = """
    from flask import Flask

    app = Flask(__name__)


    @app.get("/")
    def fail():
        with open("{record}", "a") as record:
            record.write("1\\n")
        return "no", 503
    """

# What every bucket holds at the start, for the two services that call.
START = 10


@pytest.mark.parametrize("concurrency", [1, 8, 40])
def test_a_storm_of_retries_does_not_come(site, tmp_path, concurrency):
    """Requests that reach the last of three are at most 1.1 times those made."""
    record = tmp_path / "record"
    record.touch()
    site.write(
        CHAIN
        | {
            "services/back/app.py": FAILING.format(record=record),
            # Its breaker would hide what the retries alone do.
            "services/front/service.toml": """
                route = "/"
                calls = ["middle"]

                [neighbours.middle]
                breaker = 0
                at_once = 64
                """,
            "services/middle/service.toml": """
                calls = ["back"]
                threads = 16

                [neighbours.back]
                breaker = 0
                at_once = 64
                """,
            "services/front/app.py": """
                from flask import Flask
                from glassware import services

                app = Flask(__name__)


                @app.get("/")
                def page():
                    answer = services.middle.get("/")
                    return answer.content, answer.status_code
                """,
        }
    )
    site.up()
    made = 0
    while made < 240:
        seen = all_at_once(concurrency, lambda: site.get("/").status)
        assert set(seen) == {503}
        made += concurrency

    reached = len(record.read_text().splitlines())

    assert reached >= made / 2
    assert reached <= 1.1 * made + 2 * START

"""Sessions that services chose for themselves, and keys that are no secrets."""

import json
import re

from sites import ended


APP = """
    from flask import Flask

    app = Flask(__name__)
    app.config.update({config})

    @app.get("/")
    def index():
        return "works"
    """
NAMED = 'SESSION_COOKIE_NAME="sid"'


def service(name, config, route=None):
    """The files of a service."""
    return {
        f"services/{name}/app.py": APP.replace("{config}", config),
        f"services/{name}/service.toml": f'route = "{route or "/" + name}"\n',
    }


def test_check_tells_of_sessions_that_meet_and_keys_that_are_known(tmp_path):
    """Remarks, no faults: in development all of it works."""
    with ended(tmp_path / "site") as site:
        site.write(
            service("front", NAMED, "/")
            | service("shop", NAMED)
            | service("apart", NAMED + ', SESSION_COOKIE_PATH="/apart"')
            | service("usual", "")
            | service("sample", 'SECRET_KEY="dev"')
        )
        answer = site.run("check", "--json")
        found = json.loads(answer.stdout)

    assert answer.returncode == 0, answer.stdout
    assert [each["fault"] for each in found] == [False] * len(found)
    said = {(each["service"], each["what"]) for each in found}
    met = re.compile(r"its session and that of `(\w+)` are both the cookie `sid`")
    pairs = {
        frozenset((name, met.match(what)[1])) for name, what in said if met.match(what)
    }
    assert pairs == {frozenset(("front", "shop")), frozenset(("front", "apart"))}
    assert said - {each for each in said if met.match(each[1])} == {
        (
            "sample",
            (
                "its `SECRET_KEY` has 3 bytes, and fewer than 16 can be guessed; "
                "it does not start with `--production`"
            ),
        )
    }


def test_in_production_a_key_that_is_no_secret_does_not_start(tmp_path):
    """The others do; the log says what is wrong, and the way out."""
    with ended(tmp_path / "site") as site:
        site.write(
            service("sample", 'SECRET_KEY="change-me-before-production"')
            | service("usual", "")
        )
        site.up("--production")
        states = {each["name"]: each for each in site.snapshot()["services"]}
        works = site.get("/usual/").text

    assert works == "works"
    assert "begins like those of examples" in states["sample"]["reason"]
    assert "leave it out" in states["sample"]["reason"]

"""The commands, as their users run them, from any folder inside the site."""

import json
import os
import subprocess
import sys

import pytest

from glassware.cli import COMMANDS


SITE = {
    "services/shop/app.py": """
        import os
        from flask import Flask, jsonify, request
        from glassware import services

        app = Flask(__name__)

        @app.get("/")
        def index():
            return services.prices.get("/prices/7").json()

        @app.post("/echo")
        def echo():
            return request.get_data(), 201, {"X-Shop": "yes"}
        """,
    "services/shop/service.toml": """
        route = "/shop"
        calls = ["prices"]

        [environment]
        PRICES_URL = "{services.prices.url}"
        GREETING = "hello"
        """,
    "services/prices/app.py": """
        from flask import Flask

        app = Flask(__name__)

        @app.get("/prices/<int:number>")
        def price(number):
            print("price of", number)
            return {"number": number, "price": 100 * number}
        """,
}


def test_ps_lists_services_running_or_not(site):
    """Before and while the site runs, from a folder deep inside."""
    site.write(SITE)
    deep = site.folder / "services/shop"

    at_rest = json.loads(site.run("ps", "--json", cwd=deep).stdout)
    site.up()
    running = json.loads(site.run("ps", "--json", cwd=deep).stdout)

    assert [s["phase"] for s in at_rest["services"]] == ["stopped", "stopped"]
    assert [s["phase"] for s in running["services"]] == ["running", "running"]
    assert site.url in site.run("ps").stderr


@pytest.mark.parametrize("running", [False, True])
def test_routes_names_every_url_with_its_view(site, running):
    """Method, public path, service, endpoint, file and line, running or not."""
    site.write(SITE)
    if running:
        site.up()

    rows = json.loads(site.run("routes", "--json").stdout)

    found = {row["endpoint"]: row for row in rows}
    assert found["shop.echo"]["public"] == "/shop/echo"
    assert found["shop.echo"]["methods"] == ["POST"]
    assert found["shop.echo"]["file"].endswith("services/shop/app.py")
    assert found["prices.price"]["public"] is None
    assert found["prices.price"]["rule"] == "/prices/<int:number>"
    text = (site.folder / "services/prices/app.py").read_text().splitlines()
    assert "def price" in text[found["prices.price"]["line"]] or (
        "@app.get" in text[found["prices.price"]["line"] - 1]
    )


def test_call_speaks_to_an_internal_service(site):
    """Whoever sits at the terminal reaches every service."""
    site.write(SITE)
    site.up()

    answer = site.run("call", "prices", "/prices/3")
    missing = site.run("call", "prices", "/nothing")
    posted = site.run("call", "shop", "/echo", "-X", "POST", "-d", "abc", "-i")

    assert json.loads(answer.stdout)["price"] == 300
    assert missing.returncode == 1
    assert posted.stdout == "abc"
    assert "201" in posted.stderr

    for words in (["prices/3"], ["/", "-H", "X-Glassware-Via: me"], ["/", "-X", "?"]):
        refused = site.run("call", "prices", *words)
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr


def test_run_has_the_environment_of_the_service(site):
    """A shell, a script, a test: with the same variables and folder."""
    site.write(SITE)
    site.up()
    code = "import os; print(os.environ['GREETING'], os.environ['PRICES_URL'], os.getcwd())"

    answer = site.run("run", "shop", "--", "python", "-c", code)

    greeting, address, folder = answer.stdout.split()
    assert greeting == "hello"
    assert address.startswith("http://127.0.0.1:")
    assert folder == str(site.folder / "services/shop")


def test_a_plain_address_answers(site):
    """Code that knows nothing of glassware reaches a neighbour by its variable."""
    site.write(SITE)
    site.up()
    code = (
        "import os, urllib.request as u;"
        "print(u.urlopen(os.environ['PRICES_URL'] + '/prices/2').read().decode())"
    )

    answer = site.run("run", "shop", "--", "python", "-c", code)

    assert json.loads(answer.stdout)["price"] == 200


def test_logs_show_what_a_service_printed(site):
    """Also after the site has stopped, for one service or for all."""
    site.write(SITE)
    site.up()
    site.get("/shop/")
    site.until(lambda: "price of 7" in site.run("logs", "prices").stdout, "the line")
    site.stop()

    assert "price of 7" in site.run("logs").stdout
    assert "price of 7" not in site.run("logs", "shop").stdout
    assert site.run("logs", "--since", "soon").returncode == 2


def test_logs_of_nobody_are_an_error(site):
    """A name that is mistyped is not taken for a silent service."""
    site.write(SITE)

    answer = site.run("logs", "pricse")

    assert answer.returncode == 2
    assert "did you mean `prices`?" in answer.stderr
    assert site.run("logs", "prices").returncode == 0


def test_every_command_shows_an_example(site):
    """`--help` ends with a line to copy, and cuts no line short."""
    for command in (*COMMANDS, "new site", "new service"):
        told = site.run(*command.split(), "--help")
        assert told.returncode == 0
        assert "Example: glassware" in told.stdout
        assert "..." not in told.stdout.replace("]...", "")


def test_logs_follow(site):
    """New lines come as they are written."""
    site.write(SITE)
    site.up()
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "glassware", "logs", "prices", "--follow"],
        cwd=site.folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as follower:
        site.until(lambda: site.get("/shop/").status == 200, "the page")
        try:
            line = follower.stdout.readline()
            while "price of 7" not in line:
                line = follower.stdout.readline()
        finally:
            follower.terminate()

    assert "prices" in line


def test_restart_brings_new_processes(site):
    """A service, and whoever calls it."""
    site.write(SITE)
    site.up()
    before = {s["name"]: s["pids"] for s in site.snapshot()["services"]}

    answer = site.run("restart", "prices", "--with-callers")

    assert answer.returncode == 0
    assert answer.stderr.splitlines() == ["restarted prices", "restarted shop"]
    after = {s["name"]: s["pids"] for s in site.snapshot()["services"]}
    assert all(after[name] not in ([], pids) for name, pids in before.items())


def test_down_stops_and_wipe_forgets(site):
    """`down` ends the site; `--wipe` removes its state folder."""
    site.write(SITE)
    site.up()

    assert site.run("down").returncode == 0
    assert site.process.wait(10) == 0
    assert (site.folder / ".glassware").exists()
    assert site.run("down", "--wipe", "--yes").returncode == 0
    assert not (site.folder / ".glassware").exists()


def test_commands_that_need_the_running_site_say_so(site):
    """No traceback, but the way out."""
    site.write(SITE)

    for command in (
        ["call", "prices", "/"],
        ["restart"],
        ["run", "shop", "--", "true"],
    ):
        answer = site.run(*command)
        assert answer.returncode == 3
        assert "does not run" in answer.stderr
        assert "hint: glassware up" in answer.stderr


def test_an_unknown_service_is_named_with_the_nearest(site):
    """A typing error is a short way to the right name."""
    site.write(SITE)

    answer = site.run("up", "shpo")

    assert answer.returncode == 2
    assert "did you mean `shop`?" in answer.stderr


def test_up_with_a_name_starts_it_and_what_it_needs(site):
    """`--only` starts exactly the named one."""
    site.write(SITE | {"services/extra/app.py": SITE["services/prices/app.py"]})
    site.up("shop")
    with_needs = {s["name"] for s in site.snapshot()["services"]}
    site.stop()
    site.up("--only", "shop")
    alone = {s["name"] for s in site.snapshot()["services"]}

    assert with_needs == {"shop", "prices"}
    assert alone == {"shop"}


def test_check_finds_nothing_in_a_good_site(site):
    """Exit code 0, and one line."""
    site.write(SITE)

    answer = site.run("check")

    assert (answer.returncode, answer.stdout) == (0, "")
    assert "2 services, no fault" in answer.stderr


def test_check_says_that_an_application_ended_its_process(site):
    """What it wrote before that is told."""
    end = "import os; os.write(2, b'bye for now'); os._exit(3)"
    site.write({"services/shop/app.py": f"from flask import Flask\n{end}\n"})

    answer = site.run("check", "--json")

    (found,) = json.loads(answer.stdout)
    assert found["what"] == "it ended with code 3 before it was loaded"
    assert "bye for now" in found["detail"]


def test_check_names_undeclared_calls_and_broken_applications(site):
    """With file and line, and the line to add."""
    site.write(SITE)
    site.write(
        {
            "services/shop/service.toml": 'route = "/shop"\n',
            "services/prices/app.py": "import no_such_module\n",
        }
    )

    answer = site.run("check", "--json")

    found = json.loads(answer.stdout)
    assert answer.returncode == 5
    assert {finding["service"] for finding in found} == {"shop", "prices"}
    assert any("app.py:9: calls `prices`" in f["what"] for f in found)
    assert any("no_such_module" in f["what"] for f in found)


def test_every_fault_of_every_manifest_comes_in_one_run(site):
    """With file and line, exit code 2, also for `check` and `up`."""
    site.write(SITE)
    site.write(
        {
            "site.toml": "nmae = 'shop'\n",
            "services/shop/service.toml": 'route = "shop"\ncalls = ["pricse"]\n',
        }
    )

    for command in ("up", "check"):
        answer = site.run(command)
        assert answer.returncode == 2
        assert "site.toml:1" in answer.stderr
        assert "service.toml:1" in answer.stderr
        assert "service.toml:2" in answer.stderr
    found = json.loads(site.run("check", "--json").stdout)
    assert {(f["line"], f["field"]) for f in found} == {
        (1, "nmae"),
        (1, "route"),
        (2, "calls[0]"),
    }
    assert any("name" in (f["hint"] or "") for f in found)


def test_graph_shows_who_calls_whom(site):
    """As text, for Mermaid, and as a picture."""
    site.write(SITE)

    assert "prices" in site.run("graph").stdout
    assert "flowchart" in site.run("graph", "--mermaid").stdout
    assert site.run("graph", "--svg").stdout.startswith("<svg")


def test_doctor_names_what_is_there(site):
    """A machine on which these tests run can run a site."""
    site.write(SITE)

    answer = site.run("doctor", "--json")

    found = {d["what"]: d for d in json.loads(answer.stdout)}
    assert answer.returncode == 0
    assert found["Envoy"]["found"] == "1.40.0"
    assert found["postgresql"]["state"] == "ok"


def test_outside_a_site_commands_say_where_they_look(site, tmp_path):
    """Not a traceback."""
    answer = site.run("ps", cwd=tmp_path)

    assert answer.returncode == 2
    assert "hint" in answer.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion_can_be_had(site, shell):
    """Click's own way, as the reference page says."""
    answer = subprocess.run(
        [sys.executable, "-m", "glassware"],
        env={"_GLASSWARE_COMPLETE": f"{shell}_source", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "_GLASSWARE_COMPLETE" in answer.stdout


@pytest.mark.parametrize(
    "words",
    [
        "logs pr",
        "up pr",
        "up --debug pr",
        "restart pr",
        "run pr",
        "call pr",
        "routes pr",
    ],
)
def test_names_of_services_are_completed(site, words):
    """Whether the site runs or not."""
    site.write(SITE)
    typed = {"COMP_WORDS": f"glassware {words}", "COMP_CWORD": str(len(words.split()))}

    told = site.run(env={**os.environ, "_GLASSWARE_COMPLETE": "bash_complete", **typed})

    assert told.stdout == "plain,prices\n"

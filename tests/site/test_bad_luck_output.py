"""What services write: much, at once, odd, and never a secret of the site."""

import json
import secrets
import threading
from pathlib import Path

from versions import SITE


LOUD = {
    "services/loud/app.py": r"""
        import sys
        import traceback

        from flask import Flask

        app = Flask(__name__)

        def deep(n):
            if n:
                deep(n - 1)
            raise ValueError("at the bottom")

        @app.get("/much/<int:count>")
        def much(count):
            for number in range(count):
                print("line", number, "." * 70)
            return "done"

        @app.get("/fail")
        def fail():
            try:
                deep(5)
            except ValueError:
                traceback.print_exc()
            return "failed"

        @app.get("/odd")
        def odd():
            sys.stdout.buffer.write(bytes(range(256)) + b"\n\x1b[31mred\x1b[0m\x1b[2J\n")
            sys.stdout.buffer.flush()
            print("no line end", end="", flush=True)
            return "odd"
        """,
    "services/loud/service.toml": """
        route = "/"
        workers = 2
        threads = 1
        """,
}


def test_much_output_arrives_in_order_and_holds_up_no_neighbour(site):
    """All of it is in the files, whatever the terminal leaves out."""
    site.write(SITE | LOUD)
    site.write({"services/shop/service.toml": 'route = "/shop"\n'})
    site.up()
    loud = threading.Thread(target=site.get, args=("/much/30000",))
    loud.start()

    answers = [site.get("/shop/").status for _ in range(20)]
    loud.join()

    def kept():
        text = "".join(
            path.read_text()
            for path in sorted((site.folder / ".glassware/logs").glob("loud.log*"))[
                ::-1
            ]
        )
        return [int(line.split()[2]) for line in text.splitlines() if "\tline " in line]

    site.until(lambda: kept()[-1:] == [29999], "the last line")
    assert kept() == list(range(30000))
    assert set(answers) == {200}


def test_tracebacks_of_several_workers_stay_in_one_piece(site):
    """Each is one entry, from its first line to its last."""
    site.write(LOUD)
    site.up()
    visits = [
        threading.Thread(target=lambda: [site.get("/fail") for _ in range(10)])
        for _ in range(4)
    ]
    for visit in visits:
        visit.start()
    for visit in visits:
        visit.join()

    def entries():
        text = (site.folder / ".glassware/logs/loud.log").read_text()
        whole = text.replace("\n\t", "\r").split("\n")
        return [entry.split("\r") for entry in whole if "Traceback" in entry]

    site.until(lambda: len(entries()) == 40, "every traceback")
    assert {len(entry) for entry in entries()} == {len(entries()[0])}
    assert {entry[-1] for entry in entries()} == {"ValueError: at the bottom"}


def test_odd_bytes_neither_stop_nor_repaint_the_terminal(site):
    """Every byte value, and codes that would clear the screen."""
    site.write(LOUD)
    site.up()

    assert site.get("/odd").text == "odd"

    site.until(lambda: "red" in site.log.read_text(), "the line")
    assert "\x1b[2J" not in site.log.read_text()
    assert site.service("loud")["phase"] == "running"


def test_no_secret_is_written_anywhere(site, monkeypatch):
    """Neither in what the commands print nor in pages, files, or arguments."""
    canaries = {
        name: f"canary{secrets.token_hex(8)}" for name in ("STRIPE", "KEY", "OWN")
    }
    monkeypatch.setenv("STRIPE", canaries["STRIPE"])
    monkeypatch.setenv("SECRET_KEY", canaries["KEY"])
    site.write(SITE)
    site.write(
        {
            "services/shop/service.toml": """
                route = "/"

                [databases]
                main = "postgresql"
                cache = "redis"

                [environment]
                STRIPE_KEY = "{secret.STRIPE}"
                DSN = "{databases.main.url}"
                """,
            "services/shop/.env": f"OWN={canaries['OWN']}\n",
            "services/other/app.py": "import os\nos.environ['NOT_THERE']\n",
        }
    )
    site.up()
    made = json.loads((site.folder / ".glassware/credentials.json").read_text())
    hidden = [*canaries.values(), *made.values()]

    seen = {"terminal": site.log.read_text()}
    for command in ("ps", "ps --json", "logs", "routes --json", "graph", "doctor"):
        result = site.run(*command.split())
        seen[command] = result.stdout + result.stderr
    for path in ("/", "/nowhere"):
        seen[path] = site.get(path, headers={"Accept": "text/html"}).text
    runtime = Path(json.loads(note(site))["control"]).parent
    for file in [*runtime.rglob("*"), *(site.folder / ".glassware/logs").iterdir()]:
        if file.is_file():
            seen[str(file)] = file.read_text(errors="replace")
    for pid in site.processes():
        seen[f"arguments of {pid}"] = Path(f"/proc/{pid}/cmdline").read_text()

    leaks = [
        (place, text) for place, text in seen.items() if any(h in text for h in hidden)
    ]
    assert not leaks
    assert len(seen) > 15


def note(site):
    """Return the note of where the site runs."""
    return (site.folder / ".glassware/site.json").read_text()


def test_a_crash_loop_is_slow_and_is_told_once(site):
    """The same failure is one report, and each pause is twice as long."""
    site.write(SITE | {"services/other/app.py": "print('tried')\n1 / 0\n"})
    site.up()
    site.until(lambda: site.log.read_text().count("tried") >= 4, "four tries")

    assert site.log.read_text().count("does not start") == 1
    assert site.get("/").status == 200

"""Services of a group: one process, and everything else as if each had its own."""

import json
import os
import signal

from grouped import GROUPED, pids, said, save, serves
from versions import visitors


def test_the_members_share_a_process_and_nothing_else(site):
    """One pid, for the supervisor and for the code; a `SECRET_KEY` of its own each."""
    site.write(GROUPED)
    site.up()

    front, back, single = (said(site, f"/{n}/") for n in ("front", "back", "single"))

    assert front["pid"] == back["pid"] != single["pid"]
    assert len({front["key"], back["key"], single["key"]}) == 3
    assert [front["name"], back["name"]] == ["front", "back"]
    states = {s["name"]: s for s in site.snapshot()["services"]}
    assert states["front"]["pids"] == states["back"]["pids"] == [front["pid"]]
    assert [states[n]["group"] for n in ("front", "back", "single")] == [
        "web",
        "web",
        "",
    ]
    assert {e["name"] for e in states["front"]["endpoints"]} >= {"index", "through"}


def test_a_call_inside_takes_no_socket_and_one_from_outside_does(site):
    """The view of a neighbour runs in the caller's own thread, or it does not."""
    site.write(GROUPED)
    site.up()

    inside, outside = said(site, "/front/through"), said(site, "/single/through")

    assert inside["name"] == outside["name"] == "back"
    assert inside["pid"] == outside["pid"]
    assert inside["same_thread"]
    assert not outside["same_thread"]


def test_wire_gives_each_its_own_process(site):
    """`up --wire` is the same site without groups."""
    site.write(GROUPED)
    site.up("--wire")

    front, through = said(site, "/front/"), said(site, "/front/through")

    assert front["pid"] != through["pid"]
    assert not through["same_thread"]
    assert {s["group"] for s in site.snapshot()["services"]} == {""}


def test_one_member_alone_runs_as_a_group_does(site):
    """The neighbour that does not run is missed, nothing else."""
    site.write(GROUPED)
    site.up("--only", "front")

    assert said(site, "/front/")["name"] == "front"
    assert [(s["name"], s["group"]) for s in site.snapshot()["services"]] == [
        ("front", "web")
    ]


def test_each_member_has_its_own_log(site):
    """What a view prints is in the log of its service, and in no other."""
    site.write(GROUPED)
    site.up()

    said(site, "/front/")
    said(site, "/front/through")

    site.until(lambda: "back was" in site.run("logs", "back").stdout, "its line")
    assert "front was asked" in site.run("logs", "front").stdout
    assert "back was asked" not in site.run("logs", "front").stdout
    assert "front was asked" not in site.run("logs", "back").stdout


def test_a_save_in_one_member_reloads_the_group_and_fails_no_request(site):
    """The new process is there before the old one goes, for every member."""
    site.write(GROUPED)
    site.up()
    before = pids(site)

    with visitors(site, path="/back/") as seen:
        for version in range(2, 6):
            save(site, "front", version)
            site.until(serves(site, "front", version), f"version {version}")

    after = pids(site)
    assert set(seen) == {200}
    assert after["front"] == after["back"] != before["back"]
    assert after["single"] == before["single"]


def test_a_broken_member_keeps_the_old_group_serving_and_is_named(site):
    """Whose fault it is and whom it holds up; the next save mends it."""
    site.write(GROUPED)
    site.up()
    before = pids(site)
    path = site.folder / "services/back/app.py"
    good = path.read_text()

    path.write_text(good + "\ndef broken(:\n")
    report = "the old code of the group `web` serves on"
    site.until(lambda: report in site.log.read_text(), "the report")

    assert said(site, "/front/")["version"] == said(site, "/back/")["version"] == 1
    assert pids(site) == before
    assert "SyntaxError" in site.run("logs", "back").stdout
    assert "`back`, of the same group: SyntaxError" in site.service("front")["reason"]
    path.write_text(good.replace("VERSION = 1", "VERSION = 3"))
    site.until(serves(site, "back", 3), "version 3")


def test_a_group_that_never_ran_says_which_member_is_to_blame(site):
    """In the terminal, and in the page of each member."""
    site.write(GROUPED | {"services/back/app.py": "1 / 0\n"})
    site.up()

    answer = site.get("/front/", headers={"Accept": "text/html"})

    assert answer.status == 503
    assert "back" in answer.text
    assert "ZeroDivisionError" in answer.text
    assert "the group `web` does not start: ZeroDivisionError" in site.log.read_text()
    assert said(site, "/single/")["name"] == "single"
    site.write({"services/back/app.py": GROUPED["services/back/app.py"]})
    site.until(lambda: site.get("/front/").status == 200, "recovery")


def test_a_killed_group_comes_back_whole(site):
    """A `kill -9` under load costs no idempotent request of any member."""
    site.write(GROUPED)
    site.up()
    (victim,) = pids(site)["front"]

    with visitors(site, path="/front/") as seen:
        os.kill(victim, signal.SIGKILL)
        site.until(lambda: pids(site)["back"] not in ([], [victim]), "another process")

    assert set(seen) == {200}
    assert pids(site)["front"] == pids(site)["back"]


def test_moving_a_service_is_one_line_and_fails_no_request(site):
    """Out of the group and in again, while it runs and visitors come."""
    site.write(GROUPED)
    site.up()
    line = GROUPED["site.toml"]

    with visitors(site, path="/back/") as seen:
        site.write({"site.toml": line.replace('"back"', '"single"')})
        site.until(
            lambda: pids(site)["front"] == pids(site)["single"] != pids(site)["back"],
            "another group",
        )
        site.write({"site.toml": line})
        site.until(
            lambda: pids(site)["front"] == pids(site)["back"] != pids(site)["single"],
            "the group as it was",
        )

    assert set(seen) == {200}
    assert said(site, "/front/through")["same_thread"]
    assert not said(site, "/single/through")["same_thread"]


def test_ctrl_c_leaves_nothing_of_a_group(site):
    """The fixture looks at every process; the exit code is that of a good end."""
    site.write(GROUPED)
    site.up()

    assert site.stop() == 0
    assert site.processes() == set()


def test_a_restart_of_a_member_is_one_of_its_group(site):
    """Each group once, however many of its members are named."""
    site.write(GROUPED)
    site.up()
    before = pids(site)

    answer = site.run("restart", "back")

    assert answer.stderr == "restarted back, with front (group `web`)\n"
    assert pids(site)["front"] == pids(site)["back"] != before["back"]
    assert pids(site)["single"] == before["single"]
    everything = site.run("restart").stderr.splitlines()
    assert len(everything) == 2


def test_ps_shows_who_shares_a_process(site):
    """In a column that is there where a site has groups."""
    site.write(GROUPED)
    site.up()

    grouped = site.run("ps").stdout.splitlines()
    site.stop()
    site.write({"site.toml": 'name = "grouped"\n'})

    assert "GROUP" in grouped[0]
    assert [line.split()[1] for line in grouped[1:3]] == ["web", "web"]
    assert "GROUP" not in site.run("ps").stdout


def test_check_remarks_on_what_cannot_be_kept_apart(site):
    """With file and line, and without a fault: the site runs, differently perhaps."""
    late = "\n@app.get('/late')\ndef late():\n    return os.environ['GREETING']\n"
    site.write(GROUPED)
    path = site.folder / "services/back/app.py"
    path.write_text(path.read_text() + late)
    line = len(path.read_text().splitlines())

    answer = site.run("check")

    assert answer.returncode == 0
    assert f"{path}:{line}: `os.environ` is asked after the start" in answer.stderr
    assert "3 services, 1 group, 1 remark, no fault" in answer.stderr
    (remark,) = json.loads(site.run("check", "--json").stdout)
    assert remark["fault"] is False
    assert remark["service"] == "back"


def test_check_loads_a_group_in_one_process(site):
    """Services that are good alone may be a fault together."""
    hidden = "\nimport importlib\nCONFIG = importlib.import_module('config')\n"
    site.write(GROUPED)
    for name in ("front", "back"):
        path = site.folder / f"services/{name}/app.py"
        path.write_text(path.read_text() + hidden)
        site.write({f"services/{name}/config.py": ""})

    answer = site.run("check")

    assert answer.returncode == 5
    assert "in the group `web`: " in answer.stderr
    assert "the module `config` would be" in answer.stderr


def test_a_group_has_a_log_that_may_be_empty(site):
    """Its name is known to `logs`; another one is not."""
    site.write(GROUPED)

    assert site.run("logs", "web").returncode == 0
    assert "`webb` is no service of this site" in site.run("logs", "webb").stderr

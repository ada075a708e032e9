import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from waiting import until
from worker.worker_process import PATIENCE


SHOWS = """
import os, sys
from pathlib import Path
from flask import Flask
app = Flask(__name__)
AT_IMPORT = {
    "name": __name__,
    "service": os.environ.get("GLASSWARE_SERVICE"),
    "own": os.environ.get("OWN"),
    "key": os.environ.get("GLASSWARE_KEY"),
    "folder": os.getcwd(),
    "paths": sys.path[:3],
    "argv": sys.argv,
    "relative": Path("name.txt").read_text(),
}
@app.get("/import")
def at_import():
    return AT_IMPORT
@app.get("/now")
def now():
    names = ("OWN", "COMMON", "SET", "GLASSWARE_SERVICE", "GLASSWARE_KEY")
    return {
        "variables": {name: os.environ.get(name) for name in names},
        "folder": os.getcwd(),
        "pid": os.getpid(),
    }
"""


def variables(name, **others):
    """Return what a member is told of itself."""
    own = {"GLASSWARE_SERVICE": name, "OWN": f"of {name}", "GLASSWARE_KEY": "secret"}
    return {"PATH": os.environ["PATH"], "COMMON": "same", **own, **others}


def shows(start, name, **more):
    """Return the job of a service that shows what it has."""
    files = {"app.py": SHOWS + more.pop("code", ""), "name.txt": name}
    files |= more.pop("files", {})
    return start.job(files, service=name, environment=variables(name), **more)


@pytest.mark.parametrize("way", ["group", "spawn_group"])
def test_each_is_loaded_as_if_it_were_alone(start, way):
    """Under its own name, in its folder, with its variables, at its socket."""
    jobs = [shows(start, "catalog"), shows(start, "cart")]
    group = getattr(start, way)(*jobs)
    said = group.ready()
    assert [member["service"] for member in said["members"]] == ["catalog", "cart"]
    for job, member in zip(jobs, said["members"], strict=True):
        name, folder = job["service"], job["folder"]
        assert member["interface"] == "wsgi"
        assert member["server"] == "granian"
        assert {e["rule"] for e in member["endpoints"]} >= {"/import", "/now"}
        assert member["modules"] == [f"{folder}/app.py"]
        assert group.member(name).ask("/import").json == {
            "name": name,
            "service": name,
            "own": f"of {name}",
            "key": None,
            "folder": folder,
            "paths": [folder, *said_paths(group, name)[1:]],
            "argv": [f"{folder}/app.py"],
            "relative": name,
        }


def said_paths(group, name):
    """Return what a member saw on `sys.path`, without its neighbours' folders."""
    paths = group.member(name).ask("/import").json["paths"]
    others = {j["folder"] for j in group.job["members"] if j["service"] != name}
    assert not others & set(paths)
    return paths


def test_afterwards_it_has_what_all_have_in_common(start):
    """No service finds another's variable; what code has set by itself stays."""
    sets = "\nos.environ['SET'] = 'by code'\n"
    group = start.group(shows(start, "catalog", code=sets), shows(start, "cart"))
    group.ready()
    seen = [group.member(name).ask("/now").json for name in ("catalog", "cart")]
    assert seen[0] == seen[1]
    assert seen[0]["variables"] == {
        "OWN": None,
        "COMMON": "same",
        "SET": "by code",
        "GLASSWARE_SERVICE": None,
        "GLASSWARE_KEY": None,
    }
    assert seen[0]["folder"] == str(start.folder)


def test_what_the_group_says_holds_for_all(start):
    """A variable of the group is each member's, unless it has its own."""
    jobs = [shows(start, "catalog"), shows(start, "cart")]
    del jobs[0]["environment"]["OWN"], jobs[1]["environment"]["COMMON"]
    group = start.group(*jobs, environment={"OWN": "shared", "COMMON": "same"})
    group.ready()
    own = [group.member(n).ask("/import").json["own"] for n in ("catalog", "cart")]
    assert own == ["shared", "of cart"]
    assert group.member("cart").ask("/now").json["variables"]["COMMON"] == "same"


PLAIN = """
from flask import Flask
app = Flask(__name__)
"""


def plain(start, name, code="", **facts):
    """Return the job of a service; `code` follows its application."""
    files = {"app.py": PLAIN + code, **facts.pop("files", {})}
    return start.job(files, service=name, **facts)


def refused(start, *jobs):
    """Return why a group is not started, and see that its process ends."""
    group = start.group(*jobs)
    said = group.outcome()
    assert said["event"] == "failed"
    assert group.wait() == 3
    return said


def test_two_modules_of_one_name_are_refused(start):
    """The second would silently get the first one's; the reason has both files."""
    files = {"models.py": "X = 1"}
    jobs = [plain(start, n, "import models", files=files) for n in ("catalog", "cart")]
    said = refused(start, *jobs)
    assert said["service"] == "catalog"
    assert said["reason"].startswith("`catalog`: the module `models` would be ")
    for job in jobs:
        assert f"`{job['folder']}/models.py`" in said["reason"]


def test_one_that_is_never_imported_harms_nobody(start):
    """Files that lie about in two folders are no reason to refuse."""
    files = {"conftest.py": "", "tests/test_it.py": "", "migrations/env.py": ""}
    jobs = [plain(start, n, files=files) for n in ("catalog", "cart")]
    start.group(*jobs).ready()


@pytest.mark.parametrize("late", ["catalog", "cart"])
def test_a_module_that_is_imported_late_is_never_another_services(start, late):
    """A view that imports sees its own folder alone, or an error that says why."""
    view = """
@app.get("/")
def view():
    try:
        import prices
    except Exception as error:
        return str(error)
    return prices.__file__
"""
    has = {"files": {"prices.py": ""}}
    early = {"catalog": "cart", "cart": "catalog"}[late]
    jobs = {
        late: plain(start, late, view, **has),
        early: plain(start, early, view),
    }
    group = start.group(*(jobs[name] for name in ("catalog", "cart")))
    group.ready()
    assert group.member(early).ask("/").body == b"No module named 'prices'"
    path = f"{jobs[late]['folder']}/prices.py"
    assert group.member(late).ask("/").body == path.encode()


def test_a_late_import_of_what_two_have_is_an_error(start):
    """Neither gets the other's, whoever asks first."""
    view = """
@app.get("/")
def view():
    try:
        import prices
    except ImportError:
        return "as if there were none"
    except Exception as error:
        return str(error)
"""
    has = {"files": {"prices.py": ""}}
    group = start.group(
        plain(start, "catalog", view, **has), plain(start, "cart", **has)
    )
    group.ready()
    said = group.member("catalog").ask("/").body.decode()
    assert said.startswith("the module `prices` would be ")


def test_a_thread_that_is_nobodys_gets_no_module_of_two(start):
    """Where it cannot be told whose is meant, nobody's is taken."""
    view = """
import _thread, queue
@app.get("/")
def view():
    answers = queue.Queue()
    def take():
        try:
            import prices
        except Exception as error:
            answers.put(str(error))
    _thread.start_new_thread(take, ())
    return answers.get()
"""
    has = {"files": {"prices.py": ""}}
    group = start.group(
        plain(start, "catalog", view, **has), plain(start, "cart", **has)
    )
    group.ready()
    said = group.member("catalog").ask("/").body.decode()
    assert said.startswith("the module `prices` would be ")


def test_entry_files_and_their_neighbours_do_not_collide(start):
    """Each has an `app.py`, and a module beside it that imports from it."""
    views = """
from app import app
@app.get("/")
def view():
    return __name__
"""
    jobs = [
        plain(start, n, f"import {n}_views", files={f"{n}_views.py": views})
        for n in ("catalog", "cart")
    ]
    group = start.group(*jobs)
    group.ready()
    assert group.member("catalog").ask("/").body == b"catalog_views"
    assert group.member("cart").ask("/").body == b"cart_views"


def test_a_module_called_like_another_service_is_refused(start):
    """`import cart` in one service would mean the other service."""
    said = refused(
        start, plain(start, "catalog", files={"cart.py": ""}), plain(start, "cart")
    )
    assert said["service"] == "cart"
    assert "the service `cart`" in said["reason"]


def test_packages_without_init_share_a_name(start):
    """Two parts of one namespace package are no collision, two files of one name are."""
    jobs = [
        plain(start, n, f"import shop.{n}_part", files={f"shop/{n}_part.py": ""})
        for n in ("catalog", "cart")
    ]
    start.group(*jobs).ready()
    jobs = [
        plain(start, n, "import shop.part", files={"shop/part.py": ""})
        for n in ("catalog", "cart")
    ]
    assert "the module `shop` would be" in refused(start, *jobs)["reason"]


def test_what_a_service_puts_on_its_path_is_its_own(start):
    """A folder that code adds by itself is looked in for that service alone."""
    adds = """
import sys
sys.path.insert(0, "lib")
import extra
@app.get("/")
def view():
    import late
    return late.__name__
"""
    finds = """
@app.get("/")
def view():
    import importlib.util
    return str(importlib.util.find_spec("late"))
"""
    group = start.group(
        plain(start, "catalog", adds, files={"lib/extra.py": "", "lib/late.py": ""}),
        plain(start, "cart", finds),
    )
    group.ready()
    assert group.member("cart").ask("/").body == b"None"
    assert group.member("catalog").ask("/").body == b"late"


def test_one_that_fails_fails_the_group(start):
    """The reason has its name, the traceback is its own."""
    said = refused(start, plain(start, "catalog"), plain(start, "cart", "1 / 0"))
    assert said["service"] == "cart"
    assert said["reason"] == "`cart`: ZeroDivisionError: division by zero"
    assert said["traceback"].count("File ") == 1


ASGI = "async def app(scope, receive, send): ..."
SOCKETS = "import simple_websocket"


@pytest.mark.parametrize(
    ("code", "facts", "reason"),
    [
        (ASGI, {}, "it is an ASGI application"),
        (SOCKETS, {}, "it needs the threaded server"),
        ("", {"server": "threaded"}, "it needs the threaded server"),
        ("raise SystemExit(2)", {}, "the application ended the process at import"),
    ],
)
def test_what_cannot_share_a_process_is_refused(start, code, facts, reason):
    """Only WSGI applications on granian do; the message says how to go on."""
    said = refused(start, plain(start, "catalog"), plain(start, "cart", code, **facts))
    assert said["service"] == "cart"
    assert said["reason"].startswith(f"`cart`: {reason}")


DJANGO = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{name}_settings")
from django.core.wsgi import get_wsgi_application
app = get_wsgi_application()
"""


def django(start, name):
    """Return the job of a Django project."""
    settings = f"SECRET_KEY = 'x'\nROOT_URLCONF = '{name}_urls'\nALLOWED_HOSTS = ['*']"
    urls = f"""
    from django.http import HttpResponse
    from django.urls import path
    urlpatterns = [path("", lambda request: HttpResponse("{name}"))]
    """
    files = {
        "app.py": DJANGO.format(name=name),
        f"{name}_settings.py": settings,
        f"{name}_urls.py": urls,
    }
    return start.job(files, service=name)


def test_one_django_project_may_be_among_them(start):
    """A second one would be served with the settings of the first."""
    group = start.group(plain(start, "catalog"), django(start, "blog"))
    group.ready()
    assert group.member("blog").ask("/").body == b"blog"
    said = refused(start, django(start, "blog"), django(start, "cart"))
    assert said["service"] == "cart"
    assert "`blog` is one too" in said["reason"]


def test_a_group_can_be_looked_at_without_being_served(start):
    """`inspect` says the same of it."""
    job = {"group": "web", "members": [plain(start, "a"), plain(start, "b", "1/0")]}
    command = [sys.executable, "-m", "glassware.worker", "inspect"]
    options = {"text": True, "capture_output": True, "timeout": PATIENCE}
    ran = subprocess.run(command, input=json.dumps(job), **options, check=False)
    assert ran.returncode == 3
    assert json.loads(ran.stdout)["service"] == "b"
    job["members"].pop()
    ran = subprocess.run(command, input=json.dumps(job), **options, check=False)
    assert [m["service"] for m in json.loads(ran.stdout)["members"]] == ["a"]


def test_the_zygote_wants_an_output_for_each_member(start, zygote):
    """A job with others is refused, and the zygote goes on."""
    job = {"group": "web", "members": [plain(start, "a"), plain(start, "b")]}
    read, write = os.pipe()
    answer = zygote.fork(job, [write, write, write])
    assert answer["event"] == "refused"
    assert "one for each member" in answer["reason"]
    os.close(read)
    os.close(write)
    start.group(*job["members"]).ready()


PRINTS = """
import logging, os, sys, threading
logging.getLogger("of.{name}").addHandler(logging.StreamHandler())
log = logging.getLogger("of.{name}")
print("{name} loads")
@app.get("/")
def view():
    print("{name} prints")
    log.warning("{name} logs")
    app.logger.error("{name} reports")
    sys.stderr.write("{name} has")
    sys.stderr.write(" two parts\\n")
    thread = threading.Thread(target=print, args=("{name} in a thread",))
    thread.start()
    thread.join()
    os.write(1, b"{name} past all\\n")
    print("{name} begins", end="", flush=True)
    return "."
@app.get("/fails")
def fails():
    raise RuntimeError("{name} fails")
"""


def test_output_goes_where_its_service_is(start):
    """What a service's code says, at import and later, is in its own output."""
    names = ("catalog", "cart")
    group = start.group(*(plain(start, n, PRINTS.format(name=n)) for n in names))
    group.ready()
    for name in names:
        group.member(name).ask("/")
        group.member(name).ask("/fails")
    for name, other in zip(names, reversed(names), strict=True):
        said = group.logs[name].read_text()
        for words in ("loads", "prints", "logs", "has two parts", "in a thread"):
            assert f"{name} {words}\n" in said
        assert f"in app: {name} reports\n" in said
        assert said.rstrip().endswith(f"RuntimeError: {name} fails")
        assert f"{name} begins" in said
        assert other not in said
    assert group.log() == "catalog past all\ncart past all\n"


WAITS = """
import time
from pathlib import Path
@app.get("/")
def view():
    Path("asked").touch()
    while not Path({go!r}).exists():
        time.sleep(0.01)
    return "done"
"""


def test_stopping_waits_for_the_requests_of_every_member(start):
    """SIGTERM drains all listeners, and the process ends with the last answer."""
    go = start.folder / "go"
    code = WAITS.format(go=str(go)).replace('"asked"', "__file__ + '.asked'")
    group = start.group(*(plain(start, n, code) for n in ("catalog", "cart")))
    group.ready()
    bodies = []

    def ask(name):
        bodies.append(group.member(name).ask("/").body)

    threads = [threading.Thread(target=ask, args=(n,)) for n in ("catalog", "cart")]
    for thread in threads:
        thread.start()
    for job in group.job["members"]:
        until(Path(job["folder"], "app.py.asked").exists, "a request under way")
    group.signal(signal.SIGTERM)
    until(lambda: not connects(group), "the end of the listening")
    go.touch()
    for thread in threads:
        thread.join()
    assert bodies == [b"done", b"done"]
    assert group.wait() == 0


def connects(group):
    """Return whether any of the members still takes connections."""
    for job in group.job["members"]:
        connection = group.member(job["service"]).connection()
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.connect()
            return True
    return False


def test_it_is_one_process_and_has_the_groups_name(start):
    """Its members answer from one pid, which `ps` shows under the group's name."""
    group = start.group(shows(start, "catalog"), shows(start, "cart"))
    group.ready()
    pids = {group.member(n).ask("/now").json["pid"] for n in ("catalog", "cart")}
    assert pids == {group.pid}
    assert Path(f"/proc/{group.pid}/comm").read_text() == "web\n"

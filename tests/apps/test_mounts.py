"""A service chooses how it sees its public prefix."""

from urllib.parse import urlsplit

import pytest


ECHO = """
    from flask import Flask, request, url_for

    app = Flask(__name__)


    @app.get("/")
    @app.get("/kept/")
    @app.get("/kept/page")
    @app.get("/page")
    def page():
        return {
            "script": request.script_root,
            "path": request.path,
            "url": request.url,
            "link": url_for("static", filename="a.css"),
            "prefix": request.headers.get("X-Forwarded-Prefix"),
        }
    """
SITE = {
    f"services/{name}/{file}": text
    for name, manifest in {
        "placed": '[[routes]]\npath = "/placed"\nmount = "script_name"\n',
        "kept": '[[routes]]\npath = "/kept"\nmount = "keep"\n',
        "stripped": '[[routes]]\npath = "/stripped"\nmount = "strip"\n',
        "hosted": '[[routes]]\nhost = "own.example"\n',
        "twice": 'routes = [{ path = "/twice" }, { path = "/again" }]\n',
    }.items()
    for file, text in {"app.py": ECHO, "service.toml": manifest}.items()
}


@pytest.fixture(scope="module")
def site(running):
    """The same application, mounted in each way."""
    return running(SITE)


@pytest.mark.parametrize(
    ("service", "script", "path", "link"),
    [
        ("placed", "/placed", "/page", "/placed/static/a.css"),
        ("kept", "", "/kept/page", "/static/a.css"),
        ("stripped", "", "/page", "/static/a.css"),
        ("twice", "/twice", "/page", "/twice/static/a.css"),
    ],
)
def test_a_prefix_is_placed_kept_or_stripped(site, service, script, path, link):
    """The application sees the script name and the path that its manifest chose."""
    seen = site.get(f"/{service}/page").json()

    assert (seen["script"], seen["path"], seen["link"]) == (script, path, link)


def test_only_a_prefix_that_the_path_has_lost_is_told(site):
    """A stripped program can make links with it; a kept one has it in its rules."""
    told = {
        name: site.get(f"/{name}/page").json()["prefix"]
        for name in ("placed", "kept", "stripped")
    }

    assert told == {"placed": "/placed", "kept": None, "stripped": "/stripped"}


def test_a_service_may_have_several_prefixes(site):
    """Each request's links have the prefix that it came by."""
    assert site.get("/again/page").json()["link"] == "/again/static/a.css"


def test_a_host_name_of_its_own_needs_no_prefix(site):
    """For applications that cannot live below one."""
    port = urlsplit(site.url).port
    seen = site.get("/page", headers={"Host": f"own.example:{port}"}).json()

    assert seen["script"] == ""
    assert seen["url"] == f"http://own.example:{port}/page"
    assert site.get("/page").status == 404

"""A site with a group, and what its services say of themselves."""

APP = """
    import os
    import threading

    from flask import Flask
    from glassware import services

    VERSION = 1
    KEY = os.environ["SECRET_KEY"]
    app = Flask(__name__)

    @app.get("/")
    def index():
        print("NAME was asked", flush=True)
        return {
            "name": "NAME",
            "version": VERSION,
            "pid": os.getpid(),
            "thread": threading.get_native_id(),
            "key": KEY,
        }
    """
THROUGH = """
    @app.get("/through")
    def through():
        answer = services.back.get("/").json()
        return answer | {"same_thread": answer["thread"] == threading.get_native_id()}
    """
GROUPED = {
    "site.toml": 'name = "grouped"\n[groups]\nweb = ["front", "back"]\n',
    "services/front/app.py": APP.replace("NAME", "front") + THROUGH,
    "services/front/service.toml": 'route = "/front"\ncalls = ["back"]\n',
    "services/back/app.py": APP.replace("NAME", "back"),
    "services/back/service.toml": 'route = "/back"\n',
    "services/single/app.py": APP.replace("NAME", "single") + THROUGH,
    "services/single/service.toml": 'route = "/single"\ncalls = ["back"]\n',
}


def save(site, name, version):
    """Save a service's code with another version in it."""
    path = site.folder / f"services/{name}/app.py"
    old = next(s for s in path.read_text().splitlines() if s.startswith("VERSION"))
    path.write_text(path.read_text().replace(old, f"VERSION = {version}"))


def serves(site, name, version):
    """Whether visitors get that version."""
    return lambda: said(site, f"/{name}/")["version"] == version


def pids(site):
    """The processes of each service."""
    return {s["name"]: s["pids"] for s in site.snapshot()["services"]}


def said(site, path):
    """What a service says of itself."""
    return site.get(path).json()

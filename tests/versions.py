"""A site whose service has versions, saved anew while visitors come."""

import http.client
import threading
from collections import Counter
from contextlib import contextmanager
from urllib.parse import urlsplit


APP = """
    import os
    from flask import Flask, render_template, request

    VERSION = 1
    app = Flask(__name__)

    @app.get("/")
    def index():
        return {"version": VERSION, "pid": os.getpid()}

    @app.post("/")
    def take():
        return {"version": VERSION, "length": len(request.get_data())}

    @app.get("/page")
    def page():
        return render_template("page.html")
    """
SITE = {
    "services/shop/app.py": APP,
    "services/shop/service.toml": 'route = "/"\n',
    "services/shop/templates/page.html": "one\n",
    "services/other/app.py": """
        from flask import Flask

        app = Flask(__name__)
        """,
}


@contextmanager
def visitors(site, method="GET", count=4, path="/"):
    """Load the site with keep-alive visitors; give how often each status came."""
    address = urlsplit(site.url)
    seen, done = Counter(), threading.Event()

    def visit():
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=30)
        while not done.is_set():
            try:
                body = b"x" * 1000 if method == "POST" else None
                headers = {"Host": address.netloc}
                connection.request(method, path, body=body, headers=headers)
                response = connection.getresponse()
                response.read()
                seen[response.status] += 1
            except (OSError, http.client.HTTPException) as error:
                seen[type(error).__name__] += 1
                connection.close()
        connection.close()

    threads = [threading.Thread(target=visit) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        done.set()
        for thread in threads:
            thread.join()


def save(site, version):
    """Save the service's code with another version in it."""
    path = site.folder / "services/shop/app.py"
    text = path.read_text()
    old = next(line for line in text.splitlines() if line.startswith("VERSION"))
    path.write_text(text.replace(old, f"VERSION = {version}"))


def serves(site, version):
    """Whether new visitors get that version."""
    return lambda: site.get("/").json()["version"] == version

"""A service with a MongoDB, in a running site."""

import os
import signal


SITE = {
    "services/reviews/app.py": """
        from flask import Flask
        from glassware import databases

        app = Flask(__name__)


        @app.post("/<text>")
        def add(text):
            client = databases.main.client
            with client.start_session() as session, session.start_transaction():
                databases.main.reviews.insert_one({"text": text}, session=session)
            return {}, 201


        @app.get("/")
        def index():
            return sorted(each["text"] for each in databases.main.reviews.find())
        """,
    "services/reviews/service.toml": """
        route = "/reviews"

        [databases]
        main = "mongodb"
        """,
}


def test_what_was_written_is_kept(site):
    """A killed server comes back with the data, and the service finds it again."""
    site.write(SITE)
    site.up()
    assert site.get("/reviews/good", "POST").status == 201
    (server,) = site.snapshot()["engines"]
    os.kill(server["pid"], signal.SIGKILL)
    site.until(lambda: site.get("/reviews/").status == 200, "MongoDB")
    assert site.get("/reviews/").json() == ["good"]
    assert (server["engine"], server["version"]) == ("mongodb", "6.0.27")

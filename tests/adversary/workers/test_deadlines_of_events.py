"""Events are sent for as long as somebody listens, however he has asked for them."""

import pytest

from worker.callers import begun, ended, within


FLASK = """
from flask import Flask, Response
from glassware import deadline
app = Flask(__name__)

@app.get("/<kind>")
def answer(kind):
    def chunks():
        yield "begun "
        yield str(deadline.remaining())
    return Response(chunks(), mimetype="text/" + kind)
"""
QUART = FLASK.replace("flask", "quart").replace("Flask", "Quart")
QUART = QUART.replace("def ", "async def ")


@pytest.mark.parametrize("server", ["granian", "threaded", "asgi"])
def test_events_have_no_deadline(start, server):
    """The gateway gives time to whoever does not say `Accept: text/event-stream`."""
    text, chosen = (QUART, None) if server == "asgi" else (FLASK, server)
    worker = start.fork(text, server=chosen)
    worker.ready()

    _, events = ended(begun(worker.socket, "/event-stream", within(10)))
    _, page = ended(begun(worker.socket, "/plain", within(10)))

    assert events == b"begun None"
    assert 0 < float(page.removeprefix(b"begun ")) < 10

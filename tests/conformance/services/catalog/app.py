"""A callee written with Flask; it records what it sees and in which order."""

import hashlib
import json
import os
import time
from pathlib import Path

import flask
from flask import Flask, Response, after_this_request, g, request, session, signals

from glassware import deadline, services


app = Flask(__name__)
app.secret_key = "of the conformance suite, and long enough"
RECORD = Path(os.environ["RECORD"])
tries = {}


def record(event, **facts):
    """Write down an event of the request that is answered."""
    case = request.headers.get("X-Case", "")
    with RECORD.open("a") as file:
        file.write(json.dumps({"case": case, "event": event, **facts}) + "\n")


def plain(environ):
    """Return what an environ says, without what is no text."""
    return {key: value for key, value in environ.items() if isinstance(value, str)}


@app.before_request
def before():
    """Record what arrived."""
    record("request", environ=plain(request.environ))


def on(signal, name):
    """Record a signal when it is sent."""

    def heard(sender, **_):
        if request.path.startswith("/ordered"):
            record(name, sender=sender.name)

    signal.connect(heard, app, weak=False)


on(signals.request_started, "started")
on(signals.request_finished, "finished")
on(signals.request_tearing_down, "tearing down")
on(signals.got_request_exception, "exception")
on(signals.template_rendered, "rendered")


@app.after_request
def after(response):
    """Record that a response was made."""
    if request.path.startswith("/ordered"):
        record("after_request")
    return response


@app.teardown_request
def teardown(error):
    """Record the end, and the error that it ended with."""
    if request.path.startswith("/ordered"):
        record("teardown_request", error=repr(error))
    if request.path == "/teardown-fails":
        raise RuntimeError("teardown")


@app.errorhandler(404)
def not_found(error):
    """Answer with a page of its own."""
    return f"<h1>no {request.path}</h1>", 404


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "REPORT"]


@app.route("/echo", methods=METHODS)
@app.route("/echo/<path:rest>", methods=METHODS)
def echo(rest=""):
    """Answer with what arrived."""
    body = request.get_data(cache=True)
    return {
        "method": request.method,
        "rest": rest,
        "args": request.args.to_dict(flat=False),
        "form": request.form.to_dict(flat=False),
        "json": request.get_json(silent=True),
        "cookies": request.cookies,
        "size": len(body),
        "sha": hashlib.sha256(body).hexdigest()[:16],
        "caller": request.environ.get("glassware.caller"),
        "url": request.url,
        "root": request.root_path,
        "remote": request.remote_addr,
        "secure": request.is_secure,
    }


@app.get("/bytes/<int:count>")
def some_bytes(count):
    """Answer with so many bytes."""
    return Response(bytes(range(256)) * (count // 256) + bytes(count % 256))


@app.get("/all-bytes")
def all_bytes():
    """Answer with every byte there is."""
    return Response(bytes(range(256)), mimetype="application/octet-stream")


@app.get("/status/<int:code>")
def status(code):
    """Answer with a status."""
    return f"status {code}" if code not in {204, 304} else "", code


@app.get("/empty")
def empty():
    """Answer with nothing."""
    return ""


@app.get("/moved")
def moved():
    """Lead somewhere else."""
    return flask.redirect("/echo?moved=1")


@app.get("/abort/<int:code>")
def aborts(code):
    """End with an HTTP error."""
    flask.abort(code)


@app.get("/boom")
@app.get("/ordered/boom")
def boom():
    """Fail."""
    raise LookupError("boom")


@app.get("/exits")
def exits():
    """Try to end the process."""
    raise SystemExit(3)


@app.get("/teardown-fails")
def teardown_fails():
    """Answer well, and fail afterwards."""
    return "well"


@app.get("/ordered")
def ordered():
    """Answer after everything that Flask runs around a view."""
    record("view")

    @after_this_request
    def once(response):
        record("after_this_request")
        response.headers["X-After"] = "once"
        return response

    return flask.render_template_string("{{ 1 + 1 }}")


@app.get("/ordered/generator")
def ordered_generator():
    """Answer part by part within the context of the request."""

    @flask.stream_with_context
    def parts():
        for number in range(3):
            record("part", number=number, path=request.path)
            yield f"part {number}\n"
        record("end of parts")

    response = Response(parts())
    response.call_on_close(lambda: note(request_case, "closed"))
    request_case = request.headers["X-Case"]
    return response


def note(case, event):
    """Write down an event where there is no request any more."""
    with RECORD.open("a") as file:
        file.write(json.dumps({"case": case, "event": event}) + "\n")


@app.get("/endless")
def endless():
    """Answer for as long as somebody listens."""
    case = request.headers["X-Case"]

    def parts():
        number = 0
        try:
            while True:
                yield f"{number:>99}\n"
                number += 1
        finally:
            note(case, f"left open: {number < 10_000_000}")

    return Response(parts(), mimetype="text/plain")


@app.get("/breaks")
def breaks():
    """Fail within the body."""

    def parts():
        yield "well begun"
        raise LookupError("half done")

    return Response(parts(), mimetype="text/plain")


@app.get("/cookies")
def cookies():
    """Set two cookies, and tell which came."""
    response = flask.jsonify(request.cookies)
    response.set_cookie("one", "1", path="/catalog", httponly=True)
    response.set_cookie("two", "ü;,", samesite="Lax")
    return response


@app.get("/session")
def count_in_session():
    """Count in the session."""
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@app.get("/headers")
def many_headers():
    """Answer with headers of every kind."""
    response = Response("x")
    response.headers.extend(
        [
            ("X-Twice", "a"),
            ("X-Other", "o"),
            ("x-twice", "b"),
            ("X-Empty", ""),
            ("X-Padded", "  in the middle  "),
            ("X-Latin", "caf\xe9"),
            ("X-Long", "l" * 8000),
            ("Link", '<a>; rel="b", <c>'),
            ("Server", "mine"),
            ("Date", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ]
    )
    return response


@app.get("/etag")
def etag():
    """Answer 304 to who has it already."""
    response = Response("tagged")
    response.set_etag("abc")
    return response.make_conditional(request)


@app.get("/range")
def part_of_a_file():
    """Send a file, or the part of it that was asked for."""
    return flask.send_file(Path(__file__).parent / "file.txt", etag=False)


@app.get("/encoded")
def encoded():
    """Say that the body is compressed."""
    return Response(b"x", headers={"Content-Encoding": "gzip"})


@app.post("/slow")
def slow():
    """Answer after a while, and record that the view ran to its end."""
    time.sleep(float(request.args["seconds"]))
    record("ran to its end")
    return "late"


@app.get("/remaining")
def remaining():
    """Tell how much time is left, in whole seconds and with a call of its own."""
    inner = services.storefront.get("/back?n=1", timeout=100)
    return {"seconds": round(deadline.remaining()), "inner": inner.status_code}


@app.route("/flaky", methods=["GET", "POST"])
@app.route("/flaky/key", methods=["POST"])
def flaky():
    """Be there at the second attempt."""
    asked = f"{request.method} {request.path}"
    tries[asked] = tries.get(asked, 0) + 1
    return "there" if tries[asked] > 1 else ("not yet", 503)


@app.get("/between")
def between():
    """Call back the application that called, between two looks at its own state."""
    g.inner = "catalog"
    response = services.storefront.get("/back", params={"n": request.args["n"]})
    return {"said": response.json(), "own": g.inner, "path": request.path}


@app.get("/onward")
def onward():
    """Tell which headers the next one gets of those that came."""
    return services.plain.get("/environ").json()


@app.get("/again")
def again():
    """Call the one that called, who calls again."""
    response = services.storefront.get("/again")
    return response.content, response.status_code


@app.post("/unhandled")
def unhandled():
    """Do not catch what a call raises."""
    return services.plain.get("/missing-start").raise_for_status().content


@app.get("/hidden")
def hidden():
    """Call a neighbour that it may not call."""
    return services.events.get("/").content

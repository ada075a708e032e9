"""A callee that is bare WSGI, with everything that PEP 3333 allows and forbids."""

import hashlib
import json
import os
import sys
from pathlib import Path
from urllib.parse import parse_qs


RECORD = Path(os.environ["RECORD"])


class Body:
    """A body that records when it is closed."""

    def __init__(self, case, parts, *, fails=False):
        self.case = case
        self.parts = iter(parts)
        self.fails = fails

    def __iter__(self):
        return self.parts

    def close(self):
        """Record it."""
        record(self.case, "closed")
        if self.fails:
            raise RuntimeError("close")


def record(case, event, **facts):
    """Write down an event."""
    with RECORD.open("a") as file:
        file.write(json.dumps({"case": case, "event": event, **facts}) + "\n")


def app(environ, start_response):
    """Answer by path."""
    case = environ.get("HTTP_X_CASE", "")
    texts = {k: v for k, v in environ.items() if isinstance(v, str)}
    flags = {
        key: environ[key]
        for key in ("wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once")
    }
    record(case, "request", environ=texts, flags=flags)
    return VIEWS[environ["PATH_INFO"]](environ, start_response, case)


def shows(environ, start, case):
    """Answer with the environ."""
    start("200 OK", [("Content-Type", "application/json")])
    texts = {k: v for k, v in environ.items() if isinstance(v, str)}
    return [json.dumps(texts, sort_keys=True).encode()]


def writes(environ, start, case):
    """Use `write()` alone."""
    write = start("200 OK", [("Content-Type", "text/plain")])
    write(b"by ")
    write(b"write")
    return []


def writes_and_returns(environ, start, case):
    """Use `write()` and return a body besides."""
    write = start("200 OK", [("Content-Type", "text/plain")])
    write(b"written, ")
    return Body(case, [b"", b"returned, ", b"twice"])


def late(environ, start, case):
    """Call `start_response` when the body is asked for."""

    def parts():
        start("202 Accepted", [("X-Late", "yes")])
        yield b"late"

    return parts()


def replaced(environ, start, case):
    """Replace the head after an error."""
    start("200 OK", [("X-First", "yes")])
    try:
        environ["no such key"]
    except KeyError:
        start("500 Oh", [("X-Second", "yes")], sys.exc_info())
    return [b"replaced"]


def never(environ, start, case):
    """Never call `start_response`."""
    return [b"nothing"]


def twice(environ, start, case):
    """Call it twice."""
    start("200 OK", [])
    start("200 OK", [])
    return []


def text(environ, start, case):
    """Return text in place of bytes."""
    start("200 OK", [])
    return ["text"]


def nothing(environ, start, case):
    """Return what is no body."""
    start("200 OK", [])


def impossible(environ, start, case):
    """Answer with a status that no final answer has."""
    start("100 Continue", [])
    return [b"x"]


def status(environ, start, case):
    """Answer with any status, and a body whether it may have one or not."""
    code = environ["QUERY_STRING"]
    headers = [("Content-Length", "3")] if code == "304" else []
    start(f"{code} Whatever", headers)
    return Body(case, [b"abc"])


def length(environ, start, case):
    """Declare a length of the body of three bytes."""
    start("200 OK", [("Content-Length", environ["QUERY_STRING"])])
    return Body(case, [b"abc"])


def lengths(environ, start, case):
    """Declare it twice."""
    start("200 OK", [("Content-Length", "3"), ("Content-Length", "4")])
    return [b"abc"]


def exact(environ, start, case):
    """Declare the length of a body in parts."""
    start("200 OK", [("Content-Length", "6")])
    return Body(case, [b"abc", b"", b"def"])


def hops(environ, start, case):
    """Set headers that are about the connection, and some that are none."""
    start(
        "200 OK",
        [
            ("Connection", "keep-alive"),
            ("Keep-Alive", "timeout=5"),
            ("Transfer-Encoding", "identity"),
            ("Upgrade", "h2c"),
            ("Trailer", "X-End"),
            ("X Space", "dropped"),
            ("X-Break", "a\nb"),
            ("X-Tab", "a\tb"),
            ("X-Utf8", "caf\xc3\xa9"),
            ("X-Kept", "yes"),
        ],
    )
    return [b"x"]


def tall(environ, start, case):
    """Answer with a long header."""
    start("200 OK", [("X-Tall", "x" * int(environ["QUERY_STRING"]))])
    return [b"x"]


def wide(environ, start, case):
    """Answer with many headers."""
    count = int(environ["QUERY_STRING"])
    start("200 OK", [(f"X-{number}", "x") for number in range(count)])
    return [b"x"]


def close_fails(environ, start, case):
    """Fail when the body is closed."""
    start("200 OK", [])
    return Body(case, [b"well"], fails=True)


def fails_first(environ, start, case):
    """Fail before the first part."""
    start("200 OK", [("X-Begun", "yes")])

    def parts():
        if case:
            raise LookupError("first")
        yield b""

    return Body(case, parts())


def reads(environ, start, case):
    """Read the body in every way that there is."""
    source = environ["wsgi.input"]
    how = parse_qs(environ["QUERY_STRING"])["how"][0]
    ways = {
        "all": source.read,
        "part": lambda: source.read(10),
        "parts": lambda: b"|".join(iter(lambda: source.read(4), b"")),
        "line": source.readline,
        "lines": lambda: b"|".join(source.readlines()),
        "each": lambda: b"|".join(source),
        "past": lambda: source.read() + source.read() + source.read(10),
        "nothing": lambda: b"",
        "sha": lambda: hashlib.sha256(source.read()).hexdigest().encode(),
    }
    start("200 OK", [])
    return [ways[how]()]


VIEWS = {
    "/environ": shows,
    "/write": writes,
    "/write-and-return": writes_and_returns,
    "/late": late,
    "/replaced": replaced,
    "/missing-start": never,
    "/twice": twice,
    "/text": text,
    "/nothing": nothing,
    "/impossible": impossible,
    "/status": status,
    "/length": length,
    "/lengths": lengths,
    "/exact": exact,
    "/hops": hops,
    "/tall": tall,
    "/wide": wide,
    "/close-fails": close_fails,
    "/fails-first": fails_first,
    "/reads": reads,
}

"""The caller: runs the cases, and tells what came of each."""

import hashlib
import json
from contextvars import ContextVar
from functools import partial

from cases import CASES
from flask import Flask, g, request

from glassware import services
from glassware.errors import CallError


app = Flask(__name__)
tag = ContextVar("tag", default="none")


BY_NAME = {case.name: case for case in CASES}


class Tagged:
    """A neighbour whose requests say which case they belong to."""

    def __init__(self, name, case):
        self.neighbour = services[name]
        self.case = case

    def __getattr__(self, method):
        return partial(self.call, getattr(self.neighbour, method))

    def call(self, function, *arguments, headers=(), **options):
        """Call the neighbour with one header more."""
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        pairs.append(("X-Case", self.case))
        return function(*arguments, headers=pairs, **options)


class To:
    """The neighbours, as a case calls them: `to.catalog.get("/")`."""

    def __init__(self, case):
        self.case = case
        self.tag = tag
        self.g = g

    def __getattr__(self, name):
        return Tagged(name, self.case)


def facts(value):
    """Return what is told of the value of a case."""
    if hasattr(value, "status_code"):
        return response_facts(value)
    if isinstance(value, CallError):
        return error_facts(value)
    if isinstance(value, bytes):
        return body_facts(value)
    if isinstance(value, dict):
        return {key: facts(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [facts(each) for each in value]
    return value


def response_facts(response):
    """Return what is told of an answer: all of it, the time of day aside."""
    headers = [[name, header_fact(name, value)] for name, value in response.fields]
    # What the order of different names is has no meaning.
    headers.sort(key=lambda pair: pair[0])
    body = (
        {"body": body_facts(response.content)} if hasattr(response, "content") else {}
    )
    return {
        "status": response.status_code,
        "headers": headers,
        "attempts": response.attempts,
        **body,
    }


def header_fact(name, value):
    """Return a header's value, where it is always the same."""
    if name.lower() == "date" and "2024" not in value:
        return "..."
    return ", ".join(sorted(value.split(", "))) if name.lower() == "allow" else value


def error_facts(error):
    """Return what is told of an error."""
    return {
        "error": type(error).__name__,
        "becomes": error.status,
        "attempts": error.call.attempts,
        "call": f"{error.call.caller} {error.call.method} {error.call.neighbour}"
        f"{error.call.path}",
        "unknown": error.outcome_unknown,
    }


def body_facts(body):
    """Return a short body, or what tells it from others."""
    if len(body) <= 50_000:
        try:
            return body.decode()
        except UnicodeDecodeError:
            pass
    return f"{len(body)} bytes {hashlib.sha256(body).hexdigest()[:16]}"


@app.get("/case/<name>")
def run(name):
    """Run a case, and return what it returned or raised."""
    try:
        found = BY_NAME[name].run(To(name))
    except CallError as error:
        found = error
    return json.dumps(facts(found))


@app.get("/back")
def back():
    """Tell what this application knows of the inner of two requests to it."""
    outer = getattr(g, "outer", None)
    return {"outer": outer, "tag": tag.get(), "asked": request.args["n"]}


@app.get("/again")
def again():
    """Call the one that called, who calls again."""
    response = services.catalog.get("/again")
    return response.content, response.status_code

"""One function before each request and one after its answer, in place of many.

Flask looks anew at each function of each request, to find out whether it is a
coroutine; that takes longer than most of ours do. And each look at `flask.request`
finds it anew.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request


_KEY = "glassware.after"
_FIRST = "glassware.first"

After = Callable[[Response], Response]
First = Callable[[dict[str, Any]], None]


def before_all(app: Flask, function: First) -> None:
    """Register a function that comes before whatever the application does itself.

    Args:
        app: An application that has answered no request yet.
        function: Is given the environ of the request.
    """
    known: list[First] | None = app.extensions.get(_FIRST)
    if known is None:
        known = app.extensions[_FIRST] = []
        app.url_value_preprocessor(_first(known))
    known.append(function)


def after_request(app: Flask, function: After) -> None:
    """Register a function as `Flask.after_request` does: the last one comes first.

    All that are registered so are called together.

    Args:
        app: An application that has answered no request yet.
        function: Returns the answer that it is given, or another.
    """
    known: list[After] | None = app.extensions.get(_KEY)
    if known is None:
        known = app.extensions[_KEY] = []
        app.after_request(_together(known))
    known.insert(0, function)


def _first(functions: list[First]) -> Callable[..., None]:
    def run(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
        environ = request.environ
        for function in functions:
            function(environ)

    return run


def _together(functions: list[After]) -> After:
    def run(response: Response) -> Response:
        for function in functions:
            response = function(response)
        return response

    return run

"""One function after each answer in place of many.

Flask looks anew at each function of each request, to find out whether it is a
coroutine; that takes longer than most of ours do.
"""

from collections.abc import Callable

from flask import Flask, Response


_KEY = "glassware.after"

After = Callable[[Response], Response]


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


def _together(functions: list[After]) -> After:
    def run(response: Response) -> Response:
        for function in functions:
            response = function(response)
        return response

    return run

"""Another body for an answer: at once, or while it passes."""

from collections.abc import Callable, Iterator

import flask
from flask import Response


Change = Callable[[Iterator[bytes]], Iterator[bytes]]


def replace_body(response: Response, body: str | bytes) -> None:
    """Give an answer another body, and an `ETag` of that one if it has any."""
    response.set_data(body)
    if response.headers.pop("ETag", None) is not None:
        response.add_etag()
        response.make_conditional(flask.request)


def change_stream(response: Response, name: str, change: Change) -> None:
    """Change a body while it passes.

    Args:
        response: What is streamed.
        name: Of the change: a second time in a request does nothing.
        change: Is given the parts, and returns those that are sent.
    """
    environ = flask.request.environ
    if name in environ:
        return
    environ[name] = True
    close = getattr(response.response, "close", None)
    if close is not None:
        response.call_on_close(close)
    response.response = change(response.iter_encoded())

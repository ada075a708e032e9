"""A callee that nobody may call."""


def app(environ, start_response):
    """Answer, if anybody gets that far."""
    start_response("200 OK", [])
    return [b"seen"]

import pytest

from glassware.errors import BadAnswer
from glassware.service.response import Response
from glassware.service.transport import Request


def response(
    content: bytes = b"", status: int = 200, fields: tuple[tuple[str, str], ...] = ()
) -> Response:
    """Return a response of `catalog`."""
    request = Request(
        neighbour="catalog",
        address="unix:/run",
        method="GET",
        target="/products/7?token=secret",
        headers=(),
        timeout=1,
    )
    return Response(request, status, fields, content)


def test_text_is_decoded_as_stated():
    """The charset of the content type decides, else UTF-8; nothing is fatal."""
    latin = (("content-type", "text/plain; charset=latin-1"),)
    strange = (("Content-Type", 'text/plain; charset="no such"'),)
    assert response("é".encode()).text == "é"
    assert response("é".encode("latin-1"), fields=latin).text == "é"
    assert response("é".encode(), fields=strange).text == "é"
    assert response(b"\xff").text == "\ufffd"


def test_headers_are_found_in_any_spelling():
    """Names ignore case, and repeated ones are kept in their order."""
    headers = response(fields=(("Set-Cookie", "a=1"), ("set-cookie", "b=2"))).headers
    assert headers["SET-COOKIE"] == "a=1"
    assert headers.getlist("Set-Cookie") == ["a=1", "b=2"]


def test_json_that_is_none_says_what_came():
    """The error names neighbour, request, status and content type."""
    html = (("Content-Type", "text/html"),)
    assert response(b'{"a": [1, null]}').json() == {"a": [1, None]}
    with pytest.raises(BadAnswer) as caught:
        response(b"<p>", 500, html).json()
    assert str(caught.value) == (
        "`catalog` answered `GET /products/7` with status 500 "
        "and a body that is no JSON (text/html)"
    )


def test_an_error_status_is_raised_on_request():
    """A status is a value until somebody asks for an exception."""
    fine = response(status=302)
    assert fine.ok
    assert fine.raise_for_status() is fine
    missing = response(status=404)
    assert not missing.ok
    with pytest.raises(BadAnswer) as caught:
        missing.raise_for_status()
    assert str(caught.value) == (
        "`catalog` answered `GET /products/7` with status 404 Not Found"
    )
    with pytest.raises(BadAnswer, match=r"status 599$"):
        response(status=599).raise_for_status()


def test_it_shows_where_it_came_from():
    """The URL has the neighbour in the place of a host."""
    assert response().url == "http://catalog/products/7?token=secret"
    assert repr(response()) == (
        "<Response 200 of http://catalog/products/7?token=secret>"
    )

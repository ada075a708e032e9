import pytest

from glassware.service.encoding import (
    check_headers,
    check_timeout,
    encode_body,
    encode_target,
)


@pytest.mark.parametrize(
    ("path", "params", "target"),
    [
        ("/", None, "/"),
        ("/a b", None, "/a%20b"),
        ("/é/日本", None, "/%C3%A9/%E6%97%A5%E6%9C%AC"),
        ("/a%2Fb", None, "/a%2Fb"),
        ("/100%", None, "/100%25"),
        ("/c#", None, "/c%23"),
        ("/a\tb\x7f", None, "/a%09b%7F"),
        ('/"<>\\^`{|}', None, "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/a/../b/./c", None, "/a/../b/./c"),
        ("//a", None, "//a"),
        ("/a?q=ü&r=1", None, "/a?q=%C3%BC&r=1"),
        ("/a", {}, "/a"),
        ("/a", {"q": None}, "/a"),
        ("/a", {"q": "x y&z", "n": 3}, "/a?q=x+y%26z&n=3"),
        ("/a?p=1", {"q": ["1", 2]}, "/a?p=1&q=1&q=2"),
        ("/a", [("q", "1"), ("q", "2")], "/a?q=1&q=2"),
    ],
)
def test_targets(path, params, target):
    """Whatever is asked for is written in ASCII, and means the same."""
    assert encode_target(path, params) == target


@pytest.mark.parametrize(
    "path",
    ["", "a", "http://elsewhere/a", " /a", "?a=1", "/a\r\nX: 1", "/a\0", "/\ud800"],
)
def test_paths_that_are_none(path):
    """A path says where inside the neighbour, and nothing else."""
    with pytest.raises(ValueError):  # noqa: PT011  # the text differs
        encode_target(path, None)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "1\r\nX-B: 2"},
        {"X-A": "1\0"},
        {"X-A\r\nX-B": "1"},
        {"X A": "1"},
        {"": "1"},
        {"X-A": "é"},
        {"Content-Length": "3"},
        {"transfer-encoding": "chunked"},
        {"Accept-Encoding": "gzip"},
        [("Connection", "close")],
    ],
)
def test_headers_that_are_refused(headers):
    """A header never ends early, and never says where the message ends."""
    with pytest.raises(ValueError, match="header"):
        check_headers(headers)


def test_headers_may_repeat():
    """Pairs are kept as they are."""
    pairs = [("X-A", "1"), ("x-a", "2")]
    assert check_headers(pairs) == pairs
    assert check_headers(None) == []


@pytest.mark.parametrize(
    "timeout", [None, 0, -1, True, "1", float("inf"), float("nan")]
)
def test_a_call_without_a_limit_does_not_exist(timeout):
    """Whatever is no positive number of seconds is refused."""
    with pytest.raises(ValueError, match="no time limit"):
        check_timeout(timeout)


def test_bodies_that_are_refused():
    """What cannot be sent is said before anything is sent."""
    with pytest.raises(ValueError, match="not both"):
        encode_body({}, b"")
    with pytest.raises(TypeError, match="not object"):
        encode_body(None, object())
    with pytest.raises(ValueError, match="JSON"):
        encode_body(float("nan"), None)
    with pytest.raises(TypeError, match="JSON"):
        encode_body(object(), None)

"""How a call's arguments are written on the wire."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from json import JSONEncoder
from typing import Any
from urllib.parse import quote, urlencode

from glassware.protocol import OURS


Scalar = str | int | float | None
Pairs = Mapping[str, Scalar | Iterable[Scalar]] | Iterable[tuple[str, Scalar]]
HeaderPairs = Mapping[str, str] | Iterable[tuple[str, str]]

_JSON = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

# What may stand in a path or query as it is; `%` is looked at on its own.
_PLAIN = "!$&'()*+,;=:@/?%[]"
# How much of a file is read at once.
_PART = 65536

_LINE_BREAK = re.compile(r"[\x00\r\n]")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_AS_IT_IS = re.compile(r"/[A-Za-z0-9._~/-]*")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

_OURS = OURS.lower()

# They are about the connection that a message comes over (RFC 9110, section 7.6.1).
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

# They say where a message ends or how it travels: not for the caller to write.
_FRAMING = HOP_BY_HOP | {"accept-encoding", "content-length", "expect"}


def encode_target(path: str, params: Pairs | None) -> str:
    """Return path and query as they are sent: ASCII, percent-encoded as UTF-8.

    What is percent-encoded already stays as it is.

    Raises:
        ValueError: The path is none, or has a line break in it.
    """
    if params is None and _AS_IT_IS.fullmatch(path):
        return path
    if not path.startswith("/"):
        raise ValueError(
            f"a call needs a path that starts with `/`, not {path!r}: "
            "the neighbour's name says where it is"
        )
    if _LINE_BREAK.search(path):
        raise ValueError(f"the path {path!r} has a line break or a null in it")
    target = _STRAY_PERCENT.sub("%25", quote(path, safe=_PLAIN))
    query = _encode_pairs(params) if params is not None else ""
    if not query:
        return target
    return f"{target}{'&' if '?' in target else '?'}{query}"


def check_method(method: str) -> str:
    """Return the method as it is sent.

    Raises:
        ValueError: It is none.
    """
    if method in _METHODS:
        return method
    if not _TOKEN.fullmatch(method):
        raise ValueError(f"{method!r} is no method of HTTP")
    return method.upper()


def encode_json(value: object) -> bytes:
    """Return `value` as JSON, in UTF-8.

    Raises:
        TypeError: It is nothing that JSON has.
        ValueError: Likewise.
    """
    return _JSON.encode(value).encode()


def encode_body(
    json: object, data: object
) -> tuple[bytes | Iterable[bytes] | None, str | None]:
    """Return the body for `json` or `data`, and its content type.

    Raises:
        TypeError: It cannot be sent.
        ValueError: There is both, or a number that JSON does not have.
    """
    if json is not None and data is not None:
        raise ValueError("a call takes `json` or `data`, not both")
    if json is not None:
        return encode_json(json), "application/json"
    match data:
        case None:
            return None, None
        case bytes() | bytearray() | memoryview():
            return bytes(data), None
        case str():
            return data.encode(), None
        case Mapping() | list() | tuple():
            form = _encode_pairs(data)
            return form.encode(), "application/x-www-form-urlencoded"
        case Iterator():
            return _parts(data), None
        case _:
            raise TypeError(
                "`data` is bytes, text, a mapping, a list of pairs, a file or an "
                f"iterator of bytes, not {type(data).__name__}"
            )


def check_headers(headers: HeaderPairs | None) -> list[tuple[str, str]]:
    """Return the caller's headers as pairs.

    Raises:
        ValueError: One of them is malformed, or is not for the caller to set.
    """
    if headers is None:
        return []
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    for name, value in pairs:
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
        if name.lower() in _FRAMING or name.lower().startswith(_OURS):
            raise ValueError(f"the header `{name}` is set by glassware")
        if _CONTROL.search(value):
            raise ValueError(f"the header `{name}` has a control character in it")
        if not value.isascii():
            raise ValueError(f"the header `{name}` has characters beyond ASCII in it")
    return pairs


def check_timeout(timeout: object) -> float:
    """Return `timeout` if it is a number of seconds.

    Raises:
        ValueError: It is none: a call without a time limit does not exist.
    """
    if (
        isinstance(timeout, bool)
        or not isinstance(timeout, (int, float))
        or not math.isfinite(timeout)
        or timeout <= 0
    ):
        raise ValueError(
            f"`timeout={timeout!r}` is no time limit; every call has one, in seconds"
        )
    return timeout


def check_size(size: object) -> int:
    """Return `size` if it is a number of bytes.

    Raises:
        ValueError: It is none: every answer has a limit.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise ValueError(f"`max_answer={size!r}` is no number of bytes")
    return size


def _parts(data: Any) -> Iterator[bytes]:
    # A file is read in parts of a size; its own iteration gives lines.
    read = getattr(data, "read", None)
    parts = data if read is None else iter(lambda: read(_PART), b"")
    for part in parts:
        if not isinstance(part, (bytes, bytearray, memoryview)):
            raise TypeError(f"a body has bytes, not {type(part).__name__}")
        yield bytes(part)


def _encode_pairs(pairs: Any) -> str:  # str, lists and None in any mix
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    present = [(name, value) for name, value in items if value is not None]
    return urlencode(present, doseq=True)

"""The lines of a request's head, and those of an answer's."""

from collections.abc import Sequence

from .encoding import HOP_BY_HOP
from .transport import Request


_BLANK = (b"\r\n", b"\n")
_INTERIM = (b"", b"1")


def end_to_end(fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the fields that are about the answer, however it came."""
    return [pair for pair in fields if pair[0].lower() not in HOP_BY_HOP]


def header_lines(request: Request) -> list[str]:
    """Return the headers of `request` as libcurl takes them."""
    # It reads `Name:` as "leave it out" and `Name;` as "send it empty".
    lines = [
        f"{name}: {value}" if value and not value.isspace() else f"{name};"
        for name, value in request.headers
    ]
    if request.body is not None:
        lines.append("Expect:")
        if not any(name.lower() == "content-type" for name, _ in request.headers):
            lines.append("Content-Type:")
    return lines


def read_head(lines: list[bytes]) -> tuple[list[tuple[str, str]], bool]:
    """Return the fields of the final response, and whether they are all there.

    The blocks before it are 1xx, the lines after it are trailers.
    """
    fields: list[tuple[str, str]] = []
    status, ended = b"", True
    for line in lines:
        if ended and status[:1] not in _INTERIM:
            break
        if ended:
            fields, ended = [], False
            status = line.partition(b" ")[2]
        elif line in _BLANK:
            ended = True
        else:
            name, colon, value = line.decode("latin-1").partition(":")
            if colon:
                fields.append((name, value.strip()))
    return fields, ended and status[:1] not in _INTERIM

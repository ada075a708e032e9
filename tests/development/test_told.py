"""The two headers that tell of an answer's making: what fits, and what does not."""

import base64
import json
import random
import zlib
from dataclasses import asdict

import pytest

from glassware.current import Made
from glassware.told import (
    LARGEST_FAILURE,
    LARGEST_TRACE,
    Failure,
    Frame,
    Hop,
    count,
    read_failure,
    read_trace,
    write_failure,
    write_trace,
)


def made(path, *calls, **more):
    """A call of the catalog that took half a second."""
    more = {"status": 200, "attempts": 1, "began": 0.25, "seconds": 0.5, **more}
    return Made(neighbour="catalog", method="GET", path=path, calls=calls, **more)


def failure(depth=1, lines=(), frames=1, message="no stock", cause=None):
    """A failure that `depth` services have passed on."""
    code = {"file": "/s/app.py", "end_line": 7, "function": "view", "first": 5}
    told = Failure(
        kind="shop.NoStock",
        message=message,
        notes=("look here",),
        frames=tuple(
            Frame(line=7, **code, source=(f"line {n}", "b", "c"), source_first=6)
            for n in range(frames)
        ),
        hop=Hop(
            service=f"service-{depth}",
            caller="storefront",
            method="GET",
            path="/products/7",
            log=tuple(lines),
            replay="glassware call catalog /products/7",
        ),
        cause=cause,
    )
    return told if depth == 1 else failure(depth - 1, lines, frames, message, told)


def test_calls_are_told_as_they_were_made():
    """Every field of every call, to whatever depth, survives the way."""
    calls = (
        made("/a", made("/b", made("/ü", status=503, attempts=3), others=2)),
        made("/c", status=0, attempts=0),
    )

    assert read_trace(write_trace(calls, others=4)) == (calls, 4)


def test_calls_that_find_no_room_are_counted():
    """The header is bounded; the nearest calls are told, the sum is always right."""
    calls = [made(f"/{n}", *(made(f"/{n}/{m}") for m in range(9))) for n in range(30)]

    header = write_trace(calls, others=5)
    told, others = read_trace(header)

    assert len(header) <= LARGEST_TRACE
    assert [call.path for call in told] == [f"/{n}" for n in range(30)]
    assert count(told) + others == 305
    assert any(call.calls for call in told)
    assert any(call.others and not call.calls for call in told)


@pytest.mark.parametrize("number", [0, 1, 100, 5000])
def test_the_header_of_calls_never_grows(number):
    """However many there are, and however long their paths."""
    header = write_trace([made("/" + "ü" * 900) for _ in range(number)])

    assert len(header) <= LARGEST_TRACE
    assert header.isascii()
    told, others = read_trace(header)
    assert count(told) + others == number


@pytest.mark.parametrize(
    "header",
    ["", "nonsense", "{", "[[1,2]]", '["a"]', "[" * 4000, '{"a":1}', "null", "7"],
)
def test_what_is_no_list_of_calls_is_none(header):
    """A header of another version, or one that was cut, is no error."""
    assert read_trace(header) == ((), 0)


def test_a_failure_is_told_as_it_was():
    """Class, message, notes, frames, request, log and causes survive the way."""
    told = failure(depth=3, lines=("WARNING app: low",))

    assert read_failure(write_failure(told)) == told


def test_of_a_large_failure_the_innermost_details_go_first():
    """Log lines of the innermost hop are missed before anything of the outermost."""
    noise = [noisy(200, n) for n in range(250)]
    large = failure(depth=3, lines=noise)

    header = write_failure(large)
    outer, middle, inner = read_failure(header).chain()

    assert len(header) <= LARGEST_FAILURE
    assert inner.hop.log == ()
    assert outer.hop.log == tuple(noise)
    assert [each.hop.service for each in (outer, middle, inner)] == [
        "service-1",
        "service-2",
        "service-3",
    ]
    assert inner.frames == large.cause.cause.frames


@pytest.mark.parametrize("size", ["frames", "message", "depth"])
def test_the_header_of_a_failure_never_grows(size):
    """Whatever is long of it; class and request are there in any case."""
    noise = noisy(150_000)
    large = {
        "frames": lambda: failure(frames=30_000),
        "message": lambda: failure(message=noise),
        "depth": lambda: failure(depth=100, message=noise[:9000]),
    }[size]()

    header = write_failure(large)

    assert len(header) <= LARGEST_FAILURE
    told = read_failure(header)
    assert told.kind == "shop.NoStock"
    assert told.hop.service == "service-1"


def noisy(length, seed=0):
    """Text that cannot be compressed to much less than half."""
    return random.Random(seed).randbytes(length // 2).hex()


def packed(said):
    """A header with anything in it."""
    return base64.b64encode(zlib.compress(json.dumps(said).encode())).decode()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        "ü",
        packed([]),
        packed({"kind": "KeyError"}),
        packed(7),
        packed({"kind": 1, "message": 2, "notes": 3}),
        write_failure(failure())[:-20],
    ],
)
def test_what_is_no_failure_is_none(header):
    """A header of another version, or one that was cut, is no error."""
    assert read_failure(header) is None


def test_a_small_header_cannot_fill_the_memory():
    """What a header unpacks to is bounded: more than that is not looked at."""
    bomb = packed(asdict(failure(message=" " * 50_000_000)))

    assert len(bomb) < 100_000
    assert read_failure(bomb) is None

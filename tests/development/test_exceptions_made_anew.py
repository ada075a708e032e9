"""An exception that is told of and made anew looks as it looked where it was."""

import linecache
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from werkzeug.debug.tbtools import DebugTraceback

from glassware.current import Incoming, Made
from glassware.protocol import FAILURE
from glassware.service import settings
from glassware.service.failure import cause_of, remade
from glassware.told import Elsewhere, Failure, Frame, read_failure
from glassware.worker.failure import describe, ended_by, passed_on


class NoStock(Exception):
    """An error of a service."""


@pytest.fixture(autouse=True)
def development(monkeypatch):
    """The settings of a site in development."""
    monkeypatch.setenv("GLASSWARE_DEVELOPMENT", "1")
    settings.forget()
    yield monkeypatch
    monkeypatch.undo()
    settings.forget()


def incoming(service, caller="", path="/", **more):
    """A request that a service answers."""
    return Incoming(
        service=service,
        caller=caller,
        method="GET",
        path=path,
        replay=f"glassware call {service} {path}",
        **more,
    )


def look_up(depth):
    """Fail, some frames below."""
    if depth:
        return look_up(depth - 1)
    missing = lambda: {"ä": 1}["ä"] + {}["no such tea"]  # noqa: E731 - its name
    return missing()


def caught(function, *arguments):
    """The exception that a function ends with."""
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001 - any
        return error
    raise AssertionError("nothing failed")


def sell():
    """Fail because of something."""
    try:
        look_up(2)
    except KeyError as error:
        error.add_note("a note")
        raise NoStock("nothing to sell") from error


def handle():
    """Fail while handling something."""
    try:
        look_up(0)
    except KeyError:
        raise NoStock({"ä": 1}["none"])  # noqa: B904 - as it happens


def as_shown(error):
    """What a traceback of an exception shows, without this file's own caller."""
    error.__traceback__ = error.__traceback__.tb_next
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize("function", [sell, handle])
def test_a_traceback_is_the_same_to_the_last_caret(function):
    """Frames, lines, carets, causes, messages and notes, byte for byte."""
    error = caught(function)
    expected = as_shown(error)

    again = remade(describe(error))

    assert "".join(traceback.format_exception(again)) == expected
    assert "~~^" in expected


def test_a_deep_recursion_is_told_in_part():
    """Its first frames and its last ones are there."""
    told = describe(caught(look_up, 500))

    assert len(told.frames) <= 60
    assert told.frames[0].function == "caught"
    assert told.frames[-1].function == "<lambda>"


def test_a_frame_has_lines_of_a_file_that_is_elsewhere():
    """What is shown of it came with the failure, each time anew."""
    for number, text in [(7, "return stock[id]"), (70, "return 1 / 0")]:
        frame = Frame(
            file="/elsewhere/app.py",
            line=number,
            end_line=number,
            column=7,
            end_column=len(text),
            function="product",
            first=number - 2,
            source=("before", text, "after"),
            source_first=number - 1,
        )
        error = remade(Failure(kind="KeyError", message="7", frames=(frame,)))
        shown = "".join(traceback.format_exception(error))
        page = DebugTraceback(error).render_traceback_html()

        assert f'"/elsewhere/app.py", line {number}, in product\n    {text}\n' in shown
        assert text in page
        assert "before" in page
    linecache.cache.pop("/elsewhere/app.py")


@pytest.mark.parametrize(
    "frame",
    [
        {"line": 0},
        {"line": -5},
        {"line": 2**40},
        {"column": 2**40},
        {"column": 9, "end_column": 3},
        {"function": ""},
        {"file": ""},
        {"file": "/a\0b"},
    ],
    ids=repr,
)
def test_odd_frames_do_no_harm(frame):
    """Whatever a header says of a place, the exception can be shown."""
    plain = {"file": "/x.py", "line": 3, "end_line": 3, "function": "f", "first": 3}
    told = Failure(kind="KeyError", message="7", frames=(Frame(**{**plain, **frame}),))

    assert "KeyError: 7" in "".join(traceback.format_exception(remade(told)))


def test_the_header_is_found_among_others():
    """Only one that is there and can be read gives an exception."""
    request = incoming("catalog", "storefront")
    ended_by(request, caught(sell))

    found = cause_of([("A", "b"), (FAILURE.lower(), request.failure)])

    assert isinstance(found, Elsewhere)
    assert type(found).__name__ == "NoStock"
    assert cause_of([("A", "b")]) is None
    assert cause_of([(FAILURE, "nonsense")]) is None


def test_in_production_no_header_is_believed(development):
    """Nobody of ours writes it there."""
    request = incoming("catalog", "storefront")
    ended_by(request, caught(sell))
    development.delenv("GLASSWARE_DEVELOPMENT")
    settings.forget()

    assert cause_of([(FAILURE, request.failure)]) is None


def through_three():
    """The exception that ends a page: warehouse, called by catalog, by storefront."""
    first = incoming("warehouse", "catalog", "/stock/7")
    ended_by(first, caught(look_up, 1))

    def pass_on(request):
        raise NoStock("no answer") from cause_of([(FAILURE, request.failure)])

    second = incoming("catalog", "storefront", "/products/7")
    ended_by(second, caught(pass_on, first))
    page = incoming("storefront")
    error = caught(pass_on, second)
    ended_by(page, error)
    return page, error


def test_the_way_through_three_services():
    """One exception shows all frames, and where each request came by."""
    page, error = through_three()

    shown = "".join(traceback.format_exception(error))

    assert shown.count("Traceback (most recent call last)") == 3
    assert shown.count("direct cause") == 2
    assert shown.endswith(
        "NoStock: no answer\n"
        "  how it came about, from service to service:\n"
        "    in `storefront`: GET /\n"
        "      replay: glassware call storefront /\n"
        "    in `catalog`: GET /products/7, asked by `storefront`\n"
        f"      {__name__}.NoStock: no answer\n"
        "      replay: glassware call catalog /products/7\n"
        "    in `warehouse`: GET /stock/7, asked by `catalog`\n"
        "      KeyError: 'no such tea'\n"
        "      replay: glassware call warehouse /stock/7\n"
    )
    told = [each.hop.service for each in read_failure(page.failure).chain()]
    assert told == ["storefront", "catalog", "warehouse"]


def test_the_way_is_noted_once():
    """Whoever sees the exception a second time adds nothing."""
    page, error = through_three()
    before = list(error.__notes__)

    ended_by(page, error)

    assert error.__notes__ == before


def test_a_failure_that_a_view_did_not_heed():
    """What it dies of later mentions the call that failed, once."""
    failed = incoming("catalog", "storefront", "/products/7")
    ended_by(failed, caught(sell))
    call = Made(
        neighbour="catalog",
        method="GET",
        path="/products/7",
        status=500,
        failure=failed.failure,
    )
    page = incoming("storefront", calls=[call, call])
    error = caught(look_up, 0)

    ended_by(page, error)
    ended_by(page, error)

    (note,) = error.__notes__
    assert note.startswith(
        "  before that, GET catalog /products/7 was answered with status 500, because "
        "of this:\n    Traceback (most recent call last):\n"
    )
    assert "NoStock: nothing to sell" in note
    assert "direct cause" in note
    assert "replay: glassware call catalog /products/7" in note


def test_an_error_that_is_passed_on_keeps_its_cause():
    """A view that answers 500 because a neighbour did has no exception of its own."""
    failed = incoming("catalog", "storefront", "/products/7")
    ended_by(failed, caught(sell))
    call = Made(neighbour="catalog", method="GET", path="/", failure=failed.failure)
    page = incoming("storefront", calls=[call])

    told = read_failure(passed_on(page, 502))

    assert told.message == "`storefront` answered with status 502"
    assert told.cause.hop.service == "catalog"
    assert passed_on(incoming("storefront"), 500) == ""


def test_an_exception_that_cannot_be_told_of():
    """Its author's mistakes do not hide that it was raised."""

    class Odd(Exception):
        __notes__ = 7

        def __str__(self):
            raise RuntimeError

    request = incoming("catalog")
    ended_by(request, Odd())

    told = read_failure(request.failure)
    assert told.kind.endswith("Odd")
    assert told.message == "<exception str() failed>"


def test_the_exceptions_of_a_group_are_named():
    """An `ExceptionGroup` tells what is in it."""
    group = ExceptionGroup("both", [KeyError("a"), NoStock("b")])

    told = describe(group)

    assert told.notes == (
        "one of them: KeyError: 'a'",
        f"one of them: {__name__}.NoStock: b",
    )


def test_frames_of_what_is_installed_are_left_out_above():
    """The first frame is the first of the service's own code."""

    def view():
        return Path("/no/such/file").read_text()

    with ThreadPoolExecutor() as pool:
        error = pool.submit(view).exception()

    assert "concurrent" in traceback.extract_tb(error.__traceback__)[0].filename
    told = describe(error)
    assert told.frames[0].function == "view"
    assert told.frames[-1].file != __file__

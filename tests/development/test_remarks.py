"""Which pages are remarked upon, and in which words."""

from dataclasses import replace

import pytest

from glassware.current import Incoming, Made
from glassware.service.outgoing import Outgoing
from glassware.service.record import record
from glassware.told import read_trace
from glassware.worker.remarks import (
    Remarks,
    most_calls,
    remark_on_page,
    remarks_on_way,
)
from glassware.worker.telling import told_of


def page(*calls, via=()):
    """The products page of the storefront, which made `calls`."""
    return Incoming(
        service="storefront",
        method="GET",
        path="/products",
        calls=list(calls),
        via=via,
    )


def in_a_row(paths, neighbour="catalog", began=0.0, calls=()):
    """Calls one after another, each of 10 ms."""
    return [
        Made(
            neighbour=neighbour,
            method="GET",
            path=path,
            began=began + n * 0.01,
            seconds=0.01,
            calls=calls,
        )
        for n, path in enumerate(paths)
    ]


def at_once(paths, neighbour="catalog"):
    """Calls that are all under way together."""
    return [
        Made(neighbour=neighbour, method="GET", path=path, began=0.001, seconds=0.1)
        for path in paths
    ]


def products(number):
    """The paths of so many products."""
    return [f"/products/{n}" for n in range(number)]


@pytest.mark.parametrize(
    "calls",
    [
        [],
        in_a_row(products(4)),
        at_once(products(20)),
        in_a_row(["/a/b", "/c/d", "/e/f", "/g/h", "/i/j", "/k/l"]),
        [c for n in range(6) for c in in_a_row(["/it"], neighbour=f"service{n}")],
    ],
    ids=["none", "four", "together", "unlike", "elsewhere"],
)
def test_an_ordinary_page_is_not_remarked_upon(calls):
    """A few calls, many at once, and different ones are all in order."""
    assert remark_on_page(page(*calls)) is None


def test_a_loop_over_one_endpoint():
    """Five paths that differ in one segment, one after another, are a loop."""
    _, line = remark_on_page(page(*in_a_row(products(5))))

    assert line == (
        "GET /products made 5 calls: 5x GET catalog /products/<…>; ask for many at once"
    )


def test_a_loop_over_two_endpoints():
    """Calls between the calls of a loop do not hide it."""
    pairs = zip(products(5), [f"/of/{n}" for n in range(5)], strict=True)
    calls = [
        call
        for n, (product, reviews) in enumerate(pairs)
        for call in (
            *in_a_row([product], began=n / 10),
            *in_a_row([reviews], "reviews", began=n / 10 + 0.01),
        )
    ]

    _, line = remark_on_page(page(*calls))

    assert "5x GET catalog /products/<…>, 5x GET reviews /of/<…>;" in line


def test_the_same_question_again_and_again():
    """Nothing but the same path is named as what it is."""
    _, line = remark_on_page(page(*in_a_row(["/rates"] * 6)))

    assert "made 6 calls: 6x GET catalog /rates;" in line


def test_a_loop_below_the_page():
    """What a neighbour does for the page is told with its name."""
    (outer,) = in_a_row(["/list"], calls=tuple(in_a_row(["/price"] * 7, "prices")))

    _, line = remark_on_page(page(outer))

    assert (
        "made 8 calls: 7x GET prices /price by catalog, 1x GET catalog /list;" in line
    )


def test_many_calls_are_remarked_upon_even_at_once():
    """More than twenty are too many, those that found no room in a header too."""
    calls = at_once(products(19))
    calls[0].others = 2

    assert remark_on_page(page(*calls), most=22) is None
    _, line = remark_on_page(page(*calls))
    assert line.startswith("GET /products made 21 calls: 19x GET catalog /products/<…>")


def test_a_remark_names_the_worst():
    """Loops first, then by number, and no more than four."""
    calls = [
        *at_once(products(8)),
        *in_a_row(["/rates"] * 5, "money"),
        *[call for n in range(9) for call in at_once(["/it"], f"service{n}")],
    ]

    _, line = remark_on_page(page(*calls))

    named = line.partition(": ")[2].partition(";")[0].split(", ")
    assert named[:2] == ["5x GET money /rates", "8x GET catalog /products/<…>"]
    assert len(named) == 5
    assert named[-1] == "…"


def test_a_thousand_calls_are_looked_at_in_no_time():
    """All are counted, and the first ones say what they are."""
    _, line = remark_on_page(page(*in_a_row([f"/{n}/{n}" for n in range(1000)])))

    assert "made 1000 calls" in line


@pytest.mark.parametrize(
    ("via", "remarks"),
    [
        ((), []),
        (("a", "b", "c", "d"), []),
        (
            ("a", "storefront", "b"),
            ["GET /products was called in a circle: a → storefront → b → storefront"],
        ),
        (
            ("a", "b", "c", "d", "e"),
            ["GET /products is 5 calls below its page: a → b → c → d → e → storefront"],
        ),
    ],
)
def test_the_way_of_a_request(via, remarks):
    """Circles and long chains are told of by whoever is called."""
    assert [line for _, line in remarks_on_way(page(via=via))] == remarks


def test_a_remark_is_made_once(capsys):
    """Again only for another page, or when it says something else."""
    remarks = Remarks()
    for name, key in [("a", "x"), ("a", "x"), ("b", "x"), ("a", "y"), ("b", "x")]:
        remarks.say(name, (key, f"{name} {key}"))
    remarks.say("a", None)

    said = capsys.readouterr().err.splitlines()
    assert said == ["warning: a x", "warning: b x", "warning: a y"]


@pytest.mark.parametrize(
    ("said", "most"), [("", 20), ("7", 7), ("many", 20), ("-1", 20)]
)
def test_how_many_are_too_many(said, most):
    """A variable says it, twenty otherwise."""
    assert most_calls({"GLASSWARE_CALLS_PER_PAGE": said}) == most


def test_what_has_no_end_is_only_counted_in_the_end():
    """A stream that calls for hours keeps its first calls; the others are a number."""
    stream = page()
    for _ in range(stream.most_kept + 5):
        record(stream, "catalog", Outgoing(method="GET", target="/price"), None)

    assert (len(stream.calls), stream.others) == (1000, 5)
    assert "made 1005 calls" in remark_on_page(stream)[1]
    _, told = zip(*told_of(replace(stream, asked=True), 200), strict=True)
    calls, others = read_trace(told[0])
    assert len(calls) + others == 1005

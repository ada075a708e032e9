"""What fails in the callee."""

# ruff: noqa: D103 - the name of a case says what it is about
from .declared import answer, case


@case(answer(500), ["request"])
def exception_in_a_view(to):
    return to.catalog.get("/boom")


@case(answer(500, body="Internal Server Error\n"))
def view_that_ends_the_process(to):
    return to.catalog.get("/exits")


@case(answer(500))
def exception_after_the_view(to):
    return to.catalog.get("/teardown-fails")


@case(answer(body="well begun"))
def exception_within_a_body(to):
    return to.catalog.get("/breaks")


@case(answer(500, body="Internal Server Error\n"), ["request", "closed"])
def exception_before_a_body(to):
    return to.plain.get("/fails-first")


@case([answer(500, body="Internal Server Error\n")] * 4, ["request"] * 4)
def applications_that_break_the_rules(to):
    paths = ("/missing-start", "/twice", "/text", "/nothing")
    return [to.plain.get(path) for path in paths]


@case(answer(body="well"), ["request", "closed"])
def exception_when_closed(to):
    return to.plain.get("/close-fails")


@case(answer(500, body="replaced", headers={"x-second": "yes", "x-first": None}))
def head_that_is_replaced(to):
    return to.plain.get("/replaced")

"""What PEP 3333 allows and frameworks do not do."""

# ruff: noqa: D103 - the name of a case says what it is about
from glassware import BadAnswer, Unavailable

from .declared import answer, case


@case(answer(body="by write"))
def body_by_write(to):
    return to.plain.get("/write")


@case(answer(body="written, returned, twice"), ["request", "closed"])
def body_by_write_and_return(to):
    return to.plain.get("/write-and-return")


@case(answer(202, body="late", headers={"x-late": "yes"}))
def late_start_of_a_response(to):
    return to.plain.get("/late")


@case(answer(body="abcdef", headers={"content-length": "6"}), ["request", "closed"])
def declared_length_in_parts(to):
    return to.plain.get("/exact")


@case(answer(body="ab", headers={"content-length": "2"}), ["request", "closed"])
def more_than_was_declared(to):
    return to.plain.get("/length?2")


@case({"unknown": True, "attempts": 1}, ["request", "closed"])
def less_than_was_declared(to):
    try:
        return to.plain.post("/length?9")
    except (BadAnswer, Unavailable) as error:
        # Whether a byte of it had left the callee by then is a matter of luck.
        return {"unknown": error.outcome_unknown, "attempts": error.call.attempts}


@case(answer(body="abc", headers={"content-length": "3"}))
def length_that_is_declared_twice(to):
    return to.plain.get("/lengths")

"""Statements of a file are told apart, whatever stands in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassware.engines.statements import CQL, POSTGRESQL, SQLITE, Dialect, split


NAMES = {"postgresql": POSTGRESQL, "sqlite": SQLITE, "cql": CQL}

NOISE = st.text("abc1 ;'\"$\n-/*éE", max_size=12)

PIECES = {
    "postgresql": [
        NOISE.map(lambda text: "'" + text.replace("'", "''") + "'"),
        NOISE.map(lambda text: '"' + text.replace('"', '""') + '"'),
        NOISE.map(lambda text: "E'" + text.replace("'", "\\'") + "'"),
        NOISE.map(lambda text: "$a$" + text.replace("$", "") + "$a$"),
        NOISE.map(lambda text: "$$" + text.replace("$", "") + "$$"),
        NOISE.map(lambda text: "--" + text.replace("\n", "") + "\n"),
        NOISE.map(lambda text: "/*" + text.replace("*", "").replace("/", "") + "*/"),
        NOISE.map(
            lambda text: "/* /*" + text.replace("*", "").replace("/", "") + "*/ ; */"
        ),
        st.just("(select 1; select 2)"),
        st.sampled_from(["word", "a$b$c", "12", "$1", "::", "-", "/", "e"]),
    ],
    "sqlite": [
        NOISE.map(lambda text: "'" + text.replace("'", "''") + "'"),
        NOISE.map(lambda text: "`" + text + "`"),
        NOISE.map(lambda text: "[" + text + "]"),
        NOISE.map(lambda text: "--" + text.replace("\n", "") + "\n"),
        NOISE.map(lambda text: "/* /*" + text.replace("/", "") + "*/"),
        st.sampled_from(["word", "12", "-", "/"]),
    ],
    "cql": [
        NOISE.map(lambda text: "'" + text.replace("'", "''") + "'"),
        NOISE.map(lambda text: "$$" + text.replace("$", "") + "$$"),
        NOISE.map(lambda text: "//" + text.replace("\n", "") + "\n"),
        NOISE.map(lambda text: "--" + text.replace("\n", "") + "\n"),
        st.sampled_from(["word", "12", "{", "}"]),
    ],
}


def texts(text: str, dialect: Dialect) -> list[str]:
    """Return the statements' texts alone."""
    return [statement.text for statement in split(text, dialect)]


@st.composite
def files(draw: st.DrawFn) -> tuple[Dialect, list[str], str]:
    """Return a dialect, statements, and a file that is made of them."""
    name = draw(st.sampled_from(sorted(PIECES)))
    pieces = st.lists(st.one_of(PIECES[name]), max_size=4)
    statements = [
        " ".join(["select", *draw(pieces), "x"]) for _ in range(draw(st.integers(0, 4)))
    ]
    gaps = st.sampled_from([";", " ;\n", ";\n\n", ";;", "; -- ; '\n"])
    return NAMES[name], statements, "".join(s + draw(gaps) for s in statements)


@given(files())
def test_what_was_put_together_is_taken_apart(
    made: tuple[Dialect, list[str], str],
) -> None:
    """Comments, quotes and brackets hold any `;`, and each line is counted."""
    dialect, statements, text = made
    found = split(text, dialect)
    assert [statement.text for statement in found] == statements
    for statement in found:
        assert text[statement.start : statement.end] == statement.text
        assert text[: statement.start].count("\n") == statement.line - 1


@given(st.sampled_from(sorted(NAMES)), st.text("ab;'\"`[]$-/*()\nE", max_size=40))
def test_any_text_has_statements(name: str, text: str) -> None:
    """What is broken is somebody else's to complain about; nothing is lost."""
    found = split(text, NAMES[name])
    assert all(text[s.start : s.end] == s.text for s in found)
    assert [s.start for s in found] == sorted(s.start for s in found)


@pytest.mark.parametrize(
    "statement",
    [
        "create function f() returns int begin atomic select 1; select 2; end",
        (
            "create or replace procedure p() begin atomic "
            "select case when true then 1 end; end"
        ),
        "create rule r as on insert to a do also (select 1; select 2)",
        "create function f() returns int language sql as $x$ select ';'; $x$",
    ],
)
def test_a_body_of_postgresql_is_a_part_of_its_statement(statement: str) -> None:
    """Functions and rules have statements of their own inside."""
    assert texts(f"{statement};\nselect 1", POSTGRESQL) == [statement, "select 1"]


def test_a_trigger_of_sqlite_ends_with_its_end() -> None:
    """`case … end` inside of it is not that."""
    trigger = (
        "create temp trigger t after insert on a begin "
        "update a set x = case x when 1 then 2 end; delete from b; end"
    )
    assert texts(f"{trigger};select 1;", SQLITE) == [trigger, "select 1"]


def test_a_batch_of_cql_ends_with_apply() -> None:
    """The statements in it are not sent one by one."""
    batch = "BEGIN UNLOGGED BATCH insert 1; insert 2; APPLY BATCH"
    assert texts(f"{batch};\nselect 1;", CQL) == [batch, "select 1"]


def test_a_transaction_is_statements() -> None:
    """`begin` alone opens nothing."""
    assert texts("begin; select 1; end;", POSTGRESQL) == ["begin", "select 1", "end"]


def test_only_comments_are_no_statement() -> None:
    """A file may be empty."""
    assert texts("-- nothing\n/* at ; all */\n;", POSTGRESQL) == []

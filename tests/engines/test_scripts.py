"""Files of migrations: their order, and what may not happen to them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassware import engines
from glassware.engines import Script
from glassware.engines.scripts import carry_out, digest_of, due, failed, in_order
from glassware.engines.statements import Statement
from glassware.errors import TaskFailed
from glassware.model import ENGINES, SCRIPTS


FOLDER = Path("/shop/services/stock/migrations")


def script(name: str, text: str = "select 1") -> Script:
    """Return a file."""
    return Script(path=FOLDER / name, text=text)


class Memory:
    """A database that only remembers."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def applied(self) -> dict[str, str]:
        """Return what was applied."""
        return dict(self.seen)

    def apply(self, script: Script, digest: str) -> None:
        """Remember a file."""
        if "fail" in script.text:
            raise failed(script, Statement("fail", 1, 0), "no")
        self.seen[script.path.name] = digest


def names(scripts: list[Script]) -> list[str]:
    """Return the names of files."""
    return [script.path.name for script in scripts]


def test_numbers_count_as_numbers() -> None:
    """`2_…` comes before `10_…`; leading zeros change nothing."""
    mixed = ["10_c.sql", "2_b.sql", "b.sql", "001_a.sql", "a10.sql", "a9.sql"]
    assert names(in_order(map(script, mixed))) == [
        *("001_a.sql", "2_b.sql", "10_c.sql", "a9.sql", "a10.sql", "b.sql")
    ]


@given(st.lists(st.text("a01_9.²-", min_size=1, max_size=8), unique=True))
def test_any_names_have_one_order(found: list[str]) -> None:
    """However a folder lists them."""
    assert in_order(map(script, found)) == in_order(map(script, reversed(found)))


def test_each_is_applied_once_and_told() -> None:
    """A second run has nothing to do; a file that comes late is applied."""
    database, said = Memory(), list[str]()
    carry_out([script("3.sql"), script("1.sql")], database, said.append)
    carry_out([script("3.sql"), script("1.sql")], database, said.append)
    carry_out(
        [script("3.sql"), script("2.sql"), script("1.sql")], database, said.append
    )
    assert said == [f"applied `migrations/{n}.sql`" for n in (1, 3, 2)]


def test_none_is_applied_behind_one_that_failed() -> None:
    """They build on one another."""
    database = Memory()
    with pytest.raises(TaskFailed):
        carry_out([script("1.sql", "fail"), script("2.sql")], database, print)
    assert database.seen == {}


def test_a_changed_file_is_refused_before_anything_is_applied() -> None:
    """What was applied cannot be changed by writing something else."""
    database = Memory()
    carry_out([script("2.sql")], database, print)
    with pytest.raises(TaskFailed, match=r"`migrations/2.sql` was changed") as caught:
        carry_out([script("1.sql"), script("2.sql", "other")], database, print)
    assert "--fresh" in (caught.value.hint or "")
    assert [*database.seen] == ["2.sql"]


def test_a_vanished_file_is_refused() -> None:
    """The folder tells how the database came about, or nobody knows."""
    known = {"1.sql": digest_of("select 1"), "2.sql": digest_of("select 1")}
    with pytest.raises(TaskFailed, match=r"`2.sql` was applied, and is not there"):
        due([script("1.sql")], known)


def test_line_ends_are_no_change() -> None:
    """A checkout on another system has others."""
    known = {"1.sql": digest_of("a;\nb;\n")}
    assert due([script("1.sql", "a;\r\nb;\r\n")], known) == []


def test_a_failure_names_file_line_and_statement() -> None:
    """A long statement is cut; the file is named from `migrations` on."""
    long = Statement("insert into stock\n  values " + "(1), " * 90, 4, 12)
    error = failed(Script(path=FOLDER / "main/2.sql", text=""), long, "no such table")
    assert error.message.startswith(
        "`migrations/main/2.sql`, line 4: no such table, "
        "in `insert into stock values (1), (1), "
    )
    assert len(error.message) < 200


@pytest.mark.parametrize("name", ENGINES)
def test_manifests_know_which_engines_take_files(name: str) -> None:
    """The convention and the engine agree on how files end."""
    assert engines.find(name).scripts == SCRIPTS.get(name, "")

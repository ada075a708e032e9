"""Errors, variables and words: what there is has its place in the reference."""

import re

import pytest

import glassware
from docs.generated import assert_part_kept
from docs.pages import ROOT, blocks, headings
from glassware import engines, errors
from glassware.errors import GlasswareError


REFERENCE = ROOT / "docs/reference"


def classes(above: type[GlasswareError] = GlasswareError) -> list[type[GlasswareError]]:
    """Return the tree of errors, each before those below it."""
    found = [above]
    for below in above.__subclasses__():
        found += classes(below)
    return [error for error in found if error.__module__ == errors.__name__]


def test_the_tree_of_errors():
    """The drawing is the one in the module's docstring."""
    tree = errors.__doc__.partition("::\n")[2].partition("\n\nEvery error")[0]
    lines = [line.removeprefix("    ") for line in tree.strip("\n").splitlines()]

    assert_part_kept(REFERENCE / "errors.md", "tree", "\n".join(["```", *lines, "```"]))


def test_the_tree_is_drawn_right():
    """Names, order and exit codes of the drawing are those of the classes."""
    (drawing,) = (b.text for b in blocks(REFERENCE / "errors.md") if "├" in b.text)
    lines = [line.lstrip("│├└─ ").split() for line in drawing.splitlines()]
    codes = {words[0]: words[2] if words[1:2] == ["exit"] else None for words in lines}

    assert list(codes) == [error.__name__ for error in classes()]
    for error in classes():
        inside = issubclass(error, errors.CallError)
        assert codes[error.__name__] == (None if inside else str(error.exit_code))


@pytest.mark.parametrize("error", classes(), ids=lambda c: c.__name__)
def test_every_error_has_a_heading(error):
    """With its exit code, where it is one of the command line."""
    page = (REFERENCE / "errors.md").read_text()

    assert f"`{error.__name__}`" in headings(REFERENCE / "errors.md")
    if not issubclass(error, errors.CallError):
        assert f"### `{error.__name__}`\n\nExit code {error.exit_code}." in page


def test_every_public_name_has_a_heading():
    """What a service may import is what two pages say, and nothing more."""
    pages = [*headings(REFERENCE / "api.md"), *headings(REFERENCE / "website.md")]
    names = {
        t.strip("`") for t in pages if t.startswith("`") and t[1:-1].isidentifier()
    }
    returned = {"Neighbour", "Response"}

    assert names - returned == set(glassware.__all__)


def test_every_variable_of_glassware_has_a_row():
    """All that the code mentions, and no other."""
    named = set()
    for file in (ROOT / "src/glassware").rglob("*.py"):
        found = re.findall(r"\bGLASSWARE_[A-Z_]+(?:<NAME>_[A-Z]+)?", file.read_text())
        named |= {name for name in found if not name.endswith("_")}
    page = (REFERENCE / "environment.md").read_text()

    assert set(re.findall(r"`(GLASSWARE_[A-Z_<>]+[A-Z])`", page)) == named


@pytest.mark.parametrize("engine", engines.NAMES)
def test_every_ordinary_variable_has_a_row(engine):
    """Those that an engine offers."""
    page = (REFERENCE / "environment.md").read_text()

    variables = engines.find(engine).variables

    assert [name for name in variables if f"`{name}`" not in page] == []


def test_the_words_of_the_glossary():
    """The words that the design names, each once."""
    rows = re.findall(
        r"^\| (\w+) \|", (REFERENCE / "glossary.md").read_text(), re.MULTILINE
    )
    wanted = (
        "site service neighbour route endpoint call deadline database engine group "
        "worker gateway contract fragment visitor plan snapshot"
    )

    assert set(wanted.split()) <= set(rows)
    assert len(rows) == len(set(rows))

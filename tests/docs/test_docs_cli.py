"""The page of the commands says what the commands say."""

from docs.cli_reference import cli_reference
from docs.pages import ROOT, headings
from glassware.cli import COMMANDS
from kept import assert_kept


PAGE = ROOT / "docs/reference/cli.md"


def test_the_page_is_what_the_commands_say():
    """Help, options and examples are written once, beside the code."""
    assert_kept(PAGE, cli_reference())


def test_every_command_has_a_heading():
    """Also those that have commands below them."""
    titles = " ".join(headings(PAGE))

    assert [name for name in COMMANDS if f"`glassware {name}" not in titles] == []

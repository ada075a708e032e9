"""What the commands print is what was meant, in a terminal and in a pipe."""

import pytest

from glassware.cli import output


def test_a_table_shows_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    """A hint to install an extra can be copied."""
    output.show_table(["WHAT", "HINT"], [["redis", "pip install 'glassware[redis]'"]])

    assert "pip install 'glassware[redis]'" in capsys.readouterr().out

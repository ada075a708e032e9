"""The page about databases says what the engines do."""

import re
from pathlib import Path

from glassware.engines import Engine


PAGE = Path(__file__).parents[2] / "docs" / "reference" / "databases.md"


def test_every_variable_is_in_the_table(engine: Engine) -> None:
    """The table has the engine's variables with their templates, and no others."""
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| `(\S+)` \|$", PAGE.read_text(), re.MULTILINE
    )
    listed = {name: template for name, of, template in rows if of == engine.name}
    assert listed == dict(engine.variables)

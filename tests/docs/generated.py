"""Parts of pages that are made from the code, between two marks."""

import os
import re
from pathlib import Path

import pytest


def assert_part_kept(page: Path, part: str, text: str) -> None:
    """Fail if a part of `page` is not `text`; with `UPDATE_KEPT=1`, write it."""
    begin, end = f"<!-- begin: {part} -->", f"<!-- end: {part} -->"
    whole = page.read_text(encoding="utf-8")
    made = f"{begin}\n{text.strip()}\n{end}"
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    found = re.search(pattern, whole, re.DOTALL)
    assert found, f"{page} has no part `{part}`"
    if os.environ.get("UPDATE_KEPT"):
        page.write_text(whole.replace(found[0], made), encoding="utf-8")
    elif found[0] != made:
        pytest.fail(f"`{part}` of {page} is not what is made: run with UPDATE_KEPT=1")

"""Generated files that are kept in the repository and compared as a whole."""

import os
from pathlib import Path

import pytest


def assert_kept(file: Path, text: str) -> None:
    """Fail if `file` does not hold `text`; with `UPDATE_KEPT=1`, write it."""
    if os.environ.get("UPDATE_KEPT"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    kept = file.read_text(encoding="utf-8") if file.exists() else ""
    if kept != text:
        pytest.fail(f"{file} is not what is generated: run with UPDATE_KEPT=1")

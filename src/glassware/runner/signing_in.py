"""Whether there is a page to sign in at, as far as its application tells."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassware.directory import Book
from glassware.errors import DeadLink
from glassware.plan import Plan

from .dead_links import directory_at_rest


_KEY = re.compile(r"^\s*(?:visitors\.)?sign_in\s*=")


def sign_in_trouble(
    plan: Plan, said: Mapping[str, Mapping[str, Any]]
) -> DeadLink | None:
    """Return what is wrong with the page that visitors sign in at.

    Args:
        plan: Of all services.
        said: What their applications reported, by name; see `inspection`.
    """
    sign_in = plan.visitors.sign_in
    if sign_in is None:
        return None
    reported = said.get(sign_in.partition(".")[0], {})
    if reported.get("event") != "ready":
        return None
    try:
        Book(directory_at_rest(plan, said)).check(sign_in, frozenset())
    except DeadLink as trouble:
        return trouble
    return None


def place_of_sign_in(folder: Path) -> str:
    """Return the file and line that names the page, as `FILE:LINE`.

    Args:
        folder: The site's.
    """
    path = folder / "site.toml"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = (n for n, line in enumerate(lines, 1) if _KEY.match(line))
    line = next(found, None)
    return f"{path}:{line}" if line else str(path)

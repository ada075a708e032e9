"""The example site: seconds from the command to its first whole page.

Twice in each round: the very first time, with no data, and again with it.

    ./dev run python benchmarks/first_page.py
"""

import http.client
import shutil
import time
from pathlib import Path

from rig.figures import keep, median, number, options, show
from rig.processes import Stage, until
from rig.servers import text
from rig.site import Site


SHOP = Path(__file__).parent.parent / "examples" / "shop"


def first_page(stage: Stage, folder: Path) -> float:
    """Return the seconds until the home page shows products."""
    began = time.monotonic()
    site = Site(stage, folder)
    until(lambda: "/product/" in page(site), 90)
    took = time.monotonic() - began
    site.stop()
    return took


def page(site: Site) -> str:
    """Return the home page, or nothing while there is none."""
    try:
        return text(site.port, "/") if site.port else ""
    except (OSError, RuntimeError, http.client.HTTPException):
        return ""


def main() -> None:
    """Run the rounds and print medians."""
    given = options(__doc__, {"rounds": 1}, rounds=5)
    times: dict[str, list[float]] = {"the very first time": [], "with data": []}
    ignore = shutil.ignore_patterns(".glassware", "__pycache__")
    for _ in range(given.rounds):
        with Stage() as stage:
            folder = stage.folder / "shop"
            shutil.copytree(SHOP, folder, ignore=ignore)
            for seconds in times.values():
                seconds.append(first_page(stage, folder))
    show(
        "The example's first page, in s",
        ("", "median", "worst"),
        [(n, number(median(s), 2), number(max(s), 2)) for n, s in times.items()],
    )
    keep(given, times)


if __name__ == "__main__":
    main()

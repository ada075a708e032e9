"""Options of a script, and its results: a table for people, JSON for programs."""

import argparse
import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table


RESULTS = Path(__file__).parent.parent / "results"


def options(
    about: str | None, quick: dict[str, Any], **defaults: float | str
) -> argparse.Namespace:
    """Read the command line.

    Args:
        about: The script's docstring.
        quick: What it is given in a smoke run, taken with `--quick`.
        **defaults: What else the script can be given, by name.
    """
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a smoke run")
    parser.add_argument("--only", default="", help="sides whose name contains this")
    parser.add_argument("--json", type=Path, help="where to write the results")
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    given = parser.parse_args()
    if given.quick:
        vars(given).update(quick)
    return given


def median(values: Iterable[float]) -> float:
    """Return the median; no number where there are no values."""
    found = list(values)
    return statistics.median(found) if found else math.nan


def percentile(values: Iterable[float], part: float) -> float:
    """Return the value that `part` of all do not exceed."""
    found = sorted(values)
    return found[min(len(found) - 1, int(len(found) * part))] if found else math.nan


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; into a file or a pipe as Markdown, as README.md has it.

    Args:
        title: What it shows, and in which units.
        columns: Their names; the first holds text, the others numbers.
        rows: The cells.
    """
    terminal = sys.stdout.isatty()
    table = Table(
        title=title,
        title_justify="left",
        box=box.HEAVY_HEAD if terminal else box.MARKDOWN,
    )
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=None if terminal else 200).print(table)


def keep(given: argparse.Namespace, results: Any, variant: str = "") -> None:
    """Write the results, and where they come from, as JSON.

    Args:
        given: The command line.
        results: Numbers, in dicts and lists.
        variant: Told apart in the file's name.
    """
    name = [Path(sys.argv[0]).stem, variant, "quick" if given.quick else ""]
    file = given.json or RESULTS / f"{'-'.join(filter(None, name))}.json"
    file.parent.mkdir(exist_ok=True)
    about = {
        "script": Path(sys.argv[0]).name,
        "arguments": sys.argv[1:],
        "date": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("flask", "granian")},
    }
    # JSON has no word for what was not measured but `null`.
    text = json.dumps(_plain({"about": about, "results": results}), indent=1)
    file.write_text(f"{text}\n")
    print(f"written to {file}", file=sys.stderr)


def number(value: float, digits: int = 0) -> str:
    """Return a number as text; `-` where nothing was measured."""
    return "-" if math.isnan(value) else f"{value:,.{digits}f}"


def ratio(value: float, base: float) -> str:
    """Return how often `base` is in `value`."""
    return number(value / base if base else math.nan, 2)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value

"""`glassware call --trace`: the time of each call behind an answer."""

import json
import os
import re

import pytest

from development.three_services import FILES, GROUPED
from sites import ended


@pytest.fixture(scope="module", params=["apart", "together"])
def shop(request, tmp_path_factory):
    """The three services, each in a process of its own, or all in one."""
    with ended(tmp_path_factory.mktemp("site") / "site") as site:
        site.write(FILES | (GROUPED if request.param == "together" else {}))
        site.up()
        yield site


def call(site, *arguments, columns="80"):
    """Give `glassware call` in a terminal so wide, without colours."""
    environment = {**os.environ, "COLUMNS": columns, "NO_COLOR": "1"}
    return site.run("call", *arguments, env=environment)


def rows(shown):
    """The rows of a trace: name, status, how often it was sent."""
    found = re.findall(r"(?m)^(.*\S)  +(\d{3}|none) +(\d+) +[\d,.]+ +━+ *$", shown)
    return [(name, status, int(sent)) for name, status, sent in found]


def test_each_call_has_a_row(shop):
    """A tree with status, attempts, milliseconds and bars, in 80 columns."""
    done = call(shop, "storefront", "/list/2", "--trace")

    assert done.returncode == 0
    assert done.stdout == "a list"
    assert rows(done.stderr) == [
        ("GET storefront /list/2", "200", 1),
        ("├─ GET catalog /products/1", "200", 1),
        ("│  └─ GET prices /of/1", "200", 1),
        ("└─ GET catalog /products/2", "200", 1),
        ("   └─ GET prices /of/2", "200", 1),
    ]
    assert max(len(line.rstrip()) for line in done.stderr.splitlines()) <= 80
    assert "\x1b" not in done.stderr


def test_bars_stand_where_the_time_went(shop):
    """Each begins within that of its caller, and a later one further to the right."""
    shown = call(shop, "storefront", "/list/6", "--trace", columns="120").stderr
    spans = [
        match.span()
        for line in shown.splitlines()
        if (match := re.search("━+", line)) is not None
    ]

    whole, first, *_, last, below = spans
    assert whole[0] == first[0] - 1 or whole[0] == first[0]
    assert first[1] <= whole[1]
    assert first[1] <= last[0] + 1
    assert last[0] <= below[0] < below[1] <= last[1] + 1 <= whole[1] + 2


def test_a_call_that_failed_shows_why(shop):
    """The tree, then the traceback through all services; exit code 1 as ever."""
    done = call(shop, "storefront", "/product/9", "--trace")

    assert done.returncode == 1
    shown = [(status, sent) for _, status, sent in rows(done.stderr)]
    assert shown[0] == ("502", 1)
    assert [status for status, _ in shown] == ["502", "502", "500"]
    assert done.stderr.count("Traceback (most recent call last)") == 3
    assert "log: WARNING prices: product 9 is not in the list" in done.stderr


def test_a_long_path_leaves_room_for_the_rest(shop):
    """Its middle is left out, where the terminal is narrow."""
    path = "/product/" + "9" * 100

    done = call(shop, "storefront", path, "--trace", columns="60")

    shown = [line for line in done.stderr.splitlines() if "━" in line]
    assert all(len(line.rstrip()) <= 60 for line in shown)
    assert "…" in shown[0]


def test_without_it_nothing_else_is_shown(shop):
    """The answer alone, as before."""
    done = call(shop, "catalog", "/products/1")

    assert json.loads(done.stdout) == {"name": "tea", "price": 4.5}
    assert done.stderr == ""


def test_in_production_it_says_that_it_cannot_tell(site):
    """The answer is there, and one line that says why there is no more."""
    site.write(FILES)
    site.up("--production")

    done = call(site, "catalog", "/products/1", "--trace")

    assert json.loads(done.stdout)["name"] == "tea"
    assert done.stderr == "only a site in development tells how it made an answer\n"

"""The second example: a game, five kinds of databases, and a real browser."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sites import SiteUnderTest, ended
from waiting import until
from website.chromium import CHROMIUM, OPTIONS


ARCADE = Path(__file__).parents[2] / "examples/arcade"
# What the stores' own clients find, in the name of the service that may look.
LOOKS = {
    "players": """
        with db.connection() as connection:
            found = connection.execute("select name, best from player").fetchall()
        """,
    "characters": """
        found = {each["name"]: each for each in db.Table("characters").scan()["Items"]}
        """,
    "matches": """
        found = [
            list(db.execute(query))
            for query in (
                "select match, score from match_by_player",
                "select match, score from match_by_day",
                "select matches, caught from total where whose = 'all'",
            )
        ]
        """,
    "lobby": """
        (key,) = db.keys("top:*")
        found = db.zrevrange(key, 0, -1, withscores=True)
        """,
    "replays": """
        found = list(db.replays.find())
        """,
}
LOOK = """
import json
from glassware import databases
db = databases.main
{look}
print(json.dumps(found, default=lambda value: value.decode()
    if isinstance(value, bytes) else float(value)))
databases.close()
"""
ADA, PASSWORD = "ada", "analytical engine"
# Milliseconds, for what waits for a database that is starting again.
PATIENCE = 60_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]


@dataclass
class Night:
    """What the tests know of the night that was played.

    Attributes:
        site: The site.
        browser: A browser, in which one visitor has entered.
        page: Where that visitor is.
        match: The match.
        score: As the page said it in the end.
        seen_away: The player's page, while a database was gone.
    """

    site: SiteUnderTest
    browser: Browser
    page: Page
    match: str = ""
    score: int = 0
    seen_away: str = ""


@dataclass
class Tests:
    """The tests of the services, which run by themselves.

    Attributes:
        process: Theirs.
        said: What they write.
    """

    __test__ = False

    process: subprocess.Popen[bytes]
    said: Path


@pytest.fixture(scope="module")
def arcade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """The example site, running with databases of its own."""
    folder = tmp_path_factory.mktemp("arcade") / "site"
    with ended(folder) as site:
        ignored = shutil.ignore_patterns(".glassware", "__pycache__")
        shutil.copytree(ARCADE, folder, ignore=ignored, dirs_exist_ok=True)
        site.up("--yes", wait=False)
        # Packages that nobody has fetched yet take their time.
        until(lambda: "➜" in site.log.read_text(), "readiness", patience=150.0)
        yield site


@pytest.fixture(scope="module")
def tests(arcade: SiteUnderTest) -> Iterator[Tests]:
    """The tests of its services, under way beside the night, which mostly waits."""
    said = arcade.folder.parent / "tests.txt"
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error"]
    with said.open("w") as output:
        process = subprocess.Popen(
            [*command, "-p", "no:cacheprovider"],
            cwd=arcade.folder,
            stdout=output,
            stderr=output,
        )
    yield Tests(process, said)
    process.terminate()
    process.wait(60)


@pytest.fixture(scope="module")
def night(arcade: SiteUnderTest, tests: Tests) -> Iterator[Night]:
    """A night that somebody plays with real keys, while a database is killed."""
    with sync_playwright() as playwright, ExitStack() as ending:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        ending.callback(browser.close)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        played = Night(arcade, browser, context.new_page())
        enter(played)
        play(played)
        yield played


def enter(night: Night) -> None:
    """Enter, and choose a moth."""
    page = night.page
    page.goto(f"{night.site.url}/enter")
    page.get_by_label("Name").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("button", name="Fly as Luna").click()
    expect(page.get_by_role("heading", name="Who is here")).to_be_visible()


def play(night: Night) -> None:
    """Play for thirty seconds, and lose Cassandra shortly before the end."""
    page = night.page
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Begin").click()
    night.match = page.url.rpartition("/")[2]
    keys = ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowDown", "KeyA"]
    pressed = 0
    deadline = time.monotonic() + 120
    while (left := int(page.locator("#left").inner_text())) > 0:
        assert time.monotonic() < deadline, f"{left} seconds are left for too long"
        if left <= 2 and not night.seen_away:
            kill(night.site, "cassandra")
            night.seen_away = player_without_history(night.site)
        key = keys[pressed % len(keys)]
        page.keyboard.press(key, delay=300)
        pressed += 1
    waiting = page.locator("#result .waits")
    expect(page.locator("#result .done").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#result .done")).to_have_count(5, timeout=PATIENCE)
    expect(waiting).to_have_count(0)
    night.score = int(page.locator("#result h2").inner_text().split()[0])


def kill(site: SiteUnderTest, engine: str) -> None:
    """Kill a database server, which has no time to say goodbye."""
    servers = site.snapshot()["engines"]
    (pid,) = [each["pid"] for each in servers if each["engine"] == engine]
    os.kill(pid, signal.SIGKILL)


def player_without_history(site: SiteUnderTest) -> str:
    """Return the player's page as soon as it does without the history."""

    def page() -> str:
        answer = site.get(f"/players/{ADA}")
        assert answer.status == 200
        # A busy machine may be late with something else: that is not meant.
        missing = re.findall(r"([\w ]+) cannot be reached", answer.text)
        return answer.text if missing == ["The history"] else ""

    return str(until(page, "a page without history"))


def test_a_page_does_without_a_database_that_was_killed(night: Night) -> None:
    """It showed everything else meanwhile; it is whole again without a restart."""
    assert "Luna, level" in night.seen_away
    assert "Here since" in night.seen_away
    assert "The history cannot be reached" in night.seen_away

    whole = night.site.get(f"/players/{ADA}").text

    assert "cannot be reached" not in whole
    assert f"/watch/{night.match}" in whole
    assert night.site.service("matches")["restarts"] == 0


def found_in(site: SiteUnderTest, service: str) -> Any:
    """Return what the client of a store finds, with the service's credentials."""
    program = LOOK.format(look=dedent(LOOKS[service]))
    said = site.run("run", service, "--", sys.executable, "-c", program)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def test_the_night_is_in_every_store(night: Night) -> None:
    """As their own clients find it, with what it came to."""
    with ThreadPoolExecutor() as together:
        looks = together.map(lambda service: found_in(night.site, service), LOOKS)
        found = dict(zip(LOOKS, looks, strict=True))
    (replay,) = found["replays"]
    score, caught = night.score, replay["caught"]
    of_player, of_day, total = found["matches"]

    assert (replay["_id"], replay["player"]) == (night.match, ADA)
    assert replay["score"] == score
    assert len(replay["moves"]) >= 20
    assert found["players"] == [[ADA, score]]
    assert found["characters"]["moth#luna"]["experience"] == caught + score // 20
    assert f"match#{night.match}" in found["characters"]
    assert of_player == of_day == [[night.match, score]]
    assert total == [[1, caught]]
    assert found["lobby"] == [[ADA, score]]


def test_the_judge_and_the_game_have_the_same_rules(night: Night) -> None:
    """In Python and in JavaScript, for any moves."""
    nights = night.page.evaluate(
        """async () => {
            const { KINDS, Night, TICKS } = await import("/static/rules.js");
            const nights = [];
            for (let seed = 1; seed < 4e9; seed = seed * 7 + 3) {
                for (const kind of Object.keys(KINDS)) {
                    const night = new Night(seed, kind);
                    const moves = [];
                    while (!night.over) {
                        const keys = (seed * night.tick) % 4294967291 % 16;
                        if (night.tick % 13 === 0) moves.push([night.tick, keys]);
                        night.step(moves.at(-1)[1]);
                    }
                    const { score, caught, hits, longest } = night;
                    nights.push([seed, kind, moves, [score, caught, hits, longest]]);
                }
            }
            return nights;
        }"""
    )
    told = json.dumps(nights)
    judging = """
import json, sys
from replays.judge import judge
for seed, kind, moves, told in json.load(sys.stdin):
    found = judge(seed, kind, moves)
    assert [found.score, found.caught, found.hits, found.streak] == told, (seed, kind)
print("the same")
"""
    said = night.site.run(
        *("run", "replays", "--", sys.executable, "-c", judging), input=told
    )

    assert len({tuple(verdict) for *_, verdict in nights}) > 20
    assert said.stdout == "the same\n", said.stderr


def test_the_night_can_be_watched(night: Night) -> None:
    """It begins, and time passes in it."""
    page = night.browser.new_context().new_page()
    page.goto(f"{night.site.url}/watch/{night.match}")
    expect(page.locator("#score")).to_have_text(str(night.score))

    page.get_by_role("button", name="Watch").click()

    expect(page.locator("#left")).to_have_text("28")


def test_the_back_office_has_the_last_word(night: Night) -> None:
    """News and hidden names, from Django's admin to the front page."""
    site, page = night.site, night.browser.new_context().new_page()
    made = site.run(
        *("run", "backoffice", "--", "env", "DJANGO_SUPERUSER_PASSWORD=long enough"),
        *("python", "manage.py", "createsuperuser", "--noinput"),
        *("--username", "grace", "--email", "grace@example.org"),
    )
    assert made.returncode == 0, made.stderr
    page.goto(f"{site.url}/backoffice/")
    page.get_by_label("Username").fill("grace")
    page.get_by_label("Password").fill("long enough")
    page.get_by_role("button", name="Log in").click()
    header = page.locator("#header")
    expect(header).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    page.goto(f"{site.url}/backoffice/admin/desk/news/add/")
    page.get_by_label("Title").fill("A new moon")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    before = site.get("/").text
    page.goto(f"{site.url}/backoffice/admin/desk/hiddenname/add/")
    page.get_by_label("Name").fill(ADA)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    after = site.get("/").text

    assert "A new moon" in before
    assert "The lamps are lit" in before
    assert f">{ADA}</a>" in before
    assert f">{ADA}</a>" not in after
    assert site.get("/backoffice/news").status == 404
    assert site.get("/backoffice/hidden").status == 404


def test_pages_fit_every_screen(night: Night) -> None:
    """Two widths, two schemes, no page wider than its screen, a heading on each."""
    home = night.site.get("/").text
    kept = night.page.context.storage_state()
    assert re.search("<h1", home)
    page = night.browser.new_context(storage_state=kept).new_page()
    pages = ("/", "/moths", "/lobby", "/today", "/enter", "/nothing")
    for path in (*pages, f"/play/{night.match}"):
        page.goto(f"{night.site.url}{path}")
        expect(page.locator("h1")).to_have_count(1)
        for width, scheme in product((400, 1280), ("light", "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} at {width}, {scheme}"
    page.context.close()


def test_who_leaves_has_left_everywhere(night: Night) -> None:
    """One service knows passwords; all others know who it is, and who is gone."""
    page = night.browser.new_context().new_page()
    page.goto(f"{night.site.url}/moths")
    page.get_by_label("Name").fill("grace")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("heading", name="Choose a moth")).to_be_visible()
    expect(page.get_by_role("link", name="grace")).to_be_visible()
    cookies = page.context.cookies()

    page.get_by_role("button", name="Leave").click()

    expect(page.get_by_role("link", name="Enter").first).to_be_visible()
    # Neither does a copy of the cookies open anything.
    kept = "; ".join(f"{each['name']}={each['value']}" for each in cookies)
    answer = night.site.get("/moths", headers={"Cookie": kept})
    assert (answer.status, answer.headers["Location"]) == (302, "/enter?next=/moths")


def test_the_tests_of_its_services_pass(arcade: SiteUnderTest, tests: Tests) -> None:
    """All of them in one run, with databases of their own beside those that run."""
    status = tests.process.wait(170)

    said = tests.said.read_text()
    assert status == 0, said
    assert "skipped" not in said

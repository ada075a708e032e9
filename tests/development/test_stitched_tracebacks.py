"""An exception two services below a page: what its authors get to see of it."""

import re
import shlex
import sys

import pytest

from development.three_services import DEBUGGED, FILES, GROUPED


SAID = "`prices` answered `GET /of/9` with status 500 Internal Server Error"
WAY = [
    "  how it came about, from service to service:",
    "    in `storefront`: GET /product/9",
    "      replay: glassware call storefront /product/9",
    "    in `catalog`: GET /products/9, asked by `storefront`",
    f"      glassware.errors.BadAnswer: {SAID}",
    "      replay: glassware call catalog /products/9",
    "    in `prices`: GET /of/9, asked by `catalog`",
    "      KeyError: 9",
    "      log: WARNING prices: product 9 is not in the list",
    "      replay: glassware call prices /of/9",
]


@pytest.fixture(params=["apart", "together"])
def shop(request, site):
    """The three services, each in a process of its own, or all in one."""
    site.write(FILES | (GROUPED if request.param == "together" else {}))
    site.up()
    return site


def entry(site, service, text):
    """The entry of a service's log that has `text` in it, without its time."""

    def found():
        logs = site.run("logs", service).stdout
        entries = re.split(r"(?m)^(?=\S)", logs)
        return next((e for e in entries if text in e), None)

    shown = site.until(found, f"`{text}` in the log of {service}")
    return [line.partition("│ ")[2].rstrip() for line in shown.splitlines()]


def frames(lines):
    """The functions of a traceback's frames that are the services' own."""
    own = [line for line in lines if re.match(r'\s*File ".*/services/', line)]
    return [line.rpartition(" in ")[2] for line in own]


def test_the_log_of_the_page_has_all_of_it(shop):
    """One traceback: frames of three services in their order, and the way between."""
    answer = shop.get("/product/9")
    lines = entry(shop, "storefront", "KeyError: 9")

    assert answer.status == 502
    assert frames(lines) == ["price", "show", "show"]
    assert lines[-len(WAY) :] == WAY
    assert len([line for line in lines if line.startswith("Traceback")]) == 3
    assert len([line for line in lines if "direct cause" in line]) == 2
    assert any("return {" in line for line in lines)


def test_each_service_has_its_own_part(shop):
    """The log of the one in the middle tells of those below it, not of the page."""
    shop.get("/product/9")

    middle = entry(shop, "catalog", "KeyError: 9")
    bottom = entry(shop, "prices", "KeyError: 9")

    assert frames(middle) == ["price", "show"]
    assert "    in `catalog`: GET /products/9, asked by `storefront`" in middle
    assert frames(bottom) == ["price"]
    assert not [line for line in bottom if "how it came about" in line]


def test_the_command_asks_the_same_again(shop):
    """What the traceback names, a person can give: it fails in the same way."""
    shop.get("/product/9")
    lines = entry(shop, "storefront", "KeyError: 9")
    (command,) = {
        line.partition("replay: ")[2] for line in lines if "call prices" in line
    }

    done = shop.run(*shlex.split(command)[1:])

    assert done.returncode == 1
    assert "Internal Server Error" in done.stdout


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/as-json/9", "KeyError: 9"),
        ("/passed-on/9", "KeyError: 9"),
    ],
)
def test_other_ways_to_notice(shop, path, error):
    """A body that is no JSON, and an answer that was passed on."""
    shop.get(path)

    lines = entry(shop, "storefront", error)

    assert "price" in frames(lines)
    assert "    in `prices`: GET /of/9, asked by `catalog`" in lines


def test_a_failure_that_was_not_heeded(shop):
    """The view died of something else later; what failed before is told with it."""
    shop.get("/unheeded/9")

    lines = entry(shop, "storefront", "KeyError: 'name'")

    note = lines.index(
        "  before that, GET catalog /products/9 was answered with status 502, because "
        "of this:"
    )
    assert "    KeyError: 9" in lines[note:]
    assert "price" in frames(lines[note:])
    assert lines[note - 1] == "KeyError: 'name'"


def test_a_failure_with_much_to_tell(shop):
    """What fits into the headers arrives, and the answer does in any case."""
    assert shop.get("/noisy").status == 502

    lines = entry(shop, "storefront", "asked by `catalog`")

    assert frames(lines)[-3:] == ["noisy", "noisy", "noisy"]
    assert "    in `prices`: GET /noisy, asked by `catalog`" in lines


def test_a_visitor_is_told_nothing(shop):
    """No header and no body that leaves the site has a word of code in it."""
    for path in ("/product/9", "/unheeded/9", "/passed-on/9", "/product/1"):
        answer = shop.get(path)
        told = [name for name in answer.headers if "glassware" in name.lower()]

        assert told == []
        assert "Traceback" not in answer.text


def test_what_is_caught_is_a_cause(shop):
    """A view that goes on without an answer can look at the exception behind it."""
    answer = shop.get("/handled/9")

    assert (answer.status, answer.text) == (200, "sorry: BadAnswer")


def test_nothing_of_it_in_production(site):
    """Each service's log has its own traceback and nobody else's."""
    site.write(FILES)
    site.up("--production")

    assert site.get("/product/9").status == 502

    lines = entry(site, "storefront", "BadAnswer")
    assert frames(lines) == ["show"]
    assert not [line for line in lines if "KeyError" in line or "replay" in line]


def test_pytest_shows_it_too(site):
    """The same exception in a test of a service: frames of its neighbours and notes."""
    tests = """
        from app import app


        def test_show():
            with app.app_context():
                app.view_functions["show"](9)
        """
    site.write({**FILES, "services/storefront/test_shop.py": tests})
    site.up()

    done = site.run("run", "storefront", "--", sys.executable, "-m", "pytest", "-q")

    assert done.returncode == 1
    assert 'return {"price": PRICES[product]}' in done.stdout
    assert "KeyError: 9" in done.stdout


@pytest.mark.parametrize("together", [False, True])
def test_the_debugger_s_page_has_all_of_it(site, together):
    """Flask's own page with `FLASK_DEBUG`: frames of three services, and the way."""
    site.write(FILES | DEBUGGED | (GROUPED if together else {}))
    site.up()

    page = site.get("/product/9").text

    shown = re.findall(r'<cite class="filename">"(.*?)"</cite>', page)
    own = [file.partition("/services/")[2] for file in shown if "/services/" in file]
    assert own == ["prices/app.py", "catalog/app.py", "storefront/app.py"]
    told = page.partition('class="errormsg">')[2].partition("</p>")[0]
    assert "how it came about" in told
    assert "log: WARNING prices: product 9 is not in the list" in told
    assert "replay: glassware call prices /of/9" in told

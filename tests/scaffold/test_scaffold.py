"""New sites and services are whole, and work at once."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from glassware.errors import UsageError
from glassware.files import File
from glassware.graph import undeclared_calls
from glassware.manifest import load
from glassware.model import ENGINES, Route
from glassware.runner.state import State
from glassware.scaffold import new_layout, new_service, new_site
from kept import assert_kept
from sites import COMMAND


KEPT = Path(__file__).parent / "kept"
BOTH = {"main": "postgresql", "page-cache": "redis"}


def put(folder: Path, files: Iterable[File]) -> Path:
    """Write the files, as the door does."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("site", new_site("shop")),
        ("layout", new_layout("corner-shop")),
        ("service", new_service("catalog")),
        ("service_with_all", new_service("my-cart", BOTH, ["home", "catalog"])),
    ],
)
def test_what_is_written(name: str, files: Iterable[File]):
    """Every file is the one that was looked at last."""
    text = "".join(f"===== {file.path}\n{file.text}" for file in files)

    assert_kept(KEPT / f"{name}.txt", text)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a new site with services of all kinds."""
    put(tmp_path, new_site("shop"))
    put(tmp_path, new_layout("shop"))
    put(tmp_path, new_service("catalog", {"main": "postgresql"}))
    put(tmp_path, new_service("my-cart", BOTH, ["home", "x" * 40, "class"]))
    put(tmp_path, new_service("x" * 40, {"y" * 40: "redis", "z" * 40: "postgresql"}))
    put(tmp_path, new_service("class", {"import": "redis", "index": "postgresql"}))
    put(tmp_path, new_service("stores", {f"a-{engine}": engine for engine in ENGINES}))
    return put(tmp_path, new_service("email"))


def test_a_new_site_has_no_fault(shop: Path):
    """The manifests load, and say what was asked for."""
    site = load(shop, environment={})

    assert site.name == "shop"
    assert {service.name: service.app for service in site.services} == {
        "catalog": "catalog.app",
        "class": "class_service.app",
        "email": "email_service.app",
        "home": "home.app",
        "layout": "glassware.website.look.layout_app",
        "my-cart": "my_cart.app",
        "stores": "stores.app",
        "x" * 40: f"{'x' * 40}.app",
    }
    cart, home = site.service("my-cart"), site.service("home")
    assert cart is not None
    assert home is not None
    assert home.routes == (Route(path="/"),)
    assert cart.routes == (Route(path="/my-cart"),)
    assert (cart.databases, cart.calls) == (BOTH, ("home", "x" * 40, "class"))
    assert not [*undeclared_calls(site)]


def test_editors_find_the_schemas(shop: Path):
    """The first line of each manifest leads to what a running site puts there."""
    state = State(shop)
    state.claim()
    state.release()

    manifests = [shop / "site.toml", *shop.glob("services/*/service.toml")]
    for manifest in manifests:
        first = manifest.read_text().splitlines()[0]
        assert (manifest.parent / first.removeprefix("#:schema ")).is_file()


@pytest.mark.parametrize("folder", [".", "services/my-cart", "services/class"])
def test_the_tests_of_a_new_service_pass(shop: Path, folder: str):
    """They pass from the site's folder and from the service's, without a database."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error"],
        cwd=shop / folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_worker_loads_it(shop: Path):
    """The application is found and answers."""
    code = (
        "import sys; from pathlib import Path\n"
        "from glassware.worker.load import load\n"
        "app = load(Path(sys.argv[1]), 'home.app', 'home').application\n"
        "print(app.test_client().get('/').text)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(shop / "services/home")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "<h1>Hello from home</h1>\n"


def test_new_code_is_tidy(shop: Path):
    """What is written needs no formatter."""
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("ruff is not installed")
    settings = Path(__file__).parents[2] / "pyproject.toml"
    command = [ruff, "check", "--config", settings, "--select", "E,F,UP,B,SIM,D"]
    for arguments in (command, [ruff, "format", "--check", "--config", settings]):
        run = subprocess.run(
            [*arguments, "--no-cache", "."],
            cwd=shop,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("name", ["", "A", "a b", "../x", "a/b", "1a", "x" * 41, "a\n"])
def test_names_that_cannot_be(name: str):
    """A name that would be a fault in the manifest is refused before it is written."""
    with pytest.raises(UsageError):
        [*new_site(name)]
    with pytest.raises(UsageError):
        [*new_service(name)]
    with pytest.raises(UsageError):
        [*new_service("a", {name: "redis"})]
    with pytest.raises(UsageError):
        [*new_service("a", calls=[name])]


def test_unknown_neighbours(shop: Path):
    """A service that calls nobody who is there is not written: it would not start."""
    run = subprocess.run(
        [*COMMAND, "new", "service", "till", "--calls", "home", "--calls", "catalgo"],
        cwd=shop,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 2
    assert "`catalgo` is no service; did you mean `catalog`?" in run.stderr
    assert "`my-cart`" in run.stderr
    assert not (shop / "services/till").exists()


def test_unknown_engine():
    """An engine that no one knows is refused, with those that there are."""
    with pytest.raises(UsageError, match="`oracle` is no known engine") as raised:
        new_service("a", {"main": "oracle"})
    known = ", ".join(f"`{name}`" for name in ENGINES)
    assert raised.value.hint == f"there are {known}"

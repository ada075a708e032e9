"""A site is read from its folder."""

from pathlib import Path

import pytest

from glassware.errors import NotASite
from glassware.manifest import find_site, load
from glassware.model import Address, Engine, Gateway, Route
from sites_on_disk import APP, service, write


def test_conventions_alone(tmp_path: Path):
    """Folders with an application are services, without any manifest."""
    write(tmp_path / "Shop 2", {**service("catalog"), **service("cart")})

    site = load(tmp_path / "Shop 2")

    assert site.name == "shop-2"
    assert [s.name for s in site.services] == ["cart", "catalog"]
    catalog = site.service("catalog")
    assert catalog is not None
    assert catalog.folder == tmp_path / "Shop 2/services/catalog"
    assert (catalog.app, catalog.origin, catalog.routes) == ("app.py", None, ())


def test_every_key(tmp_path: Path):
    """Each key of both manifests arrives in the model."""
    manifest = """
    calls = ["accounts"]
    workers = 2
    threads = 8
    isolated = true
    server = "threaded"
    reload = "replace"
    drain = 5
    fast = false
    owner = "team-a"

    [[routes]]
    path = "/catalog"
    host = "shop.example"
    mount = "keep"
    only = ["/products"]
    except = ["/internal"]
    stream = true
    max_body = 1_000
    timeout = 2
    csrf = false

    [databases]
    main = "postgresql"

    [environment]
    URL = "{databases.main.url} {services.accounts.url}"

    [address]
    port = 5000
    host = "own"
    names = ["catalog"]

    [tasks]
    migrate = "flask db upgrade"

    [processes]
    worker = "celery worker"
    """
    site_manifest = """
    name = "shop"
    groups.pages = ["accounts"]

    [gateway]
    port = 8080
    bind = "0.0.0.0"
    hosts = ["shop.example"]

    [engines.postgresql]
    url = "env:PG"
    """
    files = {**service("catalog", manifest), **service("accounts")}
    site = load(write(tmp_path, {"site.toml": site_manifest, **files}))

    assert site.name == "shop"
    assert site.groups == {"pages": ("accounts",)}
    assert site.engines == {"postgresql": Engine(url="env:PG")}
    assert site.gateway == Gateway(port=8080, bind="0.0.0.0", hosts=("shop.example",))
    catalog = site.service("catalog")
    assert catalog is not None
    assert catalog.routes == (
        Route(
            path="/catalog",
            host="shop.example",
            mount="keep",
            only=("/products",),
            except_=("/internal",),
            stream=True,
            max_body=1000,
            timeout=2.0,
            csrf=False,
        ),
    )
    assert catalog.address == Address(port=5000, host="own", names=("catalog",))
    assert catalog.databases == {"main": "postgresql"}
    assert catalog.tasks == {"migrate": "flask db upgrade"}
    assert catalog.processes == {"worker": "celery worker"}
    assert (catalog.workers, catalog.threads, catalog.drain) == (2, 8, 5.0)
    assert (catalog.server, catalog.reload) == ("threaded", "replace")
    assert (catalog.isolated, catalog.fast, catalog.owner) == (True, False, "team-a")
    assert catalog.origin == tmp_path / "services/catalog/service.toml"


def test_route_is_short_for_routes(tmp_path: Path):
    """`route` is one table of `[[routes]]`."""
    site = load(write(tmp_path, service("catalog", 'route = "/catalog"')))

    assert site.services[0].routes == (Route(path="/catalog"),)


def test_services_elsewhere(tmp_path: Path):
    """`[services.NAME]` adds a service, moves one, and lays keys over its own."""
    files = {
        **service("catalog", 'route = "/catalog"\nworkers = 1\ncalls = ["reviews"]'),
        **service("cart"),
        "../other/app.py": APP,
        "../moved/main.py": APP,
        "site.toml": """
        services.catalog.workers = 3
        services.catalog.route = "/products"
        services.reviews.path = "../other"
        services.cart.path = "../moved"
        """,
    }
    site = load(write(tmp_path / "shop", files))

    assert {s.name: s.folder for s in site.services} == {
        "cart": tmp_path / "moved",
        "catalog": tmp_path / "shop/services/catalog",
        "reviews": tmp_path / "other",
    }
    catalog = site.service("catalog")
    assert catalog is not None
    assert (catalog.workers, catalog.calls) == (3, ("reviews",))
    assert catalog.routes == (Route(path="/products"),)


def test_production_lays_over(tmp_path: Path):
    """`site.production.toml` counts in production, and only there."""
    files = {
        **service("catalog", 'app = "app.py"\n[environment]\nA = "1"\nB = "2"'),
        "site.toml": '[gateway]\nport = 8000\nbind = "127.0.0.1"',
        "site.production.toml": """
        gateway.bind = "0.0.0.0"
        services.catalog.environment.B = "3"
        services.catalog.command = "gunicorn catalog"
        """,
    }
    write(tmp_path, files)

    local, production = load(tmp_path), load(tmp_path, production=True)

    assert local.gateway == Gateway(port=8000, bind="127.0.0.1")
    assert production.gateway == Gateway(port=8000, bind="0.0.0.0")
    assert local.services[0].environment == {"A": "1", "B": "2"}
    assert production.services[0].environment == {"A": "1", "B": "3"}
    assert local.services[0].app == "app.py"
    assert production.services[0].app is None
    assert production.services[0].command == "gunicorn catalog"


def test_own_requirements(tmp_path: Path):
    """A service with requirements has them; a `pyproject.toml` for tools is none."""
    files = {
        **service("a"),
        **service("b"),
        **service("c"),
        "services/a/requirements.txt": "flask",
        "services/b/pyproject.toml": '[project]\nname = "b"',
        "services/c/pyproject.toml": "[tool.ruff]",
    }
    site = load(write(tmp_path, files))

    assert [s.requirements and s.requirements.name for s in site.services] == [
        "requirements.txt",
        "pyproject.toml",
        None,
    ]


def test_what_is_no_service(tmp_path: Path):
    """Folders without an application, hidden ones and files are passed over."""
    files = {
        **service("catalog"),
        "services/README.md": "",
        "services/assets/logo.svg": "",
        "services/.venv/app.py": "",
        "services/__pycache__/app.py": "",
    }
    assert [s.name for s in load(write(tmp_path, files)).services] == ["catalog"]


@pytest.mark.parametrize("files", [{}, {"services/x/README.md": ""}, {"app.py": APP}])
def test_no_site(tmp_path: Path, files: dict[str, str]):
    """A folder with neither `site.toml` nor a service is no site."""
    write(tmp_path, files)

    with pytest.raises(NotASite):
        load(tmp_path)
    with pytest.raises(NotASite):
        find_site(tmp_path)


@pytest.mark.parametrize(
    "start", [".", "services", "services/catalog", "services/catalog/catalog/static"]
)
@pytest.mark.parametrize("manifest", [True, False])
def test_find_site_from_within(tmp_path: Path, start: str, manifest: bool):
    """Any folder inside the site leads to it, also below a service's own `services`."""
    files = {
        **service("catalog"),
        "services/catalog/services/mail/app.py": APP,
        "services/catalog/catalog/static/logo.svg": "",
        **({"site.toml": ""} if manifest else {}),
    }
    write(tmp_path, files)

    assert find_site(tmp_path / start) == tmp_path
    assert find_site(tmp_path / "services/catalog/services/mail") == tmp_path


def test_a_site_inside_a_service(tmp_path: Path):
    """The nearest `site.toml` is the site's."""
    write(tmp_path, {**service("a"), "services/a/tests/site/site.toml": ""})

    assert find_site(tmp_path / "services/a/tests/site") == (
        tmp_path / "services/a/tests/site"
    )

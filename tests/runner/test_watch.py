"""Which services a save touches."""

from pathlib import Path

import pytest

from glassware.model import Service, Site
from glassware.plan import make_plan
from glassware.runner.watch import is_migration, reshapes, touched


@pytest.fixture
def plan(tmp_path):
    """A site of two services on disk."""
    services = []
    for name in ("cart", "shop"):
        folder = tmp_path / "services" / name
        folder.mkdir(parents=True)
        services.append(Service(name=name, folder=folder, app="app.py"))
    return make_plan(Site(folder=tmp_path, name="site", services=tuple(services)))


@pytest.mark.parametrize(
    ("path", "hit"),
    [
        ("services/cart/app.py", {"cart"}),
        ("services/cart/cart/views.py", {"cart"}),
        ("services/shop/service.toml", {"shop"}),
        ("services/shop/.env", {"shop"}),
        ("services/cart/templates/a.html", set()),
        ("services/cart/static/a.js", set()),
        ("services/cart/tests/test_cart.py", set()),
        ("services/cart/notes.txt", set()),
        ("README.md", set()),
    ],
)
def test_a_save_touches_the_service_it_lies_in(plan, path, hit):
    """Code and manifests do; templates, static files and tests do not."""
    assert touched(plan, {}, plan.folder / path) == hit


def test_a_shared_file_touches_whoever_imported_it(plan):
    """As the workers said when they were ready."""
    shared = "/lib/wording.py"

    hit = touched(plan, {"shop": frozenset({shared})}, Path(shared))

    assert hit == {"shop"}


@pytest.mark.parametrize(
    ("path", "is_new"),
    [
        ("site.toml", True),
        ("services/cart/service.toml", True),
        ("services/late/app.py", True),
        ("services/cart/app.py", False),
        ("README.md", False),
    ],
)
def test_what_may_change_the_set_of_services(plan, path, is_new):
    """A manifest, or a folder that came or went."""
    (plan.folder / "services/late").mkdir()

    assert reshapes(plan, plan.folder / path) is is_new


def test_migrations_are_known_by_their_folder():
    """So that a save there runs them."""
    assert is_migration(Path("services/cart/migrations/versions/0001.py"))
    assert not is_migration(Path("services/cart/app.py"))

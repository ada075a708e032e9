"""What the back office tells, with a real PostgreSQL."""

from typing import Any
from uuid import uuid4

import pytest

from glassware.testing import Services, SiteDatabases


@pytest.fixture
def client(service: Services, site_databases: SiteDatabases) -> Any:
    """Return a client of the project."""
    return service("backoffice").client


def test_what_is_shown_is_told(client: Any) -> None:
    """The newest first; a name that is hidden is told to be."""
    # Models exist only where the project is loaded.
    from desk.models import HiddenName, News  # noqa: PLC0415

    name = uuid4().hex[:8]
    News.objects.create(title=f"old {name}", shown=True)
    News.objects.create(title=f"secret {name}", shown=False)
    News.objects.create(title=f"new {name}", shown=True)
    HiddenName.objects.create(name=name)

    news = client.get("/news").text

    assert 0 < news.index(f"new {name}") < news.index(f"old {name}")
    assert "secret" not in news
    assert name in client.get("/hidden").json["hidden"]


def test_it_has_an_admin(client: Any) -> None:
    """Which asks who is there."""
    answer = client.get("/admin/login/")
    assert "Mothlight, back office" in answer.text

"""The layout's templates in every service."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Blueprint, Flask, render_template, render_template_string
from jinja2 import FileSystemLoader, TemplateNotFound, TemplateSyntaxError
from quart import Quart
from quart import render_template as quart_render_template

from glassware.service.settings import forget
from glassware.website.extension import take_in
from glassware.website.look.templates import site_environment
from sites_on_disk import write
from website.looks import application, joined, layout


PAGE = '{% extends "site/base.html" %}{% block content %}mine{% endblock %}'


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Path]:
    """A layout with a macro, a part and a page that uses both."""
    files = {
        "templates/macros.html": "{% macro price(n) %}{{ n }} EUR{% endmacro %}",
        "templates/part.html": "part",
        "templates/whole.html": '{% extends "site/base.html" %}{% block content %}'
        '{% from "site/macros.html" import price %}{{ price(3) }}'
        '{% include "site/part.html" %}{% endblock %}',
        "static/app.css": "a {}",
    }
    with layout(tmp_path / "layout", files) as folder:
        yield folder


def rendered(app: Flask, template: str) -> str:
    """Return a template of an application, rendered in a request."""
    with app.test_request_context():
        return render_template(template)


@pytest.mark.usefixtures("look")
def test_a_page_extends_the_site_s(tmp_path: Path) -> None:
    """`site/base.html` is there without a file of the service's own."""
    app = joined(application(tmp_path / "app", {"templates/page.html": PAGE}))

    assert rendered(app, "page.html") == "<title>shop</title>mine"


@pytest.mark.usefixtures("look")
def test_templates_of_the_layout_use_one_another(tmp_path: Path) -> None:
    """Inheritance, macros and includes work under the names that services use."""
    app = joined(application(tmp_path / "app"))

    assert rendered(app, "site/whole.html") == "<title>shop</title>3 EURpart"
    with app.test_request_context():
        text = '{% from "site/macros.html" import price %}{{ price(4) }}'
        assert render_template_string(text) == "4 EUR"


@pytest.mark.usefixtures("look")
def test_a_service_s_own_template_wins(tmp_path: Path) -> None:
    """What an application or a blueprint of it calls `site/…` comes first."""
    app = application(tmp_path / "app", {"templates/site/base.html": "own"})
    part = Blueprint("part", __name__, template_folder=str(tmp_path / "parts"))
    write(tmp_path / "parts", {"site/part.html": "own part"})
    app.register_blueprint(part)

    joined(app)

    assert rendered(app, "site/base.html") == "own"
    assert rendered(app, "site/part.html") == "own part"


def test_a_save_shows(look: Path, tmp_path: Path) -> None:
    """With Flask's own setting, as in development, a changed template is read anew."""
    app = application(tmp_path / "app")
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    joined(app)
    assert rendered(app, "site/part.html") == "part"

    (look / "templates/part.html").write_text("changed")
    os.utime(look / "templates/part.html", (1, 1))

    assert rendered(app, "site/part.html") == "changed"


def test_a_mistake_is_where_it_is(look: Path, tmp_path: Path) -> None:
    """An error names the file in the layout's folder, and the line."""
    app = joined(application(tmp_path / "app"))
    write(look, {"templates/wrong.html": "fine\n{% if %}"})

    with pytest.raises(TemplateSyntaxError) as caught:
        rendered(app, "site/wrong.html")

    assert caught.value.filename == str(look / "templates/wrong.html")
    assert caught.value.lineno == 2


@pytest.mark.usefixtures("look")
def test_nothing_outside_the_templates_is_one(tmp_path: Path) -> None:
    """No name leads out of the layout's templates."""
    app = joined(application(tmp_path / "app"))

    for name in ("site/../static/app.css", "site//etc/passwd", "base.html"):
        with pytest.raises(TemplateNotFound):
            rendered(app, name)


@pytest.mark.usefixtures("look")
def test_alone_a_service_serves_the_layout_s_files_itself(tmp_path: Path) -> None:
    """Under plain `flask run` links to them lead somewhere."""
    app = joined(application(tmp_path / "app"))

    with app.test_request_context():
        link = render_template_string(
            '{{ url_for("layout.static", filename="app.css") }}'
        )

    assert link.startswith("/site/static/app.css")
    assert app.test_client().get(link, buffered=True).text == "a {}"


def test_the_layout_can_be_said_from_where_the_service_runs(
    look: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a person says it by hand."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLASSWARE_LAYOUT", look.name)
    forget()
    app = joined(application(tmp_path / "app"))

    assert rendered(app, "site/part.html") == "part"
    got = app.test_client().get("/site/static/app.css", buffered=True)
    assert got.text == "a {}"


def test_without_a_layout_nothing_changes(tmp_path: Path) -> None:
    """An application of a site without one has its own loader and error pages."""
    app = application(tmp_path)
    before = app.jinja_env.loader

    joined(app)

    assert app.jinja_env.loader is before
    assert "layout" not in app.blueprints


@pytest.mark.usefixtures("look")
def test_quart_finds_them_too(tmp_path: Path) -> None:
    """Its templates are rendered as coroutines."""
    app = Quart("catalog", root_path=str(tmp_path))
    take_in(app)

    async def page() -> str:
        async with app.test_request_context("/"):
            return await quart_render_template("site/whole.html")

    assert asyncio.run(page()) == "<title>shop</title>3 EURpart"


@pytest.mark.usefixtures("look")
def test_any_environment_of_jinja(tmp_path: Path) -> None:
    """Django's backend makes one by a function that it is told."""
    write(tmp_path / "own", {"page.html": PAGE})

    made = site_environment(loader=FileSystemLoader(tmp_path / "own"), autoescape=True)

    assert made.get_template("page.html").render() == "<title>shop</title>mine"


DJANGO = """
import django
from django.conf import settings
from django.template.loader import render_to_string

OPTIONS = {"environment": "glassware.site_environment"}
BACKEND = "django.template.backends.jinja2.Jinja2"
settings.configure(
    TEMPLATES=[{"BACKEND": BACKEND, "DIRS": ["templates"], "OPTIONS": OPTIONS}]
)
django.setup()
print(render_to_string("page.html"))
"""


@pytest.mark.usefixtures("look")
def test_django_finds_them_by_one_line_of_its_settings(tmp_path: Path) -> None:
    """With its backend for Jinja."""
    write(tmp_path, {"templates/page.html": PAGE})

    done = subprocess.run(
        [sys.executable, "-c", DJANGO],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )

    assert done.stdout == "<title>shop</title>mine\n"

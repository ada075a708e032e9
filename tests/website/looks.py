"""A layout in a folder, and applications that have it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from glassware.environment import Settings, to_variables
from glassware.service.settings import forget
from glassware.website.extension import Website
from sites_on_disk import write


BASE = "<title>{% block title %}shop{% endblock %}</title>{% block content %}{% endblock %}"
ERROR = (
    '{% extends "site/base.html" %}{% block content %}'
    "{{ status }}|{{ title }}|{{ description }}|{{ service }}|{{ trace }}"
    "{% endblock %}"
)
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@contextmanager
def layout(
    folder: Path, files: Mapping[str, str] | None = None, **said: object
) -> Iterator[Path]:
    """Be a service of a site with a layout; return the layout's folder.

    Args:
        folder: Where the layout is to be.
        files: What is in it, besides a base template.
        said: More of the service's settings.
    """
    write(folder, {"templates/base.html": BASE, **(files or {})})
    known = {"service": "catalog", "layout": str(folder), **said}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in to_variables(Settings(**known)).items():
            patch.setenv(name, value)
        forget()
        yield folder
    forget()


def application(folder: Path, files: Mapping[str, str] | None = None) -> Flask:
    """Return an application with these files; `joined` makes it a service."""
    return Flask("catalog", root_path=str(write(folder, files or {})))


def joined(app: Flask) -> Flask:
    """Make an application a part of the website."""
    Website(app)
    return app

"""Links to the endpoints of neighbours, by Flask's own `url_for`."""

from typing import Any

from flask import Flask
from werkzeug.routing import Map
from werkzeug.routing import Rule as WerkzeugRule

from glassware.directory import Place, Rule

from . import here


def init_app(app: Flask) -> None:
    """Let `url_for` try the neighbours when an application has no such endpoint."""
    app.url_build_error_handlers.append(_neighbours_url)


def _neighbours_url(error: Exception, endpoint: str, values: dict[str, Any]) -> str:
    service, _, name = endpoint.partition(".")
    entry = here.directory().services.get(service)
    if entry is None or not name:
        raise error
    for rule in entry.rules:
        if rule.endpoint == name and rule.places:
            return _url(entry.places[rule.places[0]], rule, values)
    raise error


def _url(place: Place, rule: Rule, values: dict[str, Any]) -> str:
    given = {key: value for key, value in values.items() if not key.startswith("_")}
    map_ = Map([WerkzeugRule(rule.rule, endpoint=rule.endpoint)])
    before = "" if place.keeps else place.prefix
    return map_.bind("", before or "/").build(rule.endpoint, given)

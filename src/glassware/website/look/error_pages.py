"""The layout's pages for what went wrong, where a service has none of its own.

`site/404.html` is the page of that status, `site/error.html` that of any other. A
program that does not ask for HTML, and whoever makes a page of pieces, get Flask's
own short answer.
"""

from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from jinja2 import TemplateNotFound
from werkzeug.exceptions import HTTPException

from glassware.current import incoming
from glassware.service.incoming import trace_of
from glassware.service.settings import current
from glassware.website.visitor.login import SignInFirst, sign_in_page

from .templates import NAME, layout_folder


_HTML = "text/html"
_FIRST = 400
_OF_THE_BODY = frozenset({"content-type", "content-length"})


def init_app(app: Flask) -> None:
    """Let the layout's pages answer, unless the application handles all errors."""
    if current().layout and _handler_of(app, HTTPException) is None:
        app.register_error_handler(HTTPException, _answer)


def templates_of(status: int) -> tuple[str, str]:
    """Return the templates that may be the page of a status, the best one first."""
    return f"{NAME}/{status}.html", f"{NAME}/error.html"


def place_of(problem: BaseException | None) -> str:
    """Return the `FILE:LINE` of the layout at which a template failed, or nothing."""
    layout = layout_folder()
    if problem is None or layout is None:
        return ""
    place: tuple[Any, int]
    place = getattr(problem, "filename", None), getattr(problem, "lineno", 0)
    trace = problem.__traceback__
    while trace is not None:
        # Jinja makes frames of templates, with their own lines: the innermost counts,
        # as a page that extends the layout's fails in frames of both.
        file = trace.tb_frame.f_code.co_filename
        if not file.endswith(".py"):
            place = file, trace.tb_lineno
        trace = trace.tb_next
    file, line = place
    inside = isinstance(file, str) and Path(file).is_relative_to(layout)
    return f"{file}:{line}" if inside else ""


def _answer(error: HTTPException) -> Any:
    general = _handler_of(current_app, Exception)
    if general is not None:
        return current_app.ensure_sync(general)(error)
    status = error.code or 0
    if error.response is not None or status < _FIRST or not _wants_page():
        return error
    facts = _facts(error)
    try:
        page = render_template([*templates_of(status)], **facts)
    except Exception as problem:
        if not is_of_none(problem, status):
            current_app.logger.exception("the page of a %s cannot be made", status)
            facts["description"] = _told(problem) or facts["description"]
        return _plain(error, facts["description"])
    return Response(page, status, _headers(error))


def _facts(error: HTTPException) -> dict[str, Any]:
    """Return what the template of an error is told."""
    asked = incoming.get()
    return {
        "status": error.code,
        "title": error.name,
        "description": _told(getattr(error, "original_exception", None))
        or error.description
        or "",
        "sign_in": sign_in_page(request.referrer)
        if isinstance(error, SignInFirst)
        else "",
        "service": current().service,
        "trace": trace_of(asked).split("-")[1] if asked is not None else "",
    }


def _told(problem: BaseException | None) -> str:
    """Return, for its authors alone, where the layout fails and why."""
    place = place_of(problem) if current().development else ""
    return f"{place}: {problem}" if place else ""


def _plain(error: HTTPException, description: str) -> HTTPException:
    """Return the error as Flask itself answers it."""
    error.description = description
    return error


def _headers(error: HTTPException) -> list[tuple[str, str]]:
    """Return those of the error itself, such as `Allow` and `Retry-After`."""
    headers = error.get_headers(request.environ)
    kept = [each for each in headers if each[0].lower() not in _OF_THE_BODY]
    return [*kept, ("Content-Type", f"{_HTML}; charset=utf-8")]


def _wants_page() -> bool:
    asked = incoming.get()
    if asked is not None and asked.fragment:
        return False
    # Browsers name it; programs that would take anything get what is short.
    named = {kind.lower(): quality for kind, quality in request.accept_mimetypes}
    best = named.get(_HTML, 0)
    return best > 0 and best >= named.get("application/json", 0)


def is_of_none(problem: Exception, status: int) -> bool:
    """Whether the layout simply has no page of a status."""
    if not isinstance(problem, TemplateNotFound):
        return False
    return problem.name in templates_of(status)


def _handler_of(app: Flask, kind: type[Exception]) -> Any:
    """Return what an application has registered for all errors of a kind."""
    try:
        return app.error_handler_spec[None][None].get(kind)
    except (KeyError, TypeError, AttributeError):
        return None

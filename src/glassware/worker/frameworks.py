"""How each framework is told what to answer to errors that are another's fault.

See `uncaught`. A framework's own hooks are used, and an application that has
something there already keeps it.
"""

import importlib
import inspect
import sys
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from glassware import current
from glassware.errors import CallError

from .find import Application
from .lost import Missing, missing_database
from .refusals import RETRY_AFTER
from .uncaught import hear_of_exceptions, note, propagates, text_of


_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE


def answer_errors_of_others(application: Application) -> None:
    """Let a framework answer such errors, where the application does not yet.

    Args:
        application: As it was loaded; what stands around it is told by a signal.
    """
    hear_of_exceptions(note)
    if hasattr(application, "error_handler_spec"):
        _handle_in_flask(application)
    elif hasattr(application, "add_exception_handler"):
        _handle_in_starlette(application)
    if "django.core.handlers.base" in sys.modules:
        _page_in_django()


def _handle_in_flask(app: Any) -> None:
    awaited = inspect.iscoroutinefunction(app.handle_http_exception)
    framework = importlib.import_module("quart" if awaited else "flask")
    usual = framework.Quart if awaited else framework.Flask
    # One that decides by itself what becomes of uncaught errors goes on doing so.
    if type(app).handle_exception is usual.handle_exception:
        way = _missing_in_quart if awaited else _missing_in_flask
        app.handle_exception = way(app, app.handle_exception)
    own = app.error_handler_spec.get(None, {}).get(None, {})
    # A blueprint's handler comes before ours anyway.
    if any(base in own for base in CallError.__mro__):
        return
    handler = _call_in_quart(app) if awaited else _call_in_flask(app)
    # One that has answered requests while it was imported takes no more handlers.
    with suppress(AssertionError):
        app.register_error_handler(CallError, handler)


def _call_in_flask(app: Any) -> Any:
    def answer(error: CallError) -> Any:
        if propagates(app):
            raise error
        _tell_in_flask(app, error)
        response = app.make_response(app.handle_http_exception(_page_of(error)))
        return _asking_to_wait(response)

    return answer


def _missing_in_flask(app: Any, usual: Any) -> Any:
    def handle(error: Exception) -> Any:
        if propagates(app) or (missing := missing_database(error)) is None:
            return usual(error)
        _tell_in_flask(app, error)
        response = app.make_response(app.handle_http_exception(_page_of(missing)))
        return app.finalize_request(_asking_to_wait(response), from_error_handler=True)

    return handle


def _tell_in_flask(app: Any, error: Exception) -> None:
    signal: Any = importlib.import_module("flask").got_request_exception
    # What makes coroutines of receivers work; older versions do not know it.
    known = "_async_wrapper" in inspect.signature(signal.send).parameters
    more = {"_async_wrapper": app.ensure_sync} if known else {}
    signal.send(app, exception=error, **more)
    app.log_exception(sys.exc_info())


def _call_in_quart(app: Any) -> Any:
    quart: Any = importlib.import_module("quart")

    async def answer(error: CallError) -> Any:
        if propagates(app) or not quart.has_request_context():
            raise error
        await _tell_in_quart(app, error)
        page = await app.handle_http_exception(_page_of(error))
        return _asking_to_wait(await app.make_response(page))

    return answer


def _missing_in_quart(app: Any, usual: Any) -> Any:
    async def handle(error: Exception) -> Any:
        if propagates(app) or (missing := missing_database(error)) is None:
            return await usual(error)
        await _tell_in_quart(app, error)
        page = await app.handle_http_exception(_page_of(missing))
        response = _asking_to_wait(await app.make_response(page))
        return await app.finalize_request(response, from_error_handler=True)

    return handle


async def _tell_in_quart(app: Any, error: Exception) -> None:
    signal: Any = importlib.import_module("quart.signals").got_request_exception
    await signal.send_async(app, _sync_wrapper=app.ensure_async, exception=error)
    app.log_exception(sys.exc_info())


def _handle_in_starlette(app: Any) -> None:
    # It has no signal. Its own page of a 500 is sent outside of middleware, and the
    # application's, if it has one.
    if Exception in app.exception_handlers:
        return
    # One that has answered requests while it was imported takes no more.
    with suppress(RuntimeError):
        app.add_middleware(_Noting, sender=app)
    if HTTPStatus.INTERNAL_SERVER_ERROR not in app.exception_handlers:
        app.add_exception_handler(Exception, _page_in_starlette)


class _Noting:
    def __init__(self, app: Any, sender: Any) -> None:
        self._app = app
        self._sender = sender

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            note(self._sender, error)
            raise


async def _page_in_starlette(_: Any, __: Exception) -> Any:
    responses: Any = importlib.import_module("starlette.responses")
    found = _found()
    if isinstance(found, Missing):
        text = text_of(_UNAVAILABLE, found)
        return _asking_to_wait(responses.PlainTextResponse(text, _UNAVAILABLE))
    return responses.PlainTextResponse("Internal Server Error", 500)


def _page_in_django() -> None:
    urls: Any = importlib.import_module("django.conf.urls")
    urls.handler500 = _answer_in_django


def _answer_in_django(request: Any) -> Any:
    defaults: Any = importlib.import_module("django.views.defaults")
    template: Any = importlib.import_module("django.template")
    loader: Any = importlib.import_module("django.template.loader")
    found = _found()
    if isinstance(found, Missing):
        try:
            loader.get_template(defaults.ERROR_500_TEMPLATE_NAME)
        except (template.TemplateDoesNotExist, template.TemplateSyntaxError):
            http: Any = importlib.import_module("django.http")
            text = text_of(_UNAVAILABLE, found)
            page = http.HttpResponse(text, "text/plain", _UNAVAILABLE)
            return _asking_to_wait(page)
    return defaults.server_error(request)


def _found() -> Any:
    incoming = current.incoming.get()
    return None if incoming is None else incoming.uncaught


def _page_of(error: current.Uncaught) -> Any:
    exceptions: Any = importlib.import_module("werkzeug.exceptions")
    told = error.told if isinstance(error, Missing) else ""
    return exceptions.default_exceptions[error.status](told or None)


def _asking_to_wait(response: Any) -> Any:
    if response.status_code == _UNAVAILABLE:
        response.headers.setdefault(*RETRY_AFTER)
    return response

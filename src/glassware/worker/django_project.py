"""Django's addresses of files below a prefix, and the files in development."""

import importlib
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from .find import Application


_ADDRESSES = ("STATIC_URL", "MEDIA_URL")


def settle_addresses(mounts: tuple[str, ...]) -> None:
    """Put the prefix into the addresses of static and uploaded files.

    Django adds the prefix of the moment to `STATIC_URL` and `MEDIA_URL` when
    they are first asked for, and keeps that. Its URL patterns want them
    without, pages want them with: so this is called between the two.

    Args:
        mounts: The service's public prefixes, the principal one first.
    """
    settings = settings_of_project()
    if settings is None or not mounts:
        return
    urls: Any = importlib.import_module("django.urls")
    urls.set_script_prefix(mounts[0] + "/")
    for name in _ADDRESSES:
        # Only a copy: the value that the project wrote is behind it.
        vars(settings).pop(name, None)
        getattr(settings, name)


def with_static_files(application: Application) -> Application:
    """Return `application` as Django's `runserver` would serve it with `DEBUG` on.

    Projects count on it: they name static files, and no URL of theirs has them.
    """
    settings = settings_of_project()
    if (
        settings is None
        or not settings.DEBUG
        or "django.contrib.staticfiles" not in settings.INSTALLED_APPS
        or not settings.STATIC_URL
    ):
        return application
    handlers: Any = importlib.import_module("django.contrib.staticfiles.handlers")
    files = handlers.StaticFilesHandler(application)
    address = urlsplit(settings.STATIC_URL).path

    def served(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
        called = application
        if path.startswith(address):
            environ, called = {**environ, "SCRIPT_NAME": "", "PATH_INFO": path}, files
        answer: Iterable[bytes] = called(environ, start_response)
        return answer

    return served


def settings_of_project() -> Any:
    """Return Django's settings, or `None` where this process is no project."""
    if "django.core.handlers.base" not in sys.modules:
        return None
    settings: Any = importlib.import_module("django.conf").settings
    return settings if settings.configured else None

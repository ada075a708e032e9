"""The same for a Django project, whose settings are the process's.

What a project has written stays. Its CSRF cookie keeps its name where its path
tells it from others, because scripts of pages read it by that name.
"""

from collections.abc import Mapping
from typing import Any

from glassware.environment import Settings

from .config import older_keys


def settle_project(settings: Any, said: Settings, variables: Mapping[str, str]) -> None:
    """Let a project have cookies of its own.

    Args:
        settings: `django.conf.settings`.
        said: What the plan tells its service.
        variables: Those of its service.
    """
    older = older_keys(variables)
    if older and variables.get("SECRET_KEY") == settings.SECRET_KEY:
        _settle(settings, "SECRET_KEY_FALLBACKS", older)
    if not said.service:
        return
    _settle(settings, "SESSION_COOKIE_NAME", f"{said.service}_session")
    if said.cookie_path == "/" and not settings.CSRF_USE_SESSIONS:
        _settle(settings, "CSRF_COOKIE_NAME", f"{said.service}_csrftoken")
    for cookie in ("SESSION", "CSRF"):
        if said.cookie_path:
            _settle(settings, f"{cookie}_COOKIE_PATH", said.cookie_path)
        if said.url.startswith("https:"):
            _settle(settings, f"{cookie}_COOKIE_SECURE", value=True)


def _settle(settings: Any, name: str, value: object) -> None:
    if not settings.is_overridden(name):
        setattr(settings, name, value)

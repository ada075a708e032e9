"""Sessions of services that share one host name, whatever their framework is."""

import os
import sys
from typing import Any

from glassware.errors import AppNotLoaded
from glassware.service.settings import current
from glassware.website.sessions.config import fault_of_key, settle

from .django_project import settings_of_project


_WAY_OUT = (
    "leave it out, and the service gets one of its own in the variable `SECRET_KEY`; "
    "or take 32 random bytes"
)


def settle_sessions(application: Any) -> None:
    """Let an application have a session of its own, and a key that is a secret.

    Args:
        application: Any; one that is of no framework with sessions is left alone.

    Raises:
        AppNotLoaded: The site is for visitors, and the key is no secret.
    """
    said, config, project = current(), _config_of(application), settings_of_project()
    if config is not None:
        settle(config, said, os.environ)
    elif project is not None:
        # Loaded where it is needed, by few.
        from glassware.website.sessions.django import settle_project  # noqa: PLC0415

        settle_project(project, said, os.environ)
    fault = fault_of_key(_key_of(config, project))
    if fault and not said.development and said.service:
        raise AppNotLoaded(f"its `SECRET_KEY` {fault}", hint=_WAY_OUT)


def session_facts(application: Any) -> dict[str, str]:
    """Return what the supervisor is told of an application's session.

    Returns:
        `cookie` and `path`; `key`, where something is wrong with it. Empty: it has
        none that is known here.
    """
    config, project = _config_of(application), settings_of_project()
    facts: dict[str, str] = {}
    if config is not None:
        facts["cookie"] = str(config.get("SESSION_COOKIE_NAME"))
        root = config.get("APPLICATION_ROOT")
        facts["path"] = str(config.get("SESSION_COOKIE_PATH") or root or "/")
    elif project is not None:
        facts["cookie"] = project.SESSION_COOKIE_NAME
        facts["path"] = project.SESSION_COOKIE_PATH
    fault = fault_of_key(_key_of(config, project))
    return {**facts, "key": fault} if fault else facts


def _config_of(application: Any) -> Any:
    """Return the settings of Flask's application or Quart's; `None`: of another's."""
    if not {"flask", "quart"} & sys.modules.keys():
        return None
    config = getattr(application, "config", None)
    fits = isinstance(config, dict) and "SESSION_COOKIE_NAME" in config
    return config if fits else None


def _key_of(config: Any, project: Any) -> object:
    if config is not None:
        return config.get("SECRET_KEY")
    return getattr(project, "SECRET_KEY", None)

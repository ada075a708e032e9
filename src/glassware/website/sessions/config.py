"""The settings of a service's cookies, as Flask and Quart name them.

Every application of either calls its cookie `session`, sends it for `/` and, if its
author copied an example, signs it with a key that others have too: two of them on
one host would end each other's sessions. What an application has chosen stays.
"""

import json
from collections.abc import Mapping, MutableMapping
from typing import Any

from glassware.environment import Settings


USUAL_NAME = "session"

SHORTEST_KEY = 16
"""Bytes of a `SECRET_KEY`; fewer can be found out by trying."""

_SAMPLES = tuple(
    sample.lower().encode()
    for sample in (
        *("dev-", "dev_", "secret", "my-secret", "my_secret", "mysecret"),
        *(
            "super-secret",
            "super_secret",
            "supersecret",
            "change",
            "replace",
            "insecure",
        ),
        "django-insecure-",
        "you-will-never-guess",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        '_5#y2L"F4Q8z',
    )
)
"""How the keys of examples and templates begin."""


def settle(
    config: MutableMapping[str, Any], said: Settings, variables: Mapping[str, str]
) -> None:
    """Let an application have a session of its own.

    Args:
        config: The application's.
        said: What the plan tells its service.
        variables: Those of its service.
    """
    _settle_keys(config, variables)
    if not said.service:
        return
    if config.get("SESSION_COOKIE_NAME") == USUAL_NAME:
        config["SESSION_COOKIE_NAME"] = f"{said.service}_session"
    if chosen_path(config) is None and said.cookie_path:
        config["SESSION_COOKIE_PATH"] = said.cookie_path
    config["SESSION_COOKIE_SAMESITE"] = config.get("SESSION_COOKIE_SAMESITE") or "Lax"
    if said.url.startswith("https:"):
        config["SESSION_COOKIE_SECURE"] = True
    _settle_remembering(config, said)


def chosen_path(config: Mapping[str, Any]) -> str | None:
    """Return the path that an application chose itself; `None`: it did not."""
    if config.get("SESSION_COOKIE_PATH") is not None:
        return str(config["SESSION_COOKIE_PATH"])
    root = config.get("APPLICATION_ROOT")
    return None if root in {None, "", "/"} else str(root)


def fault_of_key(key: object) -> str:
    """Return what is wrong with a key that an application has; empty: nothing."""
    raw = key if isinstance(key, bytes) else str(key or "").encode()
    if not raw:
        return ""
    if raw.lower().startswith(_SAMPLES):
        return "begins like those of examples, which everybody knows"
    if len(raw) < SHORTEST_KEY:
        return f"has {len(raw)} bytes, and fewer than {SHORTEST_KEY} can be guessed"
    return ""


def _settle_keys(
    config: MutableMapping[str, Any], variables: Mapping[str, str]
) -> None:
    given = variables.get("SECRET_KEY")
    if given and config.get("SECRET_KEY") is None:
        config["SECRET_KEY"] = given
    if config.get("SECRET_KEY") == given and not config.get("SECRET_KEY_FALLBACKS"):
        config["SECRET_KEY_FALLBACKS"] = older_keys(variables) or None


def older_keys(variables: Mapping[str, str]) -> list[str]:
    """Return the keys that a service had before, which its cookies may have still."""
    try:
        older = json.loads(variables.get("SECRET_KEY_FALLBACKS", "[]"))
    except ValueError:
        return []
    return [str(key) for key in older] if isinstance(older, list) else []


def _settle_remembering(config: MutableMapping[str, Any], said: Settings) -> None:
    # Flask-Login's: it has no entry of these before somebody makes one.
    config.setdefault("REMEMBER_COOKIE_NAME", f"{said.service}_remember_token")
    config.setdefault("REMEMBER_COOKIE_SAMESITE", "Lax")
    config.setdefault("REMEMBER_COOKIE_SECURE", config["SESSION_COOKIE_SECURE"])
    if said.cookie_path:
        config.setdefault("REMEMBER_COOKIE_PATH", said.cookie_path)

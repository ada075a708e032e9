"""Sessions of services that share one host name."""

from typing import Any


def keep_to_prefix(application: Any, mounts: tuple[str, ...]) -> None:
    """Let the session cookie of a Flask application be for its prefix alone.

    Every Flask application calls its cookie `session` and sends it for `/`, so
    two of them on one host would end each other's sessions. One that chose a
    path, or that has several prefixes, keeps what it has.

    Args:
        application: Any; others than Flask's are left alone.
        mounts: The service's public prefixes.
    """
    config = getattr(application, "config", None)
    if len(mounts) != 1 or not mounts[0] or not isinstance(config, dict):
        return
    chosen = config.get("SESSION_COOKIE_PATH", "") or config.get("APPLICATION_ROOT")
    if chosen == "/":
        config["SESSION_COOKIE_PATH"] = mounts[0]

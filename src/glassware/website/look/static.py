"""Static files that are kept for ever, because their address changes with them.

A file of the layout has a part of its content's hash in its name, and one of a
service in its query: `url_for` writes both.
"""

import os
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.security import safe_join

from glassware.website.hooks import after_request

from .templates import LAYOUT, layout_folder


FOR_EVER = "public, max-age=31536000, immutable"

_LENGTH = 8
_HASHED = re.compile(rf"(.+)\.([0-9a-f]{{{_LENGTH}}})(\.[^./]+)?")
ENDPOINT = "static"
_VERSION = "v"
_SENT = frozenset({200, 206, 304})


def init_app(app: Flask) -> None:
    """Let the addresses of static files change with their content."""
    app.url_build_error_handlers.insert(0, _name_layout_file)
    app.url_defaults(_add_version)
    after_request(app, _keep)


def fingerprint(folder: str | Path | None, name: str) -> str:
    """Return what tells a file's content from any other; empty: there is none."""
    path = safe_join(os.fspath(folder), name) if folder else None
    if path is None:
        return ""
    try:
        found = os.stat(path)  # noqa: PTH116 - this stands in the way of requests
        return _read(path, found.st_mtime_ns, found.st_size, found.st_ino)
    except (OSError, ValueError):
        return ""


def hashed(folder: str | Path, name: str) -> str:
    """Return a file's name with its hash in it, or as it is if it is not there."""
    mark = fingerprint(folder, name)
    if not mark:
        return name
    path, dot, suffix = name.rpartition(".")
    if not dot or "/" in suffix or not path or path.endswith("/"):
        return f"{name}.{mark}"
    return f"{path}.{mark}.{suffix}"


def unhashed(name: str) -> tuple[str, str]:
    """Return the plain name in a hashed one, and the hash; empty: it has none."""
    match = _HASHED.fullmatch(name)
    return (match[1] + (match[3] or ""), match[2]) if match else (name, "")


@lru_cache(4096)
def _read(path: str, *_version: int) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()[:_LENGTH]


def _name_layout_file(error: Exception, endpoint: str, values: dict[str, Any]) -> str:
    """Name the file that is there now; whoever builds links comes after this."""
    folder, name = layout_folder(), values.get("filename")
    if endpoint == f"{LAYOUT}.{ENDPOINT}" and folder and isinstance(name, str):
        values["filename"] = hashed(folder / "static", name)
    raise error


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    name = values.get("filename")
    if isinstance(name, str) and _VERSION not in values:
        mark = fingerprint(_folder_of(endpoint), name)
        if mark:
            values[_VERSION] = mark


def _keep(response: Response) -> Response:
    """Let browsers keep what was asked for by its hash, if nobody has said more."""
    endpoint = request.endpoint
    if endpoint is None or not endpoint.endswith(ENDPOINT):
        return response
    asked, name = request.args.get(_VERSION), (request.view_args or {}).get("filename")
    usual = current_app.config.get("SEND_FILE_MAX_AGE_DEFAULT") is None
    if (
        asked
        and usual
        and response.cache_control.no_cache
        and response.status_code in _SENT
        and isinstance(name, str)
        and fingerprint(_folder_of(endpoint), name) == asked
    ):
        response.headers["Cache-Control"] = FOR_EVER
    return response


def _folder_of(endpoint: str) -> str | None:
    """Return the folder of Flask's own view of static files; `None`: it is another."""
    name, _, last = endpoint.rpartition(".")
    if last != ENDPOINT:
        return None
    owner = current_app.blueprints.get(name) if name else current_app
    return owner.static_folder if owner is not None else None

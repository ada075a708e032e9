"""Rules about what a service runs."""

import re
import shlex
from collections.abc import Iterator

from glassware.errors import Fault
from glassware.manifest.draft import Draft
from glassware.manifest.places import KeyPath
from glassware.model import Service


_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_FILE = re.compile(r"(?!/)[^:\n]+\.py")
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\(.*\))?", re.ASCII)
_FORMS = "write `module:name`, `module`, or a file in the folder such as `app.py`"


def one_program(draft: Draft) -> Iterator[Fault]:
    """A service runs an application or a command: one of them, and not both."""
    for service in draft.site.services:
        root = ("services", service.name)
        if draft.is_broken(*root, "app") or draft.is_broken(*root, "command"):
            continue
        if service.app is None and service.command is None:
            yield draft.fault(
                (*root, "app"),
                f"no application found in `{service.folder}`",
                'add `app.py`, or write `app = "module:name"` or `command = "…"` '
                "in its `service.toml`",
            )
        elif service.app is not None and service.command is not None:
            yield draft.fault(
                (*root, "command"), "is given together with `app`", "remove one"
            )


def app_form(draft: Draft) -> Iterator[Fault]:
    """An application is written so that the worker can find it."""
    for service in draft.site.services:
        path = ("services", service.name, "app")
        if service.app is None:
            continue
        module, colon, name = service.app.partition(":")
        if colon and not _NAME.fullmatch(name):
            yield draft.fault(path, f"`{name}` is no name in a module", _FORMS)
        elif module.endswith(".py"):
            if not _FILE.fullmatch(module) or not _is_file(service, module):
                yield draft.fault(
                    path, f"there is no file `{module}` in `{service.folder}`", _FORMS
                )
        elif not _MODULE.fullmatch(module):
            yield draft.fault(path, f"`{module}` is no module", _FORMS)


def commands(draft: Draft) -> Iterator[Fault]:
    """A command can be split into words."""
    for service in draft.site.services:
        root = ("services", service.name)
        found: dict[KeyPath, str] = {}
        if service.command is not None:
            found[(*root, "command")] = service.command
        for key, named in (("tasks", service.tasks), ("processes", service.processes)):
            found |= {(*root, key, name): text for name, text in named.items()}
        for path, text in found.items():
            try:
                words = shlex.split(text)
            except ValueError as error:
                yield draft.fault(path, f"cannot be split into words: {error}".lower())
            else:
                if not words:
                    yield draft.fault(path, "must not be empty")


def _is_file(service: Service, name: str) -> bool:
    try:
        return (service.folder / name).is_file()
    except OSError:
        return False


RULES = (one_program, app_form, commands)

"""`glassware doctor`."""

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from glassware.errors import GlasswareError
from glassware.gateway import check_envoy
from glassware.model import Site
from glassware.runner.network import refusal
from glassware.runner.state import State

from . import output
from .programs import Choice, choices_of
from .site import here, json_option


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing of this machine.

    Attributes:
        what: The thing.
        state: `ok`, `missing` (some sites do without) or `broken`.
        found: What is there.
        hint: How to get it.
    """

    what: str
    state: str
    found: str
    hint: str | None = None


@click.command(epilog="Example: glassware doctor --json")
@json_option
def command(as_json: bool) -> None:
    """Say what is missing on this machine, and how to get it.

    Exit code 1 where no site at all can run.
    """
    found = list(_diagnose())
    if as_json:
        output.show_json(
            [
                {"what": d.what, "state": d.state, "found": d.found, "hint": d.hint}
                for d in found
            ]
        )
    else:
        output.show_table(
            ["WHAT", "STATE", "FOUND", "HINT"],
            [[d.what, d.state, d.found, d.hint or ""] for d in found],
        )
    sys.exit(1 if any(d.state == "broken" for d in found) else 0)


def _diagnose() -> Iterator[Diagnosis]:
    yield _system()
    yield _python()
    yield _attempt("Envoy", check_envoy)
    yield _attempt("runtime folder", lambda: str(State(Path.cwd()).runtime.parent))
    yield _package("granian", broken=True)
    yield _package("pycurl", broken=True)
    yield from map(_server, choices_of(_site()))
    yield _networks()
    yield _program("setpriv", "util-linux; ties programs to the supervisor")
    yield _program("chromium", "only for the browser tests of a checkout")


def _server(of_engine: tuple[str, Choice]) -> Diagnosis:
    name, choice = of_engine
    state = "ok" if choice.source else "missing"
    return Diagnosis(what=name, state=state, found=str(choice), hint=choice.hint)


def _site() -> Site | None:
    """Return the site of the working folder, if there is a sound one."""
    try:
        return here().load()
    except GlasswareError:
        return None


def _system() -> Diagnosis:
    found = f"{platform.system()} {platform.release()} {platform.machine()}"
    if platform.system() == "Linux":
        return Diagnosis(what="system", state="ok", found=found)
    return Diagnosis(
        what="system",
        state="missing",
        found=found,
        hint="Linux is what is tested; macOS should work, each worker isolated",
    )


def _python() -> Diagnosis:
    found = platform.python_version()
    return Diagnosis(what="Python", state="ok", found=found)


def _networks() -> Diagnosis:
    refused = refusal()
    return Diagnosis(
        what="network namespaces",
        state="ok" if refused is None else "missing",
        found=refused or "",
        hint=refused and "only for programs that insist on `0.0.0.0`",
    )


def _attempt(what: str, look: Callable[[], str], state: str = "broken") -> Diagnosis:
    try:
        return Diagnosis(what=what, state="ok", found=look())
    except GlasswareError as error:
        return Diagnosis(what=what, state=state, found=error.message, hint=error.hint)


def _package(name: str, *, broken: bool) -> Diagnosis:
    try:
        return Diagnosis(what=name, state="ok", found=version(name))
    except PackageNotFoundError:
        state = "broken" if broken else "missing"
        return Diagnosis(what=name, state=state, found="", hint=f"pip install {name}")


def _program(name: str, purpose: str) -> Diagnosis:
    path = shutil.which(name)
    if path is None:
        return Diagnosis(what=name, state="missing", found="", hint=purpose)
    return Diagnosis(what=name, state="ok", found=path)

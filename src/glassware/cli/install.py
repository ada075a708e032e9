"""`glassware install`."""

import os
import shutil
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

import click

from glassware.errors import GlasswareError
from glassware.model import Service
from glassware.plan import Plan, ServicePlan, make_plan

from .site import complete, here, known


WITH_IT = ("flask", "pycurl", "pyjwt[crypto]", "werkzeug")
"""What the worker and the service wing need inside a service's environment."""

OLDEST = (3, 11)
"""The oldest Python that the worker runs on."""


@click.command(epilog="Example: glassware install reports --python python3.13")
@click.argument("services", nargs=-1, shell_complete=complete)
@click.option("--python", help="The interpreter to make the environments with.")
def command(services: tuple[str, ...], python: str | None) -> None:
    """Make the environments of services that have requirements of their own.

    A service with a `requirements.txt` or a `pyproject.toml` gets an
    environment in the site's state folder. All other services use the one
    that glassware runs in.
    """
    site = here()
    described = site.load()
    chosen = known(services, described)
    plan = make_plan(described)
    own = [s for s in _own(plan) if not chosen or s.name in chosen]
    for service in own:
        _install(service, python or sys.executable)
    if not own:
        click.echo("no service has requirements of its own", err=True)


def offer_environments(plan: Plan) -> None:
    """Ask whether to make the environments that a plan needs and that are not there.

    Where nobody can answer, the service itself says what it lacks.
    """
    missing = [s for s in _own(plan) if s.interpreter and not s.interpreter.exists()]
    if not missing or not sys.stdin.isatty():
        return
    names = ", ".join(service.name for service in missing)
    if click.confirm(f"Install the requirements of {names} now?", default=True):
        for service in missing:
            _install(service, sys.executable)


def _own(plan: Plan) -> list[ServicePlan]:
    return [s for s in plan.services if s.interpreter and s.process is None]


def _install(service: ServicePlan, python: str) -> None:
    if service.interpreter is not None:
        click.echo(f"{service.name}: {service.interpreter.parent.parent}", err=True)
        _make(service.interpreter, python)
        _fill(service.interpreter, service.service)


def _make(interpreter: Path, python: str) -> None:
    if interpreter.exists():
        return
    folder = interpreter.parent.parent
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    uv = _uv()
    if uv:
        _do([uv, "venv", "--quiet", "--python", python, str(folder)])
    elif python == sys.executable:
        venv.create(folder, with_pip=True)
    else:
        _do([python, "-m", "venv", str(folder)])


def _fill(interpreter: Path, service: Service) -> None:
    """Install a service's requirements, and the worker beside them.

    Raises:
        GlasswareError: They contradict each other, or cannot be had.
    """
    wanted = (
        ["-r", str(service.requirements)]
        if service.requirements and service.requirements.suffix == ".txt"
        else [str(service.folder)]
    )
    uv = _uv()
    install = (
        [uv, "pip", "install", "--quiet", "--python", str(interpreter)]
        if uv
        else [str(interpreter), "-m", "pip", "install", "--quiet"]
    )
    try:
        _do([*install, *wanted])
    except GlasswareError as error:
        raise GlasswareError(
            f"the requirements of `{service.name}` cannot be installed: {error}",
            hint=f"mend `{service.requirements}`",
        ) from error
    try:
        _check_version(interpreter)
        # All at once: the worker must not change what the service asks for.
        _do([*install, *wanted, f"granian=={version('granian')}", *WITH_IT])
    except GlasswareError as error:
        raise GlasswareError(
            f"the environment of `{service.name}` cannot hold the worker: {error}",
            hint="run it with an environment that you make: write a `command` into "
            'its service.toml, such as `command = ".venv/bin/gunicorn app:app '
            '--bind $HOST:$PORT"`',
        ) from error


def _check_version(interpreter: Path) -> None:
    asked = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run(
        [interpreter, "-c", asked], check=True, capture_output=True, text=True
    )
    found = tuple(map(int, done.stdout.split()))
    if found < OLDEST:
        raise GlasswareError(
            f"it has Python {found[0]}.{found[1]}, the worker needs "
            f"{OLDEST[0]}.{OLDEST[1]} or newer"
        )


def _do(argv: list[str]) -> None:
    done = subprocess.run(argv, check=False, env=os.environ)
    if done.returncode != 0:
        raise GlasswareError(f"`{' '.join(argv)}` failed")


def _uv() -> str | None:
    return shutil.which("uv")

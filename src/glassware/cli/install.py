"""`glassware install`."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import click

from glassware.engines.packages import is_there
from glassware.errors import GlasswareError, UsageError
from glassware.model import Service
from glassware.plan import Plan, ServicePlan, make_plan

from . import output
from .fetching import agreed, can_answer, fetch_all, yes_option
from .programs import Missing, missing, package_of
from .site import complete, here, known


WITH_IT = ("flask", "pycurl", "pyjwt[crypto]", "werkzeug")
"""What the worker and the service wing need inside a service's environment."""

OLDEST = (3, 11)
"""The oldest Python that the worker runs on."""


@click.command(epilog="Example: glassware install reports --python python3.13")
@click.argument("services", nargs=-1, shell_complete=complete)
@click.option(
    "--engine",
    "engines",
    multiple=True,
    help="Fetch the server of this engine, also outside of a site; repeatable.",
)
@click.option("--python", help="The interpreter to make the environments with.")
@yes_option
def command(
    services: tuple[str, ...],
    engines: tuple[str, ...],
    python: str | None,
    yes: bool,
) -> None:
    """Fetch and install what the site, or SERVICES of it, need and do not have.

    Database servers that are too large for a package of Python are fetched once
    and kept for all sites. Somebody is asked first; `--yes` is for where nobody can
    answer.

    A service with a `requirements.txt` or a `pyproject.toml` gets an environment in
    the site's state folder. All other services use the one that glassware runs in.
    """
    if engines:
        if services:
            raise UsageError("`--engine` fetches a server, for no service")
        _fetch(tuple(map(package_of, engines)), None, yes=yes)
        return
    site = here()
    described = site.load()
    chosen = known(services, described)
    plan = make_plan(described)
    wanted = missing(plan, site.state.folder / "engines", chosen)
    _fetch(wanted, site.folder, yes=yes)
    own = [s for s in _own(plan) if not chosen or s.name in chosen]
    for service in own:
        _install(service, python or sys.executable)
    if not own and not wanted:
        click.echo("nothing is missing", err=True)


def _fetch(wanted: Sequence[Missing], site: Path | None, *, yes: bool) -> None:
    """Fetch packages if a person agrees.

    Raises:
        UsageError: Nobody can be asked.
        EngineError: One cannot be had.
    """
    for one in wanted:
        if is_there(one.package):
            click.echo(f"{one.package.title} is there", err=True)
    wanted = [one for one in wanted if not is_there(one.package)]
    if wanted and not (yes or can_answer()):
        titles = ", ".join(one.package.title for one in wanted)
        raise UsageError(
            f"nobody can be asked whether to fetch {titles}",
            hint="add `--yes`: glassware install --yes",
        )
    if agreed(wanted, yes=yes):
        errors = fetch_all(wanted, site)
        for error in errors[:-1]:
            output.show_error(error)
        if errors:
            raise errors[-1]


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

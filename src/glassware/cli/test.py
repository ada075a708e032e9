"""`glassware test`."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from glassware.errors import MissingExtra, UsageError
from glassware.graph import needed_by
from glassware.manifest import dotenv_variables
from glassware.plan import Plan, ServicePlan, make_plan
from glassware.runner.inspection import variables_for_tests
from glassware.runner.zygotes import reachable

from .fetching import offer_packages, yes_option
from .programs import Missing, missing
from .site import Here, complete, here, known


NO_TESTS = 5
"""What pytest exits with where it has found none."""

LEFT_OUT = frozenset({".glassware", ".venv", "node_modules", "venv"})

PROBE = """
import importlib.metadata, importlib.util
if importlib.util.find_spec("pytest") is not None:
    names = {each.metadata["Name"] for each in importlib.metadata.distributions()}
    print("pytest", "glassware" if "glassware" in names else "")
"""
"""Says what an interpreter has."""


class Words(click.Command):
    """A command that gives away what follows `--`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what follows `--` for somebody else."""
        end = args.index("--") if "--" in args else len(args)
        ctx.obj = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the pieces of the line that says how it is called."""
        return [*super().collect_usage_pieces(ctx), "[-- PYTEST_ARGUMENTS]"]


@click.command(
    cls=Words, epilog="Example: glassware test catalog -- -x     until one fails"
)
@click.argument("services", nargs=-1, shell_complete=complete)
@yes_option
@click.pass_obj
def command(arguments: tuple[str, ...], services: tuple[str, ...], yes: bool) -> None:
    """Run the tests of SERVICES, or of all: pytest for each, in its own Python.

    It runs in the folder and with the variables of the service, except those
    that only a running site has: the fixtures bring databases and neighbours.
    Exit code 1: a test failed.
    """
    site = here()
    described = site.load()
    chosen = known(services, described)
    plan = make_plan(described)
    tested = tuple(_tested(plan, chosen))
    offer_packages(_missing(site, tested), site.folder, yes=yes)
    failed = False
    for service in tested:
        folder = service.service.folder
        inherited = {**dotenv_variables(site.folder, folder), **os.environ}
        variables = variables_for_tests(plan, service, inherited)
        code = _run(service, variables, arguments)
        failed = failed or code not in {0, NO_TESTS}
    sys.exit(1 if failed else 0)


def _missing(site: Here, tested: tuple[ServicePlan, ...]) -> tuple[Missing, ...]:
    """Return what has to be fetched for services and for those that they call."""
    # No test has an existing server.
    apart = replace(site, apart=site.folder).load()
    needed = needed_by(apart, (service.name for service in tested))
    return missing(make_plan(apart), None, needed)


def _tested(plan: Plan, chosen: tuple[str, ...]) -> Iterator[ServicePlan]:
    applications = [s for s in plan.services if s.process is None]
    tested = [
        service
        for service in applications
        if (not chosen or service.name in chosen) and _has_tests(service.service.folder)
    ]
    if not tested:
        raise UsageError(
            "there are no tests",
            hint="pytest finds them in `services/NAME/tests/test_*.py`",
        )
    yield from tested


def _has_tests(folder: Path) -> bool:
    return any(
        LEFT_OUT.isdisjoint(file.relative_to(folder).parts)
        for pattern in ("test_*.py", "*_test.py")
        for file in folder.rglob(pattern)
    )


def _run(
    service: ServicePlan, variables: Mapping[str, str], arguments: tuple[str, ...]
) -> int:
    """Run pytest for one service and return its exit code.

    Raises:
        MissingExtra: It is not installed where glassware is.
        UsageError: It is not installed in the service's environment.
    """
    click.secho(service.name, bold=True, err=True)
    python = str(service.interpreter or sys.executable)
    environment = reachable(variables, service.interpreter)
    options: dict[str, Any] = {"cwd": service.service.folder, "env": environment}
    probe = subprocess.run(
        [python, "-c", PROBE], check=True, stdout=subprocess.PIPE, text=True, **options
    )
    found = probe.stdout.split()
    if "pytest" not in found:
        if service.interpreter is None:
            raise MissingExtra("testing", "`glassware test`")
        raise UsageError(
            f"`{service.name}` has an environment of its own, without pytest",
            hint=f"name `pytest` in `{service.service.requirements}`, then: "
            f"glassware install {service.name}",
        )
    # Where only the package is, nobody finds its entry point.
    own = [] if "glassware" in found else ["-p", "glassware.testing.plugin"]
    done = subprocess.run(
        [python, "-m", "pytest", *own, *arguments], check=False, **options
    )
    return done.returncode

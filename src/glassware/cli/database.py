"""`glassware database`."""

import os
from dataclasses import fields
from typing import Any, NoReturn

import click

from glassware import clients, engines
from glassware.engines import Access
from glassware.errors import SiteNotRunning, UsageError
from glassware.plan import DatabasePlan, make_plan

from . import output
from .console import converse
from .site import Here, here, json_option, known


@click.group(
    invoke_without_command=True, epilog="Example: glassware database shell cart.main"
)
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the databases of services, or open one."""
    if context.invoked_subcommand is not None:
        return
    found = _databases(here())
    if as_json:
        output.show_json(found)
        return
    titles = ["DATABASE", "ENGINE", "SOURCE", "VERSION", "STATE", "NOTE"]
    output.show_table(titles, map(_row, found))


@command.command(epilog="Example: glassware database shell cart.main")
@click.argument("database", metavar="SERVICE.NAME")
@click.option("--python", is_flag=True, help="Not the engine's own shell.")
def shell(database: str, python: bool) -> None:
    """Open a database: in its engine's own shell, or in Python as `db`.

    SERVICE alone is enough where it has one.
    """
    site = here()
    plan = _find(site, database)
    answer = site.ask("access", service=plan.service, name=plan.name)
    given = {f.name: answer[f.name] for f in fields(Access) if f.init}
    access = Access(**given)
    found = None if python else engines.find(plan.engine).shell(access)
    if found is not None:
        _become(found.argv, {**os.environ, **found.environment})
    client = clients.find(plan.engine)
    if client is None:
        raise UsageError(f"nothing here opens a database of `{plan.engine}`")
    opened = client.open_client(clients.plain_url(access.native_url), name="shell")
    try:
        converse(f"{plan.service}.{plan.name}", plan.engine, opened)
    finally:
        opened.close()


def _become(argv: tuple[str, ...], environment: dict[str, str]) -> NoReturn:
    try:
        os.execvpe(argv[0], list(argv), environment)
    except OSError as error:
        raise UsageError(
            f"`{argv[0]}` cannot be run: {error.strerror}",
            hint="`--python` opens the database without it",
        ) from error


def _find(site: Here, database: str) -> DatabasePlan:
    """Return the database that is meant.

    Raises:
        UsageError: There is none, or there are several.
    """
    service, _, name = database.partition(".")
    described = site.load()
    known((service,), described)
    there = make_plan(described).databases_of(service)
    names = [d.name for d in there]
    if not there:
        raise UsageError(f"`{service}` has no database")
    if name and name not in names:
        raise UsageError(
            output.unknown(f"database of `{service}`", name, names),
            hint=f"its databases: {', '.join(names)}",
        )
    if not name and len(there) > 1:
        raise UsageError(
            f"`{service}` has {len(there)} databases",
            hint=f"glassware database shell {service}.{names[0]}",
        )
    return next(d for d in there if d.name == (name or d.name))


def _databases(site: Here) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = site.ask("databases")["databases"]
    except SiteNotRunning:
        return [
            {"service": d.service, "name": d.name, "engine": d.engine}
            | {"source": "", "version": "", "state": "stopped", "reason": None}
            for d in make_plan(site.load()).databases
        ]
    return found


def _row(database: dict[str, Any]) -> list[str]:
    return [
        f"{database['service']}.{database['name']}",
        *(database[key] for key in ("engine", "source", "version", "state")),
        database["reason"] or "",
    ]

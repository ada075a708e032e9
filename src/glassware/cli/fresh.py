"""`--fresh`: databases begin empty, and nobody loses data without having said so."""

import click

from glassware.errors import UsageError
from glassware.plan import DatabasePlan, Plan
from glassware.runner.seeds import forget_data
from glassware.runner.state import State

from .fetching import can_answer


fresh_option = click.option(
    "--fresh",
    is_flag=True,
    help="Empty the databases of what runs; then migrations and seeds.",
)


def agree(plan: Plan, *, yes: bool) -> None:
    """Make sure that somebody wants the data of others' servers, or visitors', gone.

    Raises:
        UsageError: Nobody can be asked.
        click.Abort: Somebody said no.
    """
    precious = [d for d in plan.databases if _is_precious(plan, d)]
    if not precious or yes:
        return
    names = ", ".join(f"`{d.service}.{d.name}`" for d in precious)
    where = "in production" if plan.production else "on an existing server"
    if not can_answer():
        raise UsageError(
            f"`--fresh` would remove the data of {names}, {where}",
            hint="add `--yes` if that is meant",
        )
    click.confirm(f"Remove the data of {names}, {where}?", abort=True, err=True)


def empty(plan: Plan, state: State) -> None:
    """Remove the data of the site's own servers, if all of it is meant.

    Where only some services run, their databases are emptied one by one.
    """
    if {service.service.name for service in plan.services} == set(plan.known):
        forget_data(state.folder)


def _is_precious(plan: Plan, database: DatabasePlan) -> bool:
    server = next(s for s in plan.servers if s.key == database.server)
    # What is used as it is keeps its data in any case.
    return not server.as_it_is and (server.url is not None or plan.production)

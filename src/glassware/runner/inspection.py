"""What an application looks like from outside, without running the site."""

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from glassware import directory, engines
from glassware.engines import Access
from glassware.environment import database_variable
from glassware.errors import GlasswareError
from glassware.plan import Plan, ServicePlan, Unit
from glassware.template import references

from .jobs import job_of, job_of_group, shared_by
from .variables import Late, variables
from .words import is_there, words
from .workers import Order
from .zygotes import reachable


LOADS_WITHIN = 60.0
NOWHERE = ("127.0.0.1", 9)


def inspect(
    plan: Plan, service: ServicePlan, environment: Mapping[str, str]
) -> dict[str, Any]:
    """Load a service's application in a process of its own.

    Returns:
        What a worker says when it is ready: `endpoints`, `interface`,
        `modules`; or `event: failed` with a `reason` and a `traceback`.
    """
    order = _order(service, environment)
    return _inspect(job_of(order), service, environment)


def inspect_group(
    plan: Plan, group: Unit, inherited: Mapping[str, str]
) -> dict[str, Any]:
    """Load the applications of a group in one process.

    Returns:
        What a worker says when it is ready: `members`; or `event: failed`, with
        the member to blame as `service`.
    """
    orders = [
        _order(member, variables_at_rest(plan, member, inherited))
        for member in group.members
    ]
    job = job_of_group(group.name, orders)
    return _inspect(job, group.members[0], shared_by(orders))


def _order(service: ServicePlan, environment: Mapping[str, str]) -> Order:
    return Order(
        plan=service,
        generation=0,
        number=0,
        socket=Path("/dev/null"),
        environment=environment,
    )


def _inspect(
    job: dict[str, Any], service: ServicePlan, environment: Mapping[str, str]
) -> dict[str, Any]:
    try:
        result = subprocess.run(
            [
                str(service.interpreter or sys.executable),
                *("-P", "-m", "glassware.worker", "inspect"),
            ],
            input=json.dumps(job),
            env=reachable(environment, service.interpreter),
            cwd=service.service.folder,
            capture_output=True,
            text=True,
            timeout=LOADS_WITHIN,
            check=False,
        )
        said = result.stdout.splitlines()
        if not said:
            code, shown = result.returncode, result.stderr
            why = f"it ended with code {code} before it was loaded"
            return {"event": "failed", "reason": why, "traceback": shown}
        answer: dict[str, Any] = json.loads(said[-1])
    except (
        GlasswareError,
        OSError,
        subprocess.TimeoutExpired,
        ValueError,
    ) as error:
        return {"event": "failed", "reason": str(error), "traceback": ""}
    return answer


def inspect_all(plan: Plan, inherited: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Load every application of `plan`, two at a time; commands are left out."""
    python = [s for s in plan.services if s.launch in {"fork", "isolated"}]
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = pool.map(
            lambda s: inspect(plan, s, variables_at_rest(plan, s, inherited)), python
        )
        return dict(zip((s.name for s in python), found, strict=True))


def missing_program(
    plan: Plan, service: ServicePlan, inherited: Mapping[str, str]
) -> str | None:
    """Return the program that a command needs, if it is not there."""
    if not service.command:
        return None
    environment = variables_at_rest(plan, service, inherited)
    program = words(service.command, environment)[0]
    found = is_there(program, environment, service.service.folder)
    return None if found else program


def variables_at_rest(
    plan: Plan, service: ServicePlan, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return a service's environment with addresses at which nobody answers."""
    found = {
        d.name: engines.find(d.engine) for d in plan.databases_of(service.service.name)
    }
    late = Late(
        url="http://localhost:8000",
        directory=_last_directory(plan),
        neighbours={s.name: "unix:/nowhere" for s in plan.services},
        addresses={s.name: NOWHERE for s in plan.services},
        accesses={name: _closed(engine.name) for name, engine in found.items()},
        offered={engine.name: engine.variables for engine in found.values()},
        secrets=_Blank(),
        secret_key="at rest " * 4,
    )
    return variables(plan, service, late, inherited)


def variables_for_tests(
    plan: Plan, service: ServicePlan, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return a service's environment without what only a running site has.

    What `inherited` says of its databases and of neighbours' addresses stays.
    """
    declared = plan.databases_of(service.service.name)
    late = {name for d in declared for name in engines.find(d.engine).variables}
    late |= {
        name
        for name, template in service.environment.items()
        if any(reference.kind != "secret" for reference in references(template))
    }
    whole = variables_at_rest(plan, service, inherited)
    kept = {name: value for name, value in whole.items() if name not in late}
    kept |= {name: inherited[name] for name in late if name in inherited}
    # Whoever asks `glassware.databases` for one is told where it would be.
    return kept | {database_variable(d.name, "URL"): "" for d in declared}


def _last_directory(plan: Plan) -> str:
    """Return the file that the site has left when it ran last; empty: none."""
    file = plan.folder / ".glassware" / directory.FILE
    return str(file) if file.exists() else ""


def _closed(engine: str) -> Access:
    """Return the access to a database that is not there."""
    host, port = NOWHERE
    url = f"{engine}://at_rest:at_rest@{host}:{port}/0"
    return Access(
        url=url,
        native_url=url,
        host=host,
        port=port,
        user="at_rest",
        password="at_rest",  # noqa: S106 - opens nothing
        name="0",
    )


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "at-rest"

"""Jobs: what a worker is told, as `glassware.worker.job` describes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from glassware.environment import PRIVATE

from .workers import Order


_NEEDED = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "USER"})


def job_of(order: Order) -> dict[str, Any]:
    """Return the job of a worker that serves one service."""
    service = order.plan.service
    return {
        "service": service.name,
        "folder": str(service.folder),
        "app": service.app,
        "socket": str(order.socket),
        "address": None,
        "server": service.server,
        "threads": service.threads,
        "drain": service.drain,
        "mounts": list(order.plan.mounts),
        "environment": dict(order.environment),
        "debug": order.debugs,
        "development": order.development,
        "terminal": order.terminal,
    }


def job_of_group(name: str, orders: Sequence[Order]) -> dict[str, Any]:
    """Return the job of a worker that serves the members of a group."""
    shared = shared_by(orders)
    return {
        "group": name,
        "members": [
            {
                **job_of(order),
                "environment": {
                    variable: value
                    for variable, value in order.environment.items()
                    if variable not in shared
                },
            }
            for order in orders
        ],
        "environment": shared,
    }


def shared_by(orders: Sequence[Order]) -> dict[str, str]:
    """Return the variables on which all agree: those of the process itself."""
    first, *others = (order.environment for order in orders)
    return {
        variable: value
        for variable, value in first.items()
        if variable not in PRIVATE and all(o.get(variable) == value for o in others)
    }


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what an interpreter needs to start; the job carries the rest."""
    return {key: value for key, value in environment.items() if key in _NEEDED}

"""Databases that are not there, as an error that the application did not catch says.

Clients are asked only once there is such an error: a service without a database
loads none of it.
"""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from glassware import current
from glassware.environment import Settings, from_variables


@dataclass(frozen=True, slots=True)
class Missing:
    """A database that did not answer.

    Attributes:
        status: Of the answer to who needed it.
        line: The plain reason.
        told: What of it is told to whoever asked.
    """

    status: int
    line: str
    told: str


def missing_database(error: BaseException | None) -> Missing | None:
    """Return the database that `error` has missed; `None`: it says nothing of one.

    Whoever uses it from now on is told so at once, until it is back; its error is
    noted for the log.
    """
    if not isinstance(error, Exception):
        return None
    settings = settings_of(service_now())
    lost = _clients("lost").lost_database(error, settings)
    if lost is None:
        return None
    line = lost.line(settings.service)
    if f"  {line}" not in getattr(error, "__notes__", ()):
        error.add_note(f"  {line}")
        _clients("lost").tell(_clients("kept").kept, settings.service, lost)
    # Visitors are told nothing of what stands behind a page.
    return Missing(503, line, line if _is_inside(settings) else "")


def stuck_in(variables: Mapping[str, str]) -> Callable[[], bool] | None:
    """Return what tells whether views wait for a database that is not there.

    It does so at once, and is `None` for a service that has no database.

    Args:
        variables: Of the service.
    """
    if not from_variables(variables).databases:
        return None
    return lambda: bool(health_of(variables).is_lost())


def health_of(variables: Mapping[str, str]) -> Any:
    """Return the `clients.health.Health` of the service with these variables."""
    return _clients("health").health_of(from_variables(variables))


def service_now() -> str:
    """Return the service whose request is being answered."""
    incoming = current.incoming.get()
    return current.service.get() or ("" if incoming is None else incoming.service)


def settings_of(service: str) -> Settings:
    """Return what a service of this process was told."""
    member = current.members.get(service)
    return from_variables(os.environ if member is None else member.environment)


def _is_inside(settings: Settings) -> bool:
    incoming = current.incoming.get()
    return settings.development or (incoming is not None and incoming.caller != "")


def _clients(module: str) -> Any:
    return importlib.import_module(f"glassware.clients.{module}")

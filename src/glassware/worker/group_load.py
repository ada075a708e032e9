"""The members of a group, loaded in turn as if each had a process of its own."""

import os
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassware import current
from glassware.errors import AppNotLoaded

from .convention import conventional_app
from .development import for_development
from .find import Application
from .group_modules import Modules
from .health import with_health
from .job import Group, Job
from .load import Loaded, load, search
from .process import adapted, become, become_service, python_path, ready_facts


_WAY_OUT = "take it out of its group in `site.toml`"
_DJANGO = "DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedMember:
    """One service of a group.

    Attributes:
        job: What it is.
        application: As it is to be called.
        facts: What the supervisor is told about it.
        variables: Its own, as its code has left them.
    """

    job: Job
    application: Application
    facts: Mapping[str, Any]
    variables: Mapping[str, str]


class MemberFailed(Exception):
    """One service of a group cannot be loaded; the cause says why.

    Attributes:
        service: Its name.
    """

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.service = service


def load_members(group: Group) -> tuple[LoadedMember, ...]:
    """Load each member with its own variables, folder and modules.

    Afterwards the process has the variables that all of them have with one
    value, every folder on `sys.path`, and works in the folder that holds all.

    Raises:
        MemberFailed: One of them cannot be loaded, or not beside the others.
    """
    modules = Modules({job.service: _folders(job) for job in group.members})
    modules.install()
    base, paths = list(sys.path), list[str]()
    members: list[LoadedMember] = []
    for job in group.members:
        sys.path[:] = base
        with _as_member(job):
            members.append(_load(job, modules, members))
        paths[:0] = [entry for entry in sys.path if entry not in {*base, *paths}]
    sys.path[:] = [*paths, *base]
    sys.argv = [group.name]
    given = {name for job in group.members for name in job.environment}
    shared = common([member.variables for member in members], given)
    become(shared, Path(os.path.commonpath([job.folder for job in group.members])))
    return tuple(members)


def common(
    variables: Sequence[Mapping[str, str]], given: Container[str]
) -> dict[str, str]:
    """Return the variables of a process that is several services at once.

    Args:
        variables: Of each member, as its code has left them.
        given: Those that the site gives to members; what code has set by
            itself is kept unless others want something else.
    """
    names = {name for each in variables for name in each}
    kept = {}
    for name in names:
        values = [each[name] for each in variables if name in each]
        whole = len(values) == len(variables) or name not in given
        if whole and len(set(values)) == 1:
            kept[name] = values[0]
    return kept


@contextmanager
def _as_member(job: Job) -> Iterator[None]:
    token = current.service.set(job.service)
    try:
        become_service(job)
        yield
    except BaseException as error:
        raise MemberFailed(job.service) from error
    finally:
        current.service.reset(token)


def _load(job: Job, modules: Modules, before: Sequence[LoadedMember]) -> LoadedMember:
    app = job.app or conventional_app(job.folder, job.service)
    place = app.partition(":")[0]
    entry = job.folder / place if place.endswith(".py") else None
    search(python_path(job))
    with modules.loading(job.service, entry):
        loaded = adapted(load(job.folder, app, job.service), job)
    facts = ready_facts(job, loaded)
    _check_server(loaded, facts)
    _check_django(before)
    seen = {file for member in before for file in member.facts["modules"]}
    own = [file for file in facts["modules"] if file not in seen]
    return LoadedMember(
        job=job,
        application=with_health(for_development(job, loaded), job, loaded),
        facts={"service": job.service, **facts, "modules": own},
        variables=dict(os.environ),
    )


def _check_server(loaded: Loaded, facts: Mapping[str, Any]) -> None:
    if loaded.interface == "asgi":
        raise AppNotLoaded(
            "it is an ASGI application, and only WSGI applications share a process",
            hint=_WAY_OUT,
        )
    if facts["server"] != "granian":
        raise AppNotLoaded(
            "it needs the threaded server, which no two services can share",
            hint=_WAY_OUT,
        )


def _check_django(before: Sequence[LoadedMember]) -> None:
    if _DJANGO not in os.environ:
        return
    for member in before:
        if _DJANGO in member.variables:
            raise AppNotLoaded(
                f"it is a Django project, `{member.job.service}` is one too, and "
                "Django keeps the settings of one in a process",
                hint=_WAY_OUT,
            )


def _folders(job: Job) -> list[str]:
    return [str(f) for f in (job.folder, job.folder / "src", *python_path(job))]

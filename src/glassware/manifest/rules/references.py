"""Rules about what variables refer to."""

from collections.abc import Iterator

from glassware.errors import Fault, ManifestError
from glassware.manifest.draft import Draft
from glassware.manifest.places import KeyPath
from glassware.manifest.secret import find_secret, no_secret
from glassware.manifest.wording import listed, nearest
from glassware.model import Service
from glassware.template import (
    DATABASE_FIELDS,
    SERVICE_FIELDS,
    Reference,
    lookalikes,
    parse,
    references,
)

from .names import no_service


_FORMS = (
    "write `{services.NAME.url}`, `{databases.NAME.url}` or `{secret.NAME}`, "
    "or another field than `url`"
)


def variable_references(draft: Draft) -> Iterator[Fault]:
    """Whatever a variable refers to exists."""
    for service in draft.site.services:
        for name, text in service.environment.items():
            path = ("services", service.name, "environment", name)
            for part in lookalikes(text):
                yield draft.fault(path, f"`{part}` is no reference", _FORMS)
            for reference in references(parse(text)):
                yield from _faults(draft, service, reference, path)


def _faults(
    draft: Draft, service: Service, reference: Reference, path: KeyPath
) -> Iterator[Fault]:
    match reference.kind:
        case "services":
            if reference.name not in draft.folders:
                what, hint = no_service(draft, reference.name)
                yield draft.fault(path, f"`{reference}`: {what}", hint)
            elif not _may_call(draft, service, reference.name):
                yield draft.fault(
                    path,
                    f"`{reference}`: `{reference.name}` is not among the `calls` of "
                    f"`{service.name}`",
                    f'add "{reference.name}" to `calls`',
                )
            yield from _field(draft, reference, SERVICE_FIELDS, path)
        case "databases":
            root = ("services", service.name, "databases")
            known = service.databases
            if reference.name not in known and not draft.is_broken(*root):
                yield draft.fault(
                    path,
                    f"`{reference}`: `{service.name}` declares no such database",
                    nearest(reference.name, known)
                    or f'write `{reference.name} = "ENGINE"` below `[databases]`',
                )
            yield from _field(draft, reference, DATABASE_FIELDS, path)
        case _:
            yield from _secret(draft, reference.name, path)


def _may_call(draft: Draft, service: Service, name: str) -> bool:
    """Whether an address is of use to a service: only then is it answered there."""
    known = name == service.name or name in service.calls
    return known or draft.is_broken("services", service.name, "calls")


def _secret(draft: Draft, name: str, path: KeyPath) -> Iterator[Fault]:
    if draft.environment is None:
        return
    try:
        found = find_secret(name, draft.folder, draft.environment)
    except ManifestError as error:
        yield from error.faults
    else:
        if found is None:
            yield draft.fault(path, *no_secret(name))


def _field(
    draft: Draft, reference: Reference, fields: tuple[str, ...], path: KeyPath
) -> Iterator[Fault]:
    if reference.field not in fields:
        yield draft.fault(
            path,
            f"`{reference}`: there is no field `{reference.field}`",
            nearest(reference.field, fields) or f"there are {listed(fields)}",
        )


RULES = (variable_references,)

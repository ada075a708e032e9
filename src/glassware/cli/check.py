"""`glassware check`."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from glassware.errors import Fault, ManifestError
from glassware.graph import undeclared_calls
from glassware.manifest import remarks
from glassware.model import Site
from glassware.plan import Plan, Unit, make_plan
from glassware.runner.dead_links import dead_links, directory_at_rest
from glassware.runner.inspection import inspect_all, inspect_group, missing_program
from glassware.runner.session_remarks import session_remarks
from glassware.runner.signing_in import place_of_sign_in, sign_in_trouble

from . import output
from .site import here, json_option


Said = Mapping[str, dict[str, Any]]
"""What each application reported, by name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about the site that somebody should know.

    Attributes:
        service: The service.
        what: What it is, and where.
        detail: A traceback; may be empty.
        hint: The way out.
        fault: Whether it is wrong; else it is a remark.
    """

    service: str
    what: str
    detail: str = ""
    hint: str | None = None
    fault: bool = True


@click.command(epilog="Example: glassware check --json")
@json_option
def command(as_json: bool) -> None:
    """Look for faults: manifests, applications that cannot be imported, calls, links.

    Services that share a process get remarks on what cannot be kept apart there.

    Exit code 0: no fault; 2: manifests; 5: something else.
    """
    site = here()
    try:
        described = site.load()
    except ManifestError as error:
        if not as_json:
            raise
        output.show_json([_of_manifest(fault) for fault in error.faults])
        sys.exit(error.exit_code)
    plan = make_plan(described)
    said = inspect_all(plan, os.environ)
    findings = [
        *_applications(plan, said),
        *_calls(described),
        *_links(described, plan, said),
        *_sign_in(described, plan, said),
        *_sessions(plan, said),
        *_remarks(described),
    ]
    if as_json:
        output.show_json([vars_of(finding) for finding in findings])
    else:
        _show(findings, plan)
    sys.exit(5 if any(finding.fault for finding in findings) else 0)


def vars_of(finding: Finding) -> dict[str, Any]:
    """Return a finding as a script reads it."""
    return {
        "service": finding.service,
        "what": finding.what,
        "detail": finding.detail,
        "hint": finding.hint,
        "fault": finding.fault,
    }


def _of_manifest(fault: Fault) -> dict[str, Any]:
    place = {"file": str(fault.file), "line": fault.line, "field": fault.field}
    said = {"service": "", "what": fault.what, "hint": fault.hint, "fault": True}
    return said | place


def _applications(plan: Plan, found: Said) -> Iterator[Finding]:
    for service in plan.services:
        program = missing_program(plan, service, os.environ)
        if program is not None:
            yield Finding(service.name, f"`{program}` is not installed")
    for name, said in found.items():
        if said["event"] == "failed":
            yield Finding(name, said["reason"], said.get("traceback", ""))
    for unit in plan.units:
        if unit.group and all(found[n]["event"] == "ready" for n in unit.names):
            yield from _together(unit, inspect_group(plan, unit, os.environ))


def _together(group: Unit, said: dict[str, Any]) -> Iterator[Finding]:
    """Yield why services that run alone do not run in one process."""
    if said["event"] == "failed":
        where = f"in the group `{group.name}`: {said['reason']}"
        service = said.get("service", group.name)
        yield Finding(service, where, said.get("traceback", ""))


def _calls(site: Site) -> Iterator[Finding]:
    for call in undeclared_calls(site):
        yield Finding(
            call.caller,
            f"{call.file}:{call.line}: calls `{call.callee}`, which is not declared",
            hint=f'add "{call.callee}" to `calls` in its service.toml',
        )


def _sign_in(site: Site, plan: Plan, said: Said) -> Iterator[Finding]:
    trouble = sign_in_trouble(plan, said)
    if trouble is not None:
        where = place_of_sign_in(site.folder)
        name = (plan.visitors.sign_in or "").partition(".")[0]
        yield Finding(name, f"{where}: {trouble.message}", hint=trouble.hint)


def _links(site: Site, plan: Plan, said: Said) -> Iterator[Finding]:
    directory = directory_at_rest(plan, said)
    unknown = {name for name, each in said.items() if each["event"] == "failed"}
    for dead in dead_links(site.services, directory, frozenset(unknown)):
        where = f"{dead.file}:{dead.line}"
        yield Finding(dead.service, f"{where}: {dead.what}", hint=dead.hint)


def _sessions(plan: Plan, said: Said) -> Iterator[Finding]:
    for remark in session_remarks(plan, said):
        yield Finding(remark.service, remark.what, hint=remark.hint, fault=False)


def _remarks(site: Site) -> Iterator[Finding]:
    for remark in remarks(site):
        yield Finding(
            remark.service,
            f"{remark.file}:{remark.line}: {remark.what}",
            hint=remark.hint,
            fault=False,
        )


def _show(findings: list[Finding], plan: Plan) -> None:
    console = output.err()
    for finding in sorted(findings, key=lambda finding: not finding.fault):
        colour = "red" if finding.fault else "yellow"
        console.print(f"[{colour}]{finding.service}[/]:", end=" ")
        console.print(finding.what, markup=False)
        if finding.detail:
            console.print(finding.detail, style="dim", markup=False)
        if finding.hint:
            console.print(f"  hint: {finding.hint}", style="dim", markup=False)
    if not any(finding.fault for finding in findings):
        console.print(_summary(plan, len(findings)), style="green")


def _summary(plan: Plan, remarks: int) -> str:
    groups = sum(unit.group for unit in plan.units)
    parts = [f"{len(plan.services)} services"]
    if groups:
        parts.append("1 group" if groups == 1 else f"{groups} groups")
    if remarks:
        parts.append("1 remark" if remarks == 1 else f"{remarks} remarks")
    return ", ".join([*parts, "no fault"])

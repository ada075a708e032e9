"""`glassware check`."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from glassware.errors import Fault, ManifestError
from glassware.graph import undeclared_calls
from glassware.plan import Plan, make_plan
from glassware.runner.inspection import inspect_all, missing_program

from . import output
from .site import Here, here, json_option


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the site."""

    service: str
    what: str
    detail: str = ""
    hint: str | None = None


@click.command(epilog="Example: glassware check --json")
@json_option
def command(as_json: bool) -> None:
    """Look for faults: manifests, applications that cannot be imported, calls.

    Exit code 0: nothing found; 2: manifests; 5: something else.
    """
    site = here()
    try:
        plan = make_plan(site.load())
    except ManifestError as error:
        if not as_json:
            raise
        output.show_json([_of_manifest(fault) for fault in error.faults])
        sys.exit(error.exit_code)
    findings = [*_applications(plan), *_calls(site)]
    if as_json:
        output.show_json([vars_of(finding) for finding in findings])
    else:
        _show(findings, len(plan.services))
    sys.exit(5 if findings else 0)


def vars_of(finding: Finding) -> dict[str, Any]:
    """Return a finding as a script reads it."""
    return {
        "service": finding.service,
        "what": finding.what,
        "detail": finding.detail,
        "hint": finding.hint,
    }


def _of_manifest(fault: Fault) -> dict[str, Any]:
    place = {"file": str(fault.file), "line": fault.line, "field": fault.field}
    return {"service": "", "what": fault.what, "hint": fault.hint, **place}


def _applications(plan: Plan) -> Iterator[Finding]:
    for service in plan.services:
        program = missing_program(plan, service, os.environ)
        if program is not None:
            yield Finding(service.name, f"`{program}` is not installed")
    for name, said in inspect_all(plan, os.environ).items():
        if said["event"] == "failed":
            yield Finding(name, said["reason"], said.get("traceback", ""))


def _calls(site: Here) -> Iterator[Finding]:
    for call in undeclared_calls(site.load()):
        yield Finding(
            call.caller,
            f"{call.file}:{call.line}: calls `{call.callee}`, which is not declared",
            hint=f'add "{call.callee}" to `calls` in its service.toml',
        )


def _show(findings: list[Finding], services: int) -> None:
    console = output.err()
    for finding in findings:
        console.print(f"[red]{finding.service}[/]:", end=" ")
        console.print(finding.what, markup=False)
        if finding.detail:
            console.print(finding.detail, style="dim", markup=False)
        if finding.hint:
            console.print(f"  hint: {finding.hint}", style="dim", markup=False)
    if not findings:
        console.print(f"{services} services, no fault", style="green")

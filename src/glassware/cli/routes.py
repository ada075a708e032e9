"""`glassware routes`."""

import os
from typing import Any

import click

from glassware.errors import SiteNotRunning
from glassware.plan import Plan, make_plan
from glassware.runner.inspection import inspect_all

from . import output
from .site import Here, complete, here, json_option, known


@click.command(epilog="Example: glassware routes catalog --json")
@click.argument("services", nargs=-1, shell_complete=complete)
@json_option
def command(services: tuple[str, ...], as_json: bool) -> None:
    """List every URL of SERVICES, or of all: where it leads and where it is written."""
    site = here()
    described = site.load()
    names = known(services, described) or tuple(s.name for s in described.services)
    plan = make_plan(described)
    endpoints = _endpoints(site, plan)
    rows = [
        _row(plan, name, endpoint)
        for name in names
        for endpoint in endpoints.get(name, ())
    ]
    if as_json:
        output.show_json(rows)
        return
    output.show_table(
        ["METHOD", "PUBLIC PATH", "SERVICE", "RULE", "ENDPOINT", "VIEW"],
        [
            [
                " ".join(row["methods"]),
                row["public"] or "-",
                row["service"],
                row["rule"],
                row["endpoint"],
                _place(row, site),
            ]
            for row in rows
        ],
    )


def _endpoints(site: Here, plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Ask the running site, and load the applications that it does not run."""
    try:
        states = site.ask("snapshot")["services"]
    except SiteNotRunning:
        states = []
    found = {s["name"]: s["endpoints"] for s in states if s["endpoints"]}
    missing = frozenset(s.name for s in plan.services) - found.keys()
    if missing:
        rest = make_plan(site.load(), only=missing)
        for name, said in inspect_all(rest, os.environ).items():
            found[name] = said.get("endpoints", [])
            if said["event"] == "failed":
                output.err().print(f"{name}: {said['reason']}", style="red")
    return found


def _row(plan: Plan, name: str, endpoint: dict[str, Any]) -> dict[str, Any]:
    return {
        "methods": list(endpoint["methods"]),
        "public": _public(plan, name, endpoint["rule"]),
        "service": name,
        "rule": endpoint["rule"],
        "endpoint": f"{name}.{endpoint['name']}",
        "file": endpoint["file"],
        "line": endpoint["line"],
    }


def _public(plan: Plan, name: str, rule: str) -> str | None:
    """Return the public address of a rule, if its service publishes it."""
    for public in plan.gateway.declared:
        route = public.route
        if public.service != name:
            continue
        if public.mount == "keep":
            if rule.startswith(route.path):
                return (route.host or "") + rule
            continue
        return (route.host or "") + route.path.rstrip("/") + rule
    return None


def _place(row: dict[str, Any], site: Here) -> str:
    if row["file"] is None:
        return ""
    return f"{os.path.relpath(row['file'], site.folder)}:{row['line']}"

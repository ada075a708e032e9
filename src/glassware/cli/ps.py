"""`glassware ps`."""

import time
from typing import Any

import click

from glassware.errors import SiteNotRunning
from glassware.plan import ServerPlan, make_plan

from . import output
from .programs import choice_for
from .site import Here, here, json_option


@click.command(epilog="Example: glassware ps --json")
@json_option
def command(as_json: bool) -> None:
    """List services and databases, also while the site does not run."""
    site = here()
    try:
        snapshot = site.ask("snapshot")
    except SiteNotRunning:
        snapshot = _at_rest(site)
    if as_json:
        output.show_json(snapshot)
        return
    rows = [*map(_service, snapshot["services"]), *map(_engine, snapshot["engines"])]
    titles = ["NAME", "GROUP", "STATE", "FOR", "PID", "RESTARTS", "NOTE"]
    if not any(service.get("group") for service in snapshot["services"]):
        titles, rows = _without_groups(titles), list(map(_without_groups, rows))
    output.show_table(titles, rows)
    if faults := snapshot.get("faults"):
        click.echo("\n" + "\n".join(f"injected: {line}" for line in faults), err=True)
    if snapshot["url"]:
        click.echo(f"\n{snapshot['url']}", err=True)


def _at_rest(site: Here) -> dict[str, Any]:
    described = site.load()
    plan = make_plan(described)
    return {
        "site": described.name,
        "url": "",
        "services": [
            {"name": s.name, "group": s.group, "phase": "stopped"}
            for s in plan.services
            if s.process is None
        ],
        "engines": [_engine_at_rest(site, server) for server in plan.servers],
    }


def _engine_at_rest(site: Here, server: ServerPlan) -> dict[str, Any]:
    choice = choice_for(server, site.state.folder / "engines" / server.key)
    return {
        "key": server.key,
        "engine": server.engine,
        "version": choice.version,
        "source": choice.source,
        "program": choice.program,
        "reason": choice.note or None,
        "ready": False,
        "pid": None,
        "phase": "stopped",
    }


def _service(state: dict[str, Any]) -> list[str]:
    waiting = ", ".join(state.get("waiting_for", ()))
    note = f"waits for {waiting}" if waiting else state.get("reason") or ""
    return [
        state["name"],
        state.get("group", ""),
        state["phase"],
        _age(state.get("since", 0.0)),
        ",".join(str(pid) for pid in state.get("pids", ())),
        str(state.get("restarts", 0) or ""),
        note,
    ]


def _engine(state: dict[str, Any]) -> list[str]:
    name = state["program"] or state["engine"]
    words = (name, state["version"], state["source"])
    return [
        state["key"],
        "",
        state["phase"],
        "",
        str(state["pid"] or ""),
        "",
        state["reason"] or " ".join(filter(None, words)),
    ]


def _without_groups(row: list[str]) -> list[str]:
    return [row[0], *row[2:]]


def _age(since: float) -> str:
    if not since:
        return ""
    seconds = int(time.time() - since)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"

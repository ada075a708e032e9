"""`glassware ps`."""

import time
from typing import Any

import click

from glassware.errors import SiteNotRunning

from . import output
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
    output.show_table(["NAME", "STATE", "FOR", "PID", "RESTARTS", "NOTE"], rows)
    if snapshot["url"]:
        click.echo(f"\n{snapshot['url']}", err=True)


def _at_rest(site: Here) -> dict[str, Any]:
    described = site.load()
    return {
        "site": described.name,
        "url": "",
        "services": [{"name": s.name, "phase": "stopped"} for s in described.services],
        "engines": [],
    }


def _service(state: dict[str, Any]) -> list[str]:
    waiting = ", ".join(state.get("waiting_for", ()))
    note = f"waits for {waiting}" if waiting else state.get("reason") or ""
    return [
        state["name"],
        state["phase"],
        _age(state.get("since", 0.0)),
        ",".join(str(pid) for pid in state.get("pids", ())),
        str(state.get("restarts", 0) or ""),
        note,
    ]


def _engine(state: dict[str, Any]) -> list[str]:
    return [
        state["key"],
        "ready" if state["ready"] else "starting",
        "",
        str(state["pid"] or ""),
        "",
        " ".join(filter(None, (state["engine"], state["version"], state["source"]))),
    ]


def _age(since: float) -> str:
    if not since:
        return ""
    seconds = int(time.time() - since)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"

"""What does not run because nobody has fetched its database: the rest is tested."""

from typing import Any


def unfetched(snapshot: dict[str, Any]) -> dict[str, str]:
    """Return what waits for a program that has to be fetched, each with the reason.

    Args:
        snapshot: As `ps --json` prints it.
    """
    found = {e["key"]: str(e["reason"]) for e in snapshot["engines"] if e["to_fetch"]}
    while more := {
        service["name"]: found[name]
        for service in snapshot["services"]
        for name in service["waiting_for"]
        if name in found and service["name"] not in found
    }:
        found |= more
    return found

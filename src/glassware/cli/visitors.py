"""`glassware visitors`."""

import time
from typing import Any

import click

from glassware.errors import SiteNotRunning, UsageError
from glassware.runner.revocations import count
from glassware.runner.visitor_keys import DAY, VisitorKeys
from glassware.visitors import FILE, REVOCATIONS, revoke_user, visiting_at

from . import output
from .site import Here, here, json_option


ROTATES_WITHIN = 120.0
"""Seconds for the service that signs visitors in to start anew."""


@click.group(
    invoke_without_command=True, epilog="Example: glassware visitors sign-out ann"
)
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Show how visitors sign in, or end their sign-ins."""
    if context.invoked_subcommand is not None:
        return
    found = _visitors(here())
    if as_json:
        output.show_json(found)
        return
    click.echo(f"sign in at   {found['sign_in'] or '-'}")
    click.echo(f"revocations  {found['revocations']}")
    click.echo()
    output.show_table(["KEY", "AGE", "STATE"], map(_row, found["keys"]))


@command.command("sign-out", epilog="Example: glassware visitors sign-out ann")
@click.argument("user_id")
def sign_out(user_id: str) -> None:
    """Sign the user USER_ID out in every browser, at once.

    It counts whether the site runs or not. Who knows the password can sign in again.
    """
    folder = here().state.folder
    visiting = visiting_at(folder / FILE)
    if not visiting.sign_in:
        raise UsageError(
            "nobody has ever signed in on this site",
            hint='`sign_in = "SERVICE.ENDPOINT"` of `[visitors]` names who does it',
        )
    until = time.time() + visiting.remember + DAY
    revoke_user(folder / REVOCATIONS, user_id, until)
    click.echo(f"signed out {user_id}", err=True)


@command.command(epilog="Example: glassware visitors rotate")
def rotate() -> None:
    """Sign with a new key from now on; nobody is signed out.

    It happens by itself every 30 days. A key that others may have seen is another
    matter: stop the site, remove `.glassware/visitor-keys.json`, and start it.
    """
    site = here()
    try:
        answer = site.ask("rotate", within=ROTATES_WITHIN)
    except SiteNotRunning:
        answer = _rotate_at_rest(site)
    click.echo(f"signs with {answer['key']} now", err=True)


def _rotate_at_rest(site: Here) -> dict[str, Any]:
    state = site.state
    state.claim()
    try:
        keys = VisitorKeys(state.folder)
        if not keys.all():
            raise UsageError("there is no key yet", hint="glassware up makes it")
        return {"key": keys.rotate()[-1].name}
    finally:
        state.release()


def _visitors(site: Here) -> dict[str, Any]:
    folder, now = site.state.folder, time.time()
    return {
        "sign_in": site.load().visitors.sign_in,
        "keys": [
            {
                "key": key.name,
                "made": key.made,
                "age": now - key.made,
                "signs": key.replaced is None,
            }
            for key in reversed(VisitorKeys(folder).all())
        ],
        "revocations": count(folder / REVOCATIONS),
    }


def _row(key: dict[str, Any]) -> list[str]:
    state = "signs" if key["signs"] else "still counts"
    return [key["key"], f"{key['age'] / DAY:.0f} d", state]

"""`glassware down`."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import click

from glassware.errors import GlasswareError, SiteNotRunning

from .site import Here, here


STOPS_WITHIN = 40.0


@click.command(epilog="Example: glassware down --wipe     forgets all data, too")
@click.option("--wipe", is_flag=True, help="Remove the data of every database.")
@click.option("--yes", is_flag=True, help="Do not ask before wiping.")
def command(wipe: bool, yes: bool) -> None:
    """Stop the site."""
    site = here()
    with suppress(SiteNotRunning):
        _stop(site)
    if wipe and site.state.folder.exists():
        if not yes:
            click.confirm(f"Remove all data in {site.state.folder}?", abort=True)
        site.state.wipe()
        click.echo(f"removed {site.state.folder}", err=True)


def _runs(pid: int) -> bool:
    """Tell whether a process has not ended; it may stay long after its end."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Only Linux says more: `pid (any name) state …`
    with suppress(OSError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return stat.rpartition(b")")[2].split()[0] != b"Z"
    return True


def _stop(site: Here) -> None:
    running = site.state.running()
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOPS_WITHIN
    while _runs(running.pid):
        if time.monotonic() > deadline:
            raise GlasswareError(
                f"the site (process {running.pid}) does not stop",
                hint=f"kill -9 {running.pid} ends it; nothing is left behind",
            )
        time.sleep(0.02)
    click.echo("the site has stopped", err=True)

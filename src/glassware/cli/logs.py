"""`glassware logs`."""

import re
import time

import click

from glassware.runner.control import listen
from glassware.runner.logs import LogStore

from .site import complete, here, known
from .terminal import Terminal


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Since(click.ParamType[float]):
    """A moment, as how long ago it was: `90s`, `10m`, `2h`, `1d`."""

    name = "age"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the moment in seconds since the epoch."""
        match = re.fullmatch(r"(\d+)([smhd])", value)
        if match is None:
            self.fail(f"`{value}` is no age; write `90s`, `10m`, `2h` or `1d`")
        return time.time() - int(match[1]) * UNITS[match[2]]


@click.command(epilog="Example: glassware logs catalog --since 10m --follow")
@click.argument("sources", metavar="[SERVICE]...", nargs=-1, shell_complete=complete)
@click.option("--follow", "-f", is_flag=True, help="Go on as more is written.")
@click.option("--since", type=Since(), default="1d", show_default=True)
def command(sources: tuple[str, ...], follow: bool, since: float) -> None:
    """Show what services and databases wrote, also after the site has stopped."""
    site = here()
    store = LogStore(site.state.logs)
    kept = store.sources()
    if silent := {*sources}.difference(kept):
        described = site.load()
        known(tuple(sorted(silent.difference(described.groups))), described)
    terminal = Terminal(sources or kept, dates=True)
    for entry in store.read(sources, since=since):
        terminal.lines(entry.at, entry.source, entry.text)
    if follow:
        for said in listen(site.state.running().control, "follow"):
            if not sources or said["source"] in sources:
                terminal.lines(said["at"], said["source"], said["text"])

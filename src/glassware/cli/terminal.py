"""The terminal of `up`: one stream of what happens, a colour for each source."""

import sys
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress

from rich.console import Console
from rich.text import Text

from glassware.runner.events import Event, Logged, PhaseChanged, SiteReady, Told
from glassware.status import Phase


COLOURS = (
    "cyan",
    "magenta",
    "green",
    "yellow",
    "blue",
    "bright_cyan",
    "bright_magenta",
    "bright_green",
    "bright_yellow",
    "bright_blue",
)
STYLES: Mapping[str, str] = {
    "info": "dim",
    "good": "green",
    "warning": "yellow",
    "error": "red",
}
WIDEST = 20


def colour_of(source: str) -> str:
    """Return the colour of a source: always the same one."""
    return COLOURS[zlib.crc32(source.encode()) % len(COLOURS)]


class Terminal:
    """Shows events as they come.

    Args:
        sources: The names that will occur; they decide the width of a column.
        dates: Show the day, too.
        hidden: Sources whose own lines are left to `glassware logs`; what the
            supervisor says about them is shown.
    """

    def __init__(
        self,
        sources: tuple[str, ...] = (),
        *,
        dates: bool = False,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        longest = max((len(source) for source in sources), default=8)
        self._width = min(longest, WIDEST)
        self._console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._dates = dates
        self._hidden = hidden

    def hear(self, event: Event) -> None:
        """Show an event; a terminal that is gone is no reason to stop."""
        with suppress(OSError, ValueError):
            match event:
                case Logged():
                    if event.source not in self._hidden:
                        self.lines(event.at, event.source, event.text)
                case Told():
                    self._told(event)
                case PhaseChanged():
                    self._phase(event)
                case SiteReady():
                    self._ready(event)

    def lines(self, at: float, source: str, text: str, style: str = "") -> None:
        """Show lines that belong together."""
        form = "%Y-%m-%d %H:%M:%S" if self._dates else "%H:%M:%S"
        stamp = time.strftime(form, time.localtime(at))
        for number, line in enumerate(text.splitlines()):
            shown = Text(f"{stamp} " if not number else " " * (len(stamp) + 1), "dim")
            shown.append(f"{source[: self._width]:<{self._width}} ", colour_of(source))
            shown.append("│ ", "dim")
            shown.append(Text.from_ansi(line) if not style else Text(line, style))
            self._console.print(shown)

    def _told(self, event: Told) -> None:
        style = STYLES[event.importance]
        self.lines(event.at, event.source or "site", event.text, style)
        if event.detail:
            self.lines(event.at, event.source or "site", event.detail, "dim red")

    def _phase(self, event: PhaseChanged) -> None:
        said = {Phase.RUNNING: ("ready", "green"), Phase.REPLACING: ("stops", "dim")}
        if event.phase in said:
            text, style = said[event.phase]
            self.lines(event.at, event.source, text, style)

    def _ready(self, event: SiteReady) -> None:
        self._console.print()
        head = Text("  ➜ ", "bold green").append(event.url, "bold underline")
        self._console.print(head.append(f"   ready in {event.seconds:.1f} s", "dim"))
        if event.failing:
            names = ", ".join(event.failing)
            self._console.print(Text(f"    not running: {names}", "red"))
        self._console.print(Text("    Ctrl-C stops the site", "dim"))
        self._console.print()

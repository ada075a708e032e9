"""The terminal of `up`: one stream of what happens, a colour for each source."""

import os
import sys
import threading
import time
import zlib
from collections import deque
from collections.abc import Mapping
from typing import IO

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
MOST_WAITING = 2000


def colour_of(source: str) -> str:
    """Return the colour of a source: always the same one."""
    return COLOURS[zlib.crc32(source.encode()) % len(COLOURS)]


class Terminal:
    """Shows events as they come.

    Args:
        sources: The names that will occur; they decide the width of a column.
        dates: Show the day, too.
        hidden: Sources whose own lines, and those of what is named below them,
            are left to `glassware logs`; what the supervisor says about them is
            shown.
        file: Where to; `None`: stdout.
    """

    def __init__(
        self,
        sources: tuple[str, ...] = (),
        *,
        dates: bool = False,
        hidden: frozenset[str] = frozenset(),
        file: IO[str] | None = None,
    ) -> None:
        longest = max((len(source) for source in sources), default=8)
        self._width = min(longest, WIDEST)
        self._console = Console(file=file, highlight=False, soft_wrap=True)
        self._prefixes: dict[tuple[str, str, int], str] = {}
        self._dates = dates
        self._hidden = hidden

    def show(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Logged():
                if event.source.partition(".")[0] not in self._hidden:
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
        # A database that is declared while the site runs has a name of its own.
        self._width = min(max(self._width, len(source)), WIDEST)
        stamp = time.strftime(form, time.localtime(at))
        for number, line in enumerate(text.splitlines()):
            begin = stamp if not number else " " * len(stamp)
            if line.isprintable() and not style:
                # Most lines by far, and rich takes its time.
                self._console.file.write(f"{self._prefix(begin, source)}{line}\n")
                continue
            shown = Text(line, style) if style else Text.from_ansi(line)
            self._console.print(self._head(begin, source).append(shown))
        self._console.file.flush()

    def _head(self, begin: str, source: str) -> Text:
        shown = Text(f"{begin} ", "dim")
        shown.append(f"{source[: self._width]:<{self._width}} ", colour_of(source))
        return shown.append("│ ", "dim")

    def _prefix(self, begin: str, source: str) -> str:
        """Return the head of a line as it is written, colours included."""
        key = (begin, source, self._width)
        if key not in self._prefixes:
            # There are new ones with each second.
            self._prefixes.clear()
            with self._console.capture() as written:
                self._console.print(self._head(begin, source), end="")
            self._prefixes[key] = written.get()
        return self._prefixes[key]

    def _told(self, event: Told) -> None:
        style = STYLES[event.importance]
        self.lines(event.at, event.source or "site", event.text, style)
        if event.detail:
            self.lines(event.at, event.source or "site", event.detail, "dim red")

    def _phase(self, event: PhaseChanged) -> None:
        said = {Phase.RUNNING: ("ready", "green"), Phase.REPLACING: ("stops", "dim")}
        # With a reason it runs on, and that has been said.
        if event.phase in said and not (event.phase is Phase.RUNNING and event.reason):
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


def own_output() -> IO[str]:
    """Return another file for stdout, so that no flush of stdout waits for it."""
    return os.fdopen(os.dup(1), "w", encoding=sys.stdout.encoding, errors="replace")


class Showing:
    """Shows events in a thread of its own.

    A terminal that is paused (Ctrl-S, a pager) or gone must hold up nobody: not
    the supervisor, and not the services that write.

    Args:
        terminal: Where they are shown.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._waiting: deque[Event] = deque()
        self._skipped = 0
        self._changed = threading.Condition()
        self._ended = False
        self._thread: threading.Thread | None = None

    def hear(self, event: Event) -> None:
        """Take an event and return at once."""
        with self._changed:
            if isinstance(event, Logged) and len(self._waiting) >= MOST_WAITING:
                self._skipped += 1
                return
            self._waiting.append(event)
            self._changed.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._show_all, daemon=True)
            self._thread.start()

    def close(self, patience: float = 0.5) -> None:
        """Show what is left, if the terminal takes it within `patience` seconds."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(patience)

    def _show_all(self) -> None:
        try:
            while (event := self._next()) is not None:
                self._terminal.show(event)
        except (OSError, ValueError, SystemExit):
            # The terminal is gone, which rich answers with an exit.
            with self._changed:
                self._waiting = deque(maxlen=0)

    def _next(self) -> Event | None:
        with self._changed:
            while not self._waiting:
                if self._ended:
                    return None
                self._changed.wait()
            event = self._waiting.popleft()
            if self._skipped and not self._waiting:
                text = f"{self._skipped} entries are not shown here: `glassware logs`"
                told = Told(at=event.at, source="", text=text, importance="warning")
                self._waiting.append(told)
                self._skipped = 0
            return event

"""What services and engines write: joined into entries, kept, read back.

Each source has a file of its own in the state folder. An entry is one line of
the file for each line of its text: a time, then the text; continued lines have
a tab where the time would be.
"""

import errno
import heapq
import os
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .events import Event, Logged, Told


KEPT_OPEN = 0.5
LARGEST = 4 * 1024 * 1024
KEPT = 3
TRACEBACK = "Traceback (most recent call last):"
LONGEST_LINE = 16 * 1024
MOST_LINES = 5000

# Some servers say much more behind the reason for which they end.
_LAST = 200

_CHAINS = re.compile(r"During handling of|The above exception was")
_CONTINUES = re.compile(rf"\s|{_CHAINS.pattern}|Traceback \(|$")


@dataclass(slots=True)
class Joiner:
    """Joins the bytes of one pipe into entries, tracebacks in one piece."""

    _pending: bytes = b""
    _lines: list[str] = field(default_factory=list)
    _inside: bool = False
    """Whether a traceback has begun and its last line is not there yet."""

    def feed(self, data: bytes) -> list[str]:
        """Take what was read; return the entries that are complete."""
        *whole, self._pending = (self._pending + data).split(b"\n")
        if len(self._pending) > LONGEST_LINE:
            whole.append(self._pending)
            self._pending = b""
        entries: list[str] = []
        for raw in whole:
            entries.extend(self._take(raw.decode(errors="replace").rstrip("\r")))
        if not self._inside or len(self._lines) > MOST_LINES:
            entries.extend(self._flush())
        return entries

    def end(self) -> list[str]:
        """Return what is left when the pipe is closed."""
        entries = []
        if self._pending:
            entries.extend(self._take(self._pending.decode(errors="replace")))
            self._pending = b""
        return entries + self._flush()

    def _take(self, line: str) -> list[str]:
        begins = line.startswith(TRACEBACK)
        if not self._inside and not self._belongs(line, begins=begins):
            entries = self._flush()
            self._lines, self._inside = [line], begins
            return entries
        self._lines.append(line)
        self._inside = begins or (self._inside and bool(_CONTINUES.match(line)))
        return []

    def _belongs(self, line: str, *, begins: bool) -> bool:
        """Tell whether a line belongs to those before it, a traceback or not."""
        if not self._lines or not _CONTINUES.match(line):
            return False
        if not begins or not any(text.startswith(TRACEBACK) for text in self._lines):
            return True
        # The second of two is another matter, unless it came of the first.
        said = next((text for text in reversed(self._lines) if text), "")
        return bool(_CHAINS.match(said))

    def _flush(self) -> list[str]:
        lines, self._lines, self._inside = self._lines, [], False
        text = "\n".join(lines).rstrip()
        return [text] if text else []


class LogStore:
    """The log files of a site.

    Attributes:
        lost: Entries that could not be kept.
        trouble: Why the last one could not; `None`: it could.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: dict[str, deque[str]] = {}
        self._open: tuple[str, int, float] | None = None
        self._torn: set[str] = set()
        self.lost = 0
        self.trouble: str | None = None

    def hear(self, event: Event) -> None:
        """Keep an event that has text."""
        if isinstance(event, Logged):
            self._keep(event.source, event.at, event.text)
        elif isinstance(event, Told) and event.source:
            text = f"{event.text}\n{event.detail}" if event.detail else event.text
            self._keep(event.source, event.at, f"({text})")

    def last(self, source: str) -> str:
        """Return the last lines of a source, for a report on its end."""
        return "\n".join(self._last.get(source, ()))

    def sources(self) -> tuple[str, ...]:
        """Return who has written: services, engines, the gateway."""
        names = {path.name.partition(".log")[0] for path in self._folder.glob("*")}
        return tuple(sorted(names))

    def read(
        self, sources: Iterable[str] = (), *, since: float = 0.0
    ) -> Iterator[Logged]:
        """Return what was kept, in the order in which it was written.

        Args:
            sources: Names of services and engines; none: of all.
            since: Seconds since the epoch; older entries are left out.
        """
        names = tuple(sources) or self.sources()
        streams = [self._entries(name, since) for name in names]
        return heapq.merge(*streams, key=lambda entry: entry.at)

    def _keep(self, source: str, at: float, text: str) -> None:
        lines = text.splitlines()
        self._last.setdefault(source, deque(maxlen=_LAST)).extend(lines)
        stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        path = self._folder / f"{source}.log"
        whole = stamp + "\t" + "\n\t".join(lines) + "\n"
        if source in self._torn:
            # The last line may have got no further than its middle.
            whole = "\n" + whole
        try:
            if self._write(source, path, whole.encode(errors="replace")) > LARGEST:
                self._rotate(path)
            self._torn.discard(source)
            self.trouble = None
        except OSError as error:
            # A full disk costs log lines, never the site.
            self._torn.add(source)
            self.trouble = error.strerror
            self.lost += 1
            self.close()

    def _write(self, source: str, path: Path, data: bytes) -> int:
        """Append to a file and return its size then."""
        now = time.monotonic()
        if self._open is None or self._open[0] != source or now > self._open[2]:
            # Kept open while one source writes much, and for no longer than a
            # moment: somebody may have removed the file.
            self.close()
            how = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._open = (source, os.open(path, how, 0o600), now + KEPT_OPEN)
        descriptor = self._open[1]
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.lseek(descriptor, 0, os.SEEK_CUR)

    def close(self) -> None:
        """Close what is open."""
        if self._open is not None:
            os.close(self._open[1])
            self._open = None

    def _rotate(self, path: Path) -> None:
        self.close()
        for number in range(KEPT - 1, 0, -1):
            older = path.with_name(f"{path.name}.{number}")
            with suppress(FileNotFoundError):
                older.replace(path.with_name(f"{path.name}.{number + 1}"))
        path.replace(path.with_name(f"{path.name}.1"))

    def _entries(self, source: str, since: float) -> Iterator[Logged]:
        paths = [self._folder / f"{source}.log.{n}" for n in range(KEPT, 0, -1)]
        for path in (*paths, self._folder / f"{source}.log"):
            with suppress(FileNotFoundError):
                yield from _parse(source, path, since)


def _parse(source: str, path: Path, since: float) -> Iterator[Logged]:
    at, lines = 0.0, list[str]()
    with path.open(encoding="utf-8", errors="replace") as file:
        for raw in file:
            stamp, tab, text = raw.rstrip("\n").partition("\t")
            if not stamp:
                lines += [text] if tab else []
                continue
            if lines and at >= since:
                yield Logged(at=at, source=source, text="\n".join(lines))
            lines = [text]
            with suppress(ValueError):
                at = datetime.fromisoformat(stamp).timestamp()
    if lines and at >= since:
        yield Logged(at=at, source=source, text="\n".join(lines))

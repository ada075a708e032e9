"""The clients that a process has opened, and which of their servers are not there.

A server that does not answer makes each request that needs it wait for seconds.
So once one is lost, its client is not handed out: whoever asks for it gets the
same error at once, until the server answers a ping, which is tried each second.
"""

import copy
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from . import Client, Opened


Key = tuple[str, str]
"""A service, and the name of one of its databases as it is spelled there."""

GRACE = 0.25
"""Seconds that a server which may be lost has to answer a ping meanwhile."""

PAUSE = 1.0
"""Seconds from one try to the next whether a lost server is there again."""


@dataclass(eq=False, slots=True)
class Loss:
    """A server that was lost.

    Attributes:
        error: That said so.
        since: When, by `time.monotonic`.
        sure: Whether a ping has said so as well.
        over: Whether it is of no interest any more.
    """

    error: Exception
    since: float = field(default_factory=monotonic)
    sure: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def check(self, name: str) -> None:
        """Raise the error, unless it may have been that of one connection."""
        if self.sure or monotonic() - self.since > GRACE:
            raise _again(self.error, name)


class Kept:
    """The clients of the services of one process.

    Attributes:
        opened: Those that are open; another dict once they are closed.
        losses: What is known of those whose server is not there.
    """

    def __init__(self) -> None:
        self._left_to_the_parent: list[object] = []
        self._lock = threading.Lock()
        self._opening: dict[Key, threading.Lock] = {}
        self.opened: dict[Key, Opened] = {}
        self.losses: dict[Key, Loss] = {}
        os.register_at_fork(after_in_child=self._after_fork)

    def find(self, key: Key) -> Opened | None:
        """Return the client of a database; `None`: it was not opened yet.

        Raises:
            Exception: The client's own error: its server was lost.
        """
        if self.losses and (loss := self.losses.get(key)) is not None:
            loss.check(key[1])
        return self.opened.get(key)

    def open(self, key: Key, client: Client, url: str) -> Opened:
        """Return the client of a database; it is opened once.

        Raises:
            Exception: It cannot be opened, or its server was lost.
        """
        with self._lock:
            opening = self._opening.setdefault(key, threading.Lock())
        # Some connect here: whoever wants another database does not wait for it.
        with opening:
            if (opened := self.find(key)) is not None:
                return opened
            try:
                opened = client.open_client(url, name=".".join(filter(None, key)))
            except Exception as error:
                if client.is_lost(error):
                    loss = Loss(error, sure=True)
                    self._lose(key, loss, lambda: self._reopen(key, client, url))
                raise
            self.opened[key] = opened
            return opened

    def lose(self, key: Key, error: Exception) -> None:
        """Take in that the server of a database is not there, as `error` says."""
        if (opened := self.opened.get(key)) is not None:
            self._lose(key, Loss(error), opened.ping)

    def misses(self, service: str) -> bool:
        """Return whether a database of a service is lost."""
        return any(key[0] == service for key in list(self.losses))

    def ping(self, key: Key, client: Client, url: str) -> None:
        """Ask a server for a sign of life, with a client that is opened if need be.

        Raises:
            Exception: There is none.
        """
        opened = self.opened.get(key)
        try:
            if opened is None:
                opened = self.open(key, client, url)
            opened.ping()
        except Exception as error:
            if client.is_lost(error):
                self.lose(key, error)
            raise
        self._found(key)

    def close(self) -> None:
        """Close every client; the next use opens it again."""
        with self._lock:
            opened, losses = self.opened, self.losses
            self.opened, self.losses = {}, {}
        for loss in losses.values():
            loss.over.set()
        for client in opened.values():
            client.close()

    def _lose(self, key: Key, loss: Loss, sign_of_life: Callable[[], object]) -> None:
        with self._lock:
            if key in self.losses:
                return
            self.losses[key] = loss
        threading.Thread(
            target=self._watch,
            args=(key, loss, sign_of_life),
            name=f"glassware: is {key[1]} there",
            daemon=True,
        ).start()

    def _watch(self, key: Key, loss: Loss, sign_of_life: Callable[[], object]) -> None:
        while not loss.over.is_set():
            try:
                sign_of_life()
            except Exception as error:  # noqa: BLE001 - whatever a client raises
                loss.error, loss.sure = error, True
                loss.over.wait(PAUSE)
            else:
                self._found(key)

    def _found(self, key: Key) -> None:
        with self._lock:
            loss = self.losses.pop(key, None)
        if loss is not None:
            loss.over.set()

    def _reopen(self, key: Key, client: Client, url: str) -> None:
        opened = client.open_client(url, name=".".join(filter(None, key)))
        with self._lock:
            if self.losses.get(key) is not None:
                self.opened[key] = opened
                return
        opened.close()

    def _after_fork(self) -> None:
        # To close what the parent still uses would say goodbye in its name.
        self._left_to_the_parent.extend(self.opened.values())
        self._lock = threading.Lock()
        self._opening, self.opened, self.losses = {}, {}, {}


kept = Kept()
"""What `glassware.databases` has opened in this process."""


def _again(error: Exception, name: str) -> Exception:
    """Return an error like `error`: each thread that raises it has its own."""
    same: Exception = error
    # Not every library's errors can be copied.
    with suppress(Exception):
        same = copy.copy(error)
        same.__traceback__ = same.__context__ = same.__cause__ = None
        if type(same) is not type(error):
            same = error
    seconds = f"{PAUSE:.0f} s"
    said = f"  `{name}` did not answer just now; it is asked again every {seconds}"
    same.__notes__ = [said]
    return same

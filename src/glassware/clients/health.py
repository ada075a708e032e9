"""Whether the databases of a service answer: all of them are asked at once."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from glassware.environment import Binding, Settings
from glassware.errors import MissingExtra

from . import engine_of, find, plain_url
from .kept import Kept, kept
from .secrets import Secrets


PATIENCE = 2.0
"""Seconds that an answer may take."""

KEPT_FOR = 1.0
"""Seconds for which what was found counts: nobody can press a database with it."""

LONGEST_REASON = 300


@dataclass(slots=True)
class Sign:
    """What is known of one database.

    Attributes:
        engine: Its engine.
        status: `ok`, `lost`, or `unknown`: nobody here can ask.
        reason: Why it is not `ok`.
        milliseconds: What the answer took, or the waiting for one.
    """

    engine: str
    status: str = "unknown"
    reason: str = ""
    milliseconds: float | None = None

    def told(self) -> dict[str, object]:
        """Return what there is to say, by name."""
        said = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in said.items() if value not in {"", None}}


@dataclass(slots=True)
class _Asking:
    sign: Sign
    began: float
    over: threading.Event = field(default_factory=threading.Event)


class Health:
    """The health of one service's databases.

    Args:
        settings: Of the service.
        kept: The clients of this process.
    """

    def __init__(self, settings: Settings, kept: Kept) -> None:
        self._settings = settings
        self._kept = kept
        self._lock = threading.Lock()
        self._asking: dict[str, _Asking] = {}
        self._signs: dict[str, Sign] = {}
        self._until = 0.0

    def signs(self) -> dict[str, Sign]:
        """Return a sign for each database, within `PATIENCE` seconds or so."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._signs = dict(self._ask())
                self._until = time.monotonic() + KEPT_FOR
            return self._signs

    def is_lost(self) -> bool:
        """Return at once whether one of them is known to be lost, and find out."""
        if time.monotonic() < self._until:
            return any(sign.status == "lost" for sign in self._signs.values())
        if not self._lock.locked():
            threading.Thread(target=self.signs, daemon=True).start()
        return self._kept.misses(self._settings.service)

    def _ask(self) -> Iterator[tuple[str, Sign]]:
        end = time.monotonic() + PATIENCE
        bindings = self._settings.databases
        for name, binding in bindings.items():
            # Who was silent the last time may still be waited for.
            asking = self._asking.get(name)
            if asking is None or asking.over.is_set():
                self._begin(name, binding)
        for name in bindings:
            asking = self._asking[name]
            if asking.over.wait(max(0.0, end - time.monotonic())):
                del self._asking[name]
                yield name, asking.sign
            else:
                waited = round((time.monotonic() - asking.began) * 1000, 1)
                reason = f"no answer within {PATIENCE:.0f} seconds"
                yield name, Sign(asking.sign.engine, "lost", reason, waited)

    def _begin(self, name: str, binding: Binding) -> None:
        engine = binding.engine or engine_of(plain_url(binding.url))
        asking = self._asking[name] = _Asking(Sign(engine), time.monotonic())
        threading.Thread(
            target=self._ping,
            args=(asking, name, binding),
            name=f"glassware: health of {name}",
            daemon=True,
        ).start()

    def _ping(self, asking: _Asking, name: str, binding: Binding) -> None:
        sign = asking.sign
        try:
            client = find(sign.engine)
            if client is None:
                sign.reason = f"nothing here can ask the engine `{sign.engine}`"
            elif not binding.url:
                sign.reason = "it does not run"
            else:
                key = self._settings.service, name
                self._kept.ping(key, client, plain_url(binding.url))
                sign.status = "ok"
        except MissingExtra as error:
            sign.reason = str(error)
        except Exception as error:  # noqa: BLE001 - whatever a client raises
            sign.status, sign.reason = "lost", self._reason(error)
        if sign.status != "unknown":
            sign.milliseconds = round((time.monotonic() - asking.began) * 1000, 1)
        asking.over.set()

    def _reason(self, error: Exception) -> str:
        said = " ".join(str(error).split()) or "no reason"
        secrets = Secrets(b.url for b in self._settings.databases.values())
        return f"{type(error).__name__}: {secrets.hide(said)}"[:LONGEST_REASON]


def health_of(settings: Settings) -> Health:
    """Return the health of a service's databases, the same for all who ask."""
    with _lock:
        if settings.service not in _each:
            _each[settings.service] = Health(settings, kept)
        return _each[settings.service]


_lock = threading.Lock()
_each: dict[str, Health] = {}

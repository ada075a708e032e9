"""A bounded store of fragments: who finds which, and which goes first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from .terms import PERSONAL, Fields, Terms


Names = tuple[str, ...]
Key = tuple[Hashable, ...]

_OVERHEAD = 500


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """An answer that is kept.

    Attributes:
        status: Such as 200.
        fields: Its headers.
        body: Its body.
        nonce: What its service took for the page's nonce.
        terms: How long it may be used.
        came: When it came, by the clock of the cache.
    """

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    nonce: str = field(repr=False)
    terms: Terms
    came: float

    def age(self, now: float) -> float:
        """Return its seconds."""
        return self.terms.age + now - self.came

    def size(self) -> int:
        """Return about how many bytes it takes."""
        heads = sum(len(name) + len(value) for name, value in self.fields)
        return len(self.body) + heads + _OVERHEAD


@dataclass(frozen=True, slots=True)
class Asker:
    """Where a request looks, and where its answer may be put.

    Attributes:
        place: What is asked for, the same for everybody who asks for it.
        visitor: Who asks.
        sent: What was sent that depends on the visitor, by name in small letters.
    """

    place: Key
    visitor: str
    sent: Mapping[str, str]

    @property
    def known(self) -> bool:
        """Whether the neighbour could tell this visitor from others."""
        return bool(self.visitor) or not PERSONAL.isdisjoint(self.sent)

    def alone(self) -> Key:
        """Return the key of what is for who sends the very same."""
        return ("alone", self.place, self.visitor, *sorted(self.sent.items()))

    def together(self, names: Names) -> Key:
        """Return the key of what is for everybody, apart from those headers."""
        sent = tuple((name, self.sent.get(name)) for name in names)
        return ("together", self.place, sent)

    def names(self) -> Key:
        """Return the key of the names by which answers for everybody differ."""
        return ("names", self.place)


class Store:
    """Answers by what was asked, and by whom; those least used go first.

    Keys are tuples of what was asked and never joined text: two of them are equal
    only if all that was asked is.

    Args:
        entries: How many are kept at most.
        size: How many bytes they may have in all.
    """

    def __init__(self, entries: int, size: int) -> None:
        self._most = entries
        self._room = size
        self._lock = threading.Lock()
        self._all: OrderedDict[Key, Kept | Names] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._all)

    def find(self, asker: Asker) -> Kept | None:
        """Return what is kept for a request; the newest, if there are two."""
        with self._lock:
            alone = self._look(asker.alone())
            names = self._look(asker.names())
            if not isinstance(names, tuple):
                return alone if isinstance(alone, Kept) else None
            together = self._look(asker.together(names))
        found = [each for each in (alone, together) if isinstance(each, Kept)]
        return max(found, key=lambda each: each.came, default=None)

    def put(self, asker: Asker, kept: Kept) -> None:
        """Keep an answer for those whom its terms allow to see it."""
        terms = kept.terms
        with self._lock:
            self._forget(asker)
            if terms.everybody:
                self._add(asker.names(), terms.vary)
                self._add(asker.together(terms.vary), kept)
            # Two visitors of whom nothing is known could not be told apart.
            elif asker.known or not terms.personal:
                self._add(asker.alone(), kept)
            while len(self._all) > self._most or self.bytes > self._room:
                self._remove(next(iter(self._all)))

    def drop(self, asker: Asker) -> None:
        """Forget what `find` finds for a request."""
        with self._lock:
            self._forget(asker)

    def _forget(self, asker: Asker) -> None:
        names = self._look(asker.names())
        self._remove(asker.alone())
        if isinstance(names, tuple):
            self._remove(asker.together(names))

    def _look(self, key: Key) -> Kept | Names | None:
        found = self._all.get(key)
        if found is not None:
            self._all.move_to_end(key)
        return found

    def _add(self, key: Key, entry: Kept | Names) -> None:
        self._remove(key)
        self._all[key] = entry
        self.bytes += _size(key, entry)

    def _remove(self, key: Key) -> None:
        entry = self._all.pop(key, None)
        if entry is not None:
            self.bytes -= _size(key, entry)


def _size(key: Key, entry: Kept | Names) -> int:
    # A key may hold kilobytes of cookies.
    return len(repr(key)) + (entry.size() if isinstance(entry, Kept) else _OVERHEAD)


def merged(old: Fields, new: Fields) -> tuple[tuple[str, str], ...]:
    """Return the headers of a kept answer that was found to be still right.

    Args:
        old: Its own.
        new: Those of the 304 (RFC 9111, section 3.2).
    """
    new = [pair for pair in new if pair[0].lower() not in _OF_A_BODY]
    renewed = {name.lower() for name, _ in new}
    # Its age begins anew.
    renewed.add("age")
    return (*(pair for pair in old if pair[0].lower() not in renewed), *new)


_OF_A_BODY = frozenset(
    {"content-length", "content-encoding", "content-type", "content-range"}
)

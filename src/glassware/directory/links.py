"""Where an endpoint is public, and what is wrong where it is not."""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from glassware.environment import spelled

from .listing import Directory, Entry, Place
from .rules import Pattern
from .trouble import Tried, inside_trouble, trouble


_SAFE = "/!$&'()*+,:;=@~"


class Standing(NamedTuple):
    """Where a link stands: what the visitor has asked for.

    Attributes:
        scheme: `http` or `https`.
        host: With its port; empty: the link stands on no page.
    """

    scheme: str = ""
    host: str = ""


NOWHERE = Standing()

_SEVERAL = 2


class Book:
    """A directory, ready to make links; made once for each version of it.

    Args:
        directory: It.
    """

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self._services = {spelled(name): name for name in directory.services}
        self._patterns: dict[str, dict[str, tuple[Pattern, ...]]] = {}
        self._kept_hosts: dict[str, tuple[str, ...]] = {}
        for entry in directory.services.values():
            for place in entry.places:
                for name in place.names:
                    before = self._kept_hosts.get(name, ())
                    self._kept_hosts[name] = (*before, place.prefix)

    def entry(self, service: str) -> Entry | None:
        """Return a service; `None`: the site has none of that name."""
        found = self.directory.services.get(service)
        if found is None and spelled(service) in self._services:
            return self.directory.services[self._services[spelled(service)]]
        return found

    def link(
        self,
        name: str,
        values: Mapping[str, Any],
        standing: Standing = NOWHERE,
        *,
        method: str | None = None,
        scheme: str | None = None,
        external: bool = False,
    ) -> str:
        """Return the address of an endpoint.

        Args:
            name: `SERVICE.ENDPOINT`.
            values: Of the rule; others go into the query, `None` nowhere.
            standing: Where the link stands.
            method: Only a rule that takes it will do.
            scheme: Of the address, which then is a whole one.
            external: Whether the address is to be a whole one anyway.

        Raises:
            DeadLink: There is no public one.
        """
        values = {key: value for key, value in values.items() if value is not None}
        entry, pattern = self._choose(name, values, method)
        path, host = pattern.path(values), pattern.host(values)
        here = host_of(standing.host)
        place = self._place(entry, pattern, host, here, path)
        before = "" if place.keeps else quote(place.prefix, safe=_SAFE)
        path = f"{before}/{path.lstrip('/')}"
        host = host or _nearest(place.names, here)
        there = host == here if host else self._is_here(here, path)
        if there and not external and scheme is None and not pattern.rule.websocket:
            return path
        origin = self._origin(standing, host, scheme, there=there)
        if pattern.rule.websocket:
            origin = f"ws{origin.removeprefix('http')}"
        return origin + path

    def front(self, name: str, standing: Standing, *, external: bool = False) -> str:
        """Return the address of a service whose endpoints nobody knows.

        Raises:
            DeadLink: It is not public.
        """
        service = name.partition(".")[0]
        entry = self.entry(service)
        if entry is None or not entry.places:
            raise trouble(self.directory, entry, name, Tried(()))
        place, here = entry.places[0], host_of(standing.host)
        path = quote(place.prefix, safe=_SAFE) + "/"
        host = _nearest(place.names, here)
        there = host == here if host else self._is_here(here, path)
        if there and not external:
            return path
        return self._origin(standing, host, None, there=there) + path

    def patterns(self, service: str, endpoint: str) -> tuple[Pattern, ...]:
        """Return the rules of an endpoint, the ones to link to first."""
        known = self._patterns.get(service)
        if known is None:
            known = self._patterns[service] = self._read(self.entry(service) or Entry())
        return known.get(endpoint, ())

    def check(self, name: str, given: frozenset[str] | None = None) -> None:
        """Look for what is wrong with a link, whatever its values are.

        Args:
            name: `SERVICE.ENDPOINT`.
            given: The names of its values; `None`: nobody knows.

        Raises:
            DeadLink: Something is.
        """
        service, _, endpoint = name.partition(".")
        entry, found = self.entry(service), self.patterns(service, endpoint)
        public = [p for p in found if p.rule.places and p.readable]
        if not any(given is None or _may_fit(p, given) for p in public):
            values = dict.fromkeys(given or ())
            raise trouble(self.directory, entry, name, Tried(found, values))

    def check_inside(self, name: str, given: frozenset[str] | None = None) -> None:
        """Do the same for what need not be public.

        Raises:
            DeadLink: Something is wrong with it.
        """
        service, _, endpoint = name.partition(".")
        entry, found = self.entry(service), self.patterns(service, endpoint)
        if any(given is None or _may_fit(p, given) for p in found):
            return
        values = dict.fromkeys(given or ())
        raise inside_trouble(self.directory, entry, name, Tried(found, values))

    def _read(self, entry: Entry) -> dict[str, tuple[Pattern, ...]]:
        found: dict[str, list[Pattern]] = {}
        for rule in entry.rules:
            found.setdefault(rule.endpoint, []).append(Pattern(rule))
        return {name: tuple(sorted(each, key=_rank)) for name, each in found.items()}

    def _choose(
        self, name: str, values: Mapping[str, Any], method: str | None
    ) -> tuple[Entry, Pattern]:
        service, _, endpoint = name.partition(".")
        entry, found = self.entry(service), self.patterns(service, endpoint)
        if entry is not None:
            for pattern in found:
                if pattern.leads(values) and pattern.takes(method or "GET"):
                    return entry, pattern
            for pattern in found if method is None else ():
                if pattern.leads(values):
                    return entry, pattern
        raise trouble(self.directory, entry, name, Tried(found, values, method))

    def _place(
        self, entry: Entry, pattern: Pattern, host: str, here: str, path: str
    ) -> Place:
        """Return the place of a rule: one on this host, or the principal one."""
        places = [entry.places[number] for number in pattern.rule.places]
        if host:
            places = [p for p in places if not p.host or host in p.names] or places
        if len(places) == 1:
            return places[0]
        for place in places:
            if here in place.names:
                return place
        for place in places:
            before = "" if place.keeps else quote(place.prefix, safe=_SAFE)
            if not place.host and self._is_here(here, f"{before}{path}"):
                return place
        return places[0]

    def _is_here(self, here: str, path: str) -> bool:
        """Tell whether a path of every host leads there on this one, too."""
        if not here:
            return False
        kept = self._kept_hosts.get(here)
        if kept is None:
            hosts = self.directory.hosts
            return not hosts or here in hosts
        return not any(path == p or path.startswith(f"{p}/") for p in kept)

    def _origin(
        self, standing: Standing, host: str, scheme: str | None, *, there: bool
    ) -> str:
        """Return scheme and host of a whole address.

        Args:
            standing: Where the link stands.
            host: Where it leads; empty: whatever the host is.
            scheme: One that is wished for.
            there: Whether it leads there on the host of the page, too.
        """
        public = urlsplit(self.directory.url)
        here = host_of(standing.host)
        near = there or here in self.directory.hosts or here in self._kept_hosts
        netloc = standing.host if there or not public.netloc else public.netloc
        if host and not there:
            port = _port(standing.host if near else public.netloc)
            netloc = f"{host}:{port}" if port else host
        return f"{scheme or standing.scheme or public.scheme or 'http'}://{netloc}"


_kept: dict[str, Book] = {}


def book_of(directory: Directory) -> Book:
    """Return the book of a directory, the same one for the same directory."""
    book = _kept.get("last")
    if book is None or book.directory is not directory:
        book = _kept["last"] = Book(directory)
    return book


def host_of(netloc: str) -> str:
    """Return a host name without its port, in small letters."""
    name, colon, port = netloc.rpartition(":")
    return (name if colon and port.isdecimal() else netloc).lower()


def _port(netloc: str) -> str:
    return netloc[len(host_of(netloc)) + 1 :]


def _may_fit(pattern: Pattern, given: frozenset[str]) -> bool:
    """Tell whether values of these names can fit a rule."""
    values = {name: pattern.rule.defaults.get(name) for name in given}
    return pattern.fits(values)


def _nearest(names: Sequence[str], here: str) -> str:
    """Return the name that has most in common with this host; empty: there is none."""
    if len(names) < _SEVERAL or here in names:
        return here if here in names else "".join(names)
    end = here.split(".")[::-1]

    def common(name: str) -> int:
        pairs = zip(name.split(".")[::-1], end, strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    return max(names, key=common)


def _rank(pattern: Pattern) -> tuple[int, int]:
    """Return what rules are tried by, as Werkzeug does: the most arguments first."""
    defaults = len(pattern.rule.defaults)
    return -len(pattern.arguments) - defaults, -defaults

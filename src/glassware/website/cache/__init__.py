"""Fragments that were fetched before, kept for as long as their own headers allow."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from glassware.errors import CallError, NotAllowed, UnknownService
from glassware.protocol import FRAGMENT

from .store import Asker, Kept, Store, merged
from .terms import terms_of


ENTRIES = 2000
"""How many fragments a process keeps at most."""

SIZE = 32 * 1024 * 1024
"""How many bytes they may have in all."""

_NOT_MODIFIED = 304
_SERVER_ERROR = 500
_STUCK = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentRequest:
    """What a page asks a neighbour for.

    Attributes:
        caller: The service whose page it is.
        service: The neighbour.
        target: The path, with its query.
        headers: What is sent that depends on the visitor: `Accept-Language`,
            `Cookie`.
        visitor: The id and the session of the visitor, once verified; empty: nobody
            is signed in.
        nonce: The page's, for its Content-Security-Policy; empty: it has none.
        origin: Scheme and host of the page, which the links of a fragment depend on.
    """

    caller: str = ""
    service: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    visitor: str = field(default="", repr=False)
    nonce: str = field(default="", repr=False)
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentAnswer:
    """What the neighbour answered, now or earlier.

    Attributes:
        status: Such as 200.
        fields: Its headers as they came.
        body: Its body.
        age: Seconds since the neighbour made it.
        stale: Why it is shown although it is no longer fresh: `error` or
            `revalidating`; empty: it is fresh.
        error: What happened instead of a newer one, where `stale` is `error`.
    """

    status: int
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    age: float = 0.0
    stale: str = ""
    error: str = ""


Ask = Callable[[Mapping[str, str]], FragmentAnswer]
"""Calls the neighbour with further headers; raises `CallError`."""

Later = Callable[[Callable[[], object]], object]
"""Runs something in the background; returns `False` if it will not."""


class FragmentCache:
    """Fragments by what was asked, in whose name.

    Each has a nonce of its own, which no visitor ever sees: it is what its service
    takes for the page's, and the page's takes its place whenever it is shown.

    Args:
        entries: How many it keeps at most.
        size: How many bytes they may have in all.
        clock: Seconds, by a clock that nobody sets.
    """

    def __init__(
        self,
        entries: int = ENTRIES,
        size: int = SIZE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = Store(entries, size)
        self._clock = clock
        self._lock = threading.Lock()
        self._renewing: dict[Kept, float] = {}

    def fetch(self, request: FragmentRequest, ask: Ask, later: Later) -> FragmentAnswer:
        """Return a fragment; see `cached_fetch`."""
        asker = _asker(request)
        kept = self._store.find(asker)
        if kept is not None:
            now = self._clock()
            over = kept.age(now) - kept.terms.fresh
            if over < 0:
                return _shown(kept, request, now)
            if over < kept.terms.revalidating:
                self._renew_later(kept, request, ask, later)
                return _shown(kept, request, now, stale="revalidating")
        return self._renew(request, ask, kept)

    def _renew(
        self, request: FragmentRequest, ask: Ask, kept: Kept | None
    ) -> FragmentAnswer:
        nonce = kept.nonce if kept else ""
        if request.nonce and not nonce:
            nonce = secrets.token_urlsafe(16)
        began = self._clock()
        try:
            answer = ask({FRAGMENT: nonce or "-", **_validators(kept)})
        except (NotAllowed, UnknownService):
            raise
        except CallError as error:
            if (instead := self._instead(kept, request, str(error))) is not None:
                return instead
            raise
        if answer.status >= _SERVER_ERROR:
            what = f"it answered with status {answer.status}"
            return self._instead(kept, request, what) or answer
        return self._taken_in(request, answer, kept, nonce, began)

    def _taken_in(
        self,
        request: FragmentRequest,
        answer: FragmentAnswer,
        kept: Kept | None,
        nonce: str,
        began: float,
    ) -> FragmentAnswer:
        now = self._clock()
        status, fields, body = answer.status, answer.fields, answer.body
        if status == _NOT_MODIFIED and kept is not None:
            status, body = kept.status, kept.body
            fields = merged(kept.fields, fields)
        terms = terms_of(status, fields, now - began)
        if terms is None:
            if kept is not None:
                self._store.drop(_asker(request))
            body = _with_nonce(body, nonce, request.nonce)
            if body is answer.body and fields is answer.fields:
                return answer
            return FragmentAnswer(status=status, fields=fields, body=body)
        asker = _asker(request)
        renewed = Kept(
            status=status, fields=fields, body=body, nonce=nonce, terms=terms, came=now
        )
        if terms.useful > terms.age or _validators(renewed):
            self._store.put(asker, renewed)
        else:
            self._store.drop(asker)
        return _shown(renewed, request, now)

    def _instead(
        self, kept: Kept | None, request: FragmentRequest, what: str
    ) -> FragmentAnswer | None:
        if kept is None:
            return None
        now = self._clock()
        if kept.age(now) - kept.terms.fresh >= kept.terms.failing:
            return None
        return _shown(kept, request, now, stale="error", error=what)

    def _renew_later(
        self, kept: Kept, request: FragmentRequest, ask: Ask, later: Later
    ) -> None:
        if not self._begins(kept):
            return

        def renew() -> None:
            try:
                self._renew(request, ask, kept)
            except CallError as error:
                _log.warning("`%s` was not renewed: %s", request.target, error)
            finally:
                self._ends(kept)

        begun: object = False
        try:
            begun = later(renew)
        finally:
            # Where there was no thread for it, the next one who asks begins again.
            if begun is False:
                self._ends(kept)

    def _begins(self, kept: Kept) -> bool:
        """Note that a fragment is being renewed; tell whether nobody does it yet."""
        now = self._clock()
        with self._lock:
            # Whoever was to do it in the background may have been lost.
            for each, began in tuple(self._renewing.items()):
                if now - began > _STUCK:
                    del self._renewing[each]
            if kept in self._renewing:
                return False
            self._renewing[kept] = now
            return True

    def _ends(self, kept: Kept) -> None:
        with self._lock:
            self._renewing.pop(kept, None)


_cache = FragmentCache()


def cached_fetch(request: FragmentRequest, ask: Ask, later: Later) -> FragmentAnswer:
    """Return a fragment: a kept one where its headers allow it, else a new one.

    Args:
        request: What is asked for.
        ask: Asks for it; the headers that it is given go with the request, besides
            `request.headers`, among them `X-Glassware-Fragment`.
        later: Told to renew what was shown although it is no longer fresh.

    Raises:
        CallError: There is no answer, and no earlier one that may stand in for it.
    """
    return _cache.fetch(request, ask, later)


def forget() -> None:
    """Begin anew, with nothing kept."""
    global _cache  # noqa: PLW0603 - each process has one
    _cache = FragmentCache()


def _asker(request: FragmentRequest) -> Asker:
    # Another page's service may not be allowed the same; without a nonce a fragment
    # may look otherwise.
    asked = (request.caller, request.service, request.target, request.origin)
    place = (*asked, bool(request.nonce))
    sent = {name.lower(): value for name, value in request.headers.items()}
    return Asker(place, request.visitor, sent)


def _validators(kept: Kept | None) -> dict[str, str]:
    if kept is None:
        return {}
    found = {name.lower(): value for name, value in reversed(kept.fields)}
    pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
    return {header: found[name] for header, name in pairs if found.get(name)}


def _shown(
    kept: Kept,
    request: FragmentRequest,
    now: float,
    *,
    stale: str = "",
    error: str = "",
) -> FragmentAnswer:
    return FragmentAnswer(
        status=kept.status,
        fields=kept.fields,
        body=_with_nonce(kept.body, kept.nonce, request.nonce),
        age=kept.age(now),
        stale=stale,
        error=error,
    )


def _with_nonce(body: bytes, nonce: str, pages: str) -> bytes:
    return body.replace(nonce.encode(), pages.encode()) if nonce else body

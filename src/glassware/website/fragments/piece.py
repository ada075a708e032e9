"""One fragment of a page, from its request to the HTML that stands in its place."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from werkzeug.http import parse_options_header

from glassware.errors import BadAnswer, DeadlineExceeded
from glassware.website.cache import FragmentAnswer, FragmentRequest, Later, cached_fetch
from glassware.website.enclose import Enclosed, enclose

from .call import Wanted


GRACE = 0.05
"""Seconds after its deadline in which a fragment may say why it is late."""

Named = dict[str, list[str]]
"""The headers of an answer by their names in small letters."""

HTML = ("text/html", "application/xhtml+xml")
"""How the content types of pages begin."""

REDIRECTS = range(300, 400)
_ERRORS = 400

# What is looked at once need not be looked at again: most pieces come often.
_SMALL = 16 * 1024
_KNOWN = 128


@lru_cache(_KNOWN)
def _encoding(kind: str) -> str:
    return parse_options_header(kind)[1].get("charset", "utf-8")


def _enclose(body: bytes, kind: str) -> Enclosed:
    try:
        return enclose(body.decode(_encoding(kind), "replace"))
    except LookupError:
        return enclose(body.decode("utf-8", "replace"))


_enclosed = lru_cache(_KNOWN)(_enclose)


@dataclass(slots=True, kw_only=True, eq=False)
class Piece:
    """A fragment of a page.

    Attributes:
        name: As the template writes it.
        values: What it is asked with.
        caller: Renders the block that stands there if it fails; `None`: there is none.
        primary: Whether its status is the page's.
        deadline: Seconds that it may take; `None`: as many as any.
        until: When it must be there, by `time.monotonic`.
        wanted: Where it is asked for; `None`: it cannot be.
        answer: What was answered.
        error: Why there is none.
        begun: Whether it is being asked for.
        placed: Whether it is in the page.
        last: Whether what it sets of cookies holds, whatever others set.
    """

    name: str
    values: Mapping[str, Any]
    caller: Callable[[], Any] | None = field(default=None, repr=False)
    primary: bool = False
    deadline: float | None = None
    until: float = 0.0
    wanted: Wanted | None = None
    answer: FragmentAnswer | None = None
    error: BaseException | None = None
    begun: bool = False
    placed: bool = False
    last: bool = False
    _request: FragmentRequest | None = None
    _late: bool = False
    _read: tuple[FragmentAnswer | None, Named] = field(default=(None, {}), repr=False)
    _done: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._done.acquire()

    @property
    def is_there(self) -> bool:
        """Whether nobody has to wait for it."""
        return not self._done.locked()

    @property
    def is_ours(self) -> bool:
        """Whether it is made by the page's own thread."""
        return self.wanted is not None and self.wanted.is_ours

    def fail(self, error: BaseException) -> None:
        """Take in that there will be no answer."""
        self.error = error
        self._done.release()

    def fetch(self, later: Later) -> None:
        """Ask for it; raises nothing.

        Args:
            later: Begins something that nobody waits for.
        """
        self.begun = True
        wanted = self.wanted
        if wanted is None:
            return
        answer: FragmentAnswer | None = None
        problem: BaseException | None = None
        try:
            request = self._request = wanted.request()
            answer = cached_fetch(
                request, lambda more: wanted.ask(request, more), later
            )
        except BaseException as error:  # noqa: BLE001 - it is told where it is missed
            problem = error
        # What comes too late must not change what stands in the page by now.
        if not self._late:
            self.answer, self.error = answer, problem
        self._done.release()

    def wait(self, later: Later) -> None:
        """Return when it is there, or when its time is over."""
        left = self.until + GRACE - time.monotonic()
        if self._done.acquire(timeout=max(0.0, left)):
            self._done.release()
            return
        self._late = True
        late = DeadlineExceeded(f"`{self.name}` was not there in time")
        self.answer, self.error = None, late
        if self._request is None:
            return

        def too_late(_more: Mapping[str, str]) -> FragmentAnswer:
            raise late

        try:
            self.answer = cached_fetch(self._request, too_late, later)
            self.error = None
        except DeadlineExceeded:
            return

    def problem(self) -> BaseException | None:
        """Return why nothing of it can stand in the page; `None`: something can."""
        answer = self.answer
        if self.error is not None or answer is None:
            return self.error or DeadlineExceeded(f"`{self.name}` is not there yet")
        status = answer.status
        if status == HTTPStatus.NO_CONTENT:
            return None
        if status in REDIRECTS:
            where = self.header("Location") or "nowhere"
            return BadAnswer(
                f"`{self.name}` redirects to `{where}`, which only the `primary` "
                "fragment of a page may do"
            )
        if status >= _ERRORS and not self.primary:
            return BadAnswer(f"`{self.name}` answered with status {status}")
        kind = self.header("Content-Type") or "no content type"
        if not kind.lower().startswith(HTML):
            return BadAnswer(f"`{self.name}` is no HTML ({kind})")
        return None

    def html(self) -> tuple[str, tuple[str, ...]]:
        """Return what stands in its place, and what was wrong with it."""
        answer = self.answer
        if answer is None or not answer.body:
            return "", ()
        kind = self.header("Content-Type")
        known = len(answer.body) <= _SMALL
        enclosed = (_enclosed if known else _enclose)(answer.body, kind)
        return enclosed.html, enclosed.faults

    def header(self, name: str) -> str:
        """Return a header of its answer; empty: it has none."""
        found = self.headers(name)
        return found[0] if found else ""

    def headers(self, name: str) -> list[str]:
        """Return all headers of that name of its answer."""
        answer, (read, named) = self.answer, self._read
        if answer is None:
            return []
        if read is not answer:
            named = {}
            for key, value in answer.fields:
                named.setdefault(key.lower(), []).append(value)
            # Both at once: pieces that wait for this one may look, too.
            self._read = answer, named
        return named.get(name.lower(), [])

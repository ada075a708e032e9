"""Pages that the gateway itself answers, in three dresses.

A browser gets HTML: in development what its authors need, in production the
site's own page, if its layout has one. A client that asks for JSON gets a short
object; everybody else one line of text.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from .headers import overwrite


Data = dict[str, Any]

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"

_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_POLICY_OF_SITE = "frame-ancestors 'self'; object-src 'none'"
"""The site's own pages may load whatever the rest of the site does."""
_CALM, _ALARM = "#3b7ddd", "#d9483b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of the gateway.

    Attributes:
        status: Of HTTP.
        title: What is the matter, in a few words.
        html: The inside of the page; `None`: there is no HTML dress.
        refresh: Seconds until the page asks again; `None`: it does not.
        alarming: Whether somebody has to do something about it.
        site: Name of the site, for the foot of the page.
        headers: More of them.
        own: The site's own page, in place of all of this; empty: it has none.
    """

    status: int
    title: str
    html: str | None = None
    refresh: int | None = None
    alarming: bool = False
    site: str = ""
    headers: Mapping[str, str] | None = None
    own: str = ""

    @property
    def _policy(self) -> str:
        return _POLICY_OF_SITE if self.own else _POLICY

    def document(self) -> str:
        """Return the whole HTML document."""
        if self.own:
            return self.own
        refresh = (
            f'<meta http-equiv="refresh" content="{self.refresh}">\n'
            if self.refresh is not None
            else ""
        )
        return _template().substitute(
            title=escape(self.title),
            status=self.status,
            body=self.html or "",
            refresh=refresh,
            mark=_ALARM if self.alarming else _CALM,
            footer=f"{escape(self.site)} · glassware" if self.site else "glassware",
        )

    def text(self) -> str:
        """Return the one line of text."""
        return f"{self.title}\n"

    def json(self) -> str:
        """Return the short object."""
        return json.dumps({"error": self.title, "status": self.status}) + "\n"

    def dresses(self) -> Iterator[tuple[str | None, str, str]]:
        """Return for each dress: what `Accept` contains, the type, the text."""
        if self.own or self.html is not None:
            yield "text/html", HTML, self.document()
        yield JSON, JSON, self.json()
        yield None, TEXT, self.text()

    def routes(self, match: Data, limit: int = 1 << 20) -> Iterator[Data]:
        """Return the routes that answer `match` with this page."""
        for accepted, kind, text in self.dresses():
            yield {
                "match": _accepting(match, accepted),
                "direct_response": {
                    "status": self.status,
                    "body": {"inline_string": _shortened(text, limit)},
                },
                "response_headers_to_add": [
                    overwrite(name, value)
                    for name, value in {
                        "content-type": kind,
                        **_HEADERS,
                        "content-security-policy": self._policy,
                        **(self.headers or {}),
                    }.items()
                ],
            }


def accepts(kind: str) -> Data:
    """Return the matcher of requests whose `Accept` names `kind`."""
    return {"name": "accept", "string_match": {"contains": kind, "ignore_case": True}}


@cache
def _template() -> Template:
    place = files(__package__) / "templates" / "page.html"
    return Template(place.read_text(encoding="utf-8"))


def _accepting(match: Data, kind: str | None) -> Data:
    if kind is None:
        return match
    return {**match, "headers": [*match.get("headers", []), accepts(kind)]}


def _shortened(text: str, limit: int) -> str:
    # A traceback can hold half a character, which Envoy would not take.
    raw = text.encode(errors="replace")
    if len(raw) <= limit:
        return raw.decode()
    return raw[: limit - 3].decode(errors="ignore") + "…"

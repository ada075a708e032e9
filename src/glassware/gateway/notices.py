"""What the gateway says when no service answers, as pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from glassware.status import Endpoint

from .headers import overwrite
from .origins import refused
from .pages import Page, accepts
from .retries import unrepeatable
from .routes import Line, is_public
from .state import Place, Upstream


Data = dict[str, Any]

_MOST_ENDPOINTS = 3000

OUTCOME = "outcome"
"""The header that says of a request that nobody knows whether it was carried out."""

_SENT = ("UC", "UR", "LR")
_UPSTREAM = (*_SENT, "UH", "UF", "UO", "NC", "OM", "URX", "UPE", "DPE")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What Envoy says by itself, and when.

    Attributes:
        status: Of HTTP.
        flags: Envoy's reasons, one of which holds; empty: any.
        foreign: Whether it was refused because of where it was sent from.
        once: Whether the request was sent and must not be sent again.
        title: What is the matter, in a few words.
        more: In development, what else there is to say.
        again: Seconds until it is worth asking again; `None`: nobody knows.
        refresh: Whether a page asks again by itself.
    """

    status: int
    flags: tuple[str, ...] = ()
    foreign: bool = False
    once: bool = False
    title: str
    more: str = ""
    again: int | None = None
    refresh: bool = False


_UNSURE = (
    "The request had been sent. Nobody knows whether it was carried out, so it is not "
    "sent again. An `Idempotency-Key` would make that safe."
)
_NOT_HTTP = "The service's answer is not HTTP"
_TOO_LONG = "The service takes too long"
_REPLIES = (
    _Reply(
        status=403,
        foreign=True,
        title="Sent by a page of another site",
        more="Its `Origin` is none of this site's, so it may be a forgery in a "
        "visitor's name. A route that is for other sites says `csrf = false`, or "
        "`cors = true` with their `origins` in `[gateway.cors]`; another name of this "
        "site belongs into `hosts` of `[gateway]`.",
    ),
    _Reply(status=408, title="The request came too slowly"),
    _Reply(
        status=413,
        title="The request is too large",
        more="The route's `max_body` is the limit.",
    ),
    # Envoy has not read `Accept` when it gives these up: they are always text.
    _Reply(status=431, title="The request's headers are too large"),
    _Reply(status=502, flags=_UPSTREAM, once=True, title=_NOT_HTTP, more=_UNSURE),
    _Reply(status=502, flags=_UPSTREAM, title=_NOT_HTTP, more="Its log may say more."),
    _Reply(
        status=503,
        flags=_SENT,
        once=True,
        title="The service broke off, and the outcome is unknown",
        more=_UNSURE,
    ),
    _Reply(
        status=503,
        flags=_SENT,
        title="The service broke off",
        more="It did so twice while it answered this request. Its log may say why.",
        again=5,
    ),
    _Reply(
        status=503,
        flags=_UPSTREAM,
        title="The service does not answer",
        more="It has no worker now. This page tries again by itself.",
        again=2,
        refresh=True,
    ),
    _Reply(status=504, once=True, title=_TOO_LONG, more=_UNSURE),
    _Reply(
        status=504,
        title=_TOO_LONG,
        more="It did not answer within the route's `timeout`.",
    ),
)


def no_route(
    place: Place, lines: tuple[Line, ...], upstreams: Mapping[str, Upstream]
) -> Page:
    """Return the 404 page; in development it lists what there is."""
    html = None
    if not place.production:
        services = dict.fromkeys(line.service for line in lines)
        parts = ["<p>Nothing public is at this address. This is what there is:</p>"]
        most = _MOST_ENDPOINTS // max(len(services), 1)
        parts += [
            _service(
                [line for line in lines if line.service == name],
                upstreams,
                most,
                place.port,
            )
            for name in services
        ]
        if not services:
            parts = ["<p>No service of this site has a <code>route</code> yet.</p>"]
        html = "\n".join(parts)
    return Page(
        status=404,
        title="Not found",
        html=html,
        site=place.site,
        own=place.pages.get(404, ""),
    )


def other_host(place: Place) -> Page:
    """Return the page for a host name that is not the site's."""
    html = (
        "<p>This host name is not declared. It belongs into <code>hosts</code> of "
        "<code>[gateway]</code> in <code>site.toml</code>.</p>"
    )
    return Page(
        status=404,
        title="Unknown host",
        html=None if place.production else html,
        site=place.site,
    )


def starting(place: Place, upstream: Upstream) -> Page:
    """Return the page of a service that will soon be there; it reloads itself."""
    html = (
        '<p><span class="wait"></span>The page comes by itself as soon as the '
        "service is ready.</p>"
    )
    return Page(
        status=503,
        title=f"{upstream.name} is starting",
        html=html,
        refresh=1,
        site=place.site,
        headers={"retry-after": "1"},
    )


def absent(place: Place, upstream: Upstream) -> Page:
    """Return the page of a service that fails, or that was stopped.

    The reason is for the people who write the service, never for visitors.
    """
    if place.production:
        return Page(
            status=503,
            title="The service does not answer",
            headers={"retry-after": "5"},
            own=place.pages.get(503, ""),
        )
    if upstream.standing == "stopped":
        html = f"<p><code>glassware restart {escape(upstream.name)}</code></p>"
        return Page(
            status=503,
            title=f"{upstream.name} is stopped",
            html=html,
            site=place.site,
            headers={"retry-after": "5"},
        )
    reason = (upstream.reason or "It gave no reason.").rstrip()
    # The end of a traceback is what matters; escaped, it can be six times as long.
    end = reason.encode(errors="replace")[-place.limits.page // 8 :].decode(
        errors="ignore"
    )
    return Page(
        status=503,
        title=f"{upstream.name} does not start",
        alarming=True,
        html=f"<section><pre>{escape(end)}</pre></section>"
        "<p class=dim>A save tries again, and this page follows.</p>",
        refresh=2,
        site=place.site,
        headers={"retry-after": "2"},
    )


def replies(place: Place) -> Data:
    """Return how Envoy words the answers that it gives by itself."""
    mappers = [mapper for reply in _REPLIES for mapper in _mappers(reply, place)]
    return {"mappers": mappers}


def _mappers(reply: _Reply, place: Place) -> Iterator[Data]:
    html = f"<p>{_words(reply.more)}</p>" if reply.more else None
    page = Page(
        status=reply.status,
        title=reply.title,
        html=None if place.production else html,
        refresh=reply.again if reply.refresh else None,
        site=place.site,
        own=place.pages.get(reply.status, ""),
    )
    said = _headers(reply)
    for accepted, kind, text in page.dresses():
        yield {
            "filter": {"and_filter": {"filters": _filters(reply, accepted)}},
            "headers_to_add": said,
            "body_format_override": {
                # `%` begins a command of Envoy's format.
                "text_format_source": {"inline_string": text.replace("%", "%%")},
                "content_type": kind,
            },
        }


def _filters(reply: _Reply, accepted: str | None) -> list[Data]:
    status = {"default_value": reply.status, "runtime_key": "glassware.status"}
    filters: list[Data] = [
        {"status_code_filter": {"comparison": {"op": "EQ", "value": status}}},
        # There are at least two in any such list.
        {"not_health_check_filter": {}},
    ]
    if reply.flags:
        filters.append({"response_flag_filter": {"flags": list(reply.flags)}})
    if reply.foreign:
        filters.append(refused())
    matchers = unrepeatable() if reply.once else []
    if accepted:
        matchers.append(accepts(accepted))
    return filters + [{"header_filter": {"header": header}} for header in matchers]


def _headers(reply: _Reply) -> list[Data]:
    said = {OUTCOME: "unknown"} if reply.once else {}
    if reply.again is not None:
        said["retry-after"] = str(reply.again)
    return [overwrite(name, value) for name, value in said.items()]


def _service(
    lines: list[Line], upstreams: Mapping[str, Upstream], most: int, port: int
) -> str:
    name = lines[0].service
    upstream = upstreams.get(name)
    endpoints = [
        endpoint
        for endpoint in (upstream.endpoints if upstream else ())
        if is_public(lines[0], endpoint.rule)
    ]
    heads = " ".join(_link(line, port) for line in lines)
    phase = f"<small>{escape(upstream.phase)}</small>" if upstream else ""
    items = "".join(
        _endpoint(endpoint, lines[0], port) for endpoint in endpoints[:most]
    )
    if len(endpoints) > most:
        items += f"<li><small></small>and {len(endpoints) - most} more</li>"
    return (
        f"<section><header><h2>{escape(name)}</h2>{heads}{phase}</header>"
        f"{f'<ul>{items}</ul>' if items else ''}</section>"
    )


def _link(line: Line, port: int) -> str:
    shown = f"{line.host or ''}{line.prefix}/"
    address = f"{_origin(line, port)}{line.prefix}/"
    return f'<a href="{escape(address)}"><code>{escape(shown)}</code></a>'


def _origin(line: Line, port: int) -> str:
    return "" if line.host is None else f"//{line.host}:{port}"


def _endpoint(endpoint: Endpoint, line: Line, port: int) -> str:
    path = f"{line.forwarded_prefix}{endpoint.rule}"
    shown = f"<code>{escape(path)}</code>"
    if "<" not in path and "GET" in endpoint.methods:
        address = _origin(line, port) + path
        shown = f'<a href="{escape(address)}">{shown}</a>'
    methods = escape(" ".join(endpoint.methods))
    return (
        f"<li><small>{methods}</small>{shown}"
        f"<small>{escape(endpoint.name)}</small></li>"
    )


def _words(text: str) -> str:
    """Return `text` as HTML, with what stands in backticks as code."""
    parts = escape(text).split("`")
    return "".join(
        f"<code>{part}</code>" if index % 2 else part
        for index, part in enumerate(parts)
    )

"""What the gateway says when no service answers, as pages."""

from collections.abc import Iterator, Mapping
from html import escape
from http import HTTPStatus
from typing import Any

from glassware.status import Endpoint

from .pages import Page, accepts
from .routes import Line, is_public
from .state import Place, Upstream


Data = dict[str, Any]

_MOST_ENDPOINTS = 3000

_UPSTREAM = ("UH", "UF", "UC", "UR", "LR", "UO", "NC", "OM", "URX", "UPE", "DPE")
_REPLIES: tuple[tuple[int, tuple[str, ...], str, str], ...] = (
    (408, (), "The request came too slowly", ""),
    (413, (), "The request is too large", "The route's `max_body` is the limit."),
    # Envoy has not read `Accept` when it gives these up: they are always text.
    (431, (), "The request's headers are too large", ""),
    (502, _UPSTREAM, "The service's answer is not HTTP", "Its log may say more."),
    (
        503,
        _UPSTREAM,
        "The service does not answer",
        "It has no worker now. This page tries again by itself.",
    ),
    (
        504,
        (),
        "The service takes too long",
        "It did not answer within the route's `timeout`.",
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
            _service([line for line in lines if line.service == name], upstreams, most)
            for name in services
        ]
        if not services:
            parts = ["<p>No service of this site has a <code>route</code> yet.</p>"]
        html = "\n".join(parts)
    return Page(status=404, title="Not found", html=html, site=place.site)


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
        )
    if upstream.standing == "stopped":
        html = f"<p><code>glassware restart {escape(upstream.name)}</code></p>"
        return Page(
            status=503,
            title=f"{upstream.name} is stopped",
            html=html,
            site=place.site,
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
    )


def replies(place: Place) -> Data:
    """Return how Envoy words the answers that it gives by itself."""
    mappers: list[Data] = []
    for status, flags, title, more in _REPLIES:
        page = Page(
            status=status,
            title=title,
            html=f"<p>{_words(more)}</p>" if more and not place.production else None,
            refresh=2 if status == HTTPStatus.SERVICE_UNAVAILABLE else None,
            site=place.site,
        )
        mappers += _mappers(page, flags)
    return {"mappers": mappers}


def _mappers(page: Page, flags: tuple[str, ...]) -> Iterator[Data]:
    for accepted, kind, text in page.dresses():
        filters: list[Data] = [
            {
                "status_code_filter": {
                    "comparison": {
                        "op": "EQ",
                        "value": {
                            "default_value": page.status,
                            "runtime_key": "glassware.status",
                        },
                    }
                }
            }
        ]
        if flags:
            filters.append({"response_flag_filter": {"flags": list(flags)}})
        if accepted:
            filters.append({"header_filter": {"header": accepts(accepted)}})
        yield {
            "filter": (
                {"and_filter": {"filters": filters}} if len(filters) > 1 else filters[0]
            ),
            "body_format_override": {
                # `%` begins a command of Envoy's format.
                "text_format_source": {"inline_string": text.replace("%", "%%")},
                "content_type": kind,
            },
        }


def _service(lines: list[Line], upstreams: Mapping[str, Upstream], most: int) -> str:
    name = lines[0].service
    upstream = upstreams.get(name)
    endpoints = [
        endpoint
        for endpoint in (upstream.endpoints if upstream else ())
        if is_public(lines[0], endpoint.rule)
    ]
    heads = " ".join(_link(line) for line in lines)
    phase = f"<small>{escape(upstream.phase)}</small>" if upstream else ""
    items = "".join(_endpoint(endpoint, lines[0]) for endpoint in endpoints[:most])
    if len(endpoints) > most:
        items += f"<li><small></small>and {len(endpoints) - most} more</li>"
    return (
        f"<section><header><h2>{escape(name)}</h2>{heads}{phase}</header>"
        f"{f'<ul>{items}</ul>' if items else ''}</section>"
    )


def _link(line: Line) -> str:
    address = f"{line.prefix}/" if line.host is None else f"//{line.host}{line.prefix}/"
    return f'<a href="{escape(address)}"><code>{escape(address)}</code></a>'


def _endpoint(endpoint: Endpoint, line: Line) -> str:
    path = f"{line.forwarded_prefix}{endpoint.rule}"
    shown = f"<code>{escape(path)}</code>"
    if line.host is None and "<" not in path and "GET" in endpoint.methods:
        shown = f'<a href="{escape(path)}">{shown}</a>'
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

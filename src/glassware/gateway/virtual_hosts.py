"""The public table as Envoy's virtual hosts.

Within a prefix, what is refused comes before what is public, and a prefix
with `only` ends with a line that refuses the rest.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from glassware.protocol import ALIVE
from glassware.status import Phase

from . import notices
from .cors import answers, shared
from .headers import KEPT_INSIDE, UNSAID, forwarded, identity, overwrite
from .origins import checked, unchecked
from .pages import Page
from .patterns import KEPT_IN_PATHS
from .retries import BUFFER, UNBUFFERED, Way, buffered, leads
from .routes import Line, hosts, table
from .state import Place, Upstream
from .tls import strict
from .yielding import open_lines


Data = dict[str, Any]

_TRACE: Data = {"name": ":method", "string_match": {"exact": "TRACE"}}
_METHODS: tuple[Data, ...] = (
    {"connect_matcher": {}},
    {"prefix": "/", "headers": [_TRACE]},
)
# Envoy finds `shop.example` in `shop.example:80@evil.test`, and services that make
# whole addresses of the header would send visitors to the latter.
_AUTHORITY = r"([^:@\[\]]*|\[[0-9a-fA-F:.]*\])(:[0-9]{1,5})?"
_ODD_HOST: Data = {
    "match": {
        "prefix": "/",
        "headers": [
            {
                "name": ":authority",
                "string_match": {"safe_regex": {"regex": _AUTHORITY}},
                "invert_match": True,
            }
        ],
    },
    "direct_response": {"status": 400},
    "typed_per_filter_config": {BUFFER: UNBUFFERED},
}
# Neither has a body that could be waited for.
REFUSED_METHODS: list[Data] = [
    {
        "match": match,
        "direct_response": {"status": 405},
        "typed_per_filter_config": {BUFFER: UNBUFFERED},
    }
    for match in _METHODS
]


def route_configuration(place: Place, upstreams: Mapping[str, Upstream]) -> Data:
    """Return the routes of the public listener.

    Args:
        place: Where the gateway listens, and its plan.
        upstreams: The services as they stand, by name.
    """
    lines = open_lines(table(place.plan), upstreams)
    nothing = notices.no_route(place, lines, upstreams)
    virtual_hosts = [
        {
            "name": name,
            "domains": domains,
            "typed_per_filter_config": checked(place),
            "routes": [
                *REFUSED_METHODS,
                _ODD_HOST,
                *(
                    _with_origins(route, line, place)
                    for line in lines
                    if line.host is None or not {*line.names}.isdisjoint(domains)
                    for route in _line(
                        line, upstreams.get(line.service), nothing, place
                    )
                ),
                *nothing.routes({"prefix": "/"}, place.limits.page),
            ],
        }
        for name, domains in _domains(place, lines)
    ]
    others = notices.other_host(place).routes({"prefix": "/"})
    virtual_hosts.append(
        {"name": "*", "domains": ["*"], "routes": [*REFUSED_METHODS, *others]}
    )
    return {
        "name": "public",
        "ignore_port_in_host_matching": True,
        "max_direct_response_body_size_bytes": place.limits.page,
        "request_headers_to_add": [*_forwarded(place), identity()],
        "request_headers_to_remove": UNSAID,
        "response_headers_to_add": strict(place),
        "response_headers_to_remove": KEPT_INSIDE,
        "virtual_hosts": virtual_hosts,
    }


def _domains(place: Place, lines: Iterable[Line]) -> Iterator[tuple[str, list[str]]]:
    """Yield the virtual hosts' names, and the host names that each is for."""
    named = sorted({name for line in lines for name in line.names})
    yield from ((name, [name]) for name in named)
    served = hosts(place.plan, production=place.production)
    if rest := [name for name in served if name not in named]:
        yield "site", rest


def _forwarded(place: Place) -> list[Data]:
    if place.secure and not place.terminates:
        return forwarded("443")
    return forwarded()


def _line(
    line: Line, upstream: Upstream | None, nothing: Page, place: Place
) -> Iterator[Data]:
    yield _ours(line)
    for refused in line.refused:
        yield from nothing.routes(_matching(refused), place.limits.page)
    for match in map(_matching, line.only) if line.only else (_below(line),):
        yield from _open(line, match, upstream, place)
    if line.only and line.prefix:
        yield from nothing.routes(_below(line), place.limits.page)


def _with_origins(route: Data, line: Line, place: Place) -> Data:
    """Return a route of `line` with what it says of pages of other origins."""
    told = shared(place, line) if line.cors else {}
    if not line.csrf:
        told |= unchecked()
    if told:
        filters = {**route.get("typed_per_filter_config", {}), **told}
        route = {**route, "typed_per_filter_config": filters}
    return answers(route) if line.cors else route


def _open(
    line: Line, match: Data, upstream: Upstream | None, place: Place
) -> Iterator[Data]:
    """Return the routes of what is public, as the service stands now."""
    limit = place.limits.page
    upstream = upstream or Upstream(name=line.service, phase=Phase.STOPPED)
    if upstream.standing in {"failing", "stopped"}:
        yield from notices.absent(place, upstream).routes(match, limit)
        return
    if upstream.standing == "starting" and not place.production:
        # Only who looks at a page is served by one; a program waits better.
        yield next(notices.starting(place, upstream).routes(match, limit))
    if not line.max_body and not line.stream:
        yield _bodiless(match)
    way = Way(
        service=line.service,
        timeout=line.timeout,
        stream=line.stream,
        strip=line.strip,
        filters={BUFFER: UNBUFFERED} if line.stream else buffered(line.max_body),
    )
    for route in leads(way, place.limits):
        told = [*_prefix(line), *route.get("request_headers_to_add", [])]
        yield {
            **route,
            "match": {**match, **route["match"]},
            "request_headers_to_add": told,
        }


def _bodiless(match: Data) -> Data:
    """Return the route that refuses a body; Envoy's own limit begins at one byte.

    A chunked body announces no length: there, one byte passes.
    """
    length = {"safe_regex": {"regex": "0*[1-9][0-9]*"}}
    header = {"name": "content-length", "string_match": length}
    return {
        "match": {**match, "headers": [header]},
        "direct_response": {"status": 413},
        "typed_per_filter_config": {BUFFER: UNBUFFERED},
    }


def _ours(line: Line) -> Data:
    """Return the route that refuses what workers answer to the site itself."""
    prefix = quote(line.prefix, safe=KEPT_IN_PATHS) + ALIVE.rpartition("/")[0]
    return {
        "match": {"path_separated_prefix": prefix},
        "direct_response": {"status": 404},
        "typed_per_filter_config": {BUFFER: UNBUFFERED},
    }


def _below(line: Line) -> Data:
    prefix = quote(line.prefix, safe=KEPT_IN_PATHS)
    return {"path_separated_prefix": prefix} if prefix else {"prefix": "/"}


def _matching(expression: str) -> Data:
    return {"safe_regex": {"regex": expression}}


def _prefix(line: Line) -> list[Data]:
    if not line.forwarded_prefix:
        return []
    value = quote(line.forwarded_prefix, safe=KEPT_IN_PATHS)
    return [overwrite("x-forwarded-prefix", value.replace("%", "%%"))]

"""Routes that give way: the root's usual files, where a service has its own."""

from collections.abc import Iterable, Mapping

from .routes import Line, is_public
from .state import Upstream


def open_lines(
    lines: Iterable[Line], upstreams: Mapping[str, Upstream]
) -> tuple[Line, ...]:
    """Return the lines without those that lead to what another service answers.

    Only a rule for that very path counts: one with a part that is any text was not
    meant for it.
    """
    kept = tuple(lines)
    return tuple(
        line
        for line in kept
        if not line.gives_way
        or not any(_answers(other, line, upstreams) for other in kept)
    )


def _answers(other: Line, line: Line, upstreams: Mapping[str, Upstream]) -> bool:
    upstream = upstreams.get(other.service)
    if other.service == line.service or upstream is None:
        return False
    if other.host not in {None, line.host}:
        return False
    return any(
        other.forwarded_prefix + endpoint.rule == line.prefix
        and is_public(other, endpoint.rule)
        for endpoint in upstream.endpoints
    )

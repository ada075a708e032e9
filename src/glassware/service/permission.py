"""Where a neighbour is, and whether it may be called."""

from difflib import get_close_matches

from glassware.environment import Settings, neighbour_variable, spelled
from glassware.errors import NotAllowed, UnknownService


def callable_names(settings: Settings) -> tuple[str, ...]:
    """Return the names of the services that this one may call."""
    if settings.calls is None:
        return tuple(sorted(settings.neighbours))
    return settings.calls


def own_name(neighbour: str, settings: Settings) -> str:
    """Return the name by which the neighbour knows itself."""
    wanted = spelled(neighbour)
    names = (name for name in settings.calls or () if spelled(name) == wanted)
    return next(names, neighbour)


def address_of(neighbour: str, settings: Settings) -> str:
    """Return where `neighbour` is.

    Raises:
        UnknownService: No such service, or its address is not known.
        NotAllowed: `calls` does not name it.
    """
    address = settings.neighbours.get(spelled(neighbour))
    allowed = {spelled(name) for name in callable_names(settings)}
    if address is not None and spelled(neighbour) in allowed:
        return address
    if not settings.site:
        raise UnknownService(
            f"no address is known for the service `{neighbour}`",
            hint=f"set `{neighbour_variable(neighbour)}=http://localhost:5001`, "
            "or start the site with `glassware up`",
        )
    if address is None:
        raise _unknown(neighbour, settings)
    line = ", ".join(f'"{name}"' for name in (*callable_names(settings), neighbour))
    raise NotAllowed(
        f"`{settings.service}` may not call `{neighbour}`",
        hint=f"write `calls = [{line}]` in `services/{settings.service}/service.toml`",
    )


def _unknown(neighbour: str, settings: Settings) -> UnknownService:
    names = sorted({*settings.neighbours, *callable_names(settings)})
    near = get_close_matches(spelled(neighbour), names, n=3) or names
    known = ", ".join(f"`{name}`" for name in near)
    return UnknownService(
        f"`{neighbour}` is no service of the site `{settings.site}`",
        hint=f"there is {known}" if known else "it has no other service",
    )

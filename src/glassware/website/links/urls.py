"""`glassware.url_for`: links for code that has no `url_for` of its own."""

from typing import Any

from .addresses import Wish, address_of


def url_for(
    endpoint: str,
    /,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """Return the public address of an endpoint of any service of the site.

        url_for("cart.show", id=3)

    Within a request it is a path where that leads there on the same host; without
    one, as in a script, it is a whole address.

    Args:
        endpoint: `SERVICE.ENDPOINT`.
        _anchor: What follows `#`.
        _method: Only a rule that takes it will do; otherwise one that takes `GET`
            is preferred.
        _scheme: Of the address, which then is a whole one.
        _external: Whether it is a whole address.
        **values: For the rule; others go into the query, `None` goes nowhere.

    Raises:
        DeadLink: There is no public one.
    """
    wish = Wish(anchor=_anchor, method=_method, scheme=_scheme, external=_external)
    return address_of(endpoint, values, wish)

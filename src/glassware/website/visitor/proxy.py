"""Who visits: a value in every service, whatever it is written with."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from glassware.service.incoming import current_request
from glassware.service.visit_tokens import Visit
from glassware.service.visits import VARIES, found_of


_NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})


class Visitor:
    """The visitor on whose behalf the current request is asked.

    Nothing is looked at before it is used, and then once a request. Where there is no
    request, or nobody has signed in, it is an anonymous visitor.
    """

    __slots__ = ()

    @property
    def id(self) -> str:
        """What `sign_in` was given; empty: the visitor is anonymous."""
        visit = _visit()
        return "" if visit is None else visit.user

    @property
    def is_signed_in(self) -> bool:
        """Whether it is known who visits."""
        return _visit() is not None

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that `sign_in` was given."""
        visit = _visit()
        return () if visit is None else visit.roles

    @property
    def claims(self) -> Mapping[str, Any]:
        """What else `sign_in` was given, by name; it cannot be changed."""
        visit = _visit()
        return _NO_CLAIMS if visit is None else visit.claims

    def __bool__(self) -> bool:
        return _visit() is not None

    def __eq__(self, other: object) -> bool:
        return self.id == other.id if isinstance(other, Visitor) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        visit = _visit()
        if visit is None:
            return "<Visitor: anonymous>"
        roles = f" ({', '.join(visit.roles)})" if visit.roles else ""
        return f"<Visitor: {visit.user!r}{roles}>"


visitor = Visitor()
"""The visitor of the request that is being answered."""


def _visit() -> Visit | None:
    asked = current_request()
    if asked is None:
        return None
    # Nothing may share what was made for one visitor.
    if VARIES not in asked.added:
        asked.added.append(VARIES)
    return found_of(asked).visit

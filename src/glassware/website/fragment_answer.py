"""A fragment as it is asked for, and as it was answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentRequest:
    """A fragment that a page asks for.

    Attributes:
        page: The service whose page it is for.
        service: The service whose fragment it is, by the name that it has itself.
        endpoint: Its route, without the service's name.
        target: Path and query, percent-encoded.
        headers: All that its answer may vary with: cookies, the visitor's token,
            the language.
    """

    page: str
    service: str
    endpoint: str
    target: str
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """Its name, as templates write it."""
        return f"{self.service}.{self.endpoint}"


@dataclass(slots=True, kw_only=True)
class FragmentAnswer:
    """What was answered.

    Attributes:
        status: Such as 200.
        headers: Any spelling of a name finds them, repeated ones are kept.
        body: Its bytes.
        stale: Whether it is an earlier answer that stands in for one that there
            is not.
    """

    status: int
    headers: Headers
    body: bytes
    stale: bool = False

"""The desk at which visitors are signed in and out: their cookies."""

import time
from dataclasses import dataclass
from typing import Self

from glassware.environment import Settings
from glassware.service.settings import current
from glassware.service.visit_tokens import Visit, VisitSigner
from glassware.service.visits import (
    is_secure,
    read_cookie,
    revocations_file,
    visiting_of,
)
from glassware.tokens import LEEWAY
from glassware.visitors import (
    RENEWAL_COOKIE,
    VISITOR_COOKIE,
    Visiting,
    revoke_session,
    revoke_user,
)


_LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Desk:
    """Makes and ends the sign-ins of a site's visitors.

    Attributes:
        settings: Those of the service that signs visitors in.
        visiting: How the site knows them.
    """

    settings: Settings
    visiting: Visiting

    @classmethod
    def here(cls) -> Self | None:
        """Return the desk of this service; `None`: it signs nobody in."""
        settings = current()
        visiting = visiting_of(settings)
        if not settings.visitor_key or visiting.service != settings.service:
            return None
        return cls(settings, visiting)

    def cookies(self, visit: Visit) -> tuple[str, list[tuple[str, str]]]:
        """Return a token that says who visits, and the headers that set both cookies.

        Raises:
            ValueError: They would be too large.
            TypeError: The claims cannot be written as JSON.
        """
        signer = VisitSigner(self.visiting.site, self.settings.visitor_key)
        token = signer.sign(visit, "visitor", self.visiting.renew_after)
        renewal = signer.sign(visit, "renewal", self.visiting.remember)
        # Both are kept alike: an expired token is what asks for a new one.
        age = f"Max-Age={int(self.visiting.remember)}"
        return token, [
            self._cookie(VISITOR_COOKIE, token, age),
            self._cookie(RENEWAL_COOKIE, renewal, age),
        ]

    def cleared(self) -> list[tuple[str, str]]:
        """Return the headers that take both cookies from a browser."""
        over = f"Max-Age=0; Expires={_LONG_AGO}"
        return [
            self._cookie(VISITOR_COOKIE, "", over),
            self._cookie(RENEWAL_COOKIE, "", over),
        ]

    def renewal_of(self, cookie: str) -> str:
        """Return the token to renew with from a header `Cookie`, or nothing."""
        secure = is_secure(self.settings)
        return read_cookie(cookie, self.visiting.cookie(RENEWAL_COOKIE, secure=secure))

    def end(self, visit: Visit) -> None:
        """End one sign-in.

        Raises:
            OSError: It cannot be written down, so it still counts.
        """
        revoke_session(revocations_file(self.settings), visit.session, self._until)

    def end_all(self, user: str) -> None:
        """End every sign-in of a user.

        Raises:
            OSError: It cannot be written down, so they still count.
        """
        revoke_user(revocations_file(self.settings), user, self._until)

    @property
    def _until(self) -> float:
        return time.time() + self.visiting.remember + 2 * LEEWAY

    def _cookie(self, name: str, value: str, age: str) -> tuple[str, str]:
        secure = is_secure(self.settings)
        parts = [
            f"{self.visiting.cookie(name, secure=secure)}={value}",
            *([f"Domain={self.visiting.domain}"] if self.visiting.domain else []),
            age,
            *(["Secure"] if secure else []),
            "HttpOnly",
            "Path=/",
            "SameSite=Lax",
        ]
        return "Set-Cookie", "; ".join(parts)

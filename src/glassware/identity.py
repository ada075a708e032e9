"""Who calls: tokens that a service signs and its neighbours verify.

A token is a JWT (RFC 7519) signed with Ed25519 (EdDSA, RFC 8037): `iss` is
the caller, `aud` the service that is called. Who holds a caller's public key
answers it, so the keys that a service is given are the whole of its
permissions. A token is verified once and then known for as long as it lives.

Wall clocks are set now and then. The signer makes a new token when its clock
has jumped, and a verified token lives by the monotonic clock.
"""

import base64
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any


LIFETIME = 30.0
"""Seconds that a service's token lives."""

LEEWAY = 30.0
"""Seconds that two clocks may differ, so that no token counts after 60."""

SITE = "@site"
"""The caller that is no service: the gateway and the site's own tools."""

ANYBODY = "*"
"""The `aud` of a token that every service of the site accepts."""

_ALGORITHM = "EdDSA"
_REMEMBERED = 1024
_JUMP = 5.0


class NotVerified(Exception):  # a finding, not a fault
    """The token proves nothing: forged, expired, or meant for another service."""


class NotACaller(Exception):  # likewise
    """The token may be in order, but its issuer may not call this service."""


class Key:
    """A private key of Ed25519.

    Args:
        private: As `text` writes it.
    """

    def __init__(self, private: str) -> None:
        self.text = private

    @classmethod
    def generate(cls) -> "Key":
        """Return a new key."""
        from cryptography.hazmat.primitives.asymmetric import (  # noqa: PLC0415
            ed25519,
        )

        return cls(_encode(ed25519.Ed25519PrivateKey.generate().private_bytes_raw()))

    @cached_property
    def private(self) -> Any:
        """The key as `cryptography` has it."""
        from cryptography.hazmat.primitives.asymmetric import (  # noqa: PLC0415
            ed25519,
        )

        return ed25519.Ed25519PrivateKey.from_private_bytes(_decode(self.text))

    @property
    def public(self) -> str:
        """The public key, as text."""
        return _encode(self.private.public_key().public_bytes_raw())

    def sign(self, issuer: str, audience: str, lifetime: float = LIFETIME) -> str:
        """Return a token.

        Args:
            issuer: The service that calls.
            audience: The service that is called.
            lifetime: Seconds.
        """
        import jwt  # noqa: PLC0415 - only who signs or verifies pays for it

        now = int(time.time())
        claims = {"iss": issuer, "aud": audience, "iat": now, "exp": now + lifetime}
        return jwt.encode(claims, self.private, algorithm=_ALGORITHM)

    def __repr__(self) -> str:
        return "<Key>"


class Signer:
    """Makes the tokens of one caller, a new one every half lifetime.

    Args:
        key: The caller's.
        issuer: The caller.
    """

    def __init__(self, key: Key, issuer: str) -> None:
        self._key = key
        self._issuer = issuer
        self._tokens: dict[str, tuple[str, float, float]] = {}

    def token(self, audience: str) -> str:
        """Return a token for `audience` that lives for some time yet."""
        now = time.monotonic()
        offset = time.time() - now
        token, renewed_at, made_by = self._tokens.get(audience, ("", 0.0, 0.0))
        if now >= renewed_at or abs(offset - made_by) > _JUMP:
            token = self._key.sign(self._issuer, audience)
            self._tokens[audience] = token, now + LIFETIME / 2, offset
        return token


class Verifier:
    """Tells who calls one service.

    Args:
        service: The service that is called.
        callers: The public keys of those that may call it, by name.
    """

    def __init__(self, service: str, callers: Mapping[str, str]) -> None:
        self._service = service
        self._callers = dict(callers)
        self._keys: dict[str, Any] = {}
        self._known: dict[str, tuple[str, float]] = {}

    def caller(self, token: str) -> str:
        """Return the caller that `token` proves.

        Raises:
            NotVerified: It proves nothing.
            NotACaller: It names somebody who may not call this service.
        """
        known = self._known.get(token)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        caller, lifetime = self._verify(token)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[token] = caller, time.monotonic() + lifetime
        return caller

    def _verify(self, token: str) -> tuple[str, float]:
        import jwt  # noqa: PLC0415

        try:
            said = jwt.decode(token, options={"verify_signature": False})
            caller = str(said["iss"])
            if caller not in self._callers:
                raise NotACaller(caller)
            claims = jwt.decode(
                token,
                self._key_of(caller),
                algorithms=[_ALGORITHM],
                audience=[self._service, ANYBODY],
                issuer=caller,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            raise NotVerified(str(error)) from None
        return caller, max(0.0, claims["exp"] - time.time()) + LEEWAY

    def _key_of(self, caller: str) -> Any:
        from cryptography.hazmat.primitives.asymmetric import (  # noqa: PLC0415
            ed25519,
        )

        if caller not in self._keys:
            raw = _decode(self._callers[caller])
            self._keys[caller] = ed25519.Ed25519PublicKey.from_public_bytes(raw)
        return self._keys[caller]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

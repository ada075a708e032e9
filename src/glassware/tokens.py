"""Who calls: tokens that a service signs and its neighbours verify.

A token is a JWT (RFC 7519) signed with Ed25519 (EdDSA, RFC 8037): `iss` is
the caller, `aud` the service that is called. Who holds a caller's public key
answers it, so the keys that a service is given are the whole of its
permissions. A token is verified once and then known for as long as it lives.

Wall clocks are set now and then. The signer makes a new token when its clock
has jumped, and a verified token lives by the monotonic clock.

Signatures are the library's business; times are looked at here, because no
library knows of clocks that were set.
"""

import base64
import time
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any


Clock = Callable[[], float]

LIFETIME = 30.0
"""Seconds that a service's token lives."""

LEEWAY = 30.0
"""Seconds that two clocks may differ, so that no token counts after 60."""

SITE = "@site"
"""The caller that is no service: the gateway and the site's own tools."""

_ALGORITHM = "EdDSA"
_REMEMBERED = 1024
_LONGEST = 4096
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
        return cls(_encode(_ed25519().Ed25519PrivateKey.generate().private_bytes_raw()))

    @classmethod
    def derived(cls, secret: str, purpose: str) -> "Key":
        """Return the key that a secret gives for a purpose, always the same."""
        hashes, hkdf = _hkdf()
        made = hkdf.HKDF(hashes.SHA256(), 32, None, f"glassware {purpose}".encode())
        return cls(_encode(made.derive(secret.encode())))

    @cached_property
    def private(self) -> Any:
        """The key as `cryptography` has it."""
        return _ed25519().Ed25519PrivateKey.from_private_bytes(_decode(self.text))

    @property
    def public(self) -> str:
        """The public key, as text."""
        return _encode(self.private.public_key().public_bytes_raw())

    def sign(
        self,
        issuer: str,
        audience: str,
        lifetime: float = LIFETIME,
        now: float | None = None,
    ) -> str:
        """Return a token.

        Args:
            issuer: The service that calls.
            audience: The service that is called.
            lifetime: Seconds.
            now: The epoch second from which it lives; `None`: this one.
        """
        begin = int(time.time() if now is None else now)
        end = begin + int(lifetime)
        claims = {"iss": issuer, "aud": audience, "iat": begin, "exp": end}
        return self.write(claims)

    def write(self, claims: Mapping[str, Any], key_id: str | None = None) -> str:
        """Return a token with any claims.

        Args:
            claims: What it says.
            key_id: The name of this key, where there are several.

        Raises:
            TypeError: The claims cannot be written as JSON.
        """
        headers = None if key_id is None else {"kid": key_id}
        jwt = _jwt()
        return str(jwt.encode(claims, self.private, _ALGORITHM, headers=headers))

    def __repr__(self) -> str:
        return "<Key>"


class Signer:
    """Makes the tokens of one caller, a new one every half lifetime.

    Args:
        key: The caller's.
        issuer: The caller.
        wall: Seconds since the epoch, by a clock that may be set.
        monotonic: Seconds, by one that may not.
    """

    def __init__(
        self,
        key: Key,
        issuer: str,
        wall: Clock = time.time,
        monotonic: Clock = time.monotonic,
    ) -> None:
        self._key = key
        self._issuer = issuer
        self._wall = wall
        self._monotonic = monotonic
        self._tokens: dict[str, tuple[str, float, float]] = {}

    def token(self, audience: str) -> str:
        """Return a token for `audience` that lives for some time yet."""
        now = self._monotonic()
        wall = self._wall()
        offset = wall - now
        token, renewed_at, made_by = self._tokens.get(audience, ("", 0.0, 0.0))
        if now >= renewed_at or abs(offset - made_by) > _JUMP:
            token = self._key.sign(self._issuer, audience, now=wall)
            self._tokens[audience] = token, now + LIFETIME / 2, offset
        return token


class Verifier:
    """Tells who calls one service.

    Args:
        service: The service that is called.
        callers: The public keys of those that may call it, by name.
        wall: Seconds since the epoch, by a clock that may be set.
        monotonic: Seconds, by one that may not.
    """

    def __init__(
        self,
        service: str,
        callers: Mapping[str, str],
        wall: Clock = time.time,
        monotonic: Clock = time.monotonic,
    ) -> None:
        self._service = service
        self._callers = dict(callers)
        self._wall = wall
        self._monotonic = monotonic
        self._keys: dict[str, Any] = {}
        self._known: dict[str, tuple[str, float]] = {}

    def caller(self, token: str) -> str:
        """Return the caller that `token` proves.

        Raises:
            NotVerified: It proves nothing.
            NotACaller: It names somebody who may not call this service.
        """
        known = self._known.get(token)
        if known is not None and self._monotonic() < known[1]:
            return known[0]
        try:
            caller, lifetime = self._verify(token)
        except (NotACaller, NotVerified):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it proves nothing
            raise NotVerified(str(error)) from None
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[token] = caller, self._monotonic() + lifetime
        return caller

    def _verify(self, token: str) -> tuple[str, float]:
        jwt = _jwt()
        if len(token) > _LONGEST:
            raise NotVerified(f"it is longer than {_LONGEST} characters")
        said = jwt.decode(token, options={"verify_signature": False})
        caller = str(said["iss"])
        if caller not in self._callers:
            raise NotACaller(caller)
        claims = jwt.decode(
            token,
            self._key_of(caller),
            algorithms=[_ALGORITHM],
            audience=self._service,
            issuer=caller,
            options={
                "require": ["exp", "iat", "iss", "aud"],
                "verify_exp": False,
                "verify_iat": False,
            },
        )
        return caller, self._left(float(claims["iat"]), float(claims["exp"]))

    def _left(self, begin: float, end: float) -> float:
        now = self._wall()
        if not now < end + LEEWAY:
            raise NotVerified("it has expired")
        # A clock that is set back must not end what was made for a day; who signs
        # for less makes a new one then.
        if end - begin <= LIFETIME and not begin - LEEWAY <= now:
            raise NotVerified("it comes from the future")
        return min(end - now, end - begin) + LEEWAY

    def _key_of(self, caller: str) -> Any:
        if caller not in self._keys:
            raw = _decode(self._callers[caller])
            self._keys[caller] = _ed25519().Ed25519PublicKey.from_public_bytes(raw)
        return self._keys[caller]


class Reader:
    """Reads tokens that name the key they are signed with.

    Args:
        keys: The public keys that count, by their names.
        issuer: Whose tokens they are.
        audience: What they are for.
        required: The claims that each must have besides.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        issuer: str,
        audience: str,
        required: tuple[str, ...],
    ) -> None:
        self._texts = keys
        self._keys: dict[str, Any] = {}
        self._wanted: dict[str, Any] = {"issuer": issuer, "audience": audience}
        self._audience = audience
        self._wanted["options"] = {
            "require": ["exp", "iat", "iss", "aud", *required],
            "verify_exp": False,
            "verify_iat": False,
        }

    def read(self, token: str) -> dict[str, Any]:
        """Return the claims of a token whose signature is right; look at its times.

        Raises:
            NotVerified: It proves nothing.
        """
        jwt = _jwt()
        try:
            key = self._key_of(jwt.get_unverified_header(token)["kid"])
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[_ALGORITHM], **self._wanted
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it proves nothing
            raise NotVerified(str(error)) from None
        if claims["aud"] != self._audience:
            raise NotVerified("it is for others, too")
        return claims

    def _key_of(self, key_id: str) -> Any:
        if key_id not in self._keys:
            raw = _decode(self._texts[key_id])
            self._keys[key_id] = _ed25519().Ed25519PublicKey.from_public_bytes(raw)
        return self._keys[key_id]


def prepare() -> None:
    """Import what signing and verifying take, before anybody has to wait for it.

    Call it before the service's own code is imported, which may have modules of
    the same names.

    Raises:
        ImportError: It is not installed.
    """
    _ed25519()
    _jwt()


@cache
def _jwt() -> Any:
    import jwt  # noqa: PLC0415 - only who signs or verifies pays for it

    return jwt


@cache
def _ed25519() -> Any:
    from cryptography.hazmat.primitives.asymmetric import (  # noqa: PLC0415 - likewise
        ed25519,
    )

    return ed25519


@cache
def _hkdf() -> tuple[Any, Any]:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - likewise
    from cryptography.hazmat.primitives.kdf import hkdf  # noqa: PLC0415

    return hashes, hkdf


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

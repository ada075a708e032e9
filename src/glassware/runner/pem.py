"""A certificate and its key, as files hold them: only what can be shown is read."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from glassware.errors import GatewayError


_SMALLEST_RSA = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_BEGIN = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate that can be shown, and its key.

    Attributes:
        chain: PEM, its own first.
        key: PEM.
        names: The host names and addresses that it is for.
        ends: When it expires.
    """

    chain: str
    key: str = field(repr=False)
    names: frozenset[str]
    ends: datetime

    @property
    def last_day(self) -> str:
        """The day on which it expires, as people read it."""
        return _day(self.ends)


def read_pair(certificate: Path, key: Path) -> Certificate:
    """Return a certificate and its key from their files.

    Raises:
        GatewayError: They cannot be shown to visitors; it says why.
    """
    texts = []
    for path in (certificate, key):
        try:
            texts.append(path.read_bytes())
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise GatewayError(
                f"`{path}` cannot be read: {reason}",
                hint="`certificate` and `key` in `[gateway.tls]` name two files that "
                "the user who runs the site can read",
            ) from error
    return checked(certificate, texts[0], key, texts[1])


def checked(
    place: Path, certificate: bytes, key_place: Path, key: bytes
) -> Certificate:
    """Return a certificate and its key from their texts.

    Args:
        place: The file with the certificate, for messages.
        certificate: What is in it.
        key_place: The file with the key; it may be the same.
        key: What is in it.

    Raises:
        GatewayError: They cannot be shown to visitors; it says why.
    """
    try:
        chain = x509.load_pem_x509_certificates(certificate)
    except ValueError as error:
        raise GatewayError(
            f"`{place}` holds no certificate that can be read",
            hint="it is text that begins with `-----BEGIN CERTIFICATE-----`: the "
            "site's own first, and then its chain",
        ) from error
    secret = _key(key_place, key)
    public = [one.public_key() for one in chain]
    if public[0] != secret.public_key():
        raise GatewayError(
            f"the key in `{key_place}` is not that of the certificate in `{place}`",
            hint="the site's own certificate comes first, and then its chain"
            if secret.public_key() in public
            else "name the two that were made together",
        )
    own = chain[0]
    _check_times(place, own)
    return Certificate(
        chain=certificate[certificate.index(_BEGIN) :].decode(errors="replace")
        if place != key_place
        else own.public_bytes(serialization.Encoding.PEM).decode(),
        key=secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        names=_names(own),
        ends=own.not_valid_after_utc,
    )


def _check_times(place: Path, own: x509.Certificate) -> None:
    now = datetime.now(UTC)
    if own.not_valid_after_utc < now:
        raise GatewayError(
            f"the certificate in `{place}` expired on {_day(own.not_valid_after_utc)}",
            hint="get a new one",
        )
    if own.not_valid_before_utc > now:
        raise GatewayError(
            f"the certificate in `{place}` does not count before "
            f"{_day(own.not_valid_before_utc)}",
            hint="wait, or set this machine's clock",
        )


def _key(place: Path, text: bytes) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(text, None)
    except TypeError as error:
        raise GatewayError(
            f"the key in `{place}` is locked with a password",
            hint=f"openssl pkey -in '{place}' -out FILE",
        ) from error
    except ValueError as error:
        raise GatewayError(
            f"`{place}` holds no private key that can be read",
            hint="it is text that begins with `-----BEGIN PRIVATE KEY-----`",
        ) from error
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SMALLEST_RSA:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, _CURVES):
        return key
    raise GatewayError(
        f"the key in `{place}` is of a kind that browsers or Envoy do not take",
        hint="make one for ECDSA with P-256, or for RSA with 2048 bits",
    )


def _names(certificate: x509.Certificate) -> frozenset[str]:
    try:
        said = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except (x509.ExtensionNotFound, ValueError):
        return frozenset()
    addresses = map(str, said.get_values_for_type(x509.IPAddress))
    return frozenset((*said.get_values_for_type(x509.DNSName), *addresses))


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"

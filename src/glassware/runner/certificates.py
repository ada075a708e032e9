"""The certificate of the public address: the given one, or one for development."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from glassware.errors import GatewayError
from glassware.files import write_whole
from glassware.gateway import ANY, Place, every_host

from .authority import RENEWED_BEFORE, Authority, authority_folder, trusting
from .events import Bulletin, Complaints


SOON = timedelta(days=7)
"""How long before its end a certificate is spoken of."""

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


class Certificates:
    """Sees that the gateway has a certificate, and the newest one.

    Args:
        folder: The site's.
        state: The site's state folder.
        bulletin: Where news are told.
    """

    def __init__(self, folder: Path, state: Path, bulletin: Bulletin) -> None:
        self._folder = folder
        self._kept = state / "tls.pem"
        self._bulletin = bulletin
        self._complaints = Complaints(bulletin, "gateway")
        self._seen: object = None
        self._before: object = None
        self._last: Certificate | None = None

    def first(self, place: Place) -> Certificate:
        """Return the certificate to begin with.

        Raises:
            GatewayError: There is none that can be shown.
        """
        self._seen = self._before = self._marks(place)
        try:
            self._last = self._pair(place)
        except GatewayError as error:
            if self._last is None:
                raise
            self._complain(error)
        else:
            self._warn(place, self._last)
        return self._last

    def newer(self, place: Place) -> Certificate | None:
        """Return another certificate, if there is one since it was asked last.

        What is being written is left alone until it has not changed for a while;
        what is no good then is told, and the gateway keeps the one that it has.
        """
        marks = self._marks(place)
        if marks == self._seen:
            return None
        if marks != self._before:
            self._before = marks
            return None
        self._seen = marks
        try:
            pair = self._pair(place)
        except GatewayError as error:
            self._complain(error)
            return None
        self._last = pair
        self._complaints.settle()
        self._bulletin.say("gateway", f"has a new certificate, until {_day(pair.ends)}")
        self._warn(place, pair)
        return pair

    def _pair(self, place: Place) -> Certificate:
        tls = place.plan.tls
        if tls is None or tls.certificate is None or tls.key is None:
            return self._own(place)
        return read_pair(self._folder / tls.certificate, self._folder / tls.key)

    def _marks(self, place: Place) -> object:
        """Return what changes when there may be another certificate."""
        tls = place.plan.tls
        if tls is None or tls.certificate is None or tls.key is None:
            return names_of(place), self._ends_within(RENEWED_BEFORE)
        return [_mark(self._folder / name) for name in (tls.certificate, tls.key)]

    def _own(self, place: Place) -> Certificate:
        """Return the certificate for development, made where there is none."""
        authority = Authority(authority_folder())
        names = names_of(place)
        pair = self._keeps(authority, names)
        if pair is None:
            certificate, key = authority.issue(place.site, names)
            write_whole(self._kept, certificate + key, mode=0o600)
            pair = _checked(self._kept, certificate.encode(), self._kept, key.encode())
        if authority.is_new:
            self._bulletin.say(
                "",
                "made an authority for certificates of development; browsers warn "
                "until they trust it",
                "warning",
                trusting(authority.certificate_file),
            )
        return pair

    def _keeps(
        self, authority: Authority, names: tuple[str, ...]
    ) -> Certificate | None:
        """Return the certificate of an earlier start, if it still does."""
        try:
            text = self._kept.read_bytes()
            pair = _checked(self._kept, text, self._kept, text)
            known = authority.has_issued(x509.load_pem_x509_certificate(text))
        except (OSError, ValueError, GatewayError):
            return None
        lasts = pair.ends > datetime.now(UTC) + RENEWED_BEFORE
        return pair if known and lasts and pair.names == {*map(_bare, names)} else None

    def _ends_within(self, time: timedelta) -> bool:
        try:
            kept = x509.load_pem_x509_certificate(self._kept.read_bytes())
        except (OSError, ValueError):
            return True
        return kept.not_valid_after_utc < datetime.now(UTC) + time

    def _complain(self, error: GatewayError) -> None:
        self._complaints.add(
            f"{error.message}; the gateway keeps the certificate that it has"
        )

    def _warn(self, place: Place, pair: Certificate) -> None:
        if pair.ends < datetime.now(UTC) + SOON:
            self._bulletin.say(
                "gateway", f"its certificate ends on {_day(pair.ends)}", "warning"
            )
        hosts = place.plan.hosts if place.production else ()
        if missing := [host for host in hosts if not _covers(pair.names, host)]:
            self._bulletin.say(
                "gateway",
                f"its certificate is not for `{'`, `'.join(missing)}`",
                "warning",
            )


def names_of(place: Place) -> tuple[str, ...]:
    """Return the names and addresses that a certificate for development is for."""
    hosts = every_host(place.plan, production=place.production)
    bind = place.plan.bind
    # Not every browser takes `*.localhost` for its hosts, so each has its line too.
    own = ("localhost", "*.localhost", "127.0.0.1", "::1")
    named = (*own, *hosts, *(() if bind in ANY else (bind,)))
    return tuple(dict.fromkeys(map(_bare, named)))


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
    return _checked(certificate, texts[0], key, texts[1])


def _checked(
    place: Path, certificate: bytes, key_place: Path, key: bytes
) -> Certificate:
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
    now, own = datetime.now(UTC), chain[0]
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


def _covers(names: frozenset[str], host: str) -> bool:
    return host in names or f"*.{host.partition('.')[2]}" in names


def _mark(path: Path) -> object:
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return found.st_ino, found.st_mtime_ns, found.st_size


def _bare(name: str) -> str:
    return name.strip("[]")


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
